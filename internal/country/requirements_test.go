package country_test

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// soaks has id-gateway in an environment healthy for ten minutes, by a move of its municipality's own, from a version that was
// verified there.
func soaks(name, environment, last string) change {
	return func(o *country.Objects) {
		i := o.Installations[name][resolution.Place{App: "id-gateway", Environment: environment}]
		i.Status.HealthySince = new(metav1.NewTime(now.Add(-10 * time.Minute)))
		i.Spec.LastVerified = &v1alpha1.Release{Version: last, Digest: "sha256:11"}
	}
}

// TestRequiredAppMayReturn has id-gateway 1.2.0 healthy for ten minutes in tokke's production, and 1.1.0 verified there
// before, where svarut 2.5.0 requires 1.2.
func TestRequiredAppMayReturn(t *testing.T) {
	const by = "digi-tv.id-gateway.1.2.0.1"
	gatewayOf := func(o *country.Objects) *v1alpha1.AppInstallation {
		return o.Installations["tokke"][resolution.Place{App: "id-gateway", Environment: "prod"}]
	}
	at := func(change func(*v1alpha1.AppInstallation)) change {
		return func(o *country.Objects) { change(gatewayOf(o)) }
	}
	moved := func(wave string) change {
		return at(func(i *v1alpha1.AppInstallation) {
			i.Spec.Move = &v1alpha1.Move{Rollout: by, Network: "digi-tv", Attempt: 1, Target: v1alpha1.Release{Version: "1.2.0", Digest: target.Digest}, Wave: wave, MovedAt: metav1.NewTime(now.Add(-20 * time.Hour))}
		})
	}
	waves := onNetwork("digi-tv", func(n *v1alpha1.Network) {
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
			{Name: "first", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}, Soak: &metav1.Duration{Duration: 24 * time.Hour}},
			{Name: "second", Members: &v1alpha1.WaveMembers{Names: []string{"tokke"}}, Soak: &metav1.Duration{Duration: 2 * time.Hour}}, {Name: "rest"},
		}}
	})
	soaked := at(func(i *v1alpha1.AppInstallation) {
		i.Status.HealthySince = new(metav1.NewTime(now.Add(-10 * time.Hour)))
	})
	rollout := func(version string, phase v1alpha1.RolloutPhase, status ...func(*v1alpha1.RolloutStatus)) change {
		return func(o *country.Objects) {
			r := record("digi-tv", "", "id-gateway", v1alpha1.Release{Version: version, Digest: o.Apps["id-gateway"].Status.Versions[1].Digest}, 1, phase)
			for _, s := range status {
				s(&r.Status)
			}
			o.Rollouts = append(o.Rollouts, r)
		}
	}
	done := func(wave string) func(*v1alpha1.RolloutStatus) {
		return func(s *v1alpha1.RolloutStatus) {
			s.Waves = append(s.Waves, v1alpha1.WaveStatus{Name: wave, CompletedAt: new(metav1.NewTime(now.Add(-time.Hour)))})
		}
	}
	remembers := func(reason string) func(*v1alpha1.RolloutStatus) {
		return func(s *v1alpha1.RolloutStatus) {
			s.Memory = append(s.Memory, v1alpha1.MemberMemory{Name: "tokke", Reason: reason, Since: new(metav1.NewTime(now.Add(-time.Hour)))})
		}
	}
	offer := func(change func(*v1alpha1.SharedApp)) change {
		return func(o *country.Objects) { change(o.Apps["id-gateway"]) }
	}
	const (
		progressing = v1alpha1.RolloutProgressing
		requires    = "prod: svarut requires id-gateway >=1.2"
		waits       = requires + ": id-gateway 1.2.0 is not verified yet in prod, and would return to 1.1.0"
		goesOn      = requires + ": id-gateway 1.2.0 has not completed its wave yet in prod, and would return to 1.1.0"
	)
	cases := []struct {
		reason  string
		changes []change
		want    string
		until   time.Duration
	}{
		{"by a move of its own, it soaks as long as the last wave of the platform", nil, waits, 50 * time.Minute},
		{"by a move of its own, it has soaked", []change{soaked}, "", 0},
		{"in the wave that names its municipality", []change{waves, moved("rest")}, waits, 110 * time.Minute},
		{"in the first, where it stood in", []change{waves, moved("first"), rollout("1.2.0", progressing)}, waits, 24*time.Hour - 10*time.Minute},
		{"it has soaked, and its wave is not done: what fails in another stage takes it back, too", []change{waves, moved("second"), soaked, rollout("1.2.0", progressing, done("first"))}, goesOn, 0},
		{"so it is while its rollout is halted", []change{waves, moved("second"), soaked, rollout("1.2.0", v1alpha1.RolloutHalted, done("first"))}, goesOn, 0},
		{"its wave is done", []change{waves, moved("second"), soaked, rollout("1.2.0", progressing, done("second"))}, "", 0},
		{"it is remembered as verified", []change{waves, moved("second"), soaked, rollout("1.2.0", progressing, remembers(v1alpha1.MemoryVerified))}, "", 0},
		{"its rollout was superseded, and nobody takes it back", []change{waves, moved("second"), soaked, rollout("1.2.0", v1alpha1.RolloutSuperseded)}, "", 0},
		{"the next rollout moves it on, and has what was verified to return to", []change{waves, moved("second"), soaked, rollout("1.2.1", progressing)}, "", 0},
		{"which is not this one, before it has soaked", []change{waves, moved("second"), rollout("1.2.1", progressing)}, waits, 110 * time.Minute},
		{"what is required is not healthy now", []change{at(func(i *v1alpha1.AppInstallation) {
			i.Status.Conditions[0].Status = metav1.ConditionFalse
		})}, requires + ", which is not ready yet", 0},
		{"it soaked once before", []change{at(func(i *v1alpha1.AppInstallation) { i.Status.LongestHealthy = &metav1.Duration{Duration: time.Hour} })}, "", 0},
		{"nothing was verified before", []change{at(func(i *v1alpha1.AppInstallation) { i.Spec.LastVerified = nil })}, "", 0},
		{"what was verified will do", []change{at(func(i *v1alpha1.AppInstallation) { i.Spec.LastVerified.Version = "1.2.1" })}, "", 0},
		{"it failed before, and stays as it is", []change{moved("rest"), at(func(i *v1alpha1.AppInstallation) { i.Spec.Move.Outcome = v1alpha1.OutcomeStuck })}, "", 0},
		{"what it would return to is withdrawn, so that it would stay", []change{offer(func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].State = v1alpha1.VersionWithdrawn })}, "", 0},
		{"or is gone from the catalogue", []change{offer(func(a *v1alpha1.SharedApp) { a.Spec.Versions = a.Spec.Versions[1:] })}, "", 0},
		{"it is a security fix, which does not soak", []change{offer(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].SecurityFix = new(true) })}, "", 0},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			o := world(append([]change{
				onApp(func(a *v1alpha1.SharedApp) {
					a.Spec.Versions[1].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: ">=1.2"}}}
				}),
				func(o *country.Objects) {
					o.Apps["id-gateway"] = app("id-gateway")
					for i, version := range []string{"1.1.0", "1.2.0", "1.2.1"} {
						o.Apps["id-gateway"].Spec.Versions[i].Version = version
					}
				},
				installApp("id-gateway", "tokke", "prod", v1alpha1.Release{Version: "1.2.0", Digest: target.Digest}),
				installApp("id-gateway", "tokke", "test", v1alpha1.Release{Version: "1.2.0", Digest: target.Digest}), soaks("tokke", "prod", "1.1.0"),
			}, c.changes...)...)
			seen := country.Compile(o, now)
			excuse := introduction(t, o, "digi-tv").Input.Members[0].Places[0].Excuse
			diff(t, c.reason, "excuse of tokke's production", excuse.Message, c.want)
			var until time.Time
			if c.until > 0 {
				until = now.Add(c.until)
			}
			if !seen.Next.Equal(until) {
				t.Errorf("%s: the country changes at %s, want %s: who waits is woken then", c.reason, seen.Next, until)
			}
		})
	}
}

