package resolution_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

var (
	now      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	tomorrow = metav1.NewTime(now.Add(24 * time.Hour))
	before   = metav1.NewTime(now.Add(-time.Hour))
)

// verdictsOf are the verdicts on every app that there is something to say of, sorted by environment and app.
func verdictsOf(in resolution.Input) []resolution.Verdict {
	var all []resolution.Verdict
	for i := range in.Municipality.Spec.Environments {
		environment := &in.Municipality.Spec.Environments[i]
		for _, app := range resolution.Apps(in, environment.Name) {
			if v, found := resolution.One(in, environment, app); found {
				all = append(all, v)
			}
		}
	}
	slices.SortFunc(all, func(a, b resolution.Verdict) int {
		if by := strings.Compare(a.Environment, b.Environment); by != 0 {
			return by
		}
		return strings.Compare(a.App, b.App)
	})
	return all
}

// compiled are apps by name.
func compiled(list ...*v1alpha1.SharedApp) catalogue.Apps {
	all := catalogue.Apps{}
	for _, o := range list {
		all[o.Name] = catalogue.Compile(o)
	}
	return all
}

// world is a municipality with one production environment in zone Closed, and the
// app svarut with stable 2.4.1 and pilot 2.5.0, both available.
func world(change ...func(*resolution.Input)) resolution.Input {
	in := resolution.Input{
		Municipality: &v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: "vinje", Labels: map[string]string{v1alpha1.LabelCounty: "40"}},
			Spec: v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
			}},
		},
		Apps: compiled(&v1alpha1.SharedApp{
			ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
			Spec: v1alpha1.SharedAppSpec{
				Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}},
				Versions: []v1alpha1.Version{{Version: "2.3.0"}, {Version: "2.4.1"}, {Version: "2.5.0"}},
			},
			Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{
				{Version: "2.3.0", Digest: "sha256:23", Available: true},
				{Version: "2.4.1", Digest: "sha256:24", Available: true},
				{Version: "2.5.0", Digest: "sha256:25", Available: true},
			}},
		}),
		Installed: map[resolution.Place]*v1alpha1.AppInstallation{},
		Now:       now,
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

func network(name string, obligation v1alpha1.Obligation, channel string, change ...func(*v1alpha1.Network)) func(*resolution.Input) {
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.NetworkSpec{Apps: []v1alpha1.Proposal{{
		Name: "svarut", Channel: channel, Obligation: obligation, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
	}}}}
	for _, c := range change {
		c(n)
	}
	return func(in *resolution.Input) { in.Networks = append(in.Networks, n) }
}

func says(d v1alpha1.AppDecision) func(*resolution.Input) {
	d.Name = "svarut"
	return func(in *resolution.Input) { in.Municipality.Spec.Apps = append(in.Municipality.Spec.Apps, d) }
}

func installed(version, digest string, level v1alpha1.DecisionLevel, by string) func(*resolution.Input) {
	return func(in *resolution.Input) {
		in.Installed[resolution.Place{App: "svarut", Environment: "prod"}] = &v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: "vinje-prod"},
			Spec: v1alpha1.AppInstallationSpec{App: "svarut", Version: version, Digest: digest,
				DecidedBy: v1alpha1.Decider{Level: level, Name: by}},
		}
	}
}

func freezes(in *resolution.Input) { in.Freeze = true }

func app(change func(*v1alpha1.SharedApp)) func(*resolution.Input) {
	return func(in *resolution.Input) {
		changed := in.Apps["svarut"].Object.DeepCopy()
		change(changed)
		in.Apps["svarut"] = catalogue.Compile(changed)
	}
}

