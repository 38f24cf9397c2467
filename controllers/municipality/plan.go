package municipality

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/expiry"
	"github.com/allmenning/allmenning/internal/reference"
)

// planned is what to do, sorted by environment.
type planned struct {
	// fault concerns the whole Municipality; with one, its environments are kept as they are.
	fault *condition.Outcome
	// suspended means that environments are kept as they are, or, by the Platform, that nothing is done.
	suspended bool
	// frozen means that the people and accounts of the municipality are to change nothing, either.
	frozen       bool
	sizeClass    string
	environments []environmentPlan
	// again is how long until time alone changes the plan; 0 where it never does.
	again time.Duration
}

// environmentPlan is what to do with one environment.
type environmentPlan struct {
	name      string
	namespace string
	// app that has the namespace for itself; empty for that of the environment.
	app string
	// own are the plans of the namespaces that apps have for themselves, by app.
	own []environmentPlan
	// zone that the environment has when this is done; empty where it has no namespace.
	zone  v1alpha1.Zone
	state v1alpha1.EnvironmentState
	// outcome says why the state is not Ready.
	outcome condition.Outcome
	// apply in this order, after remove.
	apply  []apply.Object
	remove []apply.Live
	// again is how long until it is looked at again, for what no watch reports; 0 where a watch
	// reports all.
	again time.Duration
	// release is a policy whose drain finalizer is taken off, as the pods have ended.
	release apply.Live
}

// drainPause is how long to wait before looking again whether pods have ended.
const drainPause = 2 * time.Second

// plan decides what to do about what was seen.
func plan(seen observed, now time.Time) (planned, error) {
	m := seen.municipality
	class := sizeClass(seen.platform.SizeClasses, m.Spec.Inhabitants)
	out := planned{sizeClass: class.Name, again: expiry.Next(m.Spec.Access, now)}
	out.suspended = suspended(seen)
	if ptr.Deref(seen.platform.Suspend, false) {
		return out, nil // nothing is written anywhere
	}
	out.frozen = m.Spec.Suspend.IsFrozen()
	if out.fault = numberTaken(seen); out.suspended || out.fault != nil && m.DeletionTimestamp.IsZero() {
		var err error
		out.environments, err = planKept(seen, class, now)
		return out, err
	}
	for _, name := range slices.Sorted(maps.Keys(seen.environments)) {
		e, err := planEnvironment(seen, name, class, now)
		if err != nil {
			return out, fmt.Errorf("environment %s: %w", name, err)
		}
		out.environments = append(out.environments, e)
		for _, each := range append(e.own[:len(e.own):len(e.own)], e) {
			if each.again > 0 && (out.again == 0 || each.again < out.again) {
				out.again = each.again
			}
		}
	}
	return out, nil
}

func suspended(seen observed) bool {
	return seen.municipality.Spec.Suspend.IsSuspended() || ptr.Deref(seen.platform.Suspend, false)
}

// numberTaken says who has one of this municipality's numbers, if somebody has an older claim to it.
func numberTaken(seen observed) *condition.Outcome {
	fault := reference.NumberTaken(&seen.municipality, seen.sameNumber)
	if fault == "" {
		return nil
	}
	return &condition.Outcome{State: condition.Stalled, Reason: v1alpha1.ReasonNumberTaken, Message: fault}
}

func planEnvironment(seen observed, name string, class v1alpha1.SizeClass, now time.Time) (environmentPlan, error) {
	m, live := seen.municipality, seen.environments[name]
	e := environmentPlan{name: name, namespace: v1alpha1.NamespaceFor(m.Name, name), zone: zoneNow(live.namespace)}
	spec := m.Spec.Environment(name)
	if goes(seen, name) {
		e = planGoing(seen, e, live)
		if e.state == v1alpha1.EnvironmentRetained { // it holds volumes: access has ended, and the walls stay
			e.remove = nil
			err := keeping{municipality: m.Name, platform: seen.platform, quota: class.Quota, now: now}.site(&e, live, len(live.own) > 0, class.Quota)
			return e, err
		}
		return e, nil
	}
	if !m.DeletionTimestamp.IsZero() || spec == nil {
		return keeps(seen, live, class, now).plan(stateOf(e, v1alpha1.EnvironmentRetained, condition.Ready, retainedBecause(seen, live)), live)
	}
	if out, inTheWay := obstructed(e, m, live.namespace); inTheWay {
		return keeps(seen, live, class, now).plan(out, live)
	}
	quota := effectiveQuota(spec.Quota, class)
	divided := shareOut(hardLimits(quota), live, name, m.Name)
	made := *spec
	made.Zone = zoneOf(*spec, live)
	e.zone = made.Zone
	m.Status.RefusedDomains = reference.DomainsTaken(&m, seen.sameDomain) // as it is, and not as it was reported last
	d := desiring{municipality: m, platform: seen.platform, now: now}.with(live.namespace, made)
	to := site{environment: made, namespace: e.namespace, open: len(live.own) > 0, quota: divided.rest, disk: *quota.EphemeralStorage, live: live}
	if err := difference(&e, d.desired(to), live); err != nil {
		return e, err
	}
	var err error
	if e.own, err = planOwn(seen, made, live, divided, d); err != nil {
		return e, err
	}
	if len(divided.refused) > 0 {
		e.again = roomPause
	}

	counted, _ := live.objects[key("ResourceQuota", v1alpha1.QuotaName)].(*corev1.ResourceQuota)
	if !quotaCounts(counted, divided.rest) && !recounts(m, name, counted) {
		return stateOf(e, v1alpha1.EnvironmentPending, condition.Progressing,
			"its quota is not in force yet: the cluster is still counting"), nil
	}
	e = stateOf(e, v1alpha1.EnvironmentReady, condition.Ready, "")
	if made.Zone != spec.Zone {
		e.outcome = keptClosed(name, live.closedApps)
	}
	return e, nil
}

