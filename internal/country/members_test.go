package country_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

func TestMembers(t *testing.T) {
	usual := []string{"tokke/prod 2.4.1", "tokke/test 2.4.1", "vinje/prod 2.4.1", "vinje/test 2.4.1"}
	vinje := func(lines ...string) []string { return append(usual[:2:2], lines...) }
	until := metav1.NewTime(now.Add(time.Hour))
	installation := func(o *country.Objects, environment string) *v1alpha1.AppInstallation {
		return o.Installations["vinje"][resolution.Place{App: "svarut", Environment: environment}]
	}
	requires := func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: ">=1.2"}}}
		}
	}
	gateway := func(name, environment, version string) change {
		return installApp("id-gateway", name, environment, v1alpha1.Release{Version: version, Digest: "sha256:1"})
	}
	cases := []struct {
		reason  string
		group   string
		changes []change
		want    []string
	}{
		{"of a network", "digi-tv", nil, usual},
		{"of direct adopters", country.Direct, nil, []string{"oslo/prod 2.4.1", "oslo/test 2.4.1"}},
		{"who follows a channel is none of the network", "digi-tv", []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Channel: "stable"})}, usual[:2]},
		{"and is a direct adopter", country.Direct, []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Channel: "stable"})}, []string{"oslo/prod 2.4.1", "oslo/test 2.4.1", "vinje/prod 2.4.1", "vinje/test 2.4.1"}},
		{"who names a version is in no group", "digi-tv", []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.4.1"})}, usual[:2]},
		{"who declines is excused", "digi-tv", []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDecline})}, vinje("vinje/prod 2.4.1 Declined", "vinje/test 2.4.1 Declined")},
		{"who defers is excused", "digi-tv", []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer, Until: &until})}, vinje("vinje/prod 2.4.1 Deferred", "vinje/test 2.4.1 Deferred")},
		{
			"who holds in one environment is excused there", "digi-tv",
			[]change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Hold: &v1alpha1.Hold{Version: "2.4.1", Reason: "year-end"}}}})},
			vinje("vinje/prod 2.4.1 Held", "vinje/test 2.4.1"),
		},
		{"what has a higher version from somebody else is kept", "digi-tv", []change{install("vinje", "prod", v1alpha1.Release{Version: "3.0.0", Digest: "sha256:30"}), func(o *country.Objects) {
			installation(o, "prod").Spec.DecidedBy = v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: "digi-rogaland"}
		}}, vinje("vinje/prod 3.0.0 Ahead", "vinje/test 2.4.1")},
		{"an environment of another zone can't take it", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneClosed}}}
			}
		})}, []string{"tokke/prod 2.4.1", "tokke/test 2.4.1 Blocked", "vinje/prod 2.4.1", "vinje/test 2.4.1 Blocked"}},
		{"a version that nobody can have excuses nobody", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) { a.Status.Versions[1].Available = false })}, usual},
		{"a version that is withdrawn is brought to nobody", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })}, nil},
		{"nor does an app that is suspended", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) })}, usual},
		{"a suspended municipality is shown as such", "digi-tv", []change{func(o *country.Objects) { resident(o, "vinje").Spec.Suspend = v1alpha1.SuspensionOperator }}, vinje("vinje/prod suspended 2.4.1", "vinje/test suspended 2.4.1")},
		{"a suspended installation is away", "digi-tv", []change{func(o *country.Objects) { installation(o, "prod").Spec.Suspend = new(true) }}, vinje("vinje/prod 2.4.1 Suspended away", "vinje/test 2.4.1")},
		{"an environment that is not ready is away", "digi-tv", []change{func(o *country.Objects) { o.Missing["vinje-prod"] = true; o.Installations["vinje"] = nil }}, vinje("vinje/prod EnvironmentNotReady away", "vinje/test")},
		{"one whose number belongs to another is away", "digi-tv", []change{func(o *country.Objects) {
			resident(o, "vinje").Spec.Number = resident(o, "oslo").Spec.Number // of one age, the name decides
		}}, vinje("vinje/prod 2.4.1 NumberTaken away", "vinje/test 2.4.1 NumberTaken away")},
		{"one whose AppInstallation was deleted is away until that is written again", "digi-tv", []change{removed("vinje", "prod")}, vinje("vinje/prod Installing away", "vinje/test 2.4.1")},
		{"so is one of which the Municipality's status says so", "digi-tv", []change{removed("vinje", "prod"), func(o *country.Objects) {
			o.Deleted = nil
			resident(o, "vinje").Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: before.Version}}
		}}, vinje("vinje/prod Installing away", "vinje/test 2.4.1")},
		{"what is on its way out is not there", "digi-tv", []change{func(o *country.Objects) { installation(o, "prod").Spec.State = v1alpha1.InstallationAbsent }}, vinje("vinje/prod", "vinje/test 2.4.1")},
		{
			"who lacks an app that is required is away, place by place", "digi-tv",
			[]change{onApp(requires), gateway("tokke", "prod", "1.2.0"), gateway("tokke", "test", "1.3.0"), gateway("vinje", "prod", "1.1.0")},
			vinje("vinje/prod 2.4.1 RequiredAppVersion away", "vinje/test 2.4.1 RequiredAppMissing away"),
		},
		{
			"who has it, and may yet return to another version, is away", "digi-tv",
			[]change{onApp(requires), gateway("tokke", "prod", "1.2.0"), gateway("tokke", "test", "1.3.0"), gateway("vinje", "prod", "1.2.0"), gateway("vinje", "test", "1.3.0"), soaks("vinje", "prod", "1.1.0")},
			vinje("vinje/prod 2.4.1 RequiredAppMayReturn away", "vinje/test 2.4.1"),
		},
		{
			"what has the version already is not kept from it", "digi-tv",
			[]change{onApp(requires), gateway("tokke", "prod", "1.2.0"), gateway("tokke", "test", "1.3.0"), install("vinje", "prod", target), gateway("vinje", "test", "1.2.0")},
			vinje("vinje/prod 2.5.0", "vinje/test 2.4.1"),
		},
		{"where it was moved and follows no longer, as the network asks for fewer stages, it still counts for the stages after", "digi-tv", []change{install("vinje", "test", target, moved("everyone")), onNetwork("digi-tv", func(n *v1alpha1.Network) {
			n.Spec.Apps[0].Stages = []v1alpha1.Stage{v1alpha1.StageProduction}
		})}, []string{"tokke/prod 2.4.1", "vinje/prod 2.4.1", "vinje/test 2.5.0 follows no longer"}},
		{"or as its environment has another stage", "digi-tv", []change{install("vinje", "test", target, moved("everyone")), func(o *country.Objects) {
			resident(o, "vinje").Spec.Environment("test").Stage = v1alpha1.StageDevelopment
		}}, vinje("vinje/prod 2.4.1", "vinje/test 2.5.0 follows no longer")},
		{"one that is being deleted is none", "digi-tv", []change{func(o *country.Objects) { resident(o, "vinje").DeletionTimestamp = &metav1.Time{Time: now} }}, usual[:2]},
		{"one that is not there is none", "digi-tv", []change{func(o *country.Objects) { o.Municipalities = o.Municipalities[1:] }}, usual[:2]},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			intro := introduction(t, world(c.changes...), c.group)
			diff(t, c.reason, "places", places(intro.Input), c.want)
		})
	}
}

