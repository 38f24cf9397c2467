package contract

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/internal/builtin"
)

// MaxObjects bounds the objects of a bundle, whatever they are built from.
const MaxObjects = 500

// Finding is one thing that is not as it may be.
type Finding struct {
	// Rule is the name of the rule in docs/bundles.md.
	Rule string
	// File of the bundle that it is about, and Line in it, from 1; empty and 0 where they are not known.
	File string
	Line int
	// Object that it is about, as Kind/name.
	Object string
	// Field of the object, as a path such as spec.type; empty where it is about the object as a whole.
	Field string
	// Problem says what is wrong, and why it matters.
	Problem string
	// Fix says what to do.
	Fix string
	// Patch is what takes the problem away, as a JSON patch of the object; empty where a person must decide.
	Patch []Operation
	// Drop says that the object itself may go: the app is the same without it.
	Drop bool
	// Warning marks what does not keep a version out of the catalogue.
	Warning bool
}

// Operation is one step of a JSON patch (RFC 6902).
type Operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// String is the finding as one sentence, without its place.
func (f Finding) String() string {
	text := f.Problem
	if f.Field != "" {
		text = f.Field + ": " + text
	}
	if f.Object != "" {
		text = f.Object + ": " + text
	}
	if f.Fix != "" {
		text += "; " + f.Fix
	}
	return text
}

// Refusals are the findings that keep a version out, without the warnings.
func Refusals(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return f.Warning })
}

// Warnings are the findings that keep no version out.
func Warnings(all []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool { return !f.Warning })
}

