// Package parameters checks what a tenant gives an app against what the app takes.
//
// A version of an app declares its parameters by a structural schema, as a CustomResourceDefinition
// does. [Compile] reads it when the version enters the catalogue. For each installation, [Merge] lays
// the levels of parameters over each other, and [Schema.Apply] refuses what the app doesn't know,
// fills in defaults and runs the validation rules. Parameters may hold secrets: an error names path
// and reason, and never a value.
package parameters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// Schema is what an app takes. A nil Schema takes nothing. It may be used by several goroutines.
type Schema struct {
	generated  []Generated
	structural *structuralschema.Structural
	openAPI    validation.SchemaValidator
	rules      *cel.Validator
}

// Compile reads the openAPIV3Schema of a version. It has to be structural and of type object, as in
// a CustomResourceDefinition, with valid defaults and rules whose cost is bounded. The error names
// the path in the schema.
func Compile(schema apiextensionsv1.JSON) (*Schema, error) {
	var written apiextensionsv1.JSONSchemaProps
	decoder := json.NewDecoder(bytes.NewReader(schema.Raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&written); err != nil {
		return nil, fmt.Errorf("openAPIV3Schema: not a schema: %w", err)
	}
	if written.Type != "object" {
		return nil, fmt.Errorf("openAPIV3Schema.type: %q: it must be object", written.Type)
	}

	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&written, &props, nil); err != nil {
		return nil, fmt.Errorf("openAPIV3Schema: not a schema: %w", err)
	}

	// Nobody has to give what the operator makes: it is there when the app is built.
	props.Required = slices.DeleteFunc(props.Required, func(name string) bool { return props.Properties[name].Format == FormatGenerated })
	structural, err := structuralschema.NewStructural(&props)
	if err != nil {
		return nil, fmt.Errorf("openAPIV3Schema: not structural: %w", err)
	}
	if err := check(structural); err != nil {
		return nil, err
	}

	generated, err := readGenerated(structural)
	if err != nil {
		return nil, err
	}

	openAPI, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		return nil, fmt.Errorf("openAPIV3Schema: %w", err)
	}

	return &Schema{
		generated:  generated,
		structural: structural,
		openAPI:    openAPI,
		rules:      cel.NewValidator(structural, false, celconfig.PerCallLimit),
	}, nil
}

// reasonOf says what is wrong without the value that is wrong.
func reasonOf(wrong *field.Error) string {
	if wrong.Detail != "" {
		return wrong.Detail
	}
	return strings.ToLower(wrong.Type.String())
}

// names lists the parameters that the app takes, for people.
func (s *Schema) names() string {
	if s == nil || len(s.structural.Properties) == 0 {
		return "the app takes none"
	}
	return "the app takes: " + strings.Join(slices.Sorted(maps.Keys(s.structural.Properties)), ", ")
}

// Has says whether the app takes a parameter, or a part of one, by the names that lead to it.
func (s *Schema) Has(path []string) bool {
	if s == nil {
		return false
	}
	node := s.structural
	for _, name := range path {
		switch property, named := node.Properties[name]; {
		case named:
			node = &property
		case node.AdditionalProperties != nil && node.AdditionalProperties.Structural != nil:
			node = node.AdditionalProperties.Structural
		case node.XPreserveUnknownFields:
			return true
		default:
			return false
		}
	}
	return true
}
