package municipality

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// ownHome is what exists of the namespace that an app of an environment has for itself.
type ownHome struct {
	environment

	// installed is nil where nothing asks for the namespace: the app was uninstalled and has left data behind, or
	// somebody deleted the AppInstallation.
	installed *v1alpha1.AppInstallation
	// share of the environment's quota that the app declares.
	share v1alpha1.Quota
	// claims are the PersistentVolumeClaims in the namespace; read only where nothing asks for it.
	claims []string
	// forsaken says that the data which is kept in the namespace is to be deleted.
	forsaken bool
}

// wanted says whether the namespace is to be there. One of an app that is being uninstalled is not made again.
func (h ownHome) wanted() bool {
	return h.installed != nil && (h.namespace != nil || h.installed.Spec.State != v1alpha1.InstallationAbsent)
}

// leaves says whether the namespace is to be deleted: all of its app is uninstalled. Of an AppInstallation that
// somebody deleted nothing follows.
func (h ownHome) leaves(seen observed) bool {
	return h.installed != nil && tenancy.Leaves(h.installed) && h.isHeld(seen.municipality) && !seen.definitionGoes
}

// isHeld says whether this very Municipality made the namespace, or took it up.
func (h ownHome) isHeld(m v1alpha1.Municipality) bool {
	if h.namespace == nil {
		return false
	}
	labels := h.namespace.Labels
	return tenancy.Holds(h.namespace, m.Name, labels[v1alpha1.LabelEnvironment], labels[v1alpha1.LabelApp]) && labels[v1alpha1.LabelApp] != "" &&
		h.namespace.Annotations[v1alpha1.AnnotationHeldBy] == string(m.UID)
}

// site is a namespace as it is to be: that of an environment, or one that an app of it has for itself.
type site struct {
	environment v1alpha1.Environment
	namespace   string
	// app that has it for itself; empty for the environment's.
	app string
	// open says that the environment has other namespaces, which this one is open to.
	open bool
	// quota in the words of the API server.
	quota corev1.ResourceList
	// disk is the most of a node's disk that one container may fill.
	disk resource.Quantity
	// nobodyNew gives access to nobody who has none now.
	nobodyNew bool
	live      environment
}

// planOwn decides on the namespaces that apps of an environment have for themselves, by app. Each is made like the
// environment's; a fault of one is no fault of another.
func planOwn(seen observed, made v1alpha1.Environment, live environment, shares shares, d desiring) ([]environmentPlan, error) {
	m := seen.municipality
	var all []environmentPlan
	for _, app := range slices.Sorted(maps.Keys(live.own)) {
		h := live.own[app]
		e := environmentPlan{name: made.Name, app: app, namespace: tenancy.OwnNamespace(v1alpha1.NamespaceFor(m.Name, made.Name), app), zone: made.Zone}
		inTheWay := ownInTheWay(h.namespace, m, e)
		switch {
		case inTheWay != "":
			e = stateOf(e, v1alpha1.EnvironmentFailed, condition.Stalled, inTheWay)
		case h.namespace != nil && !h.namespace.DeletionTimestamp.IsZero(), h.leaves(seen) && len(h.volumes) == 0, h.forsaken && !seen.definitionGoes:
			e = planDeletion(e, h.environment, m)
		case h.namespace == nil && (!h.wanted() || shares.refused[app] != ""):
			e = stateOf(e, v1alpha1.EnvironmentPending, condition.Ready, shares.refused[app])
		default:
			to := site{environment: made, namespace: e.namespace, app: app, open: true, quota: quotaOf(h, shares.granted[app]), disk: *h.share.EphemeralStorage, live: h.environment}
			if err := difference(&e, d.with(h.namespace, made).desired(to), h.environment); err != nil {
				return nil, fmt.Errorf("namespace %s: %w", e.namespace, err)
			}
			e = stateOf(e, v1alpha1.EnvironmentReady, condition.Ready, shares.refused[app])
		}
		all = append(all, e)
	}
	return all, nil
}

