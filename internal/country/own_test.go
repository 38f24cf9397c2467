package country

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

var (
	inTest = resolution.Place{App: "svarut", Environment: "test"}
	pinned = v1alpha1.Release{Version: "2.4.1", Digest: "sha256:24"}
	before = v1alpha1.Release{Version: "2.3.0", Digest: "sha256:23"}
)

// runs puts a release at a place, healthy for so long; 0 is not healthy, and long so.
func runs(at resolution.Place, r v1alpha1.Release, healthy time.Duration, change ...func(*v1alpha1.AppInstallation)) func(*given) {
	return func(s *given) {
		i := s.installed[at].DeepCopy()
		i.Spec.Version, i.Spec.Digest, i.Spec.Move = r.Version, r.Digest, nil
		since, status := moment(-3*time.Hour), metav1.ConditionFalse
		if healthy > 0 {
			since, status = moment(-healthy), metav1.ConditionTrue
			i.Status.HealthySince = &since
		}
		i.Status.ObservedGeneration, i.Status.AppliedVersion, i.Status.AppliedDigest = i.Generation, r.Version, r.Digest
		i.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status, Reason: "Unhealthy", Message: "Deployment web: 0 of 1 ready", ObservedGeneration: i.Generation, LastTransitionTime: since}}
		for _, c := range change {
			c(i)
		}
		s.installed[at] = i
	}
}

func moment(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(d)) }

// moves is the record of a move to the pinned release, of the municipality's own if no group made it.
func moves(network string, outcome v1alpha1.MoveOutcome) func(*v1alpha1.AppInstallation) {
	return func(i *v1alpha1.AppInstallation) {
		i.Spec.Move = &v1alpha1.Move{Network: network, Target: pinned, MovedAt: moment(-3 * time.Hour), Outcome: outcome}
		if network != "" {
			i.Spec.Move.Rollout, i.Spec.Move.Attempt, i.Spec.Move.Wave = network+".svarut.2.4.1.1", 1, "everyone"
		}
		i.Spec.LastVerified, i.Spec.LastVerifiedBy = &before, v1alpha1.Bringer{Network: "digi-tv"}
		if outcome != "" {
			i.Annotations = map[string]string{v1alpha1.AnnotationFailure: "returned to 2.3.0, as 2.4.1 failed: it was not healthy"}
		}
	}
}

func nothingVerified(i *v1alpha1.AppInstallation) { i.Spec.LastVerified = nil }

func outcomeOf(i *v1alpha1.AppInstallation) string {
	if i.Spec.Move == nil {
		return ""
	}
	return string(i.Spec.Move.Outcome)
}

func frozenItself(s *given) {
	s.municipality.Spec.Freezes = []v1alpha1.FreezePeriod{{From: moment(-time.Hour), Until: moment(time.Hour), Reason: "election"}}
}

func withoutTest(s *given) { s.municipality.Spec.Environments = s.municipality.Spec.Environments[:1] }

func pausedApp(s *given) { s.apps["svarut"].Spec.Pause = new(true) }

