package resolution_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

func one(t *testing.T, in resolution.Input) resolution.Verdict {
	t.Helper()
	all := verdictsOf(in)
	if len(all) != 1 {
		t.Fatalf("%d verdicts, want 1", len(all))
	}
	return all[0]
}

func withdrawn(i int) func(*resolution.Input) {
	return app(func(a *v1alpha1.SharedApp) { a.Spec.Versions[i].State = v1alpha1.VersionWithdrawn })
}

func TestWhoStandsInTheWay(t *testing.T) {
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	adopts := func(d v1alpha1.AppDecision) func(*resolution.Input) {
		d.Decision = v1alpha1.DecisionAdopt
		return says(d)
	}
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "decided level/name, in the way level/name: reason".
		want string
	}{
		{"nobody", world(recommended), "Network/digi-tv, /: "},
		{"the municipality declined", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Municipality/vinje, /: "},
		{"the nation withdrew", world(recommended, withdrawn(1)), "Network/digi-tv, National/svarut: version 2.4.1 of SharedApp svarut is withdrawn: it is not newly installed anywhere"},
		{"the nation does not offer the app", world(recommended, func(in *resolution.Input) { in.Apps = nil }),
			`Network/digi-tv, National/svarut: there is no SharedApp "svarut" (asked for by digi-tv): correct the name, or wait until it is offered`},
		{"the catalogue found a fault", world(recommended, app(func(a *v1alpha1.SharedApp) {
			a.Status.Versions[1].Available, a.Status.Versions[1].Message = false, "the digest does not match"
		})), "Network/digi-tv, National/svarut: version 2.4.1 of SharedApp svarut is not available: the digest does not match"},
		{"the nation suspended", world(recommended, app(func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) })),
			"Network/digi-tv, National/svarut: SharedApp svarut is suspended (spec.suspend): it moves nowhere"},
		{"the nation requires another zone", world(recommended, app(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
			}
		})), "Network/digi-tv, National/svarut: decline svarut in spec.apps, or set zone of environment prod in spec.environments to Open: version 2.4.1 of SharedApp svarut requires zone Open in Production, and the environment has Closed"},
		{"the one who decided on what runs stays", world(recommended, withdrawn(1), installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-old")),
			"Network/digi-old, National/svarut: version 2.4.1 of SharedApp svarut is withdrawn: it is not newly installed anywhere"},
		{"the municipality follows a network that it is not in", world(recommended, adopts(v1alpha1.AppDecision{Network: "nowhere"})),
			`Municipality/vinje, Municipality/vinje: spec.apps[].network "nowhere": the municipality is no member of a Network of that name which proposes this app for this stage; name another network, or a channel`},
		{"a version that is named and not offered names its field", world(adopts(v1alpha1.AppDecision{Version: "9.9.9"})),
			"Municipality/vinje, National/svarut: spec.apps[svarut].version: SharedApp svarut has no version 9.9.9: see its spec.versions; name another version"},
		{"the platform is frozen", world(adopts(v1alpha1.AppDecision{Version: "2.3.0"}), freezes),
			"Municipality/vinje, National/default: the platform is frozen (spec.freeze of Platform default): nothing new is started until it is taken out"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := one(t, tc.in)
			got := fmt.Sprintf("%s/%s, %s/%s: %s", v.DecidedBy.Level, v.DecidedBy.Name, v.Blocker.Level, v.Blocker.Name, v.Blocker.Reason)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBlockerFitsAStatus(t *testing.T) {
	v := one(t, world(network("digi-tv", v1alpha1.ObligationRecommended, "stable"), app(func(a *v1alpha1.SharedApp) {
		a.Status.Versions[1].Available, a.Status.Versions[1].Message = false, strings.Repeat("ø", 1024)
	})))
	if n := len(v.Blocker.Reason); n < 1000 || n > resolution.MaxReason || !utf8.ValidString(v.Blocker.Reason) {
		t.Errorf("a reason of %d bytes, valid %v; want at most %d that are valid", n, utf8.ValidString(v.Blocker.Reason), resolution.MaxReason)
	}
}

func TestWithdrawnVersionThatRunsOn(t *testing.T) {
	const runsOn = "version 2.3.0 of SharedApp svarut is withdrawn, and runs on here"
	runs := installed("2.3.0", "sha256:23", v1alpha1.LevelMunicipality, "vinje")
	cases := []struct {
		reason string
		in     resolution.Input
		why    resolution.Why
		want   string
	}{
		{"who defers keeps it", world(withdrawn(0), runs, network("digi-tv", v1alpha1.ObligationRecommended, "stable"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow, Reason: "budget"})), resolution.Deferred, runsOn},
		{"nobody asks for it any longer", world(withdrawn(0), runs), resolution.Unrequested, runsOn},
		{"a higher one is kept", world(withdrawn(2), installed("2.5.0", "sha256:25", v1alpha1.LevelNetwork, "digi-old"), network("digi-tv", v1alpha1.ObligationRecommended, "stable")), resolution.Ahead,
			"version 2.5.0 of SharedApp svarut is withdrawn, and runs on here"},
		{"what stands in the way is said before", world(withdrawn(0), withdrawn(1), runs, network("digi-tv", v1alpha1.ObligationRecommended, "stable")), resolution.Blocked,
			"version 2.4.1 of SharedApp svarut is withdrawn: it is not newly installed anywhere; " + runsOn},
		{"one that is not withdrawn says nothing", world(runs), resolution.Unrequested, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			v := verdictsOf(c.in)[0]
			if v.Why != c.why || v.Message != c.want {
				t.Errorf("got %s %q, want %s %q", v.Why, v.Message, c.why, c.want)
			}
		})
	}
}

