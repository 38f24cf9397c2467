package reference

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// needs makes a catalogue of who requires whom.
func needs(requires map[string][]string) catalogue.Apps {
	all := catalogue.Apps{}
	for app, others := range requires {
		requires := &v1alpha1.Requirements{}
		for _, other := range others {
			requires.Apps = append(requires.Apps, v1alpha1.RequiredApp{Name: other})
		}
		all[app] = offering(app, v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "1.0.0", Requires: requires}}})
	}
	return all
}

func offering(app string, spec v1alpha1.SharedAppSpec) *catalogue.App {
	return catalogue.Compile(&v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: app}, Spec: spec})
}

func TestCycleThrough(t *testing.T) {
	for _, tc := range []struct {
		reason string
		all    catalogue.Apps
		app    string
		want   string
	}{
		{"no requirement, no cycle", needs(map[string][]string{"a": nil}), "a", ""},
		{"a chain that ends is none", needs(map[string][]string{"a": {"b"}, "b": {"c"}, "c": nil}), "a", ""},
		{"two that require each other", needs(map[string][]string{"a": {"b"}, "b": {"a"}}), "a", "a → b → a"},
		{"each is reported from its own side", needs(map[string][]string{"a": {"b"}, "b": {"a"}}), "b", "b → a → b"},
		{"one that requires itself", needs(map[string][]string{"a": {"a"}}), "a", "a → a"},
		{"the shortest of several", needs(map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"a"}, "d": {"a"}}), "a", "a → c → a"},
		{"of equals, the first by name", needs(map[string][]string{"a": {"c", "b"}, "b": {"a"}, "c": {"a"}}), "a", "a → b → a"},
		{"who only leads into a cycle is not in it", needs(map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"b"}}), "a", ""},
		{"an app that is unknown ends a chain", needs(map[string][]string{"a": {"nobody"}}), "a", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := strings.Join(cycleThrough(node{tc.app, "1.0.0"}, tc.all, firsts(tc.all)), " → "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestCyclesAreOfVersions: versions may require each other's apps in turn, as long as one of them can be first.
func TestCyclesAreOfVersions(t *testing.T) {
	version := func(number, app, within string) v1alpha1.Version {
		v := v1alpha1.Version{Version: number}
		if app != "" {
			v.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: app, Version: within}}}
		}
		return v
	}
	all := func(a, b []v1alpha1.Version) catalogue.Apps {
		return catalogue.Apps{"a": offering("a", v1alpha1.SharedAppSpec{Versions: a}), "b": offering("b", v1alpha1.SharedAppSpec{Versions: b})}
	}
	for _, tc := range []struct {
		reason string
		all    catalogue.Apps
		want   string
	}{
		{"a 2 needs b 1, and b 2 needs a 2", all(
			[]v1alpha1.Version{version("2.0.0", "b", ">=1")}, []v1alpha1.Version{version("1.0.0", "", ""), version("2.0.0", "a", ">=2")}), ""},
		{"a 2 needs b 2, and that needs a 2", all(
			[]v1alpha1.Version{version("1.0.0", "", ""), version("2.0.0", "b", ">=2")}, []v1alpha1.Version{version("1.0.0", "", ""), version("2.0.0", "a", ">=2")}), "a → b → a"},
		{"b 2 makes do with a 1", all(
			[]v1alpha1.Version{version("1.0.0", "", ""), version("2.0.0", "b", ">=2")}, []v1alpha1.Version{version("2.0.0", "a", ">=1")}), ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := strings.Join(cycleThrough(node{"a", "2.0.0"}, tc.all, firsts(tc.all)), " → "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRequirements(t *testing.T) {
	offered := v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "1.3.0"}, {Version: "2.0.0", State: v1alpha1.VersionWithdrawn}}}
	for _, tc := range []struct{ reason, version, want string }{
		{"any version will do", "", ""},
		{"one is in the range", ">=1.2", ""},
		{"none is", ">=3", "offers no version in"},
		{"a withdrawn one does not count", ">=2", "offers no version in"},
		{"not a range", "newest", "is not a range of versions"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			requires := &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "gateway", Version: tc.version}}}
			all := catalogue.Apps{"gateway": offering("gateway", offered), "post": offering("post", v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "1.0.0", Requires: requires}}})}
			got := requirements(all["post"], Known{Apps: all})["1.0.0"]
			if (len(got) == 0) != (tc.want == "") || (len(got) > 0 && !strings.Contains(got[0].Message, tc.want)) {
				t.Errorf("got %v, want %q", got, tc.want)
			}
		})
	}
}

// TestRequirementsAllAtOnce hides no fault behind another.
func TestRequirementsAllAtOnce(t *testing.T) {
	all := needs(map[string][]string{"post": {"gateway", "post", "archive"}})
	var got []string
	for _, fault := range requirements(all["post"], Known{Apps: all})["1.0.0"] {
		got = append(got, fault.Reason+" "+strings.SplitN(fault.Message, ":", 2)[0])
	}
	want := []string{"DependencyCycle spec.versions[1.0.0].requires.apps", "DependencyMissing spec.versions[1.0.0].requires.apps[gateway]", "DependencyMissing spec.versions[1.0.0].requires.apps[archive]"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestChannels(t *testing.T) {
	spec := v1alpha1.SharedAppSpec{
		Channels: []v1alpha1.Channel{{Name: "stable", Version: "1.0.0"}},
		Versions: []v1alpha1.Version{{Version: "1.0.0"}, {Version: "2.0.0", State: v1alpha1.VersionWithdrawn}},
	}
	if got := channels(catalogue.Compile(&v1alpha1.SharedApp{Spec: spec})); got != nil {
		t.Errorf("an active version: %v", got)
	}
	spec.Channels[0].Version = "2.0.0"
	if got := channels(catalogue.Compile(&v1alpha1.SharedApp{Spec: spec})); len(got) != 1 || !strings.Contains(got[0].Message, "spec.channels[stable].version") {
		t.Errorf("a withdrawn version: %v", got)
	}
}
