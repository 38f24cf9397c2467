package sharedapp

import (
	"maps"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
)

// grace is how long a stored bundle must have been unused before it is deleted: long enough to put
// back a version that was taken out by mistake, and far longer than it takes to begin using one.
const grace = time.Hour

// used returns the labels of all bundles that somebody may install, or return to: those
// of versions that are offered, and those of installations, past versions included.
func used(apps []v1alpha1.SharedApp, installations []v1alpha1.AppInstallation) map[string]bool {
	all := map[string]bool{}
	add := func(digest string) {
		if label := bundlestore.LabelOf(digest); label != "" {
			all[label] = true
		}
	}
	for _, app := range apps {
		for _, v := range app.Spec.Versions {
			add(v.Source.PinnedDigest())
			add(rememberedDigest(app.Status, v.Version))
		}
	}
	for i := range installations {
		add(installations[i].Spec.Digest)
		add(installations[i].Status.AppliedDigest)
		for _, past := range installations[i].Status.History {
			add(past.Digest)
		}
	}
	return all
}

// garbage returns which of the stored bundles may be deleted, and since when each of the unused
// ones has been unused, which is what the next call takes as since.
func garbage(stored []string, inUse map[string]bool, since map[string]time.Time, now time.Time) (remove []string, next map[string]time.Time) {
	next = map[string]time.Time{}
	for _, label := range stored {
		if inUse[label] {
			continue
		}
		next[label] = now
		if earlier, known := since[label]; known {
			next[label] = earlier
		}
	}

	for _, label := range slices.Sorted(maps.Keys(next)) {
		if !now.Before(next[label].Add(grace)) {
			remove = append(remove, label)
		}
	}
	return remove, next
}

// sooner returns the shorter of two pauses, where 0 is none at all.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
