package contract

import (
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

	alternatives := make([]string, len(namespaces))
	for i, namespace := range namespaces {
		alternatives[i] = regexp.QuoteMeta(namespace)
	}
	either := "(" + strings.Join(alternatives, "|") + ")"
	mention := regexp.MustCompile(`(?i)(\.|namespace[=: "']+)` + either + `($|[^a-z0-9-])`)
	if twice || slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool {
		return !dispensable(o.GroupVersionKind()) && mentions(o.Object, "", mention, namespaces)
	}) {
		return nil
	}
	return namespaces
}

// mentions says whether a text below a value names a namespace. Where objects themselves lie is no mention, and is the
// field namespace of metadata and of subjects.
func mentions(value any, key string, mention *regexp.Regexp, namespaces []string) bool {
	switch within := value.(type) {
	case map[string]any:
		name, _ := within["name"].(string)
		for k, v := range within {
			if k == "namespace" && (key == "metadata" || key == "subjects") {
				continue
			}
			if k == "value" {
				k = name // of an environment variable
			}
			if mentions(v, k, mention, namespaces) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(within, func(item any) bool { return mentions(item, key, mention, namespaces) })
	case string:
		return mention.MatchString(within) || (strings.Contains(strings.ToLower(key), "namespace") && slices.Contains(namespaces, within))
	}
	return false
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