// Place is the file of a finding, and its line where that is known; empty where the file is not.
func (f Finding) Place() string {
	if f.File == "" || f.Line == 0 {
		return f.File
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// Text is all findings in one sentence each, with their places.
func Text(all []Finding) string {
	texts := make([]string, 0, len(all))
	for _, f := range all {
		text := f.String()
		if place := f.Place(); place != "" {
			text = place + ": " + text
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ". ")
}

// Scope says whether a bundle may hold a kind.
type Scope int

const (
	// ScopeForbidden is the scope of a kind that the installer role does not list.
	ScopeForbidden Scope = iota
	// ScopeNamespaced is the scope of a kind that bundles may hold.
	ScopeNamespaced
	// ScopeCluster is the scope of a kind whose objects belong to no namespace. No bundle may hold it.
	ScopeCluster
	// ScopeUnknown is the scope of a kind that the cluster does not serve.
	ScopeUnknown
	// ScopeUnreadable is the scope of a kind that the installers may write, and the operator may not list.
	ScopeUnreadable
)

// Terms are what the cluster and its platform allow.
type Terms struct {
	// ScopeOf answers for the cluster: what the installer account may write, and where it belongs.
	ScopeOf func(schema.GroupVersionKind) Scope
	// Meant is the kind that the cluster has where one is written in another case or version; empty where it has none. Without
	// it, none is known.
	Meant func(schema.GroupVersionKind) schema.GroupVersionKind
	// Installer has the rules of the installer account. A Role of a bundle may give no more.
	Installer []rbacv1.PolicyRule
	// Domains that the hosts of Ingresses must be, or be below.
	Domains []string
	// Annotations that Services and Ingresses may carry beside the built-in ones: keys, or prefixes that
	// end with a slash.
	Annotations []string
	// PriorityClasses that pods may name.
	PriorityClasses []string
	// TokenAudiences that the tokens of pods may be for, beside the API server.
	TokenAudiences []string
	// Images that pods may be of.
	Images Images
	// HasHealthRule says whether the version brings a health rule for a kind.
	HasHealthRule func(schema.GroupVersionKind) bool
	// Offline says that no API server is asked about the objects: then a field that is not known here is a fault, too. A
	// newer one may know it.
	Offline bool
}

// RuleHosts is the rule on the names of routes, which are of the municipality's domains.
const RuleHosts = "ingress-hosts"

// rule is one row of the table in docs/bundles.md.
type rule struct {
	name  string
	check func(*whole, *unstructured.Unstructured) []Finding
}

// rules are the table, in its order.
func rules() []rule {
	return []rule{
		{"kind", kindRule},
		{"schema", schemaRule},
		{"ownership", ownershipRule},
		{"reserved-names", reservedRule},
		{"pod-security", podSecurityRule},
		{"pod-placement", placementRule},
		{"pod-account", podAccountRule},
		{"pod-volumes", podVolumesRule},
		{RuleImages, imagesRule},
		{"grace-period", graceRule},
		{"service", serviceRule},
		{RuleHosts, hostsRule},
		{"annotations", annotationsRule},
		{"claims", claimsRule},
		{"claim-retention", retentionRule},
		{"disruption-budget", budgetRule},
		{"autoscaler", autoscalerRule},
		{"selectors", selectorsRule},
		{"references", missingRule},
		{"accounts", accountsRule},
		{"secret-types", secretRule},
		{"roles", roleRule},
		{"role-bindings", bindingRule},
		{"jobs", jobRule},
		{"phases", phasesRule},
		{"health", healthRule},
	}
}

// whole is a bundle that is judged: rules look at one object at a time, and at what is beside it.
type whole struct {
	terms Terms
	// objects without the fields that can't be read, so that the rules see all the rest.
	objects []*unstructured.Unstructured
	// faults are what is wrong with their fields, by their place in the list.
	faults [][]builtin.Fault
	// pods that the objects make, by their place in the list; nil where one makes none. They are read once:
	// rules ask for them for each of the objects.
	pods []*corev1.PodTemplateSpec
}

// Check returns all that is wrong with the objects of a bundle, in the order of the objects.
func Check(objects []*unstructured.Unstructured, terms Terms) []Finding {
	w := &whole{terms: terms}
	for _, o := range objects {
		faults, read := builtin.Check(o)
		pod, _, _ := podOf(read)
		w.faults, w.objects, w.pods = append(w.faults, faults), append(w.objects, read), append(w.pods, pod)
	}
	table := rules()
	var all []Finding
	for i, o := range w.objects {
		for _, r := range table {
			said := map[string]bool{}
			for _, found := range r.check(w, o) {
				found.Rule, found.Object = r.name, Name(o)
				found.Patch = located(objects[i], found.Patch)
				if !said[found.String()] { // a wildcard on three resources is one fault
					all = append(all, found)
				}
				said[found.String()] = true
			}
		}
	}
	return all
}

// Name is how people call an object: its kind and its name.
func Name(o *unstructured.Unstructured) string { return o.GetKind() + "/" + o.GetName() }

// has says whether the bundle brings an object.
func (w *whole) has(group, kind, name string) bool { return w.find(group, kind, name) != nil }

func (w *whole) find(group, kind, name string) *unstructured.Unstructured {
	for _, o := range w.objects {
		if o.GroupVersionKind().Group == group && o.GetKind() == kind && o.GetName() == name {
			return o
		}
	}
	return nil
}

// is says whether an object is of a kind, in whatever version.
func is(o *unstructured.Unstructured, group, kind string) bool {
	gvk := o.GroupVersionKind()
	return gvk.Group == group && gvk.Kind == kind
}

// typed reads an object, or a part of it, as a Go type; what does not fit is a finding.
func typed[T any](content map[string]any, field string) (*T, []Finding) {
	into := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, into); err != nil {
		return nil, []Finding{{Field: field, Problem: fmt.Sprintf("it can't be read: %v", err), Fix: "correct the type of the field"}}
	}
	return into, nil
}

// one is a list of a single finding.
func one(field, problem, fix string) []Finding {
	return []Finding{{Field: field, Problem: problem, Fix: fix}}
}

// takeOut is a finding on a field that is to go.
func takeOut(field, problem, fix string) []Finding {
	return []Finding{{Field: field, Problem: problem, Fix: fix, Patch: []Operation{{Op: "remove", Path: field}}}}
}

// write is a finding on a field that is to have another value.
func write(field, problem, fix string, value any) []Finding {
	return []Finding{{Field: field, Problem: problem, Fix: fix, Patch: []Operation{{Op: "add", Path: field, Value: value}}}}
}

// located writes the fields of a patch as JSON pointers (RFC 6901). One that names no single field of the
// object is left out, with the patch.
func located(o *unstructured.Unstructured, patch []Operation) []Operation {
	var all []Operation
	for _, operation := range patch {
		pointer := pointerTo(o.Object, operation.Path, operation.Op == "remove")
		if pointer == "" {
			return nil
		}
		operation.Path = pointer
		all = append(all, operation)
	}
	return all
}

// steps are the parts of a field as it is written in findings: spec.rules[0].host, and metadata.annotations[a.b/c].
var steps = regexp.MustCompile(`[^.\[\]]+|\[[^\]]*\]`)

// pointerTo is the JSON pointer of a field; empty where the object does not lead there. The last step may be
// missing, unless it must be there.
func pointerTo(value any, field string, there bool) string {
	pointer := ""
	parts := steps.FindAllString(field, -1)
	for i, step := range parts {
		step = strings.TrimSuffix(strings.TrimPrefix(step, "["), "]")
		switch within := value.(type) {
		case map[string]any:
			child, found := within[step]
			if !found && (there || i < len(parts)-1) {
				return ""
			}
			value = child
		case []any:
			at := itemOf(within, step)
			if at < 0 {
				return ""
			}
			step, value = strconv.Itoa(at), within[at]
		default:
			return ""
		}
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(step)
	}
	return pointer
}

// itemOf is the place in a list that an index, or a name, means; -1 where there is none.
func itemOf(list []any, step string) int {
	if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(list) {
		return i
	}
	return slices.IndexFunc(list, func(item any) bool {
		fields, ok := item.(map[string]any)
		return ok && fields["name"] == step
	})
}

// allowed says whether a key is in a list of keys, and of prefixes that end with a slash.
func allowed(list []string, key string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		return entry == key || (strings.HasSuffix(entry, "/") && strings.HasPrefix(key, entry))
	})
}

// sortedKeys are the keys of a map in their order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
