package builtin

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/allmenning/allmenning/internal/spelling"
)

// Fault is one thing that is wrong with an object.
type Fault struct {
	// Field as a path, such as spec.template.spec.containers[0].image.
	Field string
	// Problem says what is wrong. It names no values, which may be secrets.
	Problem string
	// Fix says what to write.
	Fix string
	// Unknown marks a field that is not known here: a newer Kubernetes may know it.
	Unknown bool
}

// Check returns all that is wrong with the fields of an object of a kind that is known, and the object without what is wrong: with
// that, other rules can judge the rest. Of other kinds nothing is said.
func Check(o *unstructured.Unstructured) ([]Fault, *unstructured.Unstructured) {
	if !Known(o.GroupVersionKind()) {
		return nil, o
	}
	r := reading{}
	clean, _ := r.value(o.Object, scheme.Scheme.AllKnownTypes()[o.GroupVersionKind()], "").(map[string]any)
	read := o
	if len(r.faults) > 0 {
		read = &unstructured.Unstructured{Object: clean}
	}
	return slices.Concat(r.faults, names(read), workload(read)), read
}

// reading is an object that is held against its type.
type reading struct {
	faults []Fault
}

func (r *reading) fault(at, problem, fix string) {
	r.faults = append(r.faults, Fault{Field: at, Problem: problem, Fix: fix})
}

// value holds a value against a type, and returns what of it is right.
func (r *reading) value(value any, t reflect.Type, at string) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil {
		return nil
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) || t == reflect.TypeFor[[]byte]() {
		return r.special(value, t, at)
	}
	switch t.Kind() {
	case reflect.Struct:
		return r.object(value, t, at)
	case reflect.Map:
		return r.mapping(value, t.Elem(), at)
	case reflect.Slice, reflect.Array:
		return r.list(value, t.Elem(), at)
	case reflect.Interface:
		return value
	}
	return r.scalar(value, t, at)
}

func (r *reading) object(value any, t reflect.Type, at string) any {
	fields, ok := value.(map[string]any)
	if !ok {
		r.fault(at, "it is "+called(value)+", and must be an object", "write its fields below it")
		return nil
	}
	known := fieldsOf(t)
	clean := map[string]any{}
	for _, name := range sortedKeys(fields) {
		below := join(at, name)
		field, found := known[name]
		if !found {
			fix := "take it out"
			if near := spelling.Near(name, sortedKeys(known)); len(near) > 0 {
				fix = "write " + strings.Join(near, " or ") + ", or take it out"
			}
			r.faults = append(r.faults, Fault{Field: below, Problem: "Kubernetes has no such field here, and refuses the object", Fix: fix, Unknown: true})
			continue
		}
		read := r.value(fields[name], field.Type, below)
		if read != nil {
			clean[name] = read
		}
		r.port(name, read, below)
		r.repeats(read, field.Tag.Get("patchMergeKey"), below)
	}
	return clean
}

// fieldsOf are the fields of a type as JSON names them, with those of what is inlined in it.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	all := map[string]reflect.StructField{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name == "" && field.Anonymous:
			inlined := field.Type
			if inlined.Kind() == reflect.Pointer {
				inlined = inlined.Elem()
			}
			for name, field := range fieldsOf(inlined) {
				all[name] = field
			}
		case name != "":
			all[name] = field
		}
	}
	return all
}

func (r *reading) mapping(value any, elem reflect.Type, at string) any {
	entries, ok := value.(map[string]any)
	if !ok {
		r.fault(at, "it is "+called(value)+", and must be an object of keys and values", "write key: value below it")
		return nil
	}
	clean := map[string]any{}
	for _, key := range sortedKeys(entries) {
		if read := r.value(entries[key], elem, join(at, key)); read != nil {
			clean[key] = read
		}
	}
	return clean
}

// list reads each entry. One that is wrong stays as an empty one, so that those behind it keep their places.
func (r *reading) list(value any, elem reflect.Type, at string) any {
	entries, ok := value.([]any)
	if !ok {
		r.fault(at, "it is "+called(value)+", and must be a list", "begin each entry with a hyphen")
		return nil
	}
	clean := make([]any, len(entries))
	for i, entry := range entries {
		if clean[i] = r.value(entry, elem, fmt.Sprintf("%s[%d]", at, i)); clean[i] == nil {
			clean[i] = empty(elem)
		}
	}
	return clean
}

// empty is an empty value of a type, as JSON has it.
func empty(t reflect.Type) any {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String:
		return ""
	case reflect.Struct, reflect.Map:
		return map[string]any{}
	}
	return nil
}

func (r *reading) scalar(value any, t reflect.Type, at string) any {
	switch t.Kind() {
	case reflect.String:
		if text, ok := value.(string); ok {
			return text
		}
		fix := "write it in quotes"
		switch value.(type) {
		case map[string]any, []any:
			fix = "write it as text: after a |, on lines of their own"
		}
		r.fault(at, "it is "+called(value)+", and must be text", fix)
	case reflect.Bool:
		if yes, ok := value.(bool); ok {
			return yes
		}
		r.fault(at, "it is "+called(value)+", and must be true or false", "write true or false, without quotes")
	default:
		return r.number(value, t, at)
	}
	return nil
}

func (r *reading) number(value any, t reflect.Type, at string) any {
	number, whole := value.(int64)
	if fraction, ok := value.(float64); ok && t.Kind() != reflect.Float64 && fraction == math.Trunc(fraction) {
		number, whole = int64(fraction), true
	}
	if t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32 {
		return r.fraction(value, whole, at)
	}
	switch {
	case whole && (t.Bits() == 64 || number >= -1<<(t.Bits()-1) && number < 1<<(t.Bits()-1)):
		return number
	case whole:
		r.fault(at, "the number is too large", "write a smaller one")
		return nil
	}
	text, _ := value.(string)
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		r.fault(at, "it is text, and must be a number", "write the number without quotes")
		return nil
	}
	r.fault(at, "it is "+called(value)+", and must be a whole number", "write a number")
	return nil
}

func (r *reading) fraction(value any, whole bool, at string) any {
	if _, ok := value.(float64); ok || whole {
		return value
	}
	r.fault(at, "it is "+called(value)+", and must be a number", "write a number")
	return nil
}

// special reads a value that its type reads in a way of its own.
func (r *reading) special(value any, t reflect.Type, at string) any {
	written, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(written, reflect.New(t).Interface())
	}
	if err == nil {
		return value
	}
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		r.fault(at, "it is not a quantity", "write one such as 500m, 2 or 128Mi")
	case reflect.TypeFor[intstr.IntOrString]():
		r.fault(at, "it is "+called(value)+", and must be a number, or text", "write a number, or a text such as a name or 25%")
	case reflect.TypeFor[[]byte]():
		r.fault(at, "it is not base64", "write it under stringData as it is, or encode it")
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		r.fault(at, "it is not a time", "write one such as 2026-01-31T12:00:00Z")
	default:
		r.fault(at, "it can't be read as "+t.Name(), "correct the type of the field")
	}
	return nil
}

// called is what a value is, in words that say nothing of what is in it.
func called(value any) string {
	switch value.(type) {
	case string:
		return "text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	case []any:
		return "a list"
	}
	return "an object"
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join is the path of a field below another.
func join(at, name string) string {
	switch {
	case !plainKey.MatchString(name):
		return at + "[" + name + "]"
	case at == "":
		return name
	}
	return at + "." + name
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
