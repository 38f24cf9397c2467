package world

import (
	"cmp"
	"crypto/sha256"
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/walls"
)

// addDefaults adds to objects from files what the operator would have noted on them.
func (w *World) addDefaults() {
	assumed := 0
	var platform v1alpha1.PlatformSpec
	if w.Platform != nil {
		platform = w.Platform.Spec
	}
	bounds := walls.BoundsOf(platform)
	for i := range w.Apps {
		assumed += defaultVersions(&w.Apps[i], bounds)
	}
	if assumed > 0 {
		w.Notes = append(w.Notes, fmt.Sprintf("Files do not say whether bundles can be fetched: versions are taken to be available (%d of them), where need be with a digest in the place of the real one.", assumed))
	}
}

// defaultVersions makes versions available that no status says anything of, but for those that require what the
// Platform does not allow, and returns how many.
func defaultVersions(app *v1alpha1.SharedApp, bounds walls.Bounds) int {
	known := map[string]bool{}
	for _, s := range app.Status.Versions {
		known[s.Version] = true
	}
	assumed := 0
	for i := range app.Spec.Versions {
		v := &app.Spec.Versions[i]
		if known[v.Version] {
			continue
		}
		is := v1alpha1.VersionStatus{Version: v.Version, Digest: digestOf(app.Name, v), Available: true}
		for _, fault := range bounds.Faults(v.Requires) {
			is.Available, is.Message = false, fault.Of(v.Version)
			break // review says all of them
		}
		if is.Available {
			assumed++
		}
		app.Status.Versions = append(app.Status.Versions, is)
	}
	return assumed
}

// digestOf is the digest that the source names, else one that no bundle has, which
// takes the place of the real one.
func digestOf(app string, v *v1alpha1.Version) string {
	return cmp.Or(v.Source.PinnedDigest(), fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(app+" "+v.Version))))
}
