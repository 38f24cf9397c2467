package schema

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Fault is something that the API server would refuse. The message names the field too.
type Fault struct {
	Field   string
	Message string
}

// Error is the message.
func (f Fault) Error() string { return f.Message }

// Complete is a copy of the object as the API server would keep it: with defaults. A status
// stays as it is, if there is one.
func (k *Kind) Complete(object map[string]any) map[string]any {
	status, has := object["status"]
	complete := runtime.DeepCopyJSON(without(object, "status"))
	defaulting.PruneNonNullableNullsWithoutDefaults(complete, k.structural)
	defaulting.Default(complete, k.structural)
	delete(complete, "status")
	if has {
		complete["status"] = status
	}
	return complete
}

// Check says what the API server would refuse in a new object, as it is written. All faults
// are reported at once, sorted by field: fields that do not exist, the schema, and the rules,
// also where the API server would report the first of these kinds alone. Values of a status are
// passed over, since the API server leaves it out of new objects.
func (k *Kind) Check(written map[string]any) []Fault {
	faults := k.unknownFields(written)
	for _, fault := range k.check(k.Complete(written)) {
		fault.Detail = strings.TrimPrefix(fault.Detail, fault.Field+" in body ") // the field comes first anyway
		faults = append(faults, Fault{Field: fault.Field, Message: fault.Error()})
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.Field, b.Field) })
	return faults
}

// check holds an object with its defaults to the schema and the rules. Rules are bounded by the
// API server's own budget, so nobody need be able to stop them.
//
//nolint:contextcheck,nolintlint // see above; it is the callers that the linter means
func (k *Kind) check(object map[string]any) field.ErrorList {
	object = without(object, "status")
	faults := k.checkMetadata(object)
	schema := validation.ValidateCustomResource(nil, object, k.openAPI)
	schema = append(schema, objectmeta.Validate(context.Background(), nil, object, k.structural, false)...)
	schema = append(schema, listtype.ValidateListSetsAndMaps(nil, k.structural, object)...)
	faults = append(faults, schema...)
	return append(faults, k.checkRules(object, schema)...)
}

// Refusal is why the API server would refuse a new object, one error for each fault; nil
// where it would take it.
func Refusal(object map[string]any) error {
	o := &unstructured.Unstructured{Object: object}
	kind, err := Of(o.GetKind())
	if err != nil {
		return err
	}
	var faults []error
	for _, fault := range kind.Check(object) {
		faults = append(faults, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), fault))
	}
	return errors.Join(faults...)
}

// checkMetadata reports what of the metadata can't be read, and what is wrong with the rest.
func (k *Kind) checkMetadata(object map[string]any) field.ErrorList {
	path := field.NewPath("metadata")
	written, isObject := object["metadata"].(map[string]any)
	if !isObject {
		return field.ErrorList{field.Required(path.Child("name"), "name the object")}
	}

	var faults field.ErrorList
	var read metav1.ObjectMeta
	for _, key := range slices.Sorted(maps.Keys(written)) {
		raw, err := json.Marshal(map[string]any{key: written[key]})
		if err == nil {
			err = json.Unmarshal(raw, &read)
		}
		if err != nil {
			faults = append(faults, field.Invalid(path.Child(key), written[key], strings.TrimPrefix(err.Error(), "json: ")))
		}
	}

	switch {
	case !k.namespaced:
		read.Namespace = "" // the API server takes it out
	case read.Namespace == "":
		read.Namespace = metav1.NamespaceDefault // the caller's context names one
	}
	if read.Name == "" {
		if !slices.ContainsFunc(faults, func(f *field.Error) bool { return f.Field == "metadata.name" }) {
			faults = append(faults, field.Required(path.Child("name"), "name the object"))
		}
		read.Name = "unnamed"
	}
	return append(faults, apivalidation.ValidateObjectMetaAccessor(&read, k.namespaced, apivalidation.NameIsDNSSubdomain, path)...)
}

func without(object map[string]any, key string) map[string]any {
	object = maps.Clone(object)
	delete(object, key)
	return object
}
