package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// leavable are the namespaces that the objects of an app name and that can be taken off: the one, or several where
// that changes nothing else. It does where two objects would have one name, or where a text holds the name of a
// namespace, such as the address of a Service in it; none are leavable then.
func leavable(objects []*unstructured.Unstructured) []string {
	var namespaces []string
	named := map[string]bool{}
	twice := false
	for _, o := range objects {
		if dispensable(o.GroupVersionKind()) {
			continue
		}
		if namespace := o.GetNamespace(); namespace != "" && !slices.Contains(namespaces, namespace) {
			namespaces = append(namespaces, namespace)
		}
		id := o.GroupVersionKind().Group + "/" + Name(o)
		twice = twice || named[id]
		named[id] = true
	}
	if len(namespaces) < 2 {
		return namespaces
	}
	slices.Sort(namespaces)

	m := newMentions(namespaces)
	if twice || slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return m.in(o) != "" }) {
		return nil
	}
	return namespaces
}

// Mentions warns of each object with a text that names the namespace which is taken off all objects, such as the address of a Service in it:
// a tenant has the Service elsewhere. Where it is that of the tenant itself, the text was written for the tenant. Fit takes the namespace off, so it
// comes later.
func Mentions(objects []*unstructured.Unstructured, tenant string) []Finding {
	namespaces := leavable(objects)
	if len(namespaces) != 1 || namespaces[0] == tenant { // of several none is mentioned, or they stay
		return nil
	}
	m := newMentions(namespaces)
	var found []Finding
	for _, o := range objects {
		if field := m.in(o); field != "" {
			found = append(found, Finding{Rule: "build", Object: Name(o), Field: field, Warning: true,
				Problem: fmt.Sprintf("it names the namespace %s, which is taken off, and in which no tenant has the app", namespaces[0]),
				Fix:     "write the names of Services without a namespace, or take the tenant's own, as data.namespace of " + contextFile + ", or .Release.Namespace in a chart"})
		}
	}
	return found
}

// contextFile is the file of a bundle that has the facts of the tenant.
const contextFile = "allmenning-context.yaml"

// mentions finds texts that name a namespace: text does so anywhere, and one of namespaces where the field is about namespaces.
type mentions struct {
	text       *regexp.Regexp
	namespaces []string
}

func newMentions(namespaces []string) mentions {
	alternatives := make([]string, len(namespaces))
	for i, namespace := range namespaces {
		alternatives[i] = regexp.QuoteMeta(namespace)
	}
	return mentions{regexp.MustCompile(`(?i)(\.|namespace[=: "']+)(` + strings.Join(alternatives, "|") + `)($|[^a-z0-9-])`), namespaces}
}

// in is the first field of an object with a text that names a namespace; empty where none has. Where objects themselves lie is no
// mention, nor is what the app is the same without.
func (m mentions) in(o *unstructured.Unstructured) string {
	if dispensable(o.GroupVersionKind()) {
		return ""
	}
	return m.below(o.Object, "", "")
}

// below is the first field below a value; at is the value's own, and key what it is about.
func (m mentions) below(value any, at, key string) string {
	switch within := value.(type) {
	case map[string]any:
		for _, k := range sortedKeys(within) {
			if saysWhere(key, k) {
				continue
			}
			if field := m.below(within[k], strings.TrimPrefix(at+"."+k, "."), about(within, k)); field != "" {
				return field
			}
		}
	case []any:
		for i, item := range within {
			if field := m.below(item, fmt.Sprintf("%s[%d]", at, i), key); field != "" {
				return field
			}
		}
	case string:
		if m.names(within, key) {
			return at
		}
	}
	return ""
}

// saysWhere says whether a field of something says where an object lies, or where an image comes from.
func saysWhere(of, field string) bool {
	return field == "image" || field == "namespace" && (of == "metadata" || of == "subjects")
}

// about is what a field of an object is about: the value of an environment variable is about what the variable is called.
func about(object map[string]any, field string) string {
	if field != "value" {
		return field
	}
	name, _ := object["name"].(string)
	return name
}

// names says whether a text names a namespace. The address of the API server is the same everywhere.
func (m mentions) names(text, key string) bool {
	if strings.Contains(strings.ToLower(key), "namespace") && slices.Contains(m.namespaces, text) {
		return true
	}
	return m.text.MatchString(strings.ReplaceAll(text, "kubernetes.default", ""))
}

// withoutNamespace takes the namespaces of the publisher's own cluster off an object.
func withoutNamespace(o *unstructured.Unstructured, namespaces []string) {
	unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
	subjects, found, err := unstructured.NestedSlice(o.Object, "subjects")
	if !found || err != nil {
		return
	}
	for _, s := range subjects {
		subject, ok := s.(map[string]any)
		if !ok {
			continue
		}
		if namespace, ok := subject["namespace"].(string); ok && slices.Contains(namespaces, namespace) {
			delete(subject, "namespace")
		}
	}
	o.Object["subjects"] = subjects
}
