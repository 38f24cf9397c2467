package parameters

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

const (
	// FormatGenerated of a text at the top level says that the operator makes its value, once for each
	// installation, where nobody gives one.
	FormatGenerated = "generated"

	// minGenerated keeps a value from being guessed: 16 letters and digits are 95 bits.
	minGenerated = 16
	// generatedLength is how long a value is where the schema does not say, and maxGenerated the longest.
	generatedLength, maxGenerated = 32, 128
	// maxGeneratedCount bounds how many a version may have.
	maxGeneratedCount = 32
)

// Generated is a parameter that the operator makes.
type Generated struct {
	// Name of the parameter.
	Name string
	// Length of its value: 32, within minLength and maxLength of the schema.
	Length int
}

// Placeholder is what stands in the place of a value where a version is tried.
func (g Generated) Placeholder() string {
	return strings.Repeat("generated0", 1+g.Length/10)[:g.Length]
}

// Generated are the parameters that the operator makes, by name.
func (s *Schema) Generated() []Generated {
	if s == nil {
		return nil
	}
	return s.generated
}

// readGenerated finds the parameters that the operator makes, and what is wrong with how they are declared.
func readGenerated(root *structuralschema.Structural) ([]Generated, error) {
	var found []Generated
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(root.Properties)) {
		property := root.Properties[name]
		at := fmt.Sprintf("openAPIV3Schema.properties[%s]", name)
		if below := generatedBelow(at, property); len(below) > 0 {
			wrong = append(wrong, below...)
		}
		if !isGenerated(property) {
			continue
		}
		g, err := generatedOf(name, property)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", at, err))
		}
		found = append(found, g)
	}
	if len(found) > maxGeneratedCount {
		wrong = append(wrong, fmt.Errorf("openAPIV3Schema: %d parameters have format %s, at most %d may", len(found), FormatGenerated, maxGeneratedCount))
	}
	return found, errors.Join(wrong...)
}

func isGenerated(node structuralschema.Structural) bool {
	return node.ValueValidation != nil && node.ValueValidation.Format == FormatGenerated
}

// generatedOf reads the length, and refuses what a random value may not fit.
func generatedOf(name string, node structuralschema.Structural) (Generated, error) {
	v := node.ValueValidation
	least, most := int64(minGenerated), int64(maxGenerated)
	if v.MinLength != nil {
		least = max(least, *v.MinLength)
	}
	if v.MaxLength != nil {
		most = min(most, *v.MaxLength)
	}
	switch {
	case node.Type != "string":
		return Generated{}, fmt.Errorf("format %s is for type string", FormatGenerated)
	case node.Default.Object != nil:
		return Generated{}, fmt.Errorf("a value that is made has no default: take one of the two out")
	case v.Pattern != "" || len(v.Enum) > 0 || len(v.AllOf)+len(v.AnyOf)+len(v.OneOf) > 0 || v.Not != nil || len(node.XValidations) > 0:
		return Generated{}, fmt.Errorf("a value that is made is letters and digits, and keeps no pattern, enum or rule: take that out")
	case least > most:
		return Generated{}, fmt.Errorf("a value that is made has between %d and %d characters: correct minLength and maxLength", minGenerated, maxGenerated)
	}
	return Generated{Name: name, Length: int(min(max(generatedLength, least), most))}, nil
}

// generatedBelow are those that lie in other parameters, where nothing is made.
func generatedBelow(at string, node structuralschema.Structural) []error {
	var wrong []error
	look := func(at string, child structuralschema.Structural) {
		if isGenerated(child) {
			wrong = append(wrong, fmt.Errorf("%s: format %s is for parameters at the top level: move it there", at, FormatGenerated))
		}
		wrong = append(wrong, generatedBelow(at, child)...)
	}
	for _, name := range slices.Sorted(maps.Keys(node.Properties)) {
		look(fmt.Sprintf("%s.properties[%s]", at, name), node.Properties[name])
	}
	if node.Items != nil {
		look(at+".items", *node.Items)
	}
	if node.AdditionalProperties != nil && node.AdditionalProperties.Structural != nil {
		look(at+".additionalProperties", *node.AdditionalProperties.Structural)
	}
	return wrong
}
