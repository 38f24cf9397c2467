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

	// What was found out once at this moment.
	heldBy    map[string][]string
	holding   map[string]map[string]bool
	belonging map[string]map[string]bool
	selectors map[*metav1.LabelSelector]labels.Selector
	says      map[Key]Says
	followers map[followed][]Member
	promises  map[string]Promise
	crowds    map[string]counted
	// owners of the official numbers, who are the oldest that claim them.
	owners map[string]*v1alpha1.Municipality
}

// At is what is so at this moment.
func At(t Truth) *Truth {
	t.Before = t.Copy()
	t.holding, t.belonging, t.selectors = map[string]map[string]bool{}, map[string]map[string]bool{}, map[*metav1.LabelSelector]labels.Selector{}
	t.says, t.followers, t.promises, t.crowds = map[Key]Says{}, map[followed][]Member{}, map[string]Promise{}, map[string]counted{}
	return &t
}

var stages = []v1alpha1.Stage{v1alpha1.StageDevelopment, v1alpha1.StageTest, v1alpha1.StageProduction}