func TestExcuseTellsWhy(t *testing.T) {
	cases := []struct {
		reason string
		change change
		want   string
	}{
		{"the municipality's own words", decides("tokke", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDecline, Reason: "we have another"}), "declined: we have another"},
		{"what is required, and what is there", onApp(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway", Version: ">=1.2"}}}
			}
		}), "prod: svarut requires id-gateway >=1.2, which is not installed there"},
		{"which AppInstallation was deleted", removed("tokke", "prod"), "the AppInstallation of svarut in prod was deleted, and is written again first"},
		{"which environment is missing", func(o *country.Objects) { o.Missing["tokke-prod"] = true }, "environment prod is not ready"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			intro := introduction(t, world(c.change), "digi-tv")
			mentions(t, c.reason, intro.Input.Members[0].Places[0].Excuse.Message, c.want)
		})
	}
}

func TestMemberHasItsCalendarAndLabels(t *testing.T) {
	o := world(func(o *country.Objects) {
		resident(o, "tokke").Spec.Freezes = []v1alpha1.FreezePeriod{{From: metav1.NewTime(now.Add(-time.Hour)), Until: metav1.NewTime(now.Add(time.Hour)), Reason: "election"}}
	})
	tokke := introduction(t, o, "digi-tv").Input.Members[0]
	diff(t, "waves select by labels", "labels", tokke.Labels, map[string]string{v1alpha1.LabelCounty: "40"})
	if tokke.Calendar.Open(now).Open {
		t.Error("its freeze is not minded")
	}
}

