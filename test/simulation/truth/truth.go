package truth

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Truth is what is so at one moment, whatever a status says and the operator believes.
type Truth struct {
	*Objects
	// Before are the objects as they were before the writes of this moment: what the operator could see.
	Before  Objects
	Ledger  *Ledger
	Reality map[Key]*Reality
	Now     time.Time
	// Watching is since when the operator has been looking.
	Watching time.Time
	// Broken is called with each promise that was not kept, and with what is wrong.
	Broken func(promise, format string, args ...any)

	// What was found out once at this moment; see also found.
	selectors map[*metav1.LabelSelector]labels.Selector
	followers map[followed][]Member
	soon      map[soon]bool
	promises  map[string]Promise
	crowds    map[string]counted
	// owners of the official numbers, who are the oldest that claim them.
	owners map[string]*v1alpha1.Municipality
}

// At is what is so at this moment. Where nothing is written, what was before is the same.
func At(t Truth) *Truth {
	if t.Before.Platform == nil {
		t.Before = *t.Objects
	}
	t.selectors, t.soon = map[*metav1.LabelSelector]labels.Selector{}, map[soon]bool{}
	t.followers, t.promises, t.crowds = map[followed][]Member{}, map[string]Promise{}, map[string]counted{}
	t.Ledger.found.look(&t)
	return &t
}

var stages = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}
