package rollup

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// progressPatience is how long "not ready yet" may stand, or stand unsaid, before it is
// said in other words. Whoever waits for AppsReady loses nothing by it, and a country
// that installs one app saves hundreds of writes.
const progressPatience = 30 * time.Second

// patience is how long a change of a Municipality's status may wait to be written,
// in the hope that a further change comes with it. What somebody may act upon does
// not wait: that all is ready, that it no longer is, and that something failed.
func patience(live, next v1alpha1.MunicipalityStatus) time.Duration {
	switch {
	case meta.IsStatusConditionTrue(next.Conditions, v1alpha1.ConditionAppsReady):
		return 0
	case failures(live) != failures(next) || !underWay(next):
		return 0
	case meta.IsStatusConditionTrue(live.Conditions, v1alpha1.ConditionAppsReady):
		return 0
	}
	return progressPatience
}

// underWay says whether a further change is to be expected soon.
func underWay(s v1alpha1.MunicipalityStatus) bool {
	for i := range s.Apps {
		switch s.Apps[i].State {
		case stateMissing, stateProgressing, stateRemoving:
			return true
		}
	}
	return false
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
	return len(next.Apps) == 0 && meta.FindStatusCondition(live.Conditions, v1alpha1.ConditionAppsReady) == nil
}
