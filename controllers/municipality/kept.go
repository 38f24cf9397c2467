package municipality

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/resolution"
)

// isKeptData says whether a namespace that an app had for itself is kept though nothing asks for it: the app was
// uninstalled, and has left data behind.
func (h ownHome) isKeptData(m v1alpha1.Municipality) bool {
	return h.installed == nil && h.isHeld(m) && h.namespace.DeletionTimestamp.IsZero()
}

// mark is what the annotation of a Municipality calls what is kept of an app: by this very namespace, so that an
// annotation of the last time says nothing of what is kept later.
func mark(environment, app string, namespace types.UID) string {
	const letters = 8
	return environment + "/" + app + "/" + string(namespace[:min(len(namespace), letters)])
}

// forsakes says whether a Municipality asks for what is kept of an app in an environment to be deleted for good: it names
// that, and declines the app there.
func forsakes(m *v1alpha1.Municipality, environment, app string, namespace types.UID, now time.Time) bool {
	if !slices.Contains(forsaken(m), mark(environment, app, namespace)) || m.Spec.Environment(environment) == nil {
		return false
	}
	return resolution.SaidOf(m.Spec.Decision(app), environment, now).Decision == v1alpha1.DecisionDecline
}

// forsaken is what the annotation of a Municipality names.
func forsaken(m *v1alpha1.Municipality) []string {
	names := strings.Split(m.Annotations[v1alpha1.AnnotationDeleteVolumes], ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// keptIn is what is kept of apps that were uninstalled in an environment.
func keptIn(m v1alpha1.Municipality, name string, live environment) []v1alpha1.KeptData {
	const most = 16
	var all []v1alpha1.KeptData
	if m.Spec.Environment(name) == nil || !m.DeletionTimestamp.IsZero() {
		return nil // all of it is kept, or goes
	}
	for app, h := range live.own {
		if !h.isKeptData(m) || h.forsaken {
			continue
		}
		holds := "no volumes any longer"
		if len(h.claims) > 0 {
			holds = claimsOf(h.claims)
		}
		all = append(all, keptData(app, h.namespace.Name, h.claims, fmt.Sprintf(
			"to delete namespace %s for good with all that is in it, decline %s and annotate Municipality %s %s=%s; to go on with it, adopt the app: it was uninstalled, and its namespace is kept, which holds %s",
			h.namespace.Name, app, m.Name, v1alpha1.AnnotationDeleteVolumes, mark(name, app, h.namespace.UID), holds)))
	}
	for app, claims := range live.left {
		all = append(all, keptData(app, live.namespace.Name, claims, fmt.Sprintf(
			"to delete it for good, kubectl delete pvc,secret -n %s -l %s=%s; to go on with it, adopt %s: it was uninstalled, and what may hold data is kept: %s",
			live.namespace.Name, v1alpha1.LabelApp, app, app, claimsOf(claims))))
	}
	slices.SortFunc(all, func(a, b v1alpha1.KeptData) int { return strings.Compare(a.App, b.App) })
	all = slices.CompactFunc(all, func(a, b v1alpha1.KeptData) bool { return a.App == b.App })
	return all[:min(len(all), most)]
}

func keptData(app, namespace string, claims []string, message string) v1alpha1.KeptData {
	const shown, letters = 8, 512
	return v1alpha1.KeptData{App: app, Namespace: namespace, Claims: claims[:min(len(claims), shown)], Message: condition.Within(message, letters)}
}

// keptMessage says what is kept, the first few of many; empty where nothing is.
func keptMessage(environments []v1alpha1.EnvironmentStatus) string {
	const shown = 3
	var names []string
	for i := range environments {
		for _, kept := range environments[i].Kept {
			names = append(names, environments[i].Name+"/"+kept.App)
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := "; kept is data of uninstalled apps: " + strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