// obstructed is the plan for an environment whose namespace can't be made, or kept, now; false where it can.
func obstructed(e environmentPlan, m v1alpha1.Municipality, namespace *corev1.Namespace) (environmentPlan, bool) {
	switch {
	case namespace == nil:
		return e, false
	case !ours(namespace, m.Name):
		return stateOf(e, v1alpha1.EnvironmentFailed, condition.Stalled, fmt.Sprintf(
			"namespace %s exists and is not Allmenning's: rename the environment in spec.environments, delete the namespace, or let an administrator of the cluster annotate it %s=%s",
			e.namespace, v1alpha1.AnnotationAdopt, m.Name)), true
	case !namespace.DeletionTimestamp.IsZero():
		return stateOf(e, v1alpha1.EnvironmentPending, condition.Progressing,
			fmt.Sprintf("namespace %s is being deleted; it is made again when it is gone", e.namespace)), true
	}
	if why := inherits(namespace, m, e.name); why != "" {
		return stateOf(e, v1alpha1.EnvironmentFailed, condition.Stalled, why), true
	}
	return e, false
}

// retainedBecause says why an environment is kept that the spec no longer asks for.
func retainedBecause(seen observed, live environment) string {
	m := seen.municipality
	if m.Spec.DeletionPolicy == v1alpha1.DeletionDelete && live.namespace != nil && takenUp(live.namespace) {
		return fmt.Sprintf("no longer in the spec; kept, with all that runs in it: Municipality %s took namespace %s up while its deletionPolicy was Delete, and so does not delete it; "+
			"to have it deleted, list the environment, set spec.deletionPolicy to Retain and then to Delete again", m.Name, live.namespace.Name)
	}
	if m.Spec.DeletionPolicy == v1alpha1.DeletionDelete && live.namespace != nil && !held(live.namespace, m) {
		return fmt.Sprintf("no longer in the spec; kept, with all that runs in it: an earlier Municipality %s made it, so this one does not delete it; "+
			"to take it up, list the environment in spec.environments; else an administrator of the cluster deletes the namespace", m.Name)
	}
	return "no longer in the spec; kept, with all that runs in it"
}

func stateOf(e environmentPlan, state v1alpha1.EnvironmentState, how condition.State, message string) environmentPlan {
	e.state = state
	e.outcome = condition.Outcome{State: how, Reason: reasonOf(state), Message: message}
	return e
}

func reasonOf(state v1alpha1.EnvironmentState) string {
	switch state {
	case v1alpha1.EnvironmentPending:
		return v1alpha1.ReasonEnvironmentPending
	case v1alpha1.EnvironmentFailed:
		return v1alpha1.ReasonEnvironmentFailed
	case v1alpha1.EnvironmentRetained:
		return v1alpha1.ReasonEnvironmentRetained
	case v1alpha1.EnvironmentDeleting:
		return v1alpha1.ReasonEnvironmentDeleting
	case v1alpha1.EnvironmentReady:
	}
	return v1alpha1.ReasonReady
}

// ours says whether a namespace is the municipality's: it carries our labels, or an
// administrator allowed it to be adopted.
func ours(ns *corev1.Namespace, municipality string) bool {
	labelled := ns.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && ns.Labels[v1alpha1.LabelMunicipality] == municipality && ns.Labels[v1alpha1.LabelApp] == ""
	return labelled || ns.Annotations[v1alpha1.AnnotationAdopt] == municipality
}

// desiring is what the wish for a namespace rests on, beside the site itself.
type desiring struct {
	municipality v1alpha1.Municipality
	platform     v1alpha1.PlatformSpec
	now          time.Time
	// notes are the annotations of the namespace.
	notes map[string]string
	// frozen says that the people and accounts of the municipality change nothing.
	frozen bool
}

// with is the same for a namespace of an environment, which may not be there yet.
func (d desiring) with(ns *corev1.Namespace, environment v1alpha1.Environment) desiring {
	d.notes = allowed(d.municipality, environment, d.platform)
	maps.Copy(d.notes, memory(d.municipality, ns, environment.Name))
	return d
}

