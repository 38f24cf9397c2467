package publication

import (
	"cmp"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/internal/bundle"
)

// withoutRepeats leaves out the manifests whose objects are all in others as well: many apps have one file with all
// objects beside one for each, and a bundle installs each object once. The largest are left out first, as the small
// ones are where people look for an object. A ReplicationController is in another as well where a Deployment of its name,
// which took its place, is.
func withoutRepeats(b bundle.Bundle, names []string) []string {
	holds := map[string][]string{}
	times := map[string]int{}
	for _, name := range names {
		holds[name] = identities(b, name)
		for _, id := range holds[name] {
			times[id]++
		}
	}
	for id := range times {
		if old, isOld := strings.CutPrefix(id, "/ReplicationController/"); isOld {
			times[id] += times["apps/Deployment/"+old]
		}
	}

	bySize := slices.Clone(names)
	slices.SortStableFunc(bySize, func(x, y string) int { return cmp.Compare(len(holds[y]), len(holds[x])) })
	var left []string
	for _, name := range bySize {
		if len(holds[name]) == 0 || slices.ContainsFunc(holds[name], func(id string) bool { return times[id] < 2 }) {
			left = append(left, name)
			continue
		}
		for _, id := range holds[name] {
			times[id]--
		}
	}
	return left
}

// identities are the objects of a manifest, each once; what can't be read is left to the scan.
func identities(b bundle.Bundle, name string) []string {
	parsed, err := manifest.Parse(name, b.Files[name])
	if err != nil {
		return nil
	}
	var all []string
	for _, o := range parsed.Objects() {
		group, _, grouped := strings.Cut(o.APIVersion, "/")
		if !grouped {
			group = ""
		}
		all = append(all, strings.Join([]string{group, o.Kind, o.Namespace, o.Name}, "/"))
	}
	slices.Sort(all)
	return slices.Compact(all)
}
