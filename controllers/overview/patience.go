package overview

import (
	"cmp"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// progressPatience is how long "not ready yet" may go without being said, or being said in
// other words. Who waits for AppsReady loses nothing by it, and a country that installs one
// app saves hundreds of writes.
const progressPatience = 30 * time.Second

// mostPatience bounds it where progress takes long: see underWaySince.
const mostPatience = 5 * time.Minute

// turnPatience is how long a change of what is waited for may wait, where all runs well, and how long a
// status may say that an app waits which waits no longer.
const turnPatience = 5 * time.Second

// patience is how long a change of a Municipality's status may wait to be written,
// in the hope that a further change comes with it. What somebody may act upon does
// not wait: that all is ready, that it no longer is, that something failed, that a version is asked for, and that the
// spec has a fault. That an app waits for its turn, or waits for something else now, may: of
// a country that is promised a version, most may have it before it would have been said.
// So may the first app of all, which most have soon after somebody proposed it. Began is when
// the change came.
func patience(live, next v1alpha1.MunicipalityStatus, began time.Time) time.Duration {
	was, is := ready(live), ready(next)
	switch {
	case len(next.Apps) == 0 && generation(live) < 0:
		return beforeTheFirst(live)
	case failures(live) != failures(next), invalid(live) != invalid(next), stopped(live, next), asksAnother(live, next):
		return 0
	case was && firstApp(live, next):
		return progressPatience
	case turnsAlone(live, next, was, is):
		return turnPatience
	case was || is || !underWay(next):
		return 0
	}
	return min(max(began.Sub(underWaySince(live, began)), progressPatience), mostPatience)
}

// underWaySince is when the apps ceased to be ready. Progress may be as old as it has lasted:
// who waits for thirty apps looks less often than who waits for one.
func underWaySince(live v1alpha1.MunicipalityStatus, began time.Time) time.Time {
	c := meta.FindStatusCondition(live.Conditions, v1alpha1.ConditionAppsReady)
	if c == nil || c.Status == metav1.ConditionTrue {
		return began
	}
	return c.LastTransitionTime.Time
}

// firstApp says whether the first app of all is proposed, without a change of the municipality's own.
func firstApp(live, next v1alpha1.MunicipalityStatus) bool {
	return len(live.Apps) == 0 && underWay(next) && generation(live) == generation(next)
}

// beforeTheFirst is how long it may wait to be said that there are no apps: until the tenancy
// is ready. Who makes a municipality often makes what it takes at the same time, and a person who
// waits for its apps should not read too soon that there are none.
func beforeTheFirst(live v1alpha1.MunicipalityStatus) time.Duration {
	if meta.IsStatusConditionTrue(live.Conditions, v1alpha1.ConditionReady) {
		return 0
	}
	return progressPatience
}

// invalid says whether the spec has a fault that a person must fix.
func invalid(s v1alpha1.MunicipalityStatus) bool {
	c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionAppsReady)
	return c != nil && c.Reason == v1alpha1.ReasonInvalidSpec
}

func ready(s v1alpha1.MunicipalityStatus) bool {
	return meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionAppsReady)
}

// underWay says whether a further change is to be expected soon.
func underWay(s v1alpha1.MunicipalityStatus) bool {
	for i := range s.Apps {
		switch s.Apps[i].State {
		case v1alpha1.AppMissing, v1alpha1.AppWaiting, v1alpha1.AppProgressing, v1alpha1.AppRemoving:
			return true
		}
	}
	return false
}

// stopped says whether an app that is reported as running does not run now.
func stopped(live, next v1alpha1.MunicipalityStatus) bool {
	before := byPlace(live)
	for i := range next.Apps {
		was := before[placeIn(&next.Apps[i])]
		if was != nil && was.Version != "" && country.Runs(was.State) && !country.Runs(next.Apps[i].State) {
			return true
		}
	}
	return false
}

// asksAnother says whether an app is asked to have another version than is reported, as one is there. If its AppInstallation
// is deleted while no operator runs, the status is all that says so: what comes back must not be lower. In a
// rollout that costs no write, as an app that is moved is reported at once anyway, where it ran; and that it has the
// version that was reported as asked for may wait.
func asksAnother(live, next v1alpha1.MunicipalityStatus) bool {
	before := byPlace(live)
	asked := func(row *v1alpha1.MunicipalityApp) string { return cmp.Or(row.Asked, row.Version) }
	for i := range next.Apps {
		was := before[placeIn(&next.Apps[i])]
		if was != nil && asked(was) != "" && asked(was) != asked(&next.Apps[i]) {
			return true
		}
	}
	return false
}

// turnsAlone says whether what is waited for is all that changed, or the most of it.
func turnsAlone(live, next v1alpha1.MunicipalityStatus, was, is bool) bool {
	if was != is {
		return false
	}
	if is {
		return sameButTurns(live, next)
	}
	return waitsNoLonger(live, next)
}

// waitsNoLonger says whether an app that is reported as waiting for something, such as an approval, has
// got it.
func waitsNoLonger(live, next v1alpha1.MunicipalityStatus) bool {
	before := byPlace(live)
	for i := range next.Apps {
		if was := before[placeIn(&next.Apps[i])]; was != nil && was.State == v1alpha1.AppWaiting && next.Apps[i].State != v1alpha1.AppWaiting {
			return true
		}
	}
	return false
}

func placeIn(row *v1alpha1.MunicipalityApp) resolution.Place {
	return resolution.Place{App: row.Name, Environment: row.Environment}
}

func byPlace(s v1alpha1.MunicipalityStatus) map[resolution.Place]*v1alpha1.MunicipalityApp {
	all := make(map[resolution.Place]*v1alpha1.MunicipalityApp, len(s.Apps))
	for i := range s.Apps {
		all[placeIn(&s.Apps[i])] = &s.Apps[i]
	}
	return all
}

// sameButTurns says whether two statuses that are both ready, and speak of one generation,
// differ only in apps that now wait for their turn.
func sameButTurns(live, next v1alpha1.MunicipalityStatus) bool {
	if live.Running != next.Running || len(live.Apps) != len(next.Apps) || generation(live) != generation(next) {
		return false
	}
	before := byPlace(live)
	for i := range next.Apps {
		app := next.Apps[i]
		same := before[placeIn(&app)]
		if same == nil {
			return false
		}
		app.Rollout = same.Rollout // a further attempt does not change who has what
		if app.State != v1alpha1.AppWaiting && *same != app {
			return false
		}
	}
	return true
}

// generation that the overview's condition speaks of; -1 while there is none.
func generation(s v1alpha1.MunicipalityStatus) int64 {
	if c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionAppsReady); c != nil {
		return c.ObservedGeneration
	}
	return -1
}

// failures names what failed and why, so that two statuses can be compared.
func failures(s v1alpha1.MunicipalityStatus) string {
	all := ""
	for i := range s.Apps {
		if app := &s.Apps[i]; country.Failed(app.State) {
			all += app.Environment + "/" + app.Name + " " + string(app.State) + ": " + app.Message + "\n"
		}
	}
	return all
}
