// Package builtin knows the kinds that Kubernetes itself brings, and the fields that they have, from the Go types of its API. With it
// is found, without asking an API server, what is written wrong in a manifest, all of it at once and with the path of the field.
//
//   - builtin.go: which kinds there are.
//   - fields.go: fields that there are not, and values of another type.
//   - values.go: values that Kubernetes never takes: names, labels, ports, names that are there twice.
//   - pods.go: what pods, and the workloads that make them, must have.
package builtin

import (
	"cmp"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/allmenning/allmenning/internal/spelling"
)

// Has says whether only Kubernetes itself can bring kinds of a group: those of definitions have a domain as their group.
func Has(group string) bool {
	return scheme.Scheme.IsGroupRegistered(group) || !strings.Contains(group, ".")
}

// stable is a version that Kubernetes serves unless it is asked not to.
var stable = regexp.MustCompile(`^v\d+$`)

// Known says whether Kubernetes serves objects of a kind by itself. A version that is no longer served, or only where
// somebody has asked for it, is not known.
func Known(gvk schema.GroupVersionKind) bool {
	kind, registered := scheme.Scheme.AllKnownTypes()[gvk]
	return registered && stable.MatchString(gvk.Version) && isObject(kind)
}

// isObject says whether a type is that of objects: a version registers options and lists of them as well.
func isObject(t reflect.Type) bool {
	field, found := t.FieldByName("ObjectMeta")
	return found && field.Anonymous && field.Type == reflect.TypeFor[metav1.ObjectMeta]()
}

// Meant is the kind that somebody probably meant by one that Kubernetes does not know: written in another case, in a version or a group
// that does not have it, or with a letter wrong. It is empty where there is none such.
func Meant(gvk schema.GroupVersionKind) schema.GroupVersionKind {
	if !Has(gvk.Group) || Known(gvk) {
		return schema.GroupVersionKind{}
	}
	var names []string
	all := map[string][]schema.GroupVersionKind{}
	for known := range scheme.Scheme.AllKnownTypes() {
		if !Known(known) {
			continue
		}
		name := strings.ToLower(known.Kind)
		if all[name] == nil {
			names = append(names, name)
		}
		all[name] = append(all[name], known)
	}
	slices.Sort(names)

	name := strings.ToLower(gvk.Kind)
	if all[name] == nil {
		near := spelling.Near(name, names)
		if len(near) == 0 {
			return schema.GroupVersionKind{}
		}
		name = near[0]
	}
	return slices.MinFunc(all[name], func(a, b schema.GroupVersionKind) int {
		return cmp.Or(
			first(a.GroupVersion() == gvk.GroupVersion(), b.GroupVersion() == gvk.GroupVersion()), first(a.Group == gvk.Group, b.Group == gvk.Group),
			first(a.Group == "" || a.Group == "apps", b.Group == "" || b.Group == "apps"), // what apps are made of
			strings.Compare(a.Group, b.Group), strings.Compare(b.Version, a.Version),      // the newest
		)
	})
}

// Groups are the groups in which Kubernetes has a resource, such as deployments; empty for that without a name.
func Groups(resource string) []string {
	var all []string
	for known := range scheme.Scheme.AllKnownTypes() {
		if plural, _ := meta.UnsafeGuessKindToResource(known); Known(known) && plural.Resource == resource {
			all = append(all, known.Group)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// first sorts what something is true of before what it is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