func TestResolve(t *testing.T) {
	recommended := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	mandatory := network("digi-tv", v1alpha1.ObligationMandatory, "stable")
	optional := network("digi-tv", v1alpha1.ObligationOptional, "stable")
	byNetwork := func(v string) func(*resolution.Input) {
		return installed(v, "sha256:"+v[:1]+v[2:3], v1alpha1.LevelNetwork, "digi-tv")
	}
	suspendedNetwork := network("digi-tv", v1alpha1.ObligationRecommended, "stable", func(n *v1alpha1.Network) { n.Spec.Suspend = new(true) })
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "action version why level/name"; empty where there is no verdict.
		want string
	}{
		{"nobody asks, nothing is there", world(), ""},
		{"Mandatory installs", world(mandatory), "Install 2.4.1  Network/digi-tv"},
		{"Recommended installs", world(recommended), "Install 2.4.1  Network/digi-tv"},
		{"Optional needs an Adopt", world(optional), ""},
		{"Optional installs on Adopt, and the municipality decided", world(optional, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt})), "Install 2.4.1  Municipality/vinje"},
		{"a network that does not cover the stage proposes nothing", world(network("digi-tv", v1alpha1.ObligationMandatory, "stable", func(n *v1alpha1.Network) {
			n.Spec.Apps[0].Stages = []v1alpha1.Stage{v1alpha1.StageTest}
		})), ""},

		{"Adopt outside any network follows stable", world(says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt})), "Install 2.4.1  Municipality/vinje"},
		{"Adopt may name a channel", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Channel: "pilot"})), "Install 2.5.0  Municipality/vinje"},
		{"Adopt may name a version", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"})), "Install 2.3.0  Municipality/vinje"},
		{"a version that is named may lower", world(recommended, byNetwork("2.4.1"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"})), "Install 2.3.0  Municipality/vinje"},

		{"Decline keeps a Recommended app out", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Nothing  Declined Municipality/vinje"},
		{"Decline uninstalls", world(recommended, byNetwork("2.4.1"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Remove 2.4.1 Declined Municipality/vinje"},
		{"Decline of Mandatory without a reason does not count", world(mandatory, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline})), "Install 2.4.1  Network/digi-tv"},
		{"Decline of Mandatory with a reason counts", world(mandatory, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "own system until 2028"})), "Nothing  Declined Municipality/vinje"},

		{"Defer keeps out", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &tomorrow})), "Nothing  Deferred Municipality/vinje"},
		{"Defer keeps the version that is there", world(recommended, byNetwork("2.3.0"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer})), "Keep 2.3.0 Deferred Municipality/vinje"},
		{"a deferral that has run out is none", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Until: &before})), "Install 2.4.1  Network/digi-tv"},

		{"Hold keeps the version that is there", world(recommended, byNetwork("2.3.0"), says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}})), "Keep 2.3.0 Held Municipality/vinje"},
		{"Hold never moves back", world(recommended, byNetwork("2.4.1"), says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}})), "Keep 2.4.1 Held Municipality/vinje"},
		{"Hold installs at its version where nothing is", world(recommended, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}})), "Install 2.3.0 Held Municipality/vinje"},
		{"a hold that has run out is none", world(recommended, byNetwork("2.3.0"), says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end", Until: &before}})), "Install 2.4.1  Network/digi-tv"},
		{"a hold alone asks for nothing", world(optional, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "x"}})), ""},

		{"an override decides for its environment", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt,
			Environments: []v1alpha1.EnvironmentDecision{{Name: "prod", Decision: v1alpha1.DecisionDecline}}})), "Nothing  Declined Municipality/vinje"},

		{"the strongest obligation wins", world(network("a", v1alpha1.ObligationRecommended, "stable"), network("b", v1alpha1.ObligationMandatory, "pilot")), "Install 2.5.0  Network/b"},
		{"then the priority", world(network("a", v1alpha1.ObligationRecommended, "stable"), network("b", v1alpha1.ObligationRecommended, "pilot", func(n *v1alpha1.Network) { n.Spec.Priority = new(int32(5)) })), "Install 2.5.0  Network/b"},
		{"then the older", world(network("a", v1alpha1.ObligationRecommended, "stable", func(n *v1alpha1.Network) { n.CreationTimestamp = tomorrow }), network("b", v1alpha1.ObligationRecommended, "pilot", func(n *v1alpha1.Network) { n.CreationTimestamp = before })), "Install 2.5.0  Network/b"},
		{"then the name", world(network("b", v1alpha1.ObligationRecommended, "pilot"), network("a", v1alpha1.ObligationRecommended, "stable")), "Install 2.4.1  Network/a"},
		{"a network that is named wins", world(network("a", v1alpha1.ObligationMandatory, "stable"), network("b", v1alpha1.ObligationRecommended, "pilot"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Network: "b"})), "Install 2.5.0  Network/b"},
		{"a named network that proposes nothing is a fault", world(recommended, says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Network: "nowhere"})), "Nothing  Blocked Municipality/vinje"},

		{"a promotion moves", world(recommended, byNetwork("2.3.0")), "Install 2.4.1  Network/digi-tv"},
		{"the same network may move its channel back", world(recommended, byNetwork("2.5.0")), "Install 2.4.1  Network/digi-tv"},
		{"another network never lowers", world(recommended, installed("2.5.0", "sha256:25", v1alpha1.LevelNetwork, "digi-old")), "Keep 2.5.0 Ahead Network/digi-old"},
		{"nor does it the next time", world(recommended, installed("2.5.0", "sha256:25", v1alpha1.LevelMunicipality, "vinje")), "Keep 2.5.0 Ahead Municipality/vinje"},
		{"a network whose offer is blocked has not decided what runs", world(network("digi-tv", v1alpha1.ObligationRecommended, "beta"), installed("2.5.0", "sha256:25", v1alpha1.LevelNetwork, "digi-old")), "Keep 2.5.0 Blocked Network/digi-old"},
		{"another network may raise", world(recommended, installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-old")), "Install 2.4.1  Network/digi-tv"},
		{"leaving a network keeps the app", world(byNetwork("2.4.1")), "Keep 2.4.1 Unrequested /"},

		{"an unknown app blocks", world(recommended, func(in *resolution.Input) { in.Apps = nil }), "Nothing  Blocked Network/digi-tv"},
		{"an app that left the catalogue is kept", world(recommended, byNetwork("2.4.1"), func(in *resolution.Input) { in.Apps = nil }), "Keep 2.4.1 Blocked Network/digi-tv"},
		{"an unknown channel blocks", world(network("digi-tv", v1alpha1.ObligationRecommended, "beta")), "Nothing  Blocked Network/digi-tv"},
		{"an unknown version blocks", world(says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "9.9.9"})), "Nothing  Blocked Municipality/vinje"},
		{"a version that is not available blocks", world(recommended, byNetwork("2.3.0"), app(func(a *v1alpha1.SharedApp) { a.Status.Versions[1].Available = false })), "Keep 2.3.0 Blocked Network/digi-tv"},
		{"a withdrawn version is not newly taken", world(recommended, app(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })), "Nothing  Blocked Network/digi-tv"},
		{"a wrong zone blocks", world(recommended, app(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
			}
		})), "Nothing  Blocked Network/digi-tv"},
		{"a suspended app moves nowhere", world(recommended, byNetwork("2.3.0"), app(func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) })), "Keep 2.3.0 Blocked Network/digi-tv"},
		{"a suspended network still decides; its rollout waits", world(suspendedNetwork, byNetwork("2.3.0")), "Install 2.4.1  Network/digi-tv"},
		{"a freeze leaves a network's introduction to its rollout, which waits", world(recommended, freezes), "Install 2.4.1  Network/digi-tv"},
		{"so it does with an upgrade", world(recommended, byNetwork("2.3.0"), freezes), "Install 2.4.1  Network/digi-tv"},
		{"and with those who follow a channel", world(says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt}), freezes), "Install 2.4.1  Municipality/vinje"},
		{"a freeze stops a version that the municipality names", world(byNetwork("2.3.0"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0"}), freezes), "Keep 2.3.0 Blocked Municipality/vinje"},
		{"a freeze stops the first installation of a hold", world(recommended, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "2.3.0", Reason: "year-end"}}), freezes), "Nothing  Blocked Municipality/vinje"},
		{"a freeze stops an uninstall", world(recommended, byNetwork("2.4.1"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), freezes), "Keep 2.4.1 Blocked Municipality/vinje"},
		{"a freeze lets an uninstall that has begun end", world(recommended, byNetwork("2.4.1"), says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}), freezes, func(in *resolution.Input) {
			in.Installed[resolution.Place{App: "svarut", Environment: "prod"}].Spec.State = v1alpha1.InstallationAbsent
		}), "Remove 2.4.1 Declined Municipality/vinje"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := ""
			for _, v := range verdictsOf(tc.in) {
				got += string(v.Action) + " " + v.Version + " " + string(v.Why) + " " + string(v.DecidedBy.Level) + "/" + v.DecidedBy.Name
				if (v.Why == resolution.Blocked) != (v.Blocker.Reason != "") || (v.Why == resolution.Blocked && v.Message == "") {
					t.Error("a blocked place, and no other, must say who stands in the way and why")
				}
				if v.Action == resolution.Install && v.Digest == "" {
					t.Error("an installation must name a digest")
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResolveShowsTheLosers(t *testing.T) {
	recommended, mandatory := v1alpha1.ObligationRecommended, v1alpha1.ObligationMandatory
	first := network("first", recommended, "stable", func(n *v1alpha1.Network) { n.Spec.Priority = new(int32(1)) })
	younger := network("a", recommended, "stable", func(n *v1alpha1.Network) { n.CreationTimestamp = before })
	inTests := network("tests", mandatory, "stable", func(n *v1alpha1.Network) { n.Spec.Apps[0].Stages = []v1alpha1.Stage{v1alpha1.StageTest} })
	adopts := func(network string) func(*resolution.Input) {
		return says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Network: network})
	}
	cases := []struct {
		reason string
		in     resolution.Input
		want   []resolution.Loss
	}{
		{"by obligation, and by name", world(network("a", mandatory, "stable"), network("c", v1alpha1.ObligationOptional, "pilot"), network("b", mandatory, "pilot")),
			[]resolution.Loss{{Network: "b", Reason: resolution.LostByName}, {Network: "c", Reason: resolution.LostByObligation}}},
		{"by priority", world(network("a", recommended, "stable"), first), []resolution.Loss{{Network: "a", Reason: resolution.LostByPriority}}},
		{"by age", world(younger, network("b", recommended, "stable")), []resolution.Loss{{Network: "a", Reason: resolution.LostByAge}}},
		{"it is not for this stage", world(network("a", recommended, "stable"), inTests), []resolution.Loss{{Network: "tests", Reason: resolution.LostByStage}}},
		{"the municipality names the weaker", world(network("a", recommended, "stable"), first, inTests, adopts("a")),
			[]resolution.Loss{{Network: "first", Reason: resolution.LostByChoice}, {Network: "tests", Reason: resolution.LostByStage}}},
		{"it names one that it is not in, so that none is followed", world(network("a", recommended, "stable"), inTests, adopts("d")),
			[]resolution.Loss{{Network: "a", Reason: resolution.LostToNobody}, {Network: "tests", Reason: resolution.LostByStage}}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, one(t, tc.in).Lost); diff != "" {
				t.Errorf("losing networks (-want +got):\n%s", diff)
			}
		})
	}
}
