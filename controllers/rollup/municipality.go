package rollup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/condition"
)

// maxApps is how many apps the status of a Municipality lists.
const maxApps = 1000

// daysOf compiles the windows and freezes of a municipality; nil where it has none.
func daysOf(m *v1alpha1.Municipality) (*calendar.Calendar, []calendar.Fault) {
	if len(m.Spec.Windows) == 0 && len(m.Spec.Freezes) == 0 {
		return nil, nil
	}
	return calendar.New(m.Spec.Windows, m.Spec.Freezes)
}

// municipalityStatus is the rollup's part of a Municipality's status. A place counts as ready
// when it has what it should have now: whoever waits for its turn, or went back to the version
// before, and runs well there, does. The faults are what a person must mend in its spec, each
// with the field and the fix.
func municipalityStatus(m *v1alpha1.Municipality, places []place, faults []string, now time.Time) v1alpha1.MunicipalityStatus {
	var sum summary
	sorted := slices.Clone(places)
	slices.SortStableFunc(sorted, func(a, b place) int { return cmp.Compare(urgency(&a), urgency(&b)) })
	apps := make([]v1alpha1.MunicipalityApp, 0, len(sorted))
	for i := range sorted {
		sum.add(&sorted[i], sorted[i].shown.Environment+"/"+sorted[i].shown.Name)
		apps = append(apps, sorted[i].shown)
	}
	outcome := sum.outcome("apps")
	outcome.Message += besides(sorted)
	return v1alpha1.MunicipalityStatus{
		Running:    sum.ofCounted(sum.running),
		UpToDate:   sum.ofCounted(sum.upToDate),
		Apps:       apps[:min(len(apps), maxApps)],
		Conditions: appsReady(m.Status.Conditions, faulty(faults, outcome), m.Generation, now),
	}
}

// besides tells what counts as ready and is not all that one may want to know.
func besides(places []place) string {
	text, waiting := "", 0
	for i := range places {
		switch p := &places[i]; {
		case p.settled && p.shown.State == v1alpha1.AppReturned:
			text += fmt.Sprintf("; %s/%s %s", p.shown.Environment, p.shown.Name, p.shown.Message)
		case p.settled && p.shown.State == v1alpha1.AppWaiting:
			waiting++
		}
	}
	if waiting > 0 {
		text += fmt.Sprintf("; %d with another version to come", waiting)
	}
	return text
}

// faulty is the outcome where the spec has faults: they are told before all else.
func faulty(faults []string, outcome condition.Outcome) condition.Outcome {
	if len(faults) == 0 {
		return outcome
	}
	return condition.Outcome{
		State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec,
		Message: strings.Join(faults, "; ") + "; " + outcome.Message,
	}
}

// closed tells what is wrong with windows and freezes: no rollout comes to the municipality
// until all of them can be read.
func closed(faults []calendar.Fault) []string {
	if len(faults) == 0 {
		return nil
	}
	told := make([]string, 0, len(faults)+1)
	for _, f := range faults {
		told = append(told, "spec."+f.String())
	}
	return append(told, "no rollout comes here until this is mended")
}

// urgency sorts what somebody should look at before what is well.
func urgency(p *place) int {
	switch {
	case failing(p.shown.State):
		return 0
	case p.counted && !p.settled:
		return 1
	case p.counted && !p.ready:
		return 2
	case p.shown.Message != "":
		return 3
	}
	return 4
}

// appsReady is the one condition that is the rollup's.
func appsReady(previous []metav1.Condition, outcome condition.Outcome, generation int64, now time.Time) []metav1.Condition {
	return condition.AppsReady(previous, outcome, generation, metav1.NewTime(now).Rfc3339Copy())
}

// own keeps of conditions the one that is the rollup's.
func own(conditions []metav1.Condition) []metav1.Condition {
	if c := meta.FindStatusCondition(conditions, v1alpha1.ConditionAppsReady); c != nil {
		return []metav1.Condition{*c}
	}
	return nil
}

// sameMunicipality says whether the rollup's part of a live status is already as it should be.
func sameMunicipality(live, next v1alpha1.MunicipalityStatus) bool {
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