func TestOwn(t *testing.T) {
	all := func(changes ...func(*given)) given { return world(append([]func(*given){everywhere}, changes...)...) }
	in23 := func(s *given) { runs(inTest, before, 9*time.Hour)(s); runs(prod, before, 9*time.Hour)(s) }
	cases := []struct {
		reason string
		seen   given
		// moves are "namespace version outcome", and waits what one of the places waits for.
		moves []string
		waits string
	}{
		{"the first stage first; production says for what it waits", all(in23, named), []string{"vinje-test 2.4.1 "}, "prod: comes after stage Test"},
		{"then the next", all(in23, runs(inTest, pinned, 2*time.Hour, moves("", "")), named), []string{"vinje-prod 2.4.1 "}, ""},
		{"not before the stage has soaked", all(in23, runs(inTest, pinned, time.Minute, moves("", "")), named), nil, "prod: comes after stage Test, where test is healthy, and soaks"},
		{"in its own freeze it waits", all(in23, named, frozenItself), nil, "test: Municipality vinje: frozen until"},
		{"and while it is paused", all(in23, named, func(s *given) { s.municipality.Spec.Pause = new(true) }), nil, "test: the Municipality is paused (spec.pause)"},
		{"and while the platform is paused", all(in23, named, func(s *given) { s.platform.Pause = new(true) }), nil, "test: Platform default is paused (spec.pause)"},
		{"and while the app is paused", all(in23, named, pausedApp), nil, "test: SharedApp svarut is paused (spec.pause)"},
		{"also what comes at once", all(in23, atOnce, pausedApp), nil, ""},
		{"one that fails returns meanwhile", all(in23, runs(inTest, pinned, 0, moves("", "")), named, pausedApp), []string{"vinje-test 2.3.0 Returned"}, ""},
		{"at once if it says so, in a freeze as well", all(in23, atOnce, frozenItself), []string{"vinje-prod 2.4.1 ", "vinje-test 2.4.1 "}, ""},
		{"what comes at once stays where it fails", all(runs(inTest, pinned, 0, moves("", "")), runs(prod, pinned, 0, moves("", "")), atOnce), nil, ""},
		{"one that fails returns, in a freeze as well", all(in23, runs(inTest, pinned, 0, moves("", "")), named, frozenItself), []string{"vinje-test 2.3.0 Returned"}, ""},
		{"and is not tried again", all(in23, runs(inTest, before, time.Hour, moves("", v1alpha1.OutcomeReturned)), named), nil, "test: returned to 2.3.0, as 2.4.1 failed"},
		{"another version is", all(in23, runs(inTest, before, 2*time.Hour, moves("", v1alpha1.OutcomeReturned)),
			says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0"})), []string{"vinje-test 2.5.0 "}, ""},
		{"where nothing was verified it stays", all(in23, runs(inTest, pinned, 0, moves("", ""), nothingVerified), named), []string{"vinje-test 2.4.1 Stuck"}, ""},
		{"the failing environment is taken out of the spec: production does not get what failed", all(in23, runs(inTest, pinned, 0, moves("", "")), named, withoutTest), nil, "prod: test was not healthy by"},
		{"nor when it had returned", all(in23, runs(inTest, before, time.Hour, moves("", v1alpha1.OutcomeReturned)), named, withoutTest), nil, "prod: returned to 2.3.0, as 2.4.1 failed"},
		{"a healthy environment may go", all(in23, runs(inTest, pinned, 2*time.Hour, moves("", "")), named, withoutTest), []string{"vinje-prod 2.4.1 "}, ""},
		{"what was there before is not watched", all(runs(inTest, pinned, 0), runs(prod, pinned, 0), named), nil, ""},
		{"the network that it names leaves it on the way: it returns when that fails", all(in23, runs(inTest, pinned, 0, moves("digi-tv", "")), withoutNet), []string{"vinje-test 2.3.0 Returned"}, ""},
		{"it stays while that goes well", all(in23, runs(inTest, pinned, time.Minute, moves("digi-tv", "")), withoutNet), nil, ""},
		{"it takes a version by itself that is on the way from its network", all(in23, runs(inTest, pinned, 0, moves("digi-tv", "")), named), []string{"vinje-test 2.3.0 Returned"}, ""},
		{"a lower offer of another network comes in between: it still returns", all(in23, runs(inTest, pinned, 0, moves("digi-tv", "")), heir, func(s *given) {
			s.apps["svarut"].Spec.Channels[0].Version = "2.3.0"
		}), []string{"vinje-test 2.3.0 Returned"}, ""},
		{"its own network follows it", all(in23, runs(inTest, pinned, 0, moves("digi-tv", ""))), nil, ""},
		{"a deferral keeps what is there", all(in23, runs(inTest, pinned, 0, moves("digi-tv", "")), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})), nil, ""},
		{"so does a hold", all(in23, runs(inTest, pinned, 0, moves("", "")), says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "election"}})), nil, ""},
		{"a hold brings its version in stages", all(in23, runs(inTest, pinned, 0, moves("", ""), nothingVerified), func(s *given) { delete(s.installed, prod) },
			says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.4.1", Reason: "election"}})), []string{"vinje-test 2.4.1 Stuck"}, ""},
		{"the AppInstallation is suspended", all(in23, named, func(s *given) { s.installed[inTest].Spec.Suspend = new(true) }), nil, "test: the AppInstallation in vinje-test is suspended"},
		{"what somebody deleted is written again first, as it was", all(in23, named, func(s *given) {
			delete(s.installed, inTest)
			s.municipality.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "test", Version: "2.3.0", State: v1alpha1.AppReady}}
		}), []string{"vinje-test 2.3.0 "}, ""},
		{"the Municipality is being deleted", all(in23, named, deleted), nil, ""},
		{"the Municipality is suspended", all(in23, named, func(s *given) { s.municipality.Spec.Suspend = v1alpha1.SuspensionOperator }), nil, ""},
		{"the platform is frozen: what fails stays until that ends", all(in23, runs(inTest, pinned, 0, moves("", "")), named, freezes), nil, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			country, vinje := c.seen.observe()
			own := country.Own(vinje)
			var got []string
			for _, i := range country.Consent(vinje).Write {
				live := vinje.Installed[resolution.Place{App: i.Name, Environment: i.Spec.Tenant.Environment}]
				if live == nil || !cmp.Equal(i.Spec.Move, live.Spec.Move) {
					got = append(got, i.Namespace+" "+i.Spec.Version+" "+outcomeOf(i))
				}
			}
			if diff := cmp.Diff(c.moves, got); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			environment, message, _ := strings.Cut(c.waits, ": ")
			if said := own.Waits[resolution.Place{App: "svarut", Environment: environment}].Message; !strings.HasPrefix(said, message) {
				t.Errorf("%s waits for %q, want %q", environment, said, message)
			}
		})
	}
}