func TestHoldOnAWithdrawnVersion(t *testing.T) {
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	hold := &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}
	here := says(v1alpha1.AppDecision{Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Hold: hold}}})
	at := func(version, digest string) func(*resolution.Input) {
		return installed(version, digest, v1alpha1.LevelNetwork, "digi-tv")
	}
	cases := []struct {
		reason string
		in     resolution.Input
		want   string
	}{
		{"where it is installed it is kept, and reported", world(recommended, withdrawn(0), says(v1alpha1.AppDecision{Hold: hold}), at("2.3.0", "sha256:23")),
			"Keep 2.3.0 Held: spec.apps[svarut].hold.version: version 2.3.0 of SharedApp svarut is withdrawn, and runs on here: take the hold out to move to what is offered"},
		{"for one environment, the field is named there", world(recommended, withdrawn(0), here, at("2.3.0", "sha256:23")),
			"Keep 2.3.0 Held: spec.apps[svarut].environments[prod].hold.version: version 2.3.0 of SharedApp svarut is withdrawn, and runs on here: take the hold out to move to what is offered"},
		{"where another version is installed that one is kept", world(recommended, withdrawn(0), says(v1alpha1.AppDecision{Hold: hold}), at("2.4.1", "sha256:24")),
			"Keep 2.4.1 Held: spec.apps[svarut].hold.version: version 2.3.0 of SharedApp svarut is withdrawn: take the hold out, or hold 2.4.1, which is installed"},
		{"where nothing is installed it is blocked", world(recommended, withdrawn(0), says(v1alpha1.AppDecision{Hold: hold})),
			"Nothing  Blocked: spec.apps[svarut].hold.version: version 2.3.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere; take the hold out, or hold another version"},
		{"a hold on what is offered has nothing to report", world(recommended, says(v1alpha1.AppDecision{Hold: hold}), at("2.3.0", "sha256:23")), "Keep 2.3.0 Held: "},
		{"nor has one on an app that left the catalogue", world(recommended, says(v1alpha1.AppDecision{Hold: hold}), at("2.3.0", "sha256:23"), func(in *resolution.Input) { in.Apps = nil }), "Keep 2.3.0 Held: "},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := one(t, tc.in)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%s %s %s: %s", v.Action, v.Version, v.Why, v.Message)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