// labelsOf are what every object carries that the operator makes for an environment.
func labelsOf(municipality, environment string) map[string]string {
	return map[string]string{
		v1alpha1.LabelManagedBy:    v1alpha1.ManagedBy,
		v1alpha1.LabelMunicipality: municipality,
		v1alpha1.LabelEnvironment:  environment,
	}
}

// desired is all that a namespace consists of, in the order in which it must come: walls and bounds before anything
// can run. Of an app's own namespace the quota comes last: where it is in force, all is there.
func (d desiring) desired(to site) []apply.Object {
	m, spec, namespace := d.municipality, to.environment, to.namespace
	labels := labelsOf(m.Name, spec.Name)
	home := corev1ac.Namespace(namespace).WithLabels(labels).WithLabels(namespaceLabels(m, spec)).
		WithAnnotations(d.notes)
	if d.frozen {
		home.WithLabels(freeze()).WithAnnotations(appAccounts(to.live))
	}
	if to.live.namespace == nil {
		home.WithResourceVersion(apply.NotThere) // one that somebody makes meanwhile is not taken over
	}
	if to.app != "" {
		home.WithLabels(map[string]string{v1alpha1.LabelApp: to.app})
	}

	quota := apply.ResourceQuota(corev1ac.ResourceQuota(v1alpha1.QuotaName, namespace).WithLabels(labels).
		WithSpec(corev1ac.ResourceQuotaSpec().WithHard(to.quota)))
	all := []apply.Object{apply.Namespace(home)}
	if to.app == "" {
		all = append(all, quota)
	}
	all = append(all, apply.LimitRange(corev1ac.LimitRange(limitsName, namespace).WithLabels(labels).
		WithSpec(corev1ac.LimitRangeSpec().WithLimits(limits(to.disk)))))
	for _, np := range d.policies(to) {
		all = append(all, apply.NetworkPolicy(np.WithLabels(labels)))
	}
	for _, account := range []string{"default", v1alpha1.InstallerName} {
		all = append(all, apply.ServiceAccount(corev1ac.ServiceAccount(account, namespace).WithLabels(labels).
			WithAutomountServiceAccountToken(false)))
	}
	for _, rb := range bindings(to, m.Spec.Access, d.now) {
		all = append(all, apply.RoleBinding(rb.WithLabels(labels)))
	}
	if to.app != "" {
		all = append(all, quota)
	}
	return all
}

// namespaceLabels say which stage and zone the namespace has, and hold its pods to
// the restricted Pod Security Standard.
func namespaceLabels(m v1alpha1.Municipality, spec v1alpha1.Environment) map[string]string {
	labels := map[string]string{
		v1alpha1.LabelStage: string(spec.Stage),
		v1alpha1.LabelZone:  string(spec.Zone),
	}
	for _, mode := range []string{"enforce", "audit", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	if county := m.Labels[v1alpha1.LabelCounty]; county != "" {
		labels[v1alpha1.LabelCounty] = county
	}
	return labels
}

// difference puts into the plan what differs between desired and live: what to
// apply, and what of ours is no longer wanted, such as the opening to the internet
// of an environment that was closed.
func difference(e *environmentPlan, want []apply.Object, live environment) error {
	wanted := map[string]bool{}
	for _, o := range want {
		wanted[key(o.Kind, o.Name)] = true
		existing := live.objects[key(o.Kind, o.Name)]
		if o.Kind == "Namespace" && live.namespace != nil {
			existing = live.namespace
		}
		if existing != nil && beyondRepair(existing) {
			e.remove = append(e.remove, existing)
			existing = nil
		}
		changed, err := o.Changed(existing)
		if err != nil {
			return err
		}
		if changed {
			e.apply = append(e.apply, o)
		}
	}

	for _, k := range slices.Sorted(maps.Keys(live.objects)) {
		o := live.objects[k]
		if !wanted[k] && ofEnvironment(o.GetLabels()) {
			e.remove = append(e.remove, o)
		}
	}
	return nil
}

// ofEnvironment says whether labels are those of an object that makes up an environment: neither an app's nor a door's.
func ofEnvironment(labels map[string]string) bool {
	return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && labels[v1alpha1.LabelApp] == "" && labels[v1alpha1.LabelDoor] == ""
}

// beyondRepair says whether an object must be deleted and made again, as no apply can
// correct it: a roleRef can't be changed, and a rule that opens the default-deny policy is a
// field of somebody else's, which stays. The other policies select the pods meanwhile, so
// what they do not open stays closed.
func beyondRepair(o apply.Live) bool {
	switch live := o.(type) {
	case *rbacv1.RoleBinding:
		return live.RoleRef.Kind != "ClusterRole" || live.RoleRef.Name != live.Name
	case *networkingv1.NetworkPolicy:
		return live.Name == denyName && len(live.Spec.Ingress)+len(live.Spec.Egress) > 0
	}
	return false
}