func TestLeft(t *testing.T) {
	failed, stuck := moved("pilot"), moved("pilot")
	failed.Outcome, stuck.Outcome = v1alpha1.OutcomeReturned, v1alpha1.OutcomeStuck
	uninstalledIn := func(environment string) change {
		return func(o *country.Objects) {
			o.Installations["oslo"][resolution.Place{App: "svarut", Environment: environment}].Spec.State = v1alpha1.InstallationAbsent
		}
	}
	uninstalled := uninstalledIn("prod")
	unlabelled := func(o *country.Objects) {
		o.Installations["oslo"][resolution.Place{App: "svarut", Environment: "prod"}].Labels = nil
	}
	remembers := func(all ...v1alpha1.MemberMemory) change {
		return func(o *country.Objects) {
			for _, r := range o.Rollouts {
				r.Status.Phase, r.Status.Memory = v1alpha1.RolloutProgressing, all
			}
		}
	}
	cases := []struct {
		reason  string
		changes []change
		want    []planner.Left
	}{
		{"who stays is not among them", []change{install("vinje", "prod", target, moved("pilot"))}, nil},
		{"who left after a move is", []change{install("oslo", "prod", target, moved("pilot"))}, []planner.Left{{Name: "oslo", Wave: "pilot"}}},
		{"who failed in one place before, failed", []change{install("oslo", "prod", target, moved("pilot")), install("oslo", "test", before, failed)}, []planner.Left{{Name: "oslo", Wave: "pilot", Failed: true}}},
		{"who caught up only was not moved", []change{install("oslo", "prod", target, moved(""))}, nil},
		{"who was deleted, and whose apps run on", []change{install("bykle", "prod", target, moved("pilot"))}, []planner.Left{{Name: "bykle", Wave: "pilot"}}},
		{"who is uninstalled did not fail by that", []change{install("oslo", "prod", target, moved("pilot")), uninstalled}, nil},
		{"who was left as it failed, recovered, and is uninstalled now did not fail", []change{install("oslo", "prod", target, stuck), uninstalled, remembers()}, nil},
		{"nor did its failure end with being uninstalled, where the Rollout remembers it", []change{install("oslo", "prod", target, stuck), uninstalled, remembers(v1alpha1.MemberMemory{Name: "oslo", Wave: "pilot", Reason: v1alpha1.MemoryFailed})}, []planner.Left{{Name: "oslo", Wave: "pilot", Failed: true}}},
		{"nor where the Rollout's status was lost", []change{install("oslo", "prod", target, stuck), uninstalled, func(o *country.Objects) { o.Rollouts[0].Status = v1alpha1.RolloutStatus{} }}, []planner.Left{{Name: "oslo", Wave: "pilot", Failed: true}}},
		{"nor where the place that failed is gone, and another, which was healthy, goes", []change{install("oslo", "test", target, stuck), uninstalledIn("test"), remembers(v1alpha1.MemberMemory{Name: "oslo", Wave: "pilot", Reason: v1alpha1.MemoryFailed})}, []planner.Left{{Name: "oslo", Wave: "pilot", Failed: true}}},
		{"an installation of a file has no labels: its spec says whose it is", []change{install("oslo", "prod", target, stuck), unlabelled, uninstalled, remembers(v1alpha1.MemberMemory{Name: "oslo", Wave: "pilot", Reason: v1alpha1.MemoryFailed})}, []planner.Left{{Name: "oslo", Wave: "pilot", Failed: true}}},
		{"sorted by name", []change{install("oslo", "prod", target, moved("pilot")), install("bykle", "prod", target, moved("everyone"))}, []planner.Left{{Name: "bykle", Wave: "everyone"}, {Name: "oslo", Wave: "pilot"}}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got := introduction(t, world(c.changes...), "digi-tv").Input.Left
			for i := range got {
				if len(got[i].Places) == 0 {
					t.Errorf("%s has no places", got[i].Name)
				}
				got[i].Places = nil
			}
			if len(got) == 0 {
				got = nil
			}
			diff(t, c.reason, "left", got, c.want)
		})
	}
}

func TestDecidedByFitsTheSchema(t *testing.T) {
	long := strings.Repeat("ø", 256)
	o := world(decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Reason: long, Network: "digi-tv"}), onNetwork("digi-tv", func(n *v1alpha1.Network) {
		n.Spec.Apps[0].Obligation = v1alpha1.ObligationOptional
	}))
	c := country.Compile(o, now)
	move := planner.Move{Municipality: "vinje", Environment: "prod", Kind: planner.Return, To: before, Stamp: planner.Stamp{Name: running, Message: long + long[:0] + strings.Repeat("å", 250)}}
	got := c.Installation(country.Introduction{App: "svarut", Group: resolution.Group{Network: "digi-tv"}}, move)
	reason := got.Annotations[v1alpha1.AnnotationDecision]
	if len(reason) > 1024 || len(reason) < 1000 || strings.ToValidUTF8(reason, "") != reason {
		t.Errorf("the reason is %d bytes, or cut within a letter", len(reason))
	}
}
