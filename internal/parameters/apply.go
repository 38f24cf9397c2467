package parameters

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// field names of errors start here.
const root = "parameters"

// Apply returns the parameters with defaults filled in. It fails on a parameter that the app doesn't
// take, and on one that breaks the schema or its rules; the error names each path with the reason.
// The parameters themselves are left as they are. secretKeys are the names, at the top level, of
// parameters whose values are secret: a reason that would quote one is left out.
func (s *Schema) Apply(params map[string]any, secretKeys sets.Set[string]) (map[string]any, error) {
	applied, err := normalize(params)
	if err != nil {
		return nil, err
	}
	if s == nil {
		if len(applied) > 0 {
			return nil, errors.Join(s.unknown(slices.Sorted(maps.Keys(applied)))...)
		}
		return applied, nil
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(applied, s.structural)
	pruned := pruning.PruneWithOptions(applied, s.structural, false, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	if len(pruned) > 0 {
		return nil, errors.Join(s.unknown(pruned)...)
	}
	defaulting.Default(applied, s.structural)
	if err := s.validate(applied, secretKeys); err != nil {
		return nil, err
	}
	return applied, nil
}

// normalize copies the parameters into the types that the API server's machinery expects, whatever
// decoder they came from.
func normalize(params map[string]any) (map[string]any, error) {
	if params == nil {
		params = map[string]any{}
	}
	written, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("%s: not representable as JSON", root) // the cause could quote a value
	}
	var copied map[string]any
	if err := utiljson.Unmarshal(written, &copied); err != nil {
		return nil, fmt.Errorf("%s: not representable as JSON", root)
	}
	return copied, nil
}

func (s *Schema) unknown(paths []string) []error {
	found := make([]error, 0, len(paths))
	for _, path := range paths {
		found = append(found, fmt.Errorf("%s.%s: unknown; %s", root, path, s.names()))
	}
	return found
}

// validate runs the rules only on parameters that fit the schema, as the API server does.
func (s *Schema) validate(applied map[string]any, secretKeys sets.Set[string]) error {
	path := field.NewPath(root)
	wrong := validation.ValidateCustomResource(path, applied, s.openAPI)
	wrong = append(wrong, listtype.ValidateListSetsAndMaps(path, s.structural, applied)...)
	if len(wrong) == 0 {
		wrong, _ = s.rules.Validate(context.Background(), path, s.structural, applied, nil, celconfig.RuntimeCELCostBudget)
	}
	secrets := secretTexts(applied, secretKeys)
	found := make([]error, 0, len(wrong))
	for _, one := range wrong {
		found = append(found, fmt.Errorf("%s: %s", one.Field, withoutSecrets(reasonOf(one), secrets)))
	}
	return errors.Join(found...)
}

// withoutSecrets drops a reason that quotes a secret, which a rule's messageExpression may do.
func withoutSecrets(reason string, secrets []string) string {
	for _, secret := range secrets {
		if strings.Contains(reason, secret) {
			return "not valid (the reason quotes a secret and is not shown)"
		}
	}
	return reason
}

// secretTexts are those of the secret parameters.
func secretTexts(params map[string]any, secretKeys sets.Set[string]) []string {
	found := make([]string, 0, len(secretKeys))
	for key := range secretKeys {
		found = append(found, Texts(params[key])...)
	}
	return found
}

// Texts are the texts of a value that could show in an error, lines on their own: an error may quote a
// text of several lines.
func Texts(value any) []string {
	var found []string
	switch value := value.(type) {
	case nil, bool:
	case map[string]any:
		for _, child := range value {
			found = append(found, Texts(child)...)
		}
	case []any:
		for _, child := range value {
			found = append(found, Texts(child)...)
		}
	default:
		for line := range strings.Lines(fmt.Sprint(value)) {
			if line = strings.TrimSpace(line); line != "" {
				found = append(found, line)
			}
		}
	}
	return found
}

// Merge lays override over base: objects by key and deeply, everything else, lists too, as a whole.
// Neither is changed, but the result may share values with both.
func Merge(base, override map[string]any) map[string]any {
	merged := make(map[string]any, len(base)+len(override))
	maps.Copy(merged, base)
	for key, value := range override {
		lower, lowerIsObject := merged[key].(map[string]any)
		upper, upperIsObject := value.(map[string]any)
		if lowerIsObject && upperIsObject {
			value = Merge(lower, upper)
		}
		merged[key] = value
	}
	return merged
}
