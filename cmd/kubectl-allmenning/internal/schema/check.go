package schema

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Complete is a copy of the object as the API server would keep it: with defaults. A status
// stays as it is, if there is one.
func (k *Kind) Complete(object map[string]any) map[string]any {
	status, told := object["status"]
	complete := runtime.DeepCopyJSON(without(object, "status"))
	defaulting.PruneNonNullableNullsWithoutDefaults(complete, k.structural)
	defaulting.Default(complete, k.structural)
	delete(complete, "status")
	if told {
		complete["status"] = status
	}
	return complete
}

// Check says what the API server would refuse in a new object that is complete. It passes
// over the status, which the API server leaves out of new objects. Faults are sorted by field.
// Rules are bounded by the API server's own budget, so nobody need be able to stop them.
//
//nolint:contextcheck,nolintlint // see above; it is the callers that the linter means
func (k *Kind) Check(object map[string]any) field.ErrorList {
	object = without(object, "status")
	faults := k.checkMetadata(object)
	faults = append(faults, validation.ValidateCustomResource(nil, object, k.openAPI)...)
	faults = append(faults, objectmeta.Validate(context.Background(), nil, object, k.structural, false)...)
	faults = append(faults, listtype.ValidateListSetsAndMaps(nil, k.structural, object)...)
	if !slices.ContainsFunc(faults, hidesRules) {
		faults = append(faults, k.checkRules(object)...)
	}
	for _, fault := range faults {
		fault.Detail = strings.TrimPrefix(fault.Detail, fault.Field+" in body ") // the field is told anyway
	}
	slices.SortStableFunc(faults, func(a, b *field.Error) int { return cmp.Compare(a.Field, b.Field) })
	return faults
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
	for _, fault := range kind.Check(kind.Complete(object)) {
		faults = append(faults, fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), fault))
	}
	return errors.Join(faults...)
}

func (k *Kind) checkMetadata(object map[string]any) field.ErrorList {
	o := &unstructured.Unstructured{Object: object}
	if k.namespaced && o.GetNamespace() == "" { // whoever applies it may name one
		o = o.DeepCopy()
		o.SetNamespace("default")
	}
	return apivalidation.ValidateObjectMetaAccessor(o, k.namespaced, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
}

func (k *Kind) checkRules(object map[string]any) field.ErrorList {
	if !k.compiled {
		k.rules, k.compiled = cel.NewValidator(k.structural, true, celconfig.PerCallLimit), true
	}
	// There is no old object, so rules of changes are passed over.
	faults, _ := k.rules.Validate(context.Background(), nil, k.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return faults
}

// hidesRules is true of faults that keep the API server from asking the rules.
func hidesRules(fault *field.Error) bool {
	switch fault.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	case field.ErrorTypeDuplicate, field.ErrorTypeForbidden, field.ErrorTypeInternal, field.ErrorTypeInvalid, field.ErrorTypeNotFound, field.ErrorTypeTooFew:
	}
	return false
}

func without(object map[string]any, key string) map[string]any {
	object = maps.Clone(object)
	delete(object, key)
	return object
}