// restsOn is a model in which svarut 2.5.0 waits, in tokke's test, for id-gateway, which a rollout of a network moved an hour
// ago, and which has been healthy for ten minutes.
func restsOn(network string, by v1alpha1.Network) (m *country.Model, gateway *v1alpha1.Rollout) {
	gateway = record(network, "", "id-gateway", v1alpha1.Release{Version: "1.2.0", Digest: "sha256:1"}, 1, v1alpha1.RolloutProgressing)
	o := world(onApp(func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[1].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: ">=1.2"}}}
	}), installApp("id-gateway", "tokke", "test", v1alpha1.Release{Version: "1.2.0", Digest: "sha256:1"}), soaks("tokke", "test", "1.1.0"))
	o.Installations["tokke"][resolution.Place{App: "id-gateway", Environment: "test"}].Spec.Move = &v1alpha1.Move{
		Rollout: gateway.Name, Network: network, Wave: "everyone", MovedAt: metav1.NewTime(now.Add(-time.Hour)), Attempt: 1,
	}
	m = country.NewModel()
	m.SetApp("svarut", o.Apps["svarut"])
	m.SetNetwork(by.Name, &by)
	m.SetMunicipality("tokke", resident(&o, "tokke"))
	for place, i := range o.Installations["tokke"] {
		m.SetInstallation("tokke", place, i)
	}
	m.SetRollout(running, o.Rollouts[0])
	m.SetRollout(gateway.Name, gateway)
	m.Settle(now)
	return m, gateway
}

