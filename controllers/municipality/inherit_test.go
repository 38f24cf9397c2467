package municipality

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// madeAgain is the Municipality after it was deleted and created with another UID, as it was or changed.
func madeAgain(change ...func(*v1alpha1.Municipality)) v1alpha1.Municipality {
	return vinje(append([]func(*v1alpha1.Municipality){again}, change...)...)
}

func TestInherits(t *testing.T) {
	renumbered := func(m *v1alpha1.Municipality) { m.Spec.Number = "3824" }
	another := func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{"strangers"}}}
	}
	cases := []struct {
		reason string
		m      v1alpha1.Municipality
		notes  map[string]string
		says   []string
	}{
		{"the very one that holds it goes on with it, whatever it changes", vinje(renumbered, another), nil, nil},
		{"one restored from backup has the same number and the same people", madeAgain(), nil, nil},
		{"another number is another municipality", madeAgain(renumbered), nil, []string{"number 4036", "number 3824", "allmenning.dev/adopt=vinje"}},
		{"a number of before is its own", madeAgain(renumbered, func(m *v1alpha1.Municipality) { m.Spec.FormerNumbers = []string{"4036"} }), nil, nil},
		{"nobody of those who had access has it", madeAgain(another), nil, []string{"group:vinje-ikt", "group:strangers", "allmenning.dev/adopt=vinje"}},
		{"one of them is enough", madeAgain(another, func(m *v1alpha1.Municipality) {
			m.Spec.Access[0].Groups = append(m.Spec.Access[0].Groups, "vinje-ikt")
		}), nil, nil},
		{"where nobody gets access, nobody gains anything", madeAgain(func(m *v1alpha1.Municipality) { m.Spec.Access = nil }), nil, nil},
		{"an administrator of the cluster says so", madeAgain(renumbered, another), map[string]string{v1alpha1.AnnotationAdopt: "vinje"}, nil},
		{"of another name it says nothing", madeAgain(renumbered), map[string]string{v1alpha1.AnnotationAdopt: "tokke"}, []string{"number 4036"}},
		{"nothing is known of who held it", madeAgain(), map[string]string{v1alpha1.AnnotationNumber: ""}, []string{"not known", "number 4036"}},
		{"nobody held it: a person made it with our labels", madeAgain(renumbered), map[string]string{v1alpha1.AnnotationHeldBy: ""}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, vinje())
			for key, value := range tc.notes {
				seen.environments["prod"].namespace.Annotations[key] = value
			}
			seen.municipality = tc.m
			got := planFor(t, seen, "prod")
			if failed := got.state == v1alpha1.EnvironmentFailed; failed != (len(tc.says) > 0) {
				t.Fatalf("%s: %s", got.state, got.outcome.Message)
			}
			for _, part := range tc.says {
				if !strings.Contains(got.outcome.Message, part) {
					t.Errorf("%q does not say %q", got.outcome.Message, part)
				}
			}
			access := []string{"RoleBinding/allmenning-administrator"}
			if len(tc.says) > 0 && (got.outcome.State != condition.Stalled || len(got.apply) > 0 || !slices.Equal(removedBy(got), access)) {
				t.Errorf("applies %v, removes %v, want that access ends and nothing else", namesOf(got.apply), removedBy(got))
			}
		})
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	m := vinje(func(m *v1alpha1.Municipality) {
		for n := range 60 {
			m.Spec.Access[0].Groups = append(m.Spec.Access[0].Groups, fmt.Sprintf("%s%d", strings.Repeat("g", 240), n))
		}
	})
	if note := memory(m, nil, "prod")[v1alpha1.AnnotationAccess]; len(note) > 5000 || note != memory(m, nil, "prod")[v1alpha1.AnnotationAccess] {
		t.Errorf("%d letters are remembered", len(note))
	}
}
