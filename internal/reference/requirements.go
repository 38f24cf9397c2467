package reference

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/walls"
)

// requirements finds what is wrong with what each version of an app requires.
func requirements(app *catalogue.App, k Known) map[string][]condition.Outcome {
	all, apps := map[string][]condition.Outcome{}, maps.Clone(k.Apps)
	if apps == nil {
		apps = catalogue.Apps{}
	}
	apps[app.Name] = app
	bounds, installable := walls.BoundsOf(k.Platform), firsts(apps)
	for _, v := range app.Versions() {
		var faults []condition.Outcome
		if chain := cycleThrough(node{app.Name, v.Number}, apps, installable); chain != nil {
			faults = append(faults, stalled(v1alpha1.ReasonDependencyCycle,
				"spec.versions[%s].requires.apps: %s: each waits for the next, so none can be installed first: take one of these requirements out",
				v.Number, strings.Join(chain, " → ")))
		}
		for _, required := range v.Requires() {
			if fault := requirementFault(v.Number, required, apps); fault.Message != "" {
				faults = append(faults, fault)
			}
		}
		for i, required := range v.Connects() {
			if fault := serviceMissing(fmt.Sprintf("spec.versions[%s].requires.services[%d]", v.Number, i), required.App, required.Service, Known{Apps: apps}); fault != "" {
				faults = append(faults, stalled(v1alpha1.ReasonDependencyMissing, "%s", fault))
			}
		}
		for _, fault := range bounds.Faults(v.Requirements()) {
			faults = append(faults, stalled(v1alpha1.ReasonEgressNotAllowed, "%s", fault.Of(v.Number)))
		}
		if len(faults) > 0 {
			all[v.Number] = faults
		}
	}
	return all
}

func requirementFault(version string, required catalogue.Requirement, all catalogue.Apps) condition.Outcome {
	field, offer := fmt.Sprintf("spec.versions[%s].requires.apps[%s]", version, required.App), all.Of(required.App)
	switch {
	case !offer.Exists():
		return stalled(v1alpha1.ReasonDependencyMissing, "%s: there is no SharedApp %s: create it, or take the requirement out", field, required.App)
	case required.Range == "":
		return condition.Outcome{}
	case required.Unreadable():
		return stalled(v1alpha1.ReasonInvalidSpec, "%s.version: %q is not a range of versions: write one such as \">=1.2\" or \"~2.4\"", field, required.Range)
	}
	if len(admitted(required, all)) > 0 {
		return condition.Outcome{}
	}
	return stalled(v1alpha1.ReasonDependencyMissing, "%s.version: SharedApp %s offers no version in %q: offer one, or change the range", field, required.App, required.Range)
}

// node is a version of an app.
type node struct{ app, version string }

// admitted are the versions that a requirement would be met by: those in its range that are not withdrawn.
func admitted(required catalogue.Requirement, all catalogue.Apps) []node {
	var nodes []node
	offer := all.Of(required.App)
	for _, v := range offer.Versions() {
		if v.State != v1alpha1.VersionWithdrawn && required.Admits(v.Number) {
			nodes = append(nodes, node{required.App, v.Number})
		}
	}
	return nodes
}

// firsts are the versions that can be installed, one after another: each of them requires apps of which one of
// these versions will do. Of what is missing nothing follows here: that is a fault of its own.
func firsts(all catalogue.Apps) map[node]bool {
	can := map[node]bool{}
	for grows := true; grows; {
		grows = false
		for name, app := range all {
			for _, v := range app.Versions() {
				at := node{name, v.Number}
				if !can[at] && len(waitsFor(at, all, can)) == 0 {
					can[at], grows = true, true
				}
			}
		}
	}
	return can
}

// waitsFor are the versions one of which a version waits for, of each app that it requires and of which none can be
// installed before it, sorted.
func waitsFor(at node, all catalogue.Apps, can map[node]bool) []node {
	var waits []node
	for _, required := range all.Of(at.app).Version(at.version).Requires() {
		candidates := admitted(required, all)
		if !slices.ContainsFunc(candidates, func(n node) bool { return can[n] }) {
			waits = append(waits, candidates...)
		}
	}
	slices.SortFunc(waits, func(a, b node) int { return cmp.Or(cmp.Compare(a.app, b.app), cmp.Compare(a.version, b.version)) })
	return waits
}

// cycleThrough returns a shortest chain of apps that wait for each other, from a version back to its own app, the
// app at both ends, or nil. Of several, the names decide, so that it is always the same one.
func cycleThrough(start node, all catalogue.Apps, can map[node]bool) []string {
	before := map[node]node{}
	for queue := []node{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, next := range waitsFor(at, all, can) {
			if next.app == start.app {
				return chainTo(at, start, before)
			}
			if _, seen := before[next]; !seen {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func chainTo(last, start node, before map[node]node) []string {
	chain := []string{start.app}
	for at := last; at != start; at = before[at] {
		chain = append(chain, at.app)
	}
	chain = append(chain, start.app)
	slices.Reverse(chain)
	return chain
}

// stalled is a fault that a person must fix.
func stalled(reason, format string, args ...any) condition.Outcome {
	return condition.Outcome{State: condition.Stalled, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// invalid is a fault of the spec, which a person must fix.
func invalid(message string) condition.Outcome {
	return stalled(v1alpha1.ReasonInvalidSpec, "%s", message)
}
