package publication

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/allmenning/allmenning/internal/bundle"
)

// overlaysOf are the folders with a kustomization file that a bundle is made of where its root has none: those that
// no other uses, without components. Of several that use one base, which are ways to install the same app, it
// is one; see preferred.
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
	return preferred(all, uses)
}

// production and others are names of overlays that say for what they are, the one to install first.
func production() []string { return []string{"prod", "production", "produksjon", "prd", "live"} }

func others() []string { return append([]string{"default", "main", "stable", "release"}, stages()...) }

// stages are the names that no folder has but for a stage before production, the nearest to it first.
func stages() []string {
	return []string{
		"preprod", "acceptance", "acc", "uat", "staging", "stage", "test", "qa", "latest", "beta", "alpha", "dev", "development", "local",
		"preview", "review", "pr",
	}
}

// grounds are names of overlays that say on what they run, which is not what bundles run on.
func grounds() []string {
	return []string{"openshift", "ocp", "kind", "minikube", "k3d", "docker-desktop", "eks", "aws", "gke", "gcp", "aks", "azure"}
}

// preferred leaves of overlays that share a base one, where their names say which: the one for production; where all are
// stages, the one that is nearest to it; without those of another platform; of versions the last. Where the names
// are not of that kind, such as those of customers, all are left, and a person must choose.
func preferred(all []string, uses map[string][]string) []string {
	shares := func(a, b string) bool {
		return a == b || slices.ContainsFunc(uses[a], func(entry string) bool {
			_, folder := uses[entry]
			return folder && slices.Contains(uses[b], entry)
		})
	}
	left := slices.Clone(all)
	for _, dir := range all {
		var group []string
		for _, other := range left {
			if shares(dir, other) {
				group = append(group, other)
			}
		}
		one := theOne(group)
		left = slices.DeleteFunc(left, func(other string) bool { return one != "" && other != one && slices.Contains(group, other) })
	}
	return left
}

// theOne is the overlay that the names of several say is to be installed; empty where they don't say.
func theOne(group []string) string {
	shared := sharedEnd(group)
	called := func(dir string) string { return strings.ToLower(path.Base(strings.TrimSuffix(dir, shared))) }
	fit := slices.DeleteFunc(slices.Clone(group), func(dir string) bool { return slices.Contains(grounds(), called(dir)) })
	if len(fit) == 1 {
		return fit[0]
	}
	wanted := production()
	if !slices.ContainsFunc(fit, func(dir string) bool { return !slices.Contains(others(), called(dir)) }) {
		wanted = others()
	}
	for _, stage := range wanted {
		if i := slices.IndexFunc(fit, func(dir string) bool { return called(dir) == stage }); i >= 0 {
			return fit[i]
		}
	}
	if slices.ContainsFunc(fit, func(dir string) bool { return !versioned.MatchString(called(dir)) }) || len(fit) == 0 {
		return ""
	}
	return slices.MaxFunc(fit, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(path.Base(a)), len(path.Base(b))), cmp.Compare(a, b))
	})
}

// versioned is the name of an overlay that is a version.
var versioned = regexp.MustCompile(`^v\d+$`)

// sharedEnd is what the paths of several folders end with alike: of prod/portal and test/portal it is /portal, so that
// their names are prod and test.
func sharedEnd(group []string) string {
	if len(group) < 2 {
		return ""
	}
	shared := ""
	for rest := group[0]; strings.Contains(rest, "/"); rest = path.Dir(rest) {
		longer := "/" + path.Base(rest) + shared
		if slices.ContainsFunc(group, func(dir string) bool { return !strings.HasSuffix(dir, longer) }) {
			break
		}
		shared = longer
	}
	return shared
}

// ofAnotherStage says whether a manifest that no kustomization uses lies in a folder for a stage, beside one with
// overlays for another.
func ofAnotherStage(name string, overlays []string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if !slices.Contains(stages(), strings.ToLower(path.Base(dir))) {
			continue
		}
		for _, overlay := range overlays {
			beside, within := strings.CutPrefix(overlay, strings.TrimPrefix(path.Dir(dir)+"/", "./"))
			first, _, _ := strings.Cut(strings.ToLower(beside), "/")
			if within && (slices.Contains(production(), first) || slices.Contains(stages(), first)) {
				return true
			}
		}
	}
	return false
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
