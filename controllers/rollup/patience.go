package rollup

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// progressPatience is how long "not ready yet" may stand, or stand unsaid, before it is
// said in other words. Whoever waits for AppsReady loses nothing by it, and a country
// that installs one app saves hundreds of writes.
const progressPatience = 30 * time.Second

// turnPatience is how long a change of what is waited for may wait, where all runs well.
const turnPatience = 5 * time.Second

// patience is how long a change of a Municipality's status may wait to be written,
// in the hope that a further change comes with it. What somebody may act upon does
// not wait: that all is ready, that it no longer is, and that something failed. That an
// app waits for its turn, or waits for something else now, may: of a country that is
// promised a version, most may have it before they would have been told.
func patience(live, next v1alpha1.MunicipalityStatus) time.Duration {
	was, is := ready(live), ready(next)
	switch {
	case failures(live) != failures(next):
		return 0
	case was && is && sameButTurns(live, next):
		return turnPatience
	case was || is || !underWay(next):
		return 0
	}
	return progressPatience
}

func ready(s v1alpha1.MunicipalityStatus) bool {
	return meta.IsStatusConditionTrue(s.Conditions, v1alpha1.ConditionAppsReady)
}

// underWay says whether a further change is to be expected soon.
func underWay(s v1alpha1.MunicipalityStatus) bool {
	for i := range s.Apps {
		switch s.Apps[i].State {
		case stateMissing, stateWaiting, stateProgressing, stateRemoving:
			return true
		}
	}
	return false
}

// sameButTurns says whether two statuses that are both ready, and speak of one generation,
// differ only in apps that now wait for their turn.
func sameButTurns(live, next v1alpha1.MunicipalityStatus) bool {
	if live.AppsReady != next.AppsReady || len(live.Apps) != len(next.Apps) || generation(live) != generation(next) {
		return false
	}
	before := make(map[resolution.Place]*v1alpha1.MunicipalityApp, len(live.Apps))
	for i := range live.Apps {
		before[resolution.Place{App: live.Apps[i].Name, Environment: live.Apps[i].Environment}] = &live.Apps[i]
	}
	for i := range next.Apps {
		app := next.Apps[i]
		same := before[resolution.Place{App: app.Name, Environment: app.Environment}]
		if same == nil {
			return false
		}
		app.Rollout = same.Rollout // a further attempt does not change who has what
		if app.State != stateWaiting && *same != app {
			return false
		}
	}
	return true
}

// generation that the rollup's condition speaks of.
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
		if app := &s.Apps[i]; failing(app.State) {
			all += app.Environment + "/" + app.Name + " " + app.State + ": " + app.Message + "\n"
		}
	}
	return all
}

// silent says whether there is nothing to tell: nobody has proposed or adopted an app.
// AppsReady would be true then only until the first one comes, and whoever waits for
// the apps of a Municipality that was made a moment ago would not wait at all.
func silent(live, next v1alpha1.MunicipalityStatus) bool {
	return len(next.Apps) == 0 && ready(next) && meta.FindStatusCondition(live.Conditions, v1alpha1.ConditionAppsReady) == nil
}
