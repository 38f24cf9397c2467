package parameters

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

// check holds a schema against the rules for structural schemas, and finds patterns, types, CEL
// rules and defaults that could never work, so that they show when a version enters the catalogue
// and not when a tenant uses it.
func check(structural *structuralschema.Structural) error {
	path := field.NewPath("openAPIV3Schema")
	wrong := structuralschema.ValidateStructural(path, structural)
	wrong = append(wrong, checkNode(path, structural)...)
	if len(wrong) == 0 {
		invalid, err := defaulting.ValidateDefaults(context.Background(), path, structural, false, true)
		if err != nil {
			return fmt.Errorf("openAPIV3Schema: checking defaults: %w", err)
		}
		wrong = invalid
	}
	found := make([]error, 0, len(wrong))
	for _, one := range wrong {
		found = append(found, fmt.Errorf("%s: %s", one.Field, reasonOf(one)))
	}
	return errors.Join(found...)
}

// types that a schema may name; an empty one is left to the rules for structural schemas.
var types = []string{"", "object", "array", "string", "integer", "number", "boolean"}

func checkNode(path *field.Path, node *structuralschema.Structural) field.ErrorList {
	var wrong field.ErrorList
	if !slices.Contains(types, node.Type) {
		wrong = append(wrong, field.Invalid(path.Child("type"), node.Type, fmt.Sprintf("%q is not one of %s", node.Type, strings.Join(types[1:], ", "))))
		return wrong
	}
	if node.ValueValidation != nil {
		if _, err := regexp.Compile(node.ValueValidation.Pattern); err != nil {
			wrong = append(wrong, field.Invalid(path.Child("pattern"), node.ValueValidation.Pattern, err.Error()))
		}
	}
	wrong = append(wrong, checkRules(path.Child("x-kubernetes-validations"), node)...)
	for _, name := range slices.Sorted(maps.Keys(node.Properties)) {
		property := node.Properties[name]
		wrong = append(wrong, checkNode(path.Child("properties").Key(name), &property)...)
	}
	if node.Items != nil {
		wrong = append(wrong, checkNode(path.Child("items"), node.Items)...)
	}
	if node.AdditionalProperties != nil && node.AdditionalProperties.Structural != nil {
		wrong = append(wrong, checkNode(path.Child("additionalProperties"), node.AdditionalProperties.Structural)...)
	}
	return wrong
}

func checkRules(path *field.Path, node *structuralschema.Structural) field.ErrorList {
	if len(node.XValidations) == 0 {
		return nil
	}
	base := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	compiled, err := cel.Compile(node, model.SchemaDeclType(node, false), celconfig.PerCallLimit, base, cel.NewExpressionsEnvLoader())
	if err != nil {
		return field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	var wrong field.ErrorList
	for i, rule := range compiled {
		for _, problem := range []*apiservercel.Error{rule.Error, rule.MessageExpressionError} {
			if problem != nil {
				wrong = append(wrong, field.Invalid(path.Index(i), "", problem.Detail))
			}
		}
	}
	return wrong
}
