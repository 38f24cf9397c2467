package overview

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
)

const (
	// maxApps is how many apps the status of a Municipality lists.
	maxApps = 1000
	// maxNetworks is how many networks it lists.
	maxNetworks = 256
)

// municipalityStatus is the overview's part of a Municipality's status, and when time alone may
// change it; zero if never.
func municipalityStatus(seen observedMunicipality) (status v1alpha1.MunicipalityStatus, again time.Time) {
	m := seen.tenant.Municipality
	places := placesOf(seen)
	slices.SortStableFunc(places, func(a, b place) int { return a.Compare(&b.Status) })

	var sum summary
	apps := make([]v1alpha1.MunicipalityApp, 0, len(places))
	for i := range places {
		p := &places[i]
		sum.add(p)
		apps = append(apps, p.shown)
		if !p.again.IsZero() && (again.IsZero() || p.again.Before(again)) {
			again = p.again
		}
	}
	shown, shortened := brief(apps[:min(len(apps), maxApps)])
	outcome := sum.outcome("apps")
	outcome.Message += leftOut(len(apps)-len(shown), shortened) + besides(places)
	return v1alpha1.MunicipalityStatus{
		Running:    sum.ofCounted(sum.running),
		UpToDate:   sum.ofCounted(sum.upToDate),
		Networks:   networksOf(seen),
		Apps:       shown,
		Conditions: appsReady(seen.live.Status.Conditions, faulty(faultsOf(seen), outcome), m.Generation, seen.country.Now),
	}, again
}

// networksOf are those that the municipality belongs to, and those that it observes, by name.
func networksOf(seen observedMunicipality) []v1alpha1.MunicipalityNetwork {
	t := seen.tenant
	all := make([]v1alpha1.MunicipalityNetwork, 0, len(t.Networks)+len(t.Observed))
	for _, n := range t.Networks {
		all = append(all, v1alpha1.MunicipalityNetwork{Name: n.Name})
	}
	for _, n := range t.Observed {
		all = append(all, v1alpha1.MunicipalityNetwork{Name: n.Name, Observer: true})
	}
	slices.SortFunc(all, func(a, b v1alpha1.MunicipalityNetwork) int { return strings.Compare(a.Name, b.Name) })
	return all[:min(len(all), maxNetworks)]
}

// faultsOf are what a person must fix in the spec of a municipality, each with the field and the fix.
func faultsOf(seen observedMunicipality) []string {
	t := seen.tenant
	verdicts := make([]resolution.Verdict, 0, len(t.Rows))
	for _, row := range t.Rows {
		verdicts = append(verdicts, row.Verdict)
	}
	known := reference.Known{Apps: seen.country.Apps, Networks: seen.country.Networks, Now: seen.country.Now}
	faults := reference.Municipality(t.Municipality, t.CalendarFaults, verdicts, known)
	if len(t.Municipality.Spec.Hosts)+len(t.Municipality.Spec.Connects) == 0 {
		return faults
	}
	var names []string
	for _, m := range country.Municipalities(seen.country.Tenants) {
		names = append(names, m.Name)
	}
	return append(faults, reference.Doors(t.Municipality, known, names)...)
}

// leftOut says what of the apps the status does not show, and where to find it.
func leftOut(rows int, shortened bool) string {
	text := ""
	if rows > 0 {
		text = fmt.Sprintf("; %d more than status.apps lists", rows)
	}
	if shortened {
		text += "; texts in status.apps are shortened, as all of them would not fit: see the AppInstallations"
	}
	return text
}

// besides says what is settled and is not all that one may want to know.
func besides(places []place) string {
	text, waiting := "", 0
	for i := range places {
		switch p := &places[i]; {
		case p.Settled && p.State == v1alpha1.AppReturned:
			text += fmt.Sprintf("; %s/%s %s", p.shown.Environment, p.shown.Name, p.shown.Message)
		case p.Settled && p.State == v1alpha1.AppWaiting:
			waiting++
		}
	}
	if waiting > 0 {
		text += fmt.Sprintf("; %d with another version to come", waiting)
	}
	return text
}

// faulty is the outcome where the spec has faults: they are reported before all else.
func faulty(faults []string, outcome condition.Outcome) condition.Outcome {
	if len(faults) == 0 {
		return outcome
	}
	return condition.Outcome{
		State: condition.Stalled, Reason: v1alpha1.ReasonInvalidSpec,
		Message: strings.Join(faults, "; ") + "; " + outcome.Message,
	}
}

// appsReady is the one condition that is the overview's.
func appsReady(previous []metav1.Condition, outcome condition.Outcome, generation int64, now time.Time) []metav1.Condition {
	return condition.AppsReady(previous, outcome, generation, metav1.NewTime(now).Rfc3339Copy())
}

// own keeps of conditions the one that is the overview's.
func own(conditions []metav1.Condition) []metav1.Condition {
	if c := meta.FindStatusCondition(conditions, v1alpha1.ConditionAppsReady); c != nil {
		return []metav1.Condition{*c}
	}
	return nil
}

// sameMunicipality says whether the overview's part of a live status is already as it should be.
func sameMunicipality(live, next v1alpha1.MunicipalityStatus) bool {
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Networks, next.Networks) &&
		equality.Semantic.DeepEqual(live.Apps, next.Apps) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
