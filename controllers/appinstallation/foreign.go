package appinstallation

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/contract"
)

// planForeign decides about what the app would get hold of that is another app's. What was sent as it is wished now stays, as what it names
// came later: it is corrected as ever, and reported. Nothing else is sent.
func (p *planned) planForeign(seen observed, wanted []*unstructured.Unstructured) {
	found := foreign(seen, wanted)
	if len(found) == 0 {
		return
	}
	texts := make([]string, 0, len(found))
	for _, f := range found {
		texts = append(texts, f.String())
	}
	outcome := stalled(v1alpha1.ReasonBundleRefused, summary(texts))
	if p.runs(seen, found) {
		p.foreign = outcome
		return
	}
	p.outcome = outcome
}

// foreign says what the app would read, mount, copy or take the requests for that is another app's: a name is easily the same, and
// one app's password is not for the other.
func foreign(seen observed, wanted []*unstructured.Unstructured) []contract.Finding {
	var found []contract.Finding
	for _, r := range contract.References(wanted) {
		if owner := whose(seen, ref{schema.GroupKind{Kind: r.Kind}, r.Name}); owner != "" {
			found = append(found, contract.Finding{Object: r.From, Field: r.Field, Problem: fmt.Sprintf("%s/%s in %s %s", r.Kind, r.Name, seen.home(), owner), Fix: "name one of its own"})
		}
	}
	return slices.Concat(found, claimsTaken(seen, wanted), routesTaken(seen, wanted))
}

// appOf is the other app that wrote an object; empty where it is this app's, or nobody's. A label alone proves nothing.
func appOf(seen observed, o *unstructured.Unstructured) string {
	app := o.GetLabels()[v1alpha1.LabelApp]
	if app == seen.installation.Spec.App || apply.ContentHash(o) == "" {
		return ""
	}
	return app
}

// whose says to whom an object that the app names belongs; empty where the app may have it.
func whose(seen observed, name ref) string {
	live := seen.live[name]
	if live != nil && (ours(seen, live) || live.GetAnnotations()[v1alpha1.AnnotationAdopt] == seen.installation.Spec.App) {
		return ""
	}
	if name.Kind == claimKind {
		return whoseClaim(seen, name.Name, live)
	}
	if live == nil {
		return ""
	}
	return belongsTo(appOf(seen, live))
}

func belongsTo(app string) string {
	if app == "" {
		return ""
	}
	return "belongs to app " + app
}

// whoseClaim is whose for a claim, which may not be there yet. What a StatefulSet makes was written by the cluster, so here the label counts: the
// claim has it of its StatefulSet, and nobody else may set it.
func whoseClaim(seen observed, name string, live *unstructured.Unstructured) string {
	if live != nil {
		switch app := live.GetLabels()[v1alpha1.LabelApp]; app {
		case "":
		case seen.installation.Spec.App:
			return ""
		default:
			return belongsTo(app)
		}
		if owner := metav1.GetControllerOfNoCopy(live); owner != nil && owner.Kind == "Pod" {
			return "is the ephemeral volume of Pod/" + owner.Name
		}
	}
	if set := foreignSet(seen, func(set *unstructured.Unstructured) bool { return madeBy(set, name) }); set != nil {
		return belongsTo(appOf(seen, set))
	}
	return ""
}

// foreignSet is a StatefulSet of another app for which something is so; nil where there is none.
func foreignSet(seen observed, is func(*unstructured.Unstructured) bool) *unstructured.Unstructured {
	var found *unstructured.Unstructured
	for name, o := range seen.live {
		if name.Kind == "StatefulSet" && appOf(seen, o) != "" && is(o) && (found == nil || o.GetName() < found.GetName()) {
			found = o
		}
	}
	return found
}

// claimsTaken says which claims of another app the app's own objects would be, or take: the names of what a StatefulSet makes are made of two
// that are joined, so that those of two apps may be the same.
func claimsTaken(seen observed, wanted []*unstructured.Unstructured) []contract.Finding {
	var found []contract.Finding
	for _, o := range wanted {
		name := contract.Name(o)
		if o.GetKind() == claimKind {
			set := foreignSet(seen, func(set *unstructured.Unstructured) bool { return madeBy(set, o.GetName()) })
			if set != nil {
				found = append(found, contract.Finding{Object: name, Problem: fmt.Sprintf("StatefulSet/%s in %s, which %s, makes a claim of this name", set.GetName(), seen.home(), belongsTo(appOf(seen, set))), Fix: "name it otherwise"})
			}
		}
		for _, prefix := range claimPrefixes(o) {
			if owner := whosePrefix(seen, prefix); owner != "" {
				found = append(found, contract.Finding{Object: name, Field: "spec.volumeClaimTemplates", Problem: "its claims would be those of another app: " + owner, Fix: "name the StatefulSet or the template otherwise"})
			}
		}
	}
	return found
}

// whosePrefix says of which other app claims are, or will be, whose names begin with what a StatefulSet of the app puts before a number; empty
// where none is.
func whosePrefix(seen observed, prefix string) string {
	var claims []ref
	for name := range seen.live {
		if name.Kind == claimKind && isNumbered(name.Name, prefix) && whose(seen, name) != "" {
			claims = append(claims, name)
		}
	}
	if len(claims) > 0 {
		first := sorted(claims)[0]
		return fmt.Sprintf("%s in %s %s", first, seen.home(), whose(seen, first))
	}
	if set := foreignSet(seen, func(set *unstructured.Unstructured) bool { return slices.Contains(claimPrefixes(set), prefix) }); set != nil {
		return fmt.Sprintf("StatefulSet/%s in %s, which %s, makes %s0", set.GetName(), seen.home(), belongsTo(appOf(seen, set)), prefix)
	}
	return ""
}

// routesTaken says which requests the app would take that another app has: proxies give those for one host and path to one of two.
func routesTaken(seen observed, wanted []*unstructured.Unstructured) []contract.Finding {
	var found []contract.Finding
	var held []heldRoute
	for _, o := range wanted {
		routes := contract.Routes(o)
		if len(routes) > 0 && held == nil {
			held = heldRoutes(seen)
		}
		for _, route := range routes {
			at := slices.IndexFunc(held, func(h heldRoute) bool { return route.Takes(h.route) })
			if at < 0 {
				continue
			}
			found = append(found, contract.Finding{Object: contract.Name(o), Field: route.Field,
				Problem: fmt.Sprintf("requests for %s%s are those of %s in %s, which %s", route.Host, route.Path, refOf(held[at].by), seen.home(), belongsTo(appOf(seen, held[at].by))),
				Fix:     "give it a host or a path of its own"})
		}
	}
	return found
}

// heldRoute is a route that another app has.
type heldRoute struct {
	by    *unstructured.Unstructured
	route contract.Route
}

// heldRoutes are the routes of other apps in the namespace, in the order of the objects' names.
func heldRoutes(seen observed) []heldRoute {
	all := []heldRoute{}
	for _, o := range seen.live {
		if appOf(seen, o) == "" {
			continue
		}
		for _, route := range contract.Routes(o) {
			all = append(all, heldRoute{o, route})
		}
	}
	slices.SortStableFunc(all, func(a, b heldRoute) int { return cmp.Compare(refOf(a.by).String(), refOf(b.by).String()) })
	return all
}