// movesOfSvarut are how many places digi-tv moves to svarut 2.5.0 at a time.
func movesOfSvarut(m *country.Model, at time.Time) int {
	plan := m.Country().At(at).Plan("digi-tv").Introductions
	return len(plan[slices.IndexFunc(plan, func(i country.Introduction) bool { return i.App == "svarut" })].Step.Moves)
}

// TestWhoWaitsForARequiredAppIsWoken has id-gateway soak, and its wave go on then.
func TestWhoWaitsForARequiredAppIsWoken(t *testing.T) {
	m, gateway := restsOn("digi-tv", network("digi-tv", "tokke"))
	diff(t, "it soaks", "moves", movesOfSvarut(m, now), 0)

	next := m.Country().Next
	diff(t, "it has soaked: its group is planned again", "groups", m.Settle(next).Groups["digi-tv"], true)
	diff(t, "its wave goes on", "moves", movesOfSvarut(m, next), 0)

	done := gateway.DeepCopy()
	done.Status.Waves = []v1alpha1.WaveStatus{{Name: "everyone", CompletedAt: new(metav1.NewTime(next))}}
	m.SetRollout(done.Name, done)
	diff(t, "its wave is done: its group is planned again", "groups", m.Settle(next).Groups["digi-tv"], true)
	diff(t, "and svarut is moved", "moves", movesOfSvarut(m, next), 1)
}

// TestWhatEndsTheWaitForARequiredApp has id-gateway moved by a network that tokke is no member of any longer.
func TestWhatEndsTheWaitForARequiredApp(t *testing.T) {
	const left = "digi-old"
	quick := []v1alpha1.Wave{{Name: "everyone", Soak: &metav1.Duration{Duration: time.Minute}}}
	soaked := now.Add(time.Hour)
	nothing := func(*country.Model, *v1alpha1.Rollout) {}
	supersede := func(m *country.Model, gateway *v1alpha1.Rollout) { m.SetRollout(gateway.Name, superseded(gateway)) }
	cases := []struct {
		reason string
		at     time.Time
		before func(m *country.Model, gateway *v1alpha1.Rollout)
		does   func(m *country.Model, gateway *v1alpha1.Rollout)
	}{
		{"its Rollout was superseded, and that network lets it soak for a minute", now, supersede, func(m *country.Model, _ *v1alpha1.Rollout) {
			n := network(left)
			n.Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: quick}
			m.SetNetwork(left, &n)
		}},
		{"its Rollout was superseded, the network is gone, and the platform lets it soak for a minute", now, supersede, func(m *country.Model, _ *v1alpha1.Rollout) {
			m.SetPlatform(v1alpha1.PlatformSpec{Rollout: &v1alpha1.RolloutStrategy{Waves: quick}})
		}},
		{"it has soaked, and the Rollout is superseded", soaked, nothing, supersede},
		{"it has soaked, and the Rollout is deleted", soaked, nothing, func(m *country.Model, gateway *v1alpha1.Rollout) { m.SetRollout(gateway.Name, nil) }},
		{"it has soaked, and the Rollout remembers tokke as verified", soaked, nothing, func(m *country.Model, gateway *v1alpha1.Rollout) {
			r := gateway.DeepCopy()
			r.Status.Memory = []v1alpha1.MemberMemory{{Name: "tokke", Reason: v1alpha1.MemoryVerified, Since: new(metav1.NewTime(now))}}
			m.SetRollout(r.Name, r)
		}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			m, gateway := restsOn(left, network("digi-tv", "tokke"))
			c.before(m, gateway)
			m.Settle(c.at)
			diff(t, "it waits", "moves", movesOfSvarut(m, c.at), 0)
			c.does(m, gateway)
			diff(t, "its group is planned again", "groups", m.Settle(c.at).Groups["digi-tv"], true)
			diff(t, "and svarut is moved", "moves", movesOfSvarut(m, c.at), 1)
		})
	}
}

// superseded is a Rollout that another took the place of.
func superseded(r *v1alpha1.Rollout) *v1alpha1.Rollout {
	r = r.DeepCopy()
	r.Status.Phase = v1alpha1.RolloutSuperseded
	return r
}
