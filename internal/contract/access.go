package contract

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// defaultAccount is the account that every namespace has.
const defaultAccount = "default"

// accountsRule: an app brings accounts of its own, and changes nobody else's.
func accountsRule(_ *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "", "ServiceAccount") || (o.GetName() != defaultAccount && o.GetName() != v1alpha1.InstallerName) {
		return nil
	}
	return one("metadata.name", fmt.Sprintf("the account %q of the namespace is not the app's", o.GetName()), "give the app's account a name of its own")
}

// secretRule: a Secret that Kubernetes fills with a token would hand out an account's rights for ever.
func secretRule(_ *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "", "Secret") {
		return nil
	}
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	switch corev1.SecretType(kind) {
	case corev1.SecretTypeServiceAccountToken, corev1.SecretTypeBootstrapToken:
		return one("type", kind+" makes a token that never expires", "let pods use the token that Kubernetes mounts for them")
	}
	return nil
}

// roleRule: a Role gives what the installer account holds itself, and nothing on the operator's kinds, on
// rights, or on all Secrets.
func roleRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, rbacv1.GroupName, "Role") {
		return nil
	}
	role, found := typed[rbacv1.Role](o.Object, "")
	if role == nil {
		return found
	}
	for i, r := range role.Rules {
		field := fmt.Sprintf("rules[%d]", i)
		if slices.Contains(r.ResourceNames, "") { // RBAC compares names as they are, and a list of all has this one
			found = append(found, one(field+".resourceNames", "an empty name is that of each request without one, such as a list of all", "take it out, and name the objects")...)
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				found = append(found, w.grant(field, group, resource, r)...)
			}
		}
	}
	return found
}

// grant judges what one rule of a Role gives on one resource.
func (w *whole) grant(field, group, resource string, r rbacv1.PolicyRule) []Finding {
	what := resource
	if group != "" {
		what += "." + group
	}
	if problem, fix := w.neverGiven(group, resource, what, r); problem != "" {
		return one(field, problem, fix)
	}
	var beyond []string
	for _, verb := range r.Verbs {
		if !slices.ContainsFunc(w.terms.Installer, func(held rbacv1.PolicyRule) bool { return covers(held, group, resource, verb) }) {
			beyond = append(beyond, verb)
		}
	}
	if len(beyond) > 0 {
		return one(field, fmt.Sprintf("%s on %s is more than an app may have", strings.Join(beyond, ", "), what), "take it out, or have the platform add it to the ClusterRole "+v1alpha1.RoleInstaller)
	}
	return w.changes(field, group, resource, what, r)
}

// changes judges what a rule lets an app change and delete: objects of its bundle, by their names, as all else of the namespace is
// other apps' or the municipality's. Leases and events are written by programs while they run.
func (w *whole) changes(field, group, resource, what string, r rbacv1.PolicyRule) []Finding {
	verbs := slices.DeleteFunc(slices.Clone(r.Verbs), func(verb string) bool { return isReading(verb) || verb == "create" })
	written := strings.Join(verbs, ", ")
	switch {
	case len(verbs) == 0:
		return nil
	case gives(r, "deletecollection"):
		return one(field, fmt.Sprintf("deletecollection on %s deletes what is others', too", what), "take it out, and delete by name")
	case isWrittenAtRunTime(group, resource):
		return nil
	case len(r.ResourceNames) == 0:
		return one(field, fmt.Sprintf("%s on all %s of the namespace changes what is other apps' or the municipality's", written, what), "name objects of the bundle in resourceNames, or take it out")
	}
	for _, name := range r.ResourceNames {
		if !w.brings(group, resource, name) {
			return one(field, fmt.Sprintf("%s on %s %q, which is not in the bundle, changes what may be somebody else's", written, what, name), "name objects of the bundle alone, or take it out")
		}
	}
	if canBeRestarted := group == appsv1.GroupName; !canBeRestarted && !strings.Contains(resource, "/") && gives(r, "update", "patch") {
		return warn(field, fmt.Sprintf("what the bundle brings stays as its version says, so that the app is refused when it uses %s on %s", written, what),
			"take it out: what an app writes while it runs is in a volume, a database or a Lease")
	}
	return nil
}

// isWrittenAtRunTime says whether programs write objects of a resource while they run, by names that nobody knows before: a Lease to elect a
// leader, and events.
func isWrittenAtRunTime(group, resource string) bool {
	switch resource {
	case "leases":
		return group == coordinationv1.GroupName
	case "events":
		return group == "" || group == eventsv1.GroupName
	}
	return false
}

