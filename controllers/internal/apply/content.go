package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// ManagerOf is the field manager of an app's objects: each app has its own, so that two that bring an object
// of the same name are in conflict, as the API server sees it.
func ManagerOf(app string) string { return Owner + "-app-" + app }

// contentHash works out ContentHash of an object as the API server returned it.
func contentHash(o *unstructured.Unstructured) string {
	owned := ownedBy(o, ManagerOf(o.GetLabels()[v1alpha1.LabelApp]))
	if owned == nil {
		return ""
	}
	ignored := IgnoredFields(o)
	sum := sha256.New()
	addOwned(sum, owned, o.Object, nil, ignored)
	for _, path := range Decisive(o) {
		value, found, err := unstructured.NestedFieldCopy(o.Object, path...)
		if err != nil || !found {
			continue
		}
		for _, ignore := range append(ignored, restarted(o)...) {
			if rest, within := after(ignore, path); within {
				if content, ok := value.(map[string]any); ok {
					unstructured.RemoveNestedField(content, rest...)
				}
			}
		}
		add(sum, strings.Join(path, "."), value)
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}

// Decisive are the parts of an object that decide what runs and who is reached. In these nobody else may add
// a field, such as a container or a key of a Secret. Elsewhere, others' fields are theirs.
func Decisive(o *unstructured.Unstructured) [][]string {
	gvk := o.GroupVersionKind()
	if template := podtemplate.Path(gvk); template != nil {
		return [][]string{template}
	}
	switch gvk.Group + "/" + gvk.Kind {
	case "/ConfigMap", "/Secret":
		return [][]string{{"data"}, {"binaryData"}}
	case "/Service":
		return [][]string{{"spec", "selector"}, {"spec", "ports"}, {"spec", "externalIPs"}}
	case "/Pod":
		return [][]string{{"spec"}}
	}
	return nil
}

// IgnoredFields are the fields of an object that its publisher leaves to others.
func IgnoredFields(o *unstructured.Unstructured) [][]string {
	text := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]
	if text == "" {
		return nil
	}
	var all [][]string
	for path := range strings.SplitSeq(text, ",") {
		all = append(all, strings.Split(strings.TrimSpace(path), "."))
	}
	return all
}

// restarted is where "kubectl rollout restart" notes the time in a pod template: people may restart what
// they run.
func restarted(o *unstructured.Unstructured) [][]string {
	template := podtemplate.Path(o.GroupVersionKind())
	if template == nil {
		return nil
	}
	return [][]string{append(template, "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")}
}

// after is what follows a prefix in a path.
func after(path, prefix []string) (rest []string, within bool) {
	if len(path) <= len(prefix) || !slices.Equal(path[:len(prefix)], prefix) {
		return nil, false
	}
	return path[len(prefix):], true
}

// ownedBy is the set of fields that a manager applied, as FieldsV1 has it; nil where there are none.
func ownedBy(o *unstructured.Unstructured, manager string) map[string]any {
	for _, entry := range o.GetManagedFields() {
		if entry.Manager != manager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" {
			continue
		}
		return fieldsOf(entry)
	}
	return nil
}

func fieldsOf(entry metav1.ManagedFieldsEntry) map[string]any {
	if entry.FieldsV1 == nil {
		return nil
	}
	raw, err := io.ReadAll(entry.FieldsV1.GetRawReader())
	if err != nil {
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil
	}
	return fields
}

// addOwned adds the values of a set of fields. The set is as in managedFields (FieldsV1): "f:" and the name of
// a field, "k:" and the keys of an item of a list, "v:" and a value of a set, "." for the item itself.
func addOwned(sum hash.Hash, fields map[string]any, value any, path []string, ignored [][]string) {
	for _, step := range slices.Sorted(maps.Keys(fields)) {
		if step == "." {
			continue
		}
		at := path
		if name, isField := strings.CutPrefix(step, "f:"); isField {
			at = append(slices.Clone(path), name)
			if slices.ContainsFunc(ignored, func(ignore []string) bool { return slices.Equal(ignore, at) }) {
				continue
			}
		}
		child := follow(value, step)
		if below, ok := fields[step].(map[string]any); ok && len(below) > 0 && child != nil {
			add(sum, step, nil)
			addOwned(sum, below, child, at, ignored)
			continue
		}
		add(sum, step, child)
	}
}

// follow is what one step of a set of fields leads to; nil where it is not there.
func follow(value any, step string) any {
	kind, text, _ := strings.Cut(step, ":")
	switch kind {
	case "f":
		if fields, ok := value.(map[string]any); ok {
			return fields[text]
		}
	case "k":
		return itemOf(value, text)
	case "v":
		var member any
		items, ok := value.([]any)
		if ok && json.Unmarshal([]byte(text), &member) == nil && slices.ContainsFunc(items, func(item any) bool { return equal(item, member) }) {
			return member
		}
	}
	return nil
}

// itemOf is the item of a list that has some keys; nil where there is none.
func itemOf(value any, text string) any {
	var keys map[string]any
	items, ok := value.([]any)
	if !ok || json.Unmarshal([]byte(text), &keys) != nil {
		return nil
	}
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok && hasKeys(fields, keys) {
			return item
		}
	}
	return nil
}

func hasKeys(fields, keys map[string]any) bool {
	for name, want := range keys {
		if !equal(fields[name], want) {
			return false
		}
	}
	return true
}

// equal compares two values of JSON. A number in an object is an int64, and one of a set of fields a float64.
func equal(a, b any) bool {
	if number, ok := a.(int64); ok {
		a = float64(number)
	}
	return reflect.DeepEqual(a, b)
}

func add(sum hash.Hash, name string, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		content = []byte("null") // it came out of JSON
	}
	sum.Write([]byte(name + "="))
	sum.Write(content)
	sum.Write([]byte{'\n'})
}

// HasForeign says whether somebody but an app's field manager wrote within the decisive parts of its object,
// as the API server returned it.
func HasForeign(o *unstructured.Unstructured, app string) bool {
	decisive, ignored := Decisive(o), append(IgnoredFields(o), restarted(o)...)
	for _, entry := range o.GetManagedFields() {
		if entry.Manager == ManagerOf(app) || entry.Subresource != "" {
			continue
		}
		if wrote(fieldsOf(entry), nil, decisive, ignored) {
			return true
		}
	}
	return false
}

// wrote says whether a set of fields has any within some paths, and not within others.
func wrote(fields map[string]any, path []string, within, except [][]string) bool {
	for step, below := range fields {
		name, isField := strings.CutPrefix(step, "f:")
		at := path
		if isField {
			at = append(slices.Clone(path), name)
		}
		if slices.ContainsFunc(except, func(e []string) bool { return slices.Equal(e, at) }) {
			continue
		}
		deeper, _ := below.(map[string]any)
		inside := slices.ContainsFunc(within, func(w []string) bool { return len(at) >= len(w) && slices.Equal(at[:len(w)], w) })
		if inside && len(deeper) == 0 && step != "." {
			return true
		}
		if wrote(deeper, at, within, except) {
			return true
		}
	}
	return false
}
