package resolution_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// named is a network with the members that are named after it.
func named(name string, change ...func(*v1alpha1.Network)) v1alpha1.Network {
	n := v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, c := range change {
		c(&n)
	}
	return n
}

func members(names ...string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Members.Names = names }
}

func selects(county string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) {
		n.Spec.Members.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: county}}
	}
}

func holds(names ...string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Members.Networks = names }
}

func succeededBy(name string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Successor = name }
}

func ends(at metav1.Time) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Ends = &at }
}

func goes(n *v1alpha1.Network) { n.DeletionTimestamp = &before }

func muni(name, county string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.LabelCounty: county}}}
}

// belongs lists for vinje and tokke which networks they belong to, and checks that Of
// says the same, whatever the order of the list.
func belongs(t *testing.T, list []v1alpha1.Network, at time.Time) string {
	t.Helper()
	reversed := slices.Clone(list)
	slices.Reverse(reversed)
	all, other := resolution.NewNetworks(list, at), resolution.NewNetworks(reversed, at)
	var reported []string
	for _, m := range []*v1alpha1.Municipality{muni("vinje", "40"), muni("tokke", "39")} {
		var own []string
		for _, n := range all.Of(m) {
			own = append(own, n.Name)
		}
		if diff := cmp.Diff(namesOf(all.Of(m)), namesOf(other.Of(m))); diff != "" {
			t.Errorf("the order of the list changes the networks of %s:\n%s", m.Name, diff)
		}
		for i := range list {
			name := list[i].Name
			if diff := cmp.Diff(all.Faults(name), other.Faults(name)); diff != "" {
				t.Errorf("the order of the list changes the faults of %s:\n%s", name, diff)
			}
		}
		reported = append(reported, m.Name+": "+strings.Join(own, " "))
	}
	return strings.Join(reported, ", ")
}

