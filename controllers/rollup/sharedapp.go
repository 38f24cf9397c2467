package rollup

import (
	"cmp"
	"fmt"
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

// sharedAppStatus is the rollup's part of a SharedApp's status. The places are those of
// the tenants, in their order.
func sharedAppStatus(seen observedSharedApp, places [][]place, now time.Time) v1alpha1.SharedAppStatus {
	var sum summary
	var notReady []string
	for _, of := range places {
		for i := range of {
			p := &of[i]
			namespace := v1alpha1.NamespaceFor(p.municipality, p.verdict.Environment)
			sum.add(p, namespace)
			if p.counted && !p.settled && len(notReady) < maxNames {
				notReady = append(notReady, namespace)
			}
		}
	}
	outcome := sum.outcome("installations")
	withdrawn, names := runWithdrawn(seen.app, seen.installations)
	outcome.Message += withdrawn
	return v1alpha1.SharedAppStatus{
		Usage:         usage(seen.installations),
		Installations: new(int32(len(seen.installations))), //nolint:gosec // an API server holds far fewer objects
		Running:       sum.ofCounted(sum.running),
		UpToDate:      sum.ofCounted(sum.upToDate),
		Networks:      adoptions(seen, places, now),
		RunWithdrawn:  names,
		NotReady:      notReady,
		Conditions:    appsReady(seen.app.Status.Conditions, outcome, seen.app.Generation, now),
	}
}

// runWithdrawn says who runs on in versions that were withdrawn, in words that go on from
// those of AppsReady, and by namespace.
func runWithdrawn(app *v1alpha1.SharedApp, installations []v1alpha1.AppInstallation) (text string, names []string) {
	for _, v := range app.Spec.Versions {
		if v.State != v1alpha1.VersionWithdrawn {
			continue
		}
		count := 0
		for i := range installations {
			if installations[i].Status.AppliedVersion == v.Version {
				names = append(names, installations[i].Namespace)
				count++
			}
		}
		switch {
		case count == 1:
			text += fmt.Sprintf("; %s is withdrawn: 1 installation still runs it", v.Version)
		case count > 1:
			text += fmt.Sprintf("; %s is withdrawn: %d installations still run it", v.Version, count)
		}
	}
	slices.Sort(names)
	return text, names[:min(len(names), maxNames)]
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
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Installations, next.Installations) &&
		equality.Semantic.DeepEqual(live.Usage, next.Usage) &&
		equality.Semantic.DeepEqual(live.Networks, next.Networks) &&
		equality.Semantic.DeepEqual(live.RunWithdrawn, next.RunWithdrawn) &&
		equality.Semantic.DeepEqual(live.NotReady, next.NotReady) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
