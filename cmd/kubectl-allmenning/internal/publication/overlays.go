package publication

import (
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/allmenning/allmenning/internal/bundle"
)

// overlaysOf are the folders with a kustomization file that a bundle is made of where its root has none: those that
// no other uses, without components. Of several that use one base, which are ways to install the same app, it
// is the one for production, where its name says so.
func overlaysOf(b bundle.Bundle) []string {
	uses := map[string][]string{}
	var components []string
	for _, dir := range kustomizedFolders(b) {
		k := kustomizationOf(b, dir)
		uses[dir] = nil
		if k.Kind == types.ComponentKind {
			components = append(components, dir)
		}
		for _, entry := range slices.Concat(k.Resources, k.Bases, k.Components) { //nolint:staticcheck // deprecated, and bundles use it
			uses[dir] = append(uses[dir], path.Join(dir, entry))
		}
	}
	used := func(dir string) bool {
		for _, entries := range uses {
			if slices.Contains(entries, dir) {
				return true
			}
		}
		return slices.Contains(components, dir)
	}
	var all []string
	for dir := range uses {
		if !used(dir) {
			all = append(all, dir)
		}
	}
	slices.Sort(all)
	return forProduction(all, uses)
}

// forProduction leaves of overlays that share a base the one that is named for production.
func forProduction(all []string, uses map[string][]string) []string {
	shares := func(a, b string) bool {
		return a != b && slices.ContainsFunc(uses[a], func(entry string) bool {
			_, folder := uses[entry]
			return folder && slices.Contains(uses[b], entry)
		})
	}
	var production []string
	for _, dir := range all {
		switch strings.ToLower(path.Base(dir)) {
		case "prod", "production", "produksjon":
			production = append(production, dir)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(dir string) bool {
		return !slices.Contains(production, dir) && slices.ContainsFunc(production, func(p string) bool { return shares(p, dir) })
	})
}

// kustomizationOf reads the kustomization file of a folder; what can't be read is left to the scan.
func kustomizationOf(b bundle.Bundle, dir string) types.Kustomization {
	var k types.Kustomization
	for _, name := range []string{kustomizationFile, "kustomization.yml", "Kustomization"} {
		if content, there := b.Files[path.Join(dir, name)]; there {
			if k.Unmarshal(content) != nil {
				return types.Kustomization{}
			}
			return k
		}
	}
	return k
}
