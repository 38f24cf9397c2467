package country

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/reference"
)

// claims are the municipalities that claim each official number, by their names.
type claims map[string]map[string]*v1alpha1.Municipality

// set takes what a municipality claims now, and gives who claims any of what it claimed or claims; nobody
// where that is as it was.
func (c claims) set(name string, was, is *v1alpha1.Municipality) []string {
	var concerned []string
	for _, m := range []*v1alpha1.Municipality{was, is} {
		for _, number := range numbersOf(m) {
			concerned = append(concerned, sortedKeys(c[number])...)
		}
	}
	for _, number := range numbersOf(was) {
		delete(c[number], name)
		if len(c[number]) == 0 {
			delete(c, number)
		}
	}
	for _, number := range numbersOf(is) {
		if c[number] == nil {
			c[number] = map[string]*v1alpha1.Municipality{}
		}
		c[number][name] = is
	}
	if was != nil && is != nil && was.CreationTimestamp.Equal(&is.CreationTimestamp) && equality.Semantic.DeepEqual(numbersOf(was), numbersOf(is)) {
		return nil
	}
	return concerned
}

// taken says which number of a municipality belongs to an older one; empty where none does.
func (c claims) taken(m *v1alpha1.Municipality) string {
	others := map[string]*v1alpha1.Municipality{}
	for _, number := range numbersOf(m) {
		for name, other := range c[number] {
			if name != m.Name {
				others[name] = other
			}
		}
	}
	all := make([]v1alpha1.Municipality, 0, len(others))
	for _, name := range sortedKeys(others) {
		all = append(all, *others[name])
	}
	return reference.NumberTaken(m, all)
}

// numbersOf a municipality, which may be nil; each once.
func numbersOf(m *v1alpha1.Municipality) []string {
	if m == nil {
		return nil
	}
	all := slices.Sorted(slices.Values(reference.Numbers(m)))
	return slices.Compact(all)
}

// numberExcuse is the excuse of a municipality whose number belongs to another: what is installed under its
// name is not known to be its own.
func (t *Tenant) numberExcuse() planner.Excuse {
	if t.NumberTaken == "" {
		return planner.Excuse{}
	}
	return planner.Excuse{Reason: v1alpha1.ReasonNumberTaken, Message: t.NumberTaken, Away: true}
}
