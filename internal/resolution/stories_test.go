package resolution_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
)

// brought puts svarut 2.5.0 into prod, brought by a network's rollout; who decided last is given.
func brought(by string, level v1alpha1.DecisionLevel, decider string, change ...func(*v1alpha1.AppInstallationSpec)) func(*resolution.Input) {
	return func(in *resolution.Input) {
		installed("2.5.0", "sha256:25", level, decider)(in)
		spec := &in.Installed[resolution.Place{App: "svarut", Environment: "prod"}].Spec
		spec.Move = &v1alpha1.Move{Network: by}
		for _, c := range change {
			c(spec)
		}
	}
}

// returned makes the last move one of another network that failed and returned to what the first brought.
func returned(from string) func(*v1alpha1.AppInstallationSpec) {
	return func(s *v1alpha1.AppInstallationSpec) {
		s.LastVerified, s.LastVerifiedBy = &v1alpha1.Release{Version: s.Version, Digest: s.Digest}, v1alpha1.Bringer{Network: s.Move.Network}
		s.Move = &v1alpha1.Move{Network: from, Target: v1alpha1.Release{Version: "3.0.0", Digest: "sha256:30"}, Outcome: v1alpha1.OutcomeReturned}
	}
}

// requires makes svarut 2.4.1 take a parameter orgno, which it requires, and 2.5.0 another, copies.
func takesParameters(a *v1alpha1.SharedApp) {
	schema := func(text string) *v1alpha1.ParameterSchema {
		return &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(text)}}
	}
	a.Spec.Versions[1].Parameters = schema(`{"type":"object","required":["orgno"],"properties":{"orgno":{"type":"string"}}}`)
	a.Spec.Versions[2].Parameters = schema(`{"type":"object","properties":{"copies":{"type":"integer"}}}`)
}

// kobo is installed in prod at a version, and is offered.
func kobo(version string, requires ...v1alpha1.RequiredApp) func(*resolution.Input) {
	return func(in *resolution.Input) {
		in.Apps["kobo"] = catalogue.Compile(&v1alpha1.SharedApp{
			ObjectMeta: metav1.ObjectMeta{Name: "kobo"},
			Spec:       v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: version, Requires: &v1alpha1.Requirements{Apps: requires}}}},
		})
		in.Installed[resolution.Place{App: "kobo", Environment: "prod"}] = &v1alpha1.AppInstallation{
			Spec: v1alpha1.AppInstallationSpec{App: "kobo", Version: version, Digest: "sha256:k"},
		}
	}
}

