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
		spec := v1alpha1.SharedAppSpec{Requires: &v1alpha1.Requirements{}}
		for _, other := range others {
			spec.Requires.Apps = append(spec.Requires.Apps, v1alpha1.RequiredApp{Name: other})
		}
		all[app] = offering(app, spec)
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
			if got := strings.Join(cycleThrough(tc.app, tc.all), " → "); got != tc.want {
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
			all := catalogue.Apps{"gateway": offering("gateway", offered), "post": offering("post", v1alpha1.SharedAppSpec{Requires: requires})}
			got := requirements("post", all)
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
	for _, fault := range requirements("post", all) {
		got = append(got, fault.Reason+" "+strings.SplitN(fault.Message, ":", 2)[0])
	}
	want := []string{"DependencyCycle spec.requires.apps", "DependencyMissing spec.requires.apps[gateway]", "DependencyMissing spec.requires.apps[archive]"}
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
