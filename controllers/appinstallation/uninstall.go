package appinstallation

import (
	"maps"
	"slices"
	"strings"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// drainTime is how long an uninstalled app's pods and objects are waited for: longer than pods may take to end
// (see the rule grace-period in docs/bundles.md).
const drainTime = 11 * time.Minute

// planUninstall takes an app away: all its objects but the precious ones, and last, when its pods have ended, or
// have not for too long, the policies that they lived by.
func planUninstall(seen observed) planned {
	var out planned
	if seen.namespace == nil || !seen.namespace.DeletionTimestamp.IsZero() {
		out.leaving = seen.namespace != nil && seen.installation.IsOwn()
		return out // it goes with the namespace
	}
	if outcome := kindsReadable(seen); outcome != nil {
		return planned{outcome: outcome}
	}
	out.leftovers(seen, nil)
	out.forget(seen)
	out.prune = out.stale
	out.remains = append(remaining(seen, out.kept), seen.pods...)
	out.draining = len(out.remains) > 0 && !overdue(seen)
	if !out.draining {
		out.prunePolicies = slices.SortedFunc(maps.Values(seen.policies), byName)
	}
	out.leaving = !out.draining && len(out.stale) == 0 && leaves(seen, out.kept)
	return out
}

func byName(a, b *networkingv1.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) }

// forget lets the values that the operator made go with the app, unless data of it is kept: a database opens with the
// password that it was made with. Adopted again, the app finds both.
func (p *planned) forget(seen observed) {
	values := valuesOf(&seen.installation)
	at := slices.Index(p.kept, values)
	if at < 0 || len(p.kept) > 1 || (seen.installation.IsOwn() && holdsClaims(seen)) {
		return
	}
	o := seen.live[values]
	if precious(o) {
		return
	}
	p.kept = nil
	if o.GetDeletionTimestamp() == nil {
		p.stale = append(p.stale, o)
	}
}

// holdsClaims says whether there are claims in the namespace, of an app or not.
func holdsClaims(seen observed) bool {
	for name := range seen.live {
		if name.Kind == claimKind {
			return true
		}
	}
	return false
}

// leaves says whether the namespace that an app has for itself goes with it: not where it holds data that is kept,
// claims of anybody among them, and not where that of the environment is retained.
func leaves(seen observed, kept []ref) bool {
	i, m := &seen.installation, seen.municipality
	t := i.Spec.Tenant
	if !i.IsOwn() || len(kept) > 0 || holdsClaims(seen) || m == nil || !tenancy.Holds(seen.namespace, t.Municipality, t.Environment, i.Spec.App) {
		return false
	}
	return (m.DeletionTimestamp.IsZero() && m.Spec.Environment(t.Environment) != nil) || tenancy.Uninstalls(m, t.Environment)
}

// remaining are the objects of the app that are still there, but for those that are kept.
func remaining(seen observed, kept []ref) []string {
	keeps := map[ref]bool{}
	for _, name := range kept {
		keeps[name] = true
	}
	var names []ref
	for name, o := range seen.live {
		if labelled(seen, o) && ours(seen, o) && !keeps[name] {
			names = append(names, name)
		}
	}
	all := make([]string, 0, len(names))
	for _, name := range sorted(names) {
		all = append(all, name.String())
	}
	return all
}

// overdue says whether what goes was waited for long enough.
func overdue(seen observed) bool {
	c := meta.FindStatusCondition(seen.previous().Conditions, v1alpha1.ConditionReconciling)
	return c != nil && c.Reason == v1alpha1.ReasonUninstalling && seen.now.Sub(c.LastTransitionTime.Time) > drainTime
}