// brings says whether the bundle has an object of a resource, or of that whose part it is, by its name.
func (w *whole) brings(group, resource, name string) bool {
	resource, _, _ = strings.Cut(resource, "/")
	return slices.ContainsFunc(w.objects, func(o *unstructured.Unstructured) bool {
		plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
		return plural.Group == group && plural.Resource == resource && o.GetName() == name
	})
}

// neverGiven says why a Role may not give something, whatever the platform allows; empty where it may.
func (w *whole) neverGiven(group, resource, what string, r rbacv1.PolicyRule) (problem, fix string) {
	isCore := func(resources ...string) bool { return group == "" && slices.Contains(resources, resource) }
	switch {
	case group == rbacv1.APIGroupAll, resource == rbacv1.ResourceAll, gives(r, rbacv1.VerbAll):
		return "a wildcard gives what nobody has read", "name groups, resources and verbs"
	case group == v1alpha1.GroupVersion.Group:
		return what + " belongs to the operator", "take it out"
	case group == rbacv1.GroupName:
		return what + " would let the app give rights away", "take it out"
	case isCore("secrets"):
		return w.secretsNeverGiven(r)
	case isCore("persistentvolumeclaims") && gives(r, "delete", "deletecollection"):
		return "the data would go with the claim", "take it out: people delete claims"
	case isCore("pods/exec", "pods/attach", "serviceaccounts", "serviceaccounts/token"):
		return what + " would let the app act as another", "take it out"
	}
	return "", ""
}

// secretsNeverGiven is neverGiven of Secrets.
func (w *whole) secretsNeverGiven(r rbacv1.PolicyRule) (problem, fix string) {
	areOwn := !slices.ContainsFunc(r.ResourceNames, func(name string) bool { return !w.has("", "Secret", name) })
	switch {
	case len(r.ResourceNames) == 0:
		return "all Secrets of the namespace are not the app's", "name those that it reads, in resourceNames"
	case gives(r, "create"), !reads(r) && !areOwn:
		return "a Secret that the app makes itself could be a token of another account", "bring the Secret in the bundle, with parameters for its values (format: generated has them made), and let the app get it"
	case gives(r, "list", "watch") && !areOwn:
		return "list and watch are for Secrets of the bundle", "let the app get it by its name, or bring the Secret in the bundle"
	}
	return "", ""
}

// gives says whether a rule lets somebody do any of some things.
func gives(r rbacv1.PolicyRule, verbs ...string) bool {
	return slices.ContainsFunc(r.Verbs, func(verb string) bool { return slices.Contains(verbs, verb) })
}

// reads says whether a rule lets somebody read, and no more.
func reads(r rbacv1.PolicyRule) bool {
	return !slices.ContainsFunc(r.Verbs, func(verb string) bool { return !isReading(verb) })
}

func isReading(verb string) bool { return verb == "get" || verb == "list" || verb == "watch" }

// covers says whether a rule lets somebody do something to any object of a resource.
func covers(held rbacv1.PolicyRule, group, resource, verb string) bool {
	in := func(all []string, one, wildcard string) bool {
		return slices.Contains(all, one) || slices.Contains(all, wildcard)
	}
	return len(held.ResourceNames) == 0 && in(held.APIGroups, group, rbacv1.APIGroupAll) &&
		in(held.Resources, resource, rbacv1.ResourceAll) && in(held.Verbs, verb, rbacv1.VerbAll)
}

// bindingRule: a RoleBinding gives a Role of the bundle to accounts of the bundle.
func bindingRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, rbacv1.GroupName, "RoleBinding") {
		return nil
	}
	binding, found := typed[rbacv1.RoleBinding](o.Object, "")
	if binding == nil {
		return found
	}
	if ref := binding.RoleRef; ref.Kind != "Role" || !w.has(rbacv1.GroupName, "Role", ref.Name) {
		found = append(found, one("roleRef", fmt.Sprintf("%s/%s is not a Role of this bundle", ref.Kind, ref.Name), "bring the Role in the bundle, with the rights that the app needs")...)
	}
	for i, s := range binding.Subjects {
		if s.Kind == rbacv1.ServiceAccountKind && w.has("", "ServiceAccount", s.Name) && s.Name != v1alpha1.InstallerName &&
			(s.Namespace == "" || s.Namespace == o.GetNamespace()) {
			continue
		}
		found = append(found, one(fmt.Sprintf("subjects[%d]", i), fmt.Sprintf("%s/%s is not an account of this bundle", s.Kind, s.Name), "give rights to ServiceAccounts of the bundle alone, without a namespace")...)
	}
	return found
}
