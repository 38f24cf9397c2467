package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
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
	var ignored [][]string
	if ownsIgnored(owned) {
		ignored = contract.IgnoredFields(o)
	}
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
	if gvk.Group == "batch" && gvk.Kind == "Job" {
		return nil // its template can't be changed, and the API server adds labels to it
	}
	if template := podtemplate.Path(gvk); template != nil {
		return [][]string{template}
	}
	switch gvk.Group + "/" + gvk.Kind {
	case "/ConfigMap", "/Secret":
		return [][]string{{"data"}, {"binaryData"}}
	case "/Service":
		return [][]string{{"spec", "selector"}, {"spec", "ports"}, {"spec", "externalIPs"}, {"spec", "type"}, {"spec", "externalName"}}
	case "/Pod":
		return [][]string{{"spec"}}
	}
	return nil
}

// ownsIgnored says whether the annotation that names contract.IgnoredFields is among the fields that a manager owns: a
// tenant who adds it to an app's object leaves nothing to anybody.
func ownsIgnored(owned map[string]any) bool {
	at := any(owned)
	for _, step := range []string{"f:metadata", "f:annotations", "f:" + v1alpha1.AnnotationIgnoreFields} {
		fields, ok := at.(map[string]any)
		if !ok {
			return false
		}
		if at, ok = fields[step]; !ok {
			return false
		}
	}
	return true
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
	list := newItems(value)
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
		child := list.follow(value, step)
		if below, ok := fields[step].(map[string]any); ok && len(below) > 0 && child != nil {
			add(sum, step, nil)
			addOwned(sum, below, child, at, ignored)
			continue
		}
		add(sum, step, child)
	}
}

// items finds the items of one list by their keys, or by their value. It looks through the list once for each
// set of keys: a tenant may write as many items as an object holds, and this runs for every event of it.
type items struct {
	list []any
	by   map[string]map[string]any // by the names of the keys, and by their values; "" for whole items
}

func newItems(value any) *items {
	list, ok := value.([]any)
	if !ok {
		list = nil
	}
	return &items{list: list, by: map[string]map[string]any{}}
}

// follow is what one step of a set of fields leads to; nil where it is not there.
func (i *items) follow(value any, step string) any {
	kind, text, _ := strings.Cut(step, ":")
	switch kind {
	case "f":
		if fields, ok := value.(map[string]any); ok {
			return fields[text]
		}
	case "k":
		var keys map[string]any
		if json.Unmarshal([]byte(text), &keys) == nil {
			return i.find(slices.Sorted(maps.Keys(keys)), keys)
		}
	case "v":
		var member any
		if json.Unmarshal([]byte(text), &member) == nil {
			return i.find(nil, member)
		}
	}
	return nil
}

// find is the first item whose keys of some names, or whose whole value where there are no names, are as those
// of another.
func (i *items) find(names []string, of any) any {
	under := strings.Join(names, ",")
	known, done := i.by[under]
	if !done {
		known = make(map[string]any, len(i.list))
		for _, item := range i.list {
			if value := valueOf(names, item); value != "" && known[value] == nil {
				known[value] = item
			}
		}
		i.by[under] = known
	}
	return known[valueOf(names, of)]
}

// valueOf is the values of some keys of an item as JSON, of the whole item where there are no names; empty
// where it has no keys. Numbers are the same text whether they came as int64 or as float64.
func valueOf(names []string, item any) string {
	if len(names) > 0 {
		fields, ok := item.(map[string]any)
		if !ok {
			return ""
		}
		values := make([]any, len(names))
		for n, name := range names {
			values[n] = fields[name]
		}
		item = values
	}
	content, err := json.Marshal(item)
	if err != nil {
		return "" // it came out of JSON
	}
	return string(content)
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
	decisive, ignored := Decisive(o), restarted(o)
	if ownsIgnored(ownedBy(o, ManagerOf(app))) {
		ignored = append(ignored, contract.IgnoredFields(o)...)
	}
	for _, entry := range o.GetManagedFields() {
		own := entry.Manager == ManagerOf(app) && entry.Operation == metav1.ManagedFieldsOperationApply // anybody may update under its name
		if own || entry.Subresource != "" {
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