// ownInTheWay says why a namespace of the name of an app's own may not be taken for it; empty where it may, and where
// there is none.
func ownInTheWay(ns *corev1.Namespace, m v1alpha1.Municipality, e environmentPlan) string {
	switch {
	case ns == nil:
		return ""
	case !oursAlone(ns, m.Name, e.name, e.app):
		return fmt.Sprintf("namespace %s exists and is not Allmenning's: delete the namespace, or let an administrator of the cluster annotate it %s=%s",
			e.namespace, v1alpha1.AnnotationAdopt, m.Name)
	case ns.DeletionTimestamp.IsZero():
		return inherits(ns, m, e.name)
	}
	return ""
}

// quotaOf is what a namespace gets: its share; what it had, where nobody asks for it any longer.
func quotaOf(h ownHome, granted corev1.ResourceList) corev1.ResourceList {
	if granted == nil {
		return grantedBefore(h)
	}
	return granted
}

// oursAlone says whether a namespace is the own one of an app, or may be adopted as such.
func oursAlone(ns *corev1.Namespace, municipality, environment, app string) bool {
	return tenancy.Holds(ns, municipality, environment, app) || ns.Annotations[v1alpha1.AnnotationAdopt] == municipality
}

// planOwnDeletion takes down the namespaces that apps have for themselves in an environment that is to go: each when
// its app is uninstalled, and those that nobody asks for when all apps are.
func planOwnDeletion(seen observed, environment string, live environment) []environmentPlan {
	m := seen.municipality
	var all []environmentPlan
	for _, app := range slices.Sorted(maps.Keys(live.own)) {
		h := live.own[app]
		e := environmentPlan{name: environment, app: app, zone: zoneNow(h.namespace), namespace: tenancy.OwnNamespace(v1alpha1.NamespaceFor(m.Name, environment), app)}
		goes := h.namespace != nil && (!h.namespace.DeletionTimestamp.IsZero() || (h.isHeld(m) && !takenUp(h.namespace) && (h.leaves(seen) || live.installations == 0)))
		if goes && (h.installed == nil || len(h.volumes) == 0) {
			all = append(all, planDeletion(e, h.environment, m))
		}
	}
	return all
}

// refusals are what the status says of the own namespaces of an environment, and the first of them as the outcome
// of the environment: it is Ready all the same.
func refusals(e environmentPlan, errs map[string]error) ([]v1alpha1.RefusedNamespace, *condition.Outcome) {
	const most, letters = 64, 512
	var all []v1alpha1.RefusedNamespace
	for _, own := range e.own {
		message := own.outcome.Message
		if err := errs[own.key()]; err != nil && !apply.Transient(err) {
			message = err.Error()
		} else if own.state == v1alpha1.EnvironmentDeleting || (own.state == v1alpha1.EnvironmentRetained) {
			continue
		}
		if message != "" && len(all) < most {
			all = append(all, v1alpha1.RefusedNamespace{App: own.app, Message: condition.Within(message, letters)})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	text := fmt.Sprintf("the own namespace of %s: %s", all[0].App, all[0].Message)
	if more := len(all) - 1; more > 0 {
		text += fmt.Sprintf("; and those of %d more apps", more)
	}
	return all, &condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonNamespaceRefused, Message: text}
}

// key names the plan among those of a municipality.
func (e environmentPlan) key() string {
	if e.app == "" {
		return e.name
	}
	return e.name + "/" + e.app
}

// byAge sorts apps by when their installations were made: those that came first have their share first.
func byAge(own map[string]ownHome) []string {
	return slices.SortedFunc(maps.Keys(own), func(a, b string) int {
		var ages [2]int64
		for n, app := range []string{a, b} {
			if i := own[app].installed; i != nil {
				ages[n] = i.CreationTimestamp.Unix()
			}
		}
		return cmp.Or(cmp.Compare(ages[0], ages[1]), cmp.Compare(a, b))
	})
}