// TestStories plays what went wrong once, on svarut in prod.
func TestStories(t *testing.T) {
	digi := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	mandatory := network("digi-tv", v1alpha1.ObligationMandatory, "stable")
	adopts := func(d v1alpha1.AppDecision) func(*resolution.Input) {
		d.Decision = v1alpha1.DecisionAdopt
		return says(d)
	}
	parameters := func(text string) v1alpha1.AppDecision {
		return v1alpha1.AppDecision{Parameters: &apiextensionsv1.JSON{Raw: []byte(text)}}
	}
	secret := v1alpha1.AppDecision{ParametersFrom: []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: "credentials"}}}}
	open := func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
		}
	}
	handedOver := func(in *resolution.Input) {
		all := []v1alpha1.Network{named("old", members("vinje"), succeededBy("digi-tv")), named("digi-tv")}
		in.All = resolution.NewNetworks(all, now)
	}
	declinesHere := v1alpha1.AppDecision{Network: "nowhere", Environments: []v1alpha1.EnvironmentDecision{
		{Name: "prod", Decision: v1alpha1.DecisionDecline, Reason: "own system"},
	}}
	cases := []struct {
		reason string
		in     resolution.Input
		// want is "action version why level/name"; says is part of the message.
		want, says string
	}{
		{"a network moves its channel back, after a hold that has ended: it brought the version", world(digi, brought("digi-tv", v1alpha1.LevelMunicipality, "vinje")), "Install 2.4.1  Network/digi-tv", ""},
		{"another network brought it, though this one decided last", world(digi, brought("digi-old", v1alpha1.LevelNetwork, "digi-tv")), "Keep 2.5.0 Ahead Network/digi-old", ""},
		{"the municipality brought it, by naming it once", world(digi, brought("", v1alpha1.LevelMunicipality, "vinje")), "Keep 2.5.0 Ahead Municipality/vinje", ""},
		{"and may leave it for a channel that it adopts", world(adopts(v1alpha1.AppDecision{}), brought("", v1alpha1.LevelMunicipality, "vinje")), "Install 2.4.1  Municipality/vinje", ""},
		{"nobody knows who brought what nobody asked for since", world(adopts(v1alpha1.AppDecision{}), installed("2.5.0", "sha256:25", "", "")), "Keep 2.5.0 Ahead /", ""},

		{"it returned from this network's version to another's: still the other's", world(digi, brought("digi-old", v1alpha1.LevelNetwork, "digi-tv", returned("digi-tv"))), "Keep 2.5.0 Ahead Network/digi-old", ""},
		{"it returned from another's version to this network's: still its own", world(digi, brought("digi-tv", v1alpha1.LevelNetwork, "digi-old", returned("digi-old"))), "Install 2.4.1  Network/digi-tv", ""},

		{"an environment declines, though the network that is named elsewhere is unknown", world(mandatory, adopts(declinesHere)), "Nothing  Declined Municipality/vinje", ""},
		{"where it does not, the name is wrong", world(mandatory, adopts(v1alpha1.AppDecision{Network: "nowhere"})), "Nothing  Blocked Municipality/vinje", `"nowhere"`},
		{"the network that is named has handed over: its successor is followed", world(digi, handedOver, adopts(v1alpha1.AppDecision{Network: "old"})), "Install 2.4.1  Network/digi-tv", ""},

		{"what another app requires is moved out of its range", world(digi, brought("digi-tv", v1alpha1.LevelNetwork, "digi-tv"), kobo("1.0.0", v1alpha1.RequiredApp{Name: "svarut", Version: ">=2.5"})),
			"Keep 2.5.0 Blocked Network/digi-tv", "svarut 2.4.1 can't replace 2.5.0 in environment prod: kobo requires svarut >=2.5"},
		{"also by a version that the municipality names", world(brought("", v1alpha1.LevelMunicipality, "vinje"), adopts(v1alpha1.AppDecision{Version: "2.3.0"}), kobo("1.0.0", v1alpha1.RequiredApp{Name: "svarut", Version: ">=2.5"})),
			"Keep 2.5.0 Blocked Municipality/vinje", "kobo requires svarut >=2.5"},
		{"it was out of the range before: the move breaks nothing", world(digi, installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-tv"), kobo("1.0.0", v1alpha1.RequiredApp{Name: "svarut", Version: ">=3"})), "Install 2.4.1  Network/digi-tv", ""},

		{"what runs in a zone that no longer fits says so", world(digi, installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-tv"), app(open)), "Keep 2.4.1 Blocked Network/digi-tv", "requires zone Open"},
		{"also where it is held", world(digi, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "year-end"}}), installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-tv"), app(open)), "Keep 2.4.1 Held Municipality/vinje", "requires zone Open"},
		{"and where nobody asks for it", world(installed("2.4.1", "sha256:24", "", ""), app(open)), "Keep 2.4.1 Unrequested /", "requires zone Open"},

		{"a version requires a parameter that is not given", world(digi, installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-tv"), app(takesParameters)), "Keep 2.3.0 Blocked Network/digi-tv", "spec.apps[svarut].parameters: version 2.4.1"},
		{"and names it", world(digi, app(takesParameters)), "Nothing  Blocked Network/digi-tv", "parameters.orgno"},
		{"it is given", world(digi, says(parameters(`{"orgno":"964964610"}`)), app(takesParameters)), "Install 2.4.1  Network/digi-tv", ""},
		{"so is one that another version knows: it is for that one", world(digi, says(parameters(`{"orgno":"964964610","copies":2}`)), app(takesParameters)), "Install 2.4.1  Network/digi-tv", ""},
		{"one that no version knows is refused", world(digi, says(parameters(`{"orgno":"964964610","cpies":2}`)), app(takesParameters)), "Nothing  Blocked Network/digi-tv", "parameters.cpies"},
		{"it may come from a Secret", world(digi, says(secret), app(takesParameters)), "Install 2.4.1  Network/digi-tv", ""},
		{"what has the version already is not kept from it: its installation says what is missing", world(digi, installed("2.4.1", "sha256:24", v1alpha1.LevelNetwork, "digi-tv"), app(takesParameters)), "Install 2.4.1  Network/digi-tv", ""},

		{"a hold without a version keeps what is installed", world(digi, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "year-end"}}), installed("2.3.0", "sha256:23", v1alpha1.LevelNetwork, "digi-tv")), "Keep 2.3.0 Held Municipality/vinje", ""},
		{"where nothing is it installs nothing", world(digi, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Reason: "year-end"}})), "Nothing  Held Municipality/vinje", ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			v := verdictOn(t, tc.in, "svarut")
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%s %s %s %s/%s", v.Action, v.Version, v.Why, v.DecidedBy.Level, v.DecidedBy.Name)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if !strings.Contains(v.Message, tc.says) {
				t.Errorf("it says %q, and not %q", v.Message, tc.says)
			}
			if (v.Unfit != "") != strings.Contains(tc.says, "requires zone") {
				t.Errorf("unfit: %q", v.Unfit)
			}
		})
	}
}

