package municipality

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// keeping is what is done for environments that the spec does not decide on now: those that are retained, of a Municipality
// that is suspended, whose number belongs to another, or that is gone. Their walls are put back, and access ends; nothing
// opens, and nobody gains anything. What an environment is like is read from its namespace.
type keeping struct {
	municipality string
	platform     v1alpha1.PlatformSpec
	quota        v1alpha1.Quota
	now          time.Time
	// access that may stay; what is not in it ends.
	access []v1alpha1.Access
	// everybodyStays leaves access as it is.
	everybodyStays bool
	// frozen is whether the people of the municipality are to change nothing; nil where nobody says so now, and what was
	// frozen stays frozen.
	frozen *bool
}

// keeps is how an environment of a Municipality is kept: access that it gives may stay where it may go on with the namespace.
func keeps(seen observed, live environment, class v1alpha1.SizeClass, now time.Time) keeping {
	k := keeping{municipality: seen.municipality.Name, platform: seen.platform, quota: class.Quota, now: now, everybodyStays: seen.definitionGoes}
	if m := seen.municipality; live.namespace != nil && m.UID != "" && inherits(live.namespace, m, live.namespace.Labels[v1alpha1.LabelEnvironment]) == "" {
		k.access, k.frozen = m.Spec.Access, new(m.Spec.Suspend.IsFrozen())
	}
	return k
}

// planKept is the plan for a Municipality of which nothing is decided now: what it has is kept as it is, behind its walls.
func planKept(seen observed, class v1alpha1.SizeClass, now time.Time) ([]environmentPlan, error) {
	var all []environmentPlan
	for _, name := range slices.Sorted(maps.Keys(seen.environments)) {
		live := seen.environments[name]
		e := environmentPlan{name: name, namespace: v1alpha1.NamespaceFor(seen.municipality.Name, name), zone: zoneNow(live.namespace)}
		e, err := keeps(seen, live, class, now).plan(stateOf(e, v1alpha1.EnvironmentRetained, condition.Ready, ""), live)
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// plan puts into the plan of an environment what its walls lack, and whose access ends there.
func (k keeping) plan(e environmentPlan, live environment) (environmentPlan, error) {
	if err := k.site(&e, live, len(live.own) > 0, k.quota); err != nil {
		return e, err
	}
	for _, app := range slices.Sorted(maps.Keys(live.own)) {
		h := live.own[app]
		own := environmentPlan{name: e.name, app: app, namespace: tenancy.OwnNamespace(e.namespace, app), zone: zoneNow(h.namespace)}
		own = stateOf(own, v1alpha1.EnvironmentRetained, condition.Ready, "")
		if err := k.site(&own, h.environment, true, h.share); err != nil {
			return e, err
		}
		if len(own.apply)+len(own.remove) > 0 {
			e.own = append(e.own, own)
		}
	}
	return e, nil
}

// planLeft is the plan for what a Municipality has left behind that is gone. Nobody speaks for its people any longer, so
// access ends; not so while all Municipalities go, because their definition does.
func planLeft(seen observed, now time.Time) (planned, error) {
	if ptr.Deref(seen.platform.Suspend, false) {
		return planned{}, nil
	}
	var err error
	out := planned{}
	out.environments, err = planKept(seen, sizeClass(seen.platform.SizeClasses, nil), now)
	return out, err
}

// site is one namespace. One that nobody held is not known to have walls, and one on its way out keeps what it has.
func (k keeping) site(e *environmentPlan, live environment, open bool, quota v1alpha1.Quota) error {
	ns := live.namespace
	if ns == nil || !ns.DeletionTimestamp.IsZero() || !isKept(ns, k.municipality, e.app) {
		return nil
	}
	d := desiring{municipality: formerly(ns, k.access), platform: k.platform, now: k.now, notes: notesOf(ns), frozen: ptr.Deref(k.frozen, isFrozen(ns))}
	to := site{
		environment: v1alpha1.Environment{
			Name:  ns.Labels[v1alpha1.LabelEnvironment],
			Stage: cmp.Or(v1alpha1.Stage(ns.Labels[v1alpha1.LabelStage]), v1alpha1.StageProduction),
			Zone:  cmp.Or(zoneNow(ns), v1alpha1.ZoneClosed),
		},
		namespace: ns.Name, app: e.app, open: open, quota: hardLimits(quota), disk: *quota.EphemeralStorage, nobodyNew: true, live: live,
	}
	if err := difference(e, d.desired(to), live); err != nil {
		return fmt.Errorf("namespace %s: %w", ns.Name, err)
	}
	e.apply = slices.DeleteFunc(e.apply, func(o apply.Object) bool {
		bound := o.Kind == "ResourceQuota" || o.Kind == "LimitRange" // what it was before is not known, and nobody of a tenant changes one
		return bound && live.objects[key(o.Kind, o.Name)] != nil || o.Kind == "RoleBinding" && k.everybodyStays
	})
	e.remove = slices.DeleteFunc(e.remove, func(o apply.Live) bool {
		_, isBinding := o.(*rbacv1.RoleBinding)
		return isBinding && k.everybodyStays
	})
	return nil
}

// isKept says whether a namespace is one that the operator walled off for a municipality: that of an environment, or of an app.
func isKept(ns *corev1.Namespace, municipality, app string) bool {
	labels := ns.Labels
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelMunicipality] == municipality &&
		labels[v1alpha1.LabelApp] == app && ns.Annotations[v1alpha1.AnnotationHeldBy] != ""
}

// formerly is the Municipality that a namespace is of, as far as the namespace shows.
func formerly(ns *corev1.Namespace, access []v1alpha1.Access) v1alpha1.Municipality {
	m := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{
		Name: ns.Labels[v1alpha1.LabelMunicipality], UID: types.UID(ns.Annotations[v1alpha1.AnnotationHeldBy]),
		Labels: map[string]string{v1alpha1.LabelCounty: ns.Labels[v1alpha1.LabelCounty]},
	}}
	m.Spec.Access = access
	return m
}

// notesOf are the annotations of a namespace that are the operator's: what it remembers, and what is allowed there.
func notesOf(ns *corev1.Namespace) map[string]string {
	notes := map[string]string{}
	for _, name := range []string{
		v1alpha1.AnnotationHeldBy, v1alpha1.AnnotationNumber, v1alpha1.AnnotationAccess, v1alpha1.AnnotationTakenUp,
		v1alpha1.AnnotationImageDigests, v1alpha1.AnnotationImageRegistries, v1alpha1.AnnotationDomains, v1alpha1.AnnotationPriorityClasses,
		v1alpha1.AnnotationRuntimeClasses, v1alpha1.AnnotationTolerations, v1alpha1.AnnotationTokenAudiences, v1alpha1.AnnotationAnnotations,
		v1alpha1.AnnotationControllers,
	} {
		if value, noted := ns.Annotations[name]; noted {
			notes[name] = value
		}
	}
	return notes
}