func TestWhoMovesByItselfIsWoken(t *testing.T) {
	cases := []struct {
		reason  string
		seen    given
		happens func(*Model, given)
		want    bool
	}{
		{"its move gets healthy", world(everywhere, runs(inTest, pinned, 0, moves("", "")), named), func(m *Model, s given) {
			m.SetInstallation("vinje", inTest, changed(s, inTest, runs(inTest, pinned, time.Hour, moves("", ""))))
		}, true},
		{"so does one in an environment that was taken out", world(everywhere, runs(inTest, pinned, 0, moves("", "")), named, withoutTest), func(m *Model, s given) {
			m.SetInstallation("vinje", inTest, changed(s, inTest, runs(inTest, pinned, time.Hour, moves("", ""))))
		}, true},
		{"the version to go back to can be had again", world(everywhere, named), func(m *Model, s given) {
			app := s.apps["svarut"].DeepCopy()
			app.Status.Versions[0].Available = false
			m.SetApp("svarut", app)
		}, true},
		{"the platform is paused", world(everywhere, named), func(m *Model, _ given) { m.SetPlatform(v1alpha1.PlatformSpec{Pause: new(true)}) }, true},
		{"how a network's installation is doing is the rollout's matter", world(everywhere, runs(inTest, pinned, 0, moves("digi-tv", ""))), func(m *Model, s given) {
			m.SetInstallation("vinje", inTest, changed(s, inTest, runs(inTest, pinned, time.Hour, moves("digi-tv", ""))))
		}, false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			m := NewModel()
			c.seen.objects().fill(m)
			m.Settle(now)
			c.happens(m, c.seen)
			if got := m.Settle(now).Decisions["vinje"]; got != c.want {
				t.Errorf("vinje is woken: %v, want %v", got, c.want)
			}
		})
	}
}

// changed is an installation after something happened to it.
func changed(s given, at resolution.Place, happens func(*given)) *v1alpha1.AppInstallation {
	s.installed = maps.Clone(s.installed)
	happens(&s)
	return s.installed[at]
}
