package overview

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/country"
)

// maxVersions is how many versions the usage of a SharedApp lists.
const maxVersions = 96

// sharedAppStatus is the overview's part of a SharedApp's status.
func sharedAppStatus(seen observedSharedApp) v1alpha1.SharedAppStatus {
	used := seen.country.Usage(seen.app.Name)
	var sum summary
	sum.addAll(&used.Tally, "")
	outcome := sum.outcome("installations")
	withdrawn, names := runWithdrawn(seen.app, used)
	outcome.Message += withdrawn
	return v1alpha1.SharedAppStatus{
		Usage:         usage(used),
		Installations: new(count(used.Installations)),
		Running:       sum.ofCounted(sum.running),
		UpToDate:      sum.ofCounted(sum.upToDate),
		Networks:      adoptions(seen),
		RunWithdrawn:  names,
		NotReady:      first(used.Behind),
		Conditions:    appsReady(seen.live.Status.Conditions, outcome, seen.app.Object.Generation, seen.country.Now),
	}
}

// runWithdrawn says who runs on in versions that were withdrawn, in words that go on from
// those of AppsReady, and by namespace.
func runWithdrawn(app *catalogue.App, used *country.Usage) (text string, names []string) {
	for _, v := range app.Versions() {
		if !app.IsWithdrawn(v.Number) {
			continue
		}
		number := 0
		for namespace := range used.Having(v.Number) {
			names = append(names, namespace)
			number++
		}
		switch {
		case number == 1:
			text += fmt.Sprintf("; %s is withdrawn: 1 installation still runs it", v.Number)
		case number > 1:
			text += fmt.Sprintf("; %s is withdrawn: %d installations still run it", v.Number, number)
		}
	}
	slices.Sort(names)
	return text, names[:min(len(names), maxNames)]
}

// usage is who has which version, or is asked to have it.
func usage(used *country.Usage) []v1alpha1.VersionUsage {
	out := []v1alpha1.VersionUsage{}
	for version, number := range used.Versions {
		out = append(out, v1alpha1.VersionUsage{Version: version, Installations: count(number)})
	}
	if len(out) > maxVersions {
		slices.SortStableFunc(out, func(a, b v1alpha1.VersionUsage) int { return cmp.Compare(b.Installations, a.Installations) })
		out = out[:maxVersions]
	}
	return out
}

// sameSharedApp says whether the overview's part of a live status is already as it should be.
func sameSharedApp(live, next v1alpha1.SharedAppStatus) bool {
	return live.Running == next.Running && live.UpToDate == next.UpToDate &&
		equality.Semantic.DeepEqual(live.Installations, next.Installations) &&
		equality.Semantic.DeepEqual(live.Usage, next.Usage) &&
		equality.Semantic.DeepEqual(live.Networks, next.Networks) &&
		equality.Semantic.DeepEqual(live.RunWithdrawn, next.RunWithdrawn) &&
		equality.Semantic.DeepEqual(live.NotReady, next.NotReady) &&
		equality.Semantic.DeepEqual(own(live.Conditions), next.Conditions)
}
