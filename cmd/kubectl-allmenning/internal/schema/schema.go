// Package schema holds objects to the custom resource definitions that are shipped with
// this program, by the library that the API server itself uses: what it says of a new
// object is what the API server would say.
package schema

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/config/crd"
)

// Kind is what the definition of a kind asks of its objects. Rules are compiled when the
// first object is checked, as that takes longer than all else.
type Kind struct {
	namespaced bool
	structural *structuralschema.Structural
	openAPI    validation.SchemaValidator
	rules      *cel.Validator
	compiled   bool
}

// Kinds are the kinds that there are, from what the nation says to what the operator writes.
func Kinds() []string {
	return []string{"Platform", "SharedApp", "Network", "Municipality", "Rollout", "AppInstallation"}
}

// Of reads the definition of a kind. The error for an unknown kind names those that there are.
func Of(kind string) (*Kind, error) {
	unknown := fmt.Errorf("%s has no kind %s: it has %s", v1alpha1.GroupVersion, kind, strings.Join(Kinds(), ", "))
	definition, err := shipped(kind)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unknown
	}
	if err != nil {
		return nil, fmt.Errorf("definition of %s: %w", kind, err)
	}
	for _, version := range definition.Spec.Versions {
		if definition.Spec.Names.Kind == kind && version.Name == v1alpha1.GroupVersion.Version {
			return compile(definition.Spec.Scope, version.Schema.OpenAPIV3Schema)
		}
	}
	return nil, unknown
}

// shipped is the definition of a kind. Its file is named as controller-gen names it, by
// group and plural.
func shipped(kind string) (*apiextensionsv1.CustomResourceDefinition, error) {
	plural, _ := meta.UnsafeGuessKindToResource(v1alpha1.GroupVersion.WithKind(kind))
	data, err := crd.Bases.ReadFile(fmt.Sprintf("bases/%s_%s.yaml", plural.Group, plural.Resource))
	if err != nil {
		return nil, err
	}
	var definition apiextensionsv1.CustomResourceDefinition
	return &definition, yaml.UnmarshalStrict(data, &definition)
}

func compile(scope apiextensionsv1.ResourceScope, schema *apiextensionsv1.JSONSchemaProps) (*Kind, error) {
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(schema, &props, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&props)
	if err != nil {
		return nil, err
	}
	openAPI, _, err := validation.NewSchemaValidator(&props)
	if err != nil {
		return nil, err
	}
	return &Kind{namespaced: scope == apiextensionsv1.NamespaceScoped, structural: structural, openAPI: openAPI}, nil
}
