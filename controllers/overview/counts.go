package overview

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// networkCounts says whether two statuses of a Network differ in counts alone, and in the names
// behind them: these may wait. That it is ready, or no longer, that something failed, and which
// version and rollout there is, may not.
func networkCounts(live, next v1alpha1.NetworkStatus) bool {
	return equality.Semantic.DeepEqual(uncounted(live), uncounted(next))
}

func uncounted(s v1alpha1.NetworkStatus) v1alpha1.NetworkStatus {
	apps := slices.Clone(s.Apps)
	for i := range apps {
		apps[i].Running, apps[i].UpToDate, apps[i].NotReady, apps[i].Versions = 0, 0, nil, nil
	}
	return v1alpha1.NetworkStatus{Apps: apps, Conditions: wordless(s.Conditions)}
}

// sharedAppCounts says the same of a SharedApp. Which versions are in use may not wait: nobody
// may take one of them out of the catalogue.
func sharedAppCounts(live, next v1alpha1.SharedAppStatus) bool {
	return equality.Semantic.DeepEqual(uncountedApp(live), uncountedApp(next))
}

func uncountedApp(s v1alpha1.SharedAppStatus) v1alpha1.SharedAppStatus {
	usage, networks := slices.Clone(s.Usage), slices.Clone(s.Networks)
	for i := range usage {
		usage[i].Installations = min(usage[i].Installations, 1)
	}
	for i := range networks {
		networks[i].Running, networks[i].UpToDate = "", ""
	}
	return v1alpha1.SharedAppStatus{Usage: usage, Networks: networks, RunWithdrawn: s.RunWithdrawn, Conditions: wordless(s.Conditions)}
}

// wordless is the overview's condition without its message, which holds counts.
func wordless(conditions []metav1.Condition) []metav1.Condition {
	all := own(conditions)
	for i := range all {
		all[i].Message = ""
	}
	return all
}
