package rollup

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// maxVersions is how many versions the usage of a SharedApp lists.
const maxVersions = 96

// observedSharedApp is everything that the status of a SharedApp may build on.
type observedSharedApp struct {
	// country is narrowed to this app.
	country country
	app     *v1alpha1.SharedApp
	// tenants who have, or may want, the app, sorted by name; narrowed to this app.
	tenants []tenant
	// installations of the app, also in namespaces that are no longer in any spec.
	installations []v1alpha1.AppInstallation
}

// sharedAppStatus is the rollup's part of a SharedApp's status.
func sharedAppStatus(seen observedSharedApp, places []place, now time.Time) v1alpha1.SharedAppStatus {
	var sum summary
	var notReady []string
	for i := range places {
		p := &places[i]
		namespace := v1alpha1.NamespaceFor(p.municipality, p.verdict.Environment)
		sum.add(*p, namespace)
		if p.counted && !p.ready {
			notReady = append(notReady, namespace)
		}
	}
	return v1alpha1.SharedAppStatus{
		Usage:         usage(seen.installations),
		Installations: new(int32(len(seen.installations))), //nolint:gosec // an API server holds far fewer objects
		AppsReady:     sum.String(),
		NotReady:      atMost(notReady),
		Conditions:    appsReady(seen.app.Status.Conditions, sum.outcome("installations"), seen.app.Generation, now),
	}
}

// usage counts who runs which version. An installation that is on its way from one
// version to another counts for both: neither may be taken from under it.
func usage(installations []v1alpha1.AppInstallation) []v1alpha1.VersionUsage {
	counts := map[string]int32{}
	for i := range installations {
		wanted, applied := installations[i].Spec.Version, installations[i].Status.AppliedVersion
		counts[wanted]++
		if applied != "" && applied != wanted {
			counts[applied]++
		}
	}
	out := make([]v1alpha1.VersionUsage, 0, len(counts))
	for _, version := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, v1alpha1.VersionUsage{Version: version, Installations: counts[version]})
	}
	if len(out) > maxVersions {
		slices.SortStableFunc(out, func(a, b v1alpha1.VersionUsage) int { return cmp.Compare(b.Installations, a.Installations) })
		out = out[:maxVersions]
	}
	return out
}

// sameSharedApp says whether the rollup's part of a live status is already as it should be.
func sameSharedApp(live, next v1alpha1.SharedAppStatus) bool {
	return live.AppsReady == next.AppsReady &&
		equality.Semantic.DeepEqual(live.Installations, next.Installations) &&
		equality.Semantic.DeepEqual(live.Usage, next.Usage) &&
		equality.Semantic.DeepEqual(live.NotReady, next.NotReady) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
