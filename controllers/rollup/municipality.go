package rollup

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// maxApps is how many apps the status of a Municipality lists.
const maxApps = 200

// municipalityStatus is the rollup's part of a Municipality's status.
func municipalityStatus(m *v1alpha1.Municipality, places []place, now time.Time) v1alpha1.MunicipalityStatus {
	var sum summary
	sorted := slices.Clone(places)
	slices.SortStableFunc(sorted, func(a, b place) int { return cmp.Compare(urgency(a), urgency(b)) })
	apps := make([]v1alpha1.MunicipalityApp, 0, len(sorted))
	for i := range sorted {
		sum.add(sorted[i], sorted[i].shown.Environment+"/"+sorted[i].shown.Name)
		apps = append(apps, sorted[i].shown)
	}
	return v1alpha1.MunicipalityStatus{
		AppsReady:  sum.String(),
		Apps:       apps[:min(len(apps), maxApps)],
		Conditions: appsReady(m.Status.Conditions, sum.outcome("apps"), m.Generation, now),
	}
}

// urgency sorts what somebody should look at before what is well.
func urgency(p place) int {
	switch {
	case failing(p.shown.State):
		return 0
	case p.counted && !p.ready:
		return 1
	case p.shown.Message != "":
		return 2
	}
	return 3
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
	return live.AppsReady == next.AppsReady &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