func TestNetworksOf(t *testing.T) {
	cases := []struct {
		reason string
		list   []v1alpha1.Network
		want   string
	}{
		{"none", nil, "vinje: , tokke: "},
		{"named", []v1alpha1.Network{named("a", members("vinje", "oslo"))}, "vinje: a, tokke: "},
		{"selected", []v1alpha1.Network{named("a", selects("39"))}, "vinje: , tokke: a"},
		{"selected and named, once", []v1alpha1.Network{named("a", selects("40"), members("vinje"))}, "vinje: a, tokke: "},
		{"an empty selector picks nobody", []v1alpha1.Network{named("a", func(n *v1alpha1.Network) { n.Spec.Members.Selector = &metav1.LabelSelector{} })}, "vinje: , tokke: "},
		{"a selector that does not parse picks nobody", []v1alpha1.Network{named("a", members("tokke"), func(n *v1alpha1.Network) {
			n.Spec.Members.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "county", Operator: "In"}}}
		})}, "vinje: , tokke: a"},

		{"through a network that holds theirs", []v1alpha1.Network{named("outer", holds("inner"), members("tokke")), named("inner", members("vinje"))}, "vinje: inner outer, tokke: outer"},
		{"through three", []v1alpha1.Network{named("c", members("vinje")), named("b", holds("c")), named("a", holds("b"))}, "vinje: a b c, tokke: "},
		{"by two ways, once", []v1alpha1.Network{named("d", members("vinje")), named("b", holds("d")), named("c", holds("d")), named("a", holds("b", "c"))}, "vinje: a b c d, tokke: "},
		{"through one that nobody knows, nobody", []v1alpha1.Network{named("a", holds("nowhere"), members("tokke"))}, "vinje: , tokke: a"},
		{"a suspended network has its members", []v1alpha1.Network{named("a", members("vinje"), func(n *v1alpha1.Network) { n.Spec.Suspend = new(true) })}, "vinje: a, tokke: "},

		{"not to one that has ended", []v1alpha1.Network{named("a", members("vinje"), ends(before))}, "vinje: , tokke: "},
		{"not to one that ends this very moment", []v1alpha1.Network{named("a", members("vinje"), ends(metav1.NewTime(now)))}, "vinje: , tokke: "},
		{"to one that will end", []v1alpha1.Network{named("a", members("vinje"), ends(tomorrow))}, "vinje: a, tokke: "},
		{"not to one on its way out", []v1alpha1.Network{named("a", members("vinje"), goes)}, "vinje: , tokke: "},
		{"one that ended counts in none that holds it", []v1alpha1.Network{named("outer", holds("a")), named("a", members("vinje"), ends(before))}, "vinje: , tokke: "},

		{"to the successor at once", []v1alpha1.Network{named("a", members("vinje"), succeededBy("b")), named("b", members("tokke"))}, "vinje: b, tokke: b"},
		{"to the successor when it ends", []v1alpha1.Network{named("a", members("vinje"), ends(before), succeededBy("b")), named("b")}, "vinje: b, tokke: "},
		{"not before it ends", []v1alpha1.Network{named("a", members("vinje"), ends(tomorrow), succeededBy("b")), named("b")}, "vinje: a, tokke: "},
		{"to the successor of one on its way out, though its end lies ahead", []v1alpha1.Network{named("a", members("vinje"), ends(tomorrow), succeededBy("b"), goes), named("b")}, "vinje: b, tokke: "},
		{"to the last of several successors", []v1alpha1.Network{named("a", members("vinje"), succeededBy("b")), named("b", succeededBy("c")), named("c")}, "vinje: c, tokke: "},
		{"not past a successor whose own end lies ahead", []v1alpha1.Network{named("a", members("vinje"), succeededBy("b")), named("b", ends(tomorrow), succeededBy("c")), named("c")}, "vinje: b, tokke: "},
		{"to none where the successor has ended", []v1alpha1.Network{named("a", members("vinje"), succeededBy("b")), named("b", ends(before))}, "vinje: , tokke: "},
		{"a successor that nobody knows takes nothing over", []v1alpha1.Network{named("a", members("vinje"), succeededBy("nowhere"))}, "vinje: a, tokke: "},
		{"but the end is the end", []v1alpha1.Network{named("a", members("vinje"), ends(before), succeededBy("nowhere"))}, "vinje: , tokke: "},
		{"two that merge into one", []v1alpha1.Network{named("a", members("vinje"), succeededBy("c")), named("b", selects("39"), succeededBy("c")), named("c")}, "vinje: c, tokke: c"},

		{"one that was handed over counts through its successor", []v1alpha1.Network{named("outer", holds("a")), named("a", members("vinje"), succeededBy("b")), named("b", members("tokke"))}, "vinje: b outer, tokke: b outer"},
		{"what one held passes with it", []v1alpha1.Network{named("a", holds("inner"), succeededBy("b")), named("inner", members("vinje")), named("b")}, "vinje: b inner, tokke: "},
		{"a network that goes up in the one that holds it", []v1alpha1.Network{named("outer", holds("inner"), members("tokke")), named("inner", members("vinje"), succeededBy("outer"))}, "vinje: outer, tokke: outer"},
		{"a network that goes down into the one that it holds", []v1alpha1.Network{named("outer", holds("inner"), members("tokke"), succeededBy("inner")), named("inner", members("vinje"))}, "vinje: inner, tokke: inner"},

		{"a circle adds nobody", []v1alpha1.Network{named("a", members("vinje"), holds("b")), named("b", members("tokke"), holds("a"))}, "vinje: a, tokke: b"},
		{"what hangs on a circle counts", []v1alpha1.Network{
			named("outer", holds("a")), named("a", members("vinje"), holds("b", "inner")), named("b", holds("a")), named("inner", members("tokke")),
		}, "vinje: a outer, tokke: a inner outer"},
		{"one that holds itself", []v1alpha1.Network{named("a", members("vinje"), holds("a"))}, "vinje: a, tokke: "},
		{"a circle of successors takes nobody over", []v1alpha1.Network{named("a", members("vinje"), succeededBy("b")), named("b", members("tokke"), succeededBy("a"))}, "vinje: a, tokke: b"},
		{"one that leads into such a circle is handed over", []v1alpha1.Network{named("c", members("vinje"), succeededBy("a")), named("a", succeededBy("b")), named("b", succeededBy("a"))}, "vinje: a, tokke: "},
		{"a circle that a successor closes", []v1alpha1.Network{named("a", holds("k"), members("vinje")), named("k", succeededBy("s")), named("s", holds("a"), members("tokke"))}, "vinje: a, tokke: s"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, belongs(t, tc.list, now)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNetworksFaults(t *testing.T) {
	list := []v1alpha1.Network{
		named("a", holds("b")), named("b", holds("c", "x")), named("c", holds("well", "a")), named("well", members("vinje")),
		named("x", holds("x")), named("k", succeededBy("s")), named("s", holds("outer")), named("outer", holds("k")),
		named("p", succeededBy("q")), named("q", succeededBy("p"), ends(tomorrow)), named("into", succeededBy("p")),
		named("typo", holds("well", "vest-telmark"), succeededBy("digi-sør")),
	}
	nested := "spec.members.networks: %s is a circle of networks that hold each other: take one of them out; until then none of these links adds anybody"
	successors := "spec.successor: %s is a circle of successors: take one of them out; until then none of them takes members over"
	want := map[string][]string{
		"a": {fmt.Sprintf(nested, "a > b > c > a")}, "b": {fmt.Sprintf(nested, "b > c > a > b")}, "c": {fmt.Sprintf(nested, "c > a > b > c")},
		"x": {fmt.Sprintf(nested, "x > x")}, "s": {fmt.Sprintf(nested, "s > outer > s")}, "outer": {fmt.Sprintf(nested, "outer > s > outer")},
		"p": {fmt.Sprintf(successors, "p > q > p")}, "q": {fmt.Sprintf(successors, "q > p > q")},
		"typo": {
			`spec.members.networks[1] "vest-telmark": there is no Network of that name: correct the name, or take it out; until then it adds nobody`,
			`spec.successor "digi-sør": there is no Network of that name: correct the name, or make that Network; until then nobody takes the members over`,
		},
	}
	got := map[string][]string{}
	all := resolution.NewNetworks(list, now)
	for i := range list {
		if faults := all.Faults(list[i].Name); faults != nil {
			got[list[i].Name] = faults
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if all.Faults("nowhere") != nil {
		t.Error("a network that nobody knows has faults")
	}
}

func TestNetworksHeir(t *testing.T) {
	all := resolution.NewNetworks([]v1alpha1.Network{
		named("a", succeededBy("b")), named("b", succeededBy("c")), named("c"), named("over", ends(before)), named("later", ends(tomorrow), succeededBy("c")),
	}, now)
	for name, want := range map[string]string{"a": "c", "b": "c", "c": "c", "over": "", "later": "later", "nowhere": ""} {
		if got := all.Heir(name); got != want {
			t.Errorf("Heir(%s) = %q, want %q", name, got, want)
		}
	}
}

func TestNetworksChangeByThemselves(t *testing.T) {
	later := metav1.NewTime(tomorrow.Add(time.Hour))
	list := []v1alpha1.Network{named("a", members("vinje"), ends(tomorrow), succeededBy("b")), named("b", ends(later)), named("c", ends(before))}
	steps := []struct {
		at   time.Time
		next time.Time
		want string
	}{
		{now, tomorrow.Time, "vinje: a, tokke: "},
		{tomorrow.Time, later.Time, "vinje: b, tokke: "},
		{later.Time, time.Time{}, "vinje: , tokke: "},
	}
	for _, step := range steps {
		if next := resolution.NewNetworks(list, step.at).NextChange(); !next.Equal(step.next) {
			t.Errorf("at %s the next change is at %s, want %s", step.at, next, step.next)
		}
		if diff := cmp.Diff(step.want, belongs(t, list, step.at)); diff != "" {
			t.Errorf("at %s (-want +got):\n%s", step.at, diff)
		}
	}
}

// BenchmarkNetworks is a country of 10,000 municipalities in 50 networks, of which most
// pick by label and each holds another.
func BenchmarkNetworks(b *testing.B) {
	list := make([]v1alpha1.Network, 0, 50)
	for i := range 50 {
		list = append(list, named(fmt.Sprintf("n%02d", i), selects(fmt.Sprint(i%15)), holds(fmt.Sprintf("n%02d", i+1)), members(fmt.Sprintf("m%d", i))))
	}
	country := make([]*v1alpha1.Municipality, 0, 10_000)
	for i := range 10_000 {
		country = append(country, muni(fmt.Sprintf("m%d", i), fmt.Sprint(i%15)))
	}
	for b.Loop() {
		all := resolution.NewNetworks(list, now)
		for _, m := range country {
			all.Of(m)
		}
	}
}
