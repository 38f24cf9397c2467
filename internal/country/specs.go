package country

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// specs notes whose spec may make another sense now. That rests on other objects, too: on whom a
// selector picks, and on whether there is what a name leads to.
type specs struct{ *Model }

// onPlatform notes whose spec rests on what the Platform said, or says now.
func (m specs) onPlatform(was, is v1alpha1.PlatformSpec) {
	bounds := !sameBounds(was, is)
	if bounds || isTrue(was.Suspend) != isTrue(is.Suspend) || !sameBundles(was, is) {
		for name := range m.country.Apps {
			m.changed.AppSpecs[name] = true
		}
	}
	if isTrue(was.Suspend) != isTrue(is.Suspend) {
		for name := range m.tenants {
			m.changed.Doors[name] = true
		}
	}
	m.changed.PlatformSpec = m.changed.PlatformSpec || bounds
	if equality.Semantic.DeepEqual(was.Rollout, is.Rollout) {
		return
	}
	m.changed.PlatformSpec = true
	m.onStrategy()
}

// sameBounds says whether versions may connect to the same.
func sameBounds(was, is v1alpha1.PlatformSpec) bool {
	return equality.Semantic.DeepEqual(was.AllowedEgress, is.AllowedEgress) && equality.Semantic.DeepEqual(was.PrivateCIDRs, is.PrivateCIDRs) &&
		equality.Semantic.DeepEqual(was.Endpoints, is.Endpoints)
}

// sameBundles says whether bundles come from the same registries, and may hold the same.
func sameBundles(was, is v1alpha1.PlatformSpec) bool {
	return equality.Semantic.DeepEqual(was.Registries, is.Registries) && equality.Semantic.DeepEqual(was.Bundles, is.Bundles) &&
		sameImages(was.Workloads, is.Workloads)
}

// sameImages says whether two lists allow the same images; the rest of them does not concern bundles.
func sameImages(was, is *v1alpha1.AllowedWorkloads) bool {
	a, b := ptr.Deref(was, v1alpha1.AllowedWorkloads{}), ptr.Deref(is, v1alpha1.AllowedWorkloads{})
	return equality.Semantic.DeepEqual(a.Registries, b.Registries) && equality.Semantic.DeepEqual(a.RequireDigests, b.RequireDigests)
}

// onStrategy notes which networks approve waves that they inherit from the Platform.
func (m specs) onStrategy() {
	for name, n := range m.country.networks {
		if s := n.Spec.Rollout; s != nil && s.Waves == nil && len(s.Approvals) > 0 {
			m.changed.NetworkSpecs[name] = true
		}
	}
}

// onApp notes whose spec rests on an app: of those that require it, only where what it says is another thing.
func (m specs) onApp(before *catalogue.App, name string, said bool) {
	for network, n := range m.country.networks {
		if n.Spec.Proposal(name) != nil || speaksOf(n.Spec.Rollout, name) {
			m.changed.NetworkSpecs[network] = true
		}
	}
	if speaksOf(m.country.Platform.Rollout, name) || (said && m.closesAny(before, m.country.Apps.Of(name))) {
		m.changed.PlatformSpec = true
	}
	if said {
		maps.Copy(m.changed.AppSpecs, requiring(m.country.Apps, name))
	}
}

// speaksOf says whether a strategy approves or retries a version of an app.
func speaksOf(strategy *v1alpha1.RolloutStrategy, app string) bool {
	s := ptr.Deref(strategy, v1alpha1.RolloutStrategy{})
	return slices.ContainsFunc(s.Approvals, func(a v1alpha1.Approval) bool { return a.App == app }) ||
		slices.ContainsFunc(s.Retries, func(r v1alpha1.Retry) bool { return r.App == app })
}

// requiring are an app and those that require it, or one that does.
func requiring(apps catalogue.Apps, name string) map[string]bool {
	by := map[string][]string{}
	for app, offer := range apps {
		for _, needed := range offer.RequiredApps() {
			by[needed] = append(by[needed], app)
		}
	}

	all := map[string]bool{name: true}
	for queue := []string{name}; len(queue) > 0; queue = queue[1:] {
		for _, app := range by[queue[0]] {
			if !all[app] {
				all[app] = true
				queue = append(queue, app)
			}
		}
	}
	return all
}

// onNetworks notes whose spec rests on networks that are being settled. Networks hold and follow each
// other, so that who belongs to whom may concern any.
func (m specs) onNetworks() {
	if m.topology {
		for name := range m.country.networks {
			m.changed.NetworkSpecs[name] = true
		}
	}
	for name, app := range m.country.Apps {
		goesFirst := func(pilot string) bool { return m.proposals[pilot] || m.proposals[m.country.Networks.Heir(pilot)] }
		if slices.ContainsFunc(app.Object.Spec.PilotNetworks, goesFirst) {
			m.changed.AppSpecs[name] = true
		}
	}
}

// onTenant notes whose spec rests on a municipality that came, went or has other labels now. Of one
// that belongs to other networks because of these, onNetworks has noted them.
func (m specs) onTenant(name string, was, now *Tenant) {
	came := was.IsThere() != now.IsThere()
	if !came && (!now.IsThere() || equality.Semantic.DeepEqual(was.Municipality.Labels, now.Municipality.Labels)) {
		return
	}

	m.changed.PlatformSpec = true
	for _, t := range []*Tenant{was, now} {
		if t == nil {
			continue
		}
		for _, n := range slices.Concat(t.Networks, t.Observed) {
			m.changed.NetworkSpecs[n.Name] = true
		}
	}
	if !came {
		return
	}
	for _, n := range m.country.Networks.Naming(name) { // also one that is over says which names nobody has
		m.changed.NetworkSpecs[n.Name] = true
	}
}