func verdictOn(t *testing.T, in resolution.Input, app string) resolution.Verdict {
	t.Helper()
	for _, v := range verdictsOf(in) {
		if v.App == app {
			return v
		}
	}
	t.Fatalf("there is no verdict on %s", app)

	return resolution.Verdict{}
}

// TestEverybody separates what is in the way of one place from what is in everybody's.
func TestEverybody(t *testing.T) {
	digi := network("digi-tv", v1alpha1.ObligationRecommended, "stable")
	cases := []struct {
		reason string
		in     resolution.Input
		want   bool
	}{
		{"the version is withdrawn", world(digi, app(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })), true},
		{"the channel is unknown", world(network("digi-tv", v1alpha1.ObligationRecommended, "beta")), true},
		{"the app is suspended", world(digi, app(func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) })), true},
		{"the zone of this environment does not fit", world(digi, app(func(a *v1alpha1.SharedApp) {
			for i := range a.Spec.Versions {
				a.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
			}
		})), false},
		{"a parameter is missing here", world(digi, app(takesParameters)), false},
		{"a hold of its own names what nobody has", world(digi, says(v1alpha1.AppDecision{Hold: &v1alpha1.Hold{Version: "9.9.9", Reason: "year-end"}})), false},
	}
	for _, tc := range cases {
		if v := verdictOn(t, tc.in, "svarut"); v.Why != resolution.Blocked || v.Everybody != tc.want {
			t.Errorf("%s: %s, everybody: %v", tc.reason, v.Why, v.Everybody)
		}
	}
}

// TestRememberDeleted shows that what was seen last counts for more than a status that may lag.
func TestRememberDeleted(t *testing.T) {
	prod := resolution.Place{App: "svarut", Environment: "prod"}
	in := world()
	in.Municipality.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: "2.3.0", State: v1alpha1.AppReady}}
	last := &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{
		App: "svarut", Version: "2.5.0", Digest: "sha256:25", State: v1alpha1.InstallationPresent, Move: &v1alpha1.Move{Network: "digi-old"},
	}}
	deleted := map[resolution.Place]*v1alpha1.AppInstallation{prod: last}

	if got := resolution.Remember(in.Municipality, in.Apps, nil, deleted)[prod]; got != last {
		t.Errorf("as it was last, with who brought it: got %+v", got)
	}
	uninstalled := last.DeepCopy()
	uninstalled.Spec.State = v1alpha1.InstallationAbsent
	if got := resolution.Remember(in.Municipality, in.Apps, nil, map[resolution.Place]*v1alpha1.AppInstallation{prod: uninstalled})[prod]; got != nil {
		t.Errorf("what was uninstalled is gone, whatever a status says: got %+v", got)
	}
	back := last.DeepCopy()
	if got := resolution.Remember(in.Municipality, in.Apps, map[resolution.Place]*v1alpha1.AppInstallation{prod: back}, deleted)[prod]; got != back {
		t.Errorf("what is there counts: got %+v", got)
	}
}

// TestObservers shows that an observer sees a network, and is nobody's member by it.
func TestObservers(t *testing.T) {
	observing := func(names ...string) func(*v1alpha1.Network) {
		return func(n *v1alpha1.Network) { n.Spec.Members.Observers = names }
	}
	list := []v1alpha1.Network{
		named("digi", members("vinje", "telemark"), observing("telemark")),
		named("county", selects("40"), observing("telemark")),
		named("outer", holds("digi"), observing("vinje")),
		named("over", observing("telemark"), ends(before)),
	}
	cases := []struct{ reason, name, member, observer string }{
		{"a member of one, that observes the one which holds it", "vinje", "county digi", "outer"},
		{"an observer, though it is named and selected", "telemark", "", "county digi"},
	}
	networks := resolution.NewNetworks(list, now)
	for _, tc := range cases {
		m := muni(tc.name, "40")
		if got := namesOf(networks.Of(m)); got != tc.member {
			t.Errorf("%s: member of %q, want %q", tc.reason, got, tc.member)
		}
		if got := namesOf(networks.Observers(m)); got != tc.observer {
			t.Errorf("%s: observer of %q, want %q", tc.reason, got, tc.observer)
		}
	}
}

func namesOf(list []*v1alpha1.Network) string {
	names := make([]string, 0, len(list))
	for _, n := range list {
		names = append(names, n.Name)
	}

	return strings.Join(names, " ")
}
