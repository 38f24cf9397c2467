package schema

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// checkRules evaluates the rules of the definition. The API server evaluates none of an object
// that has certain faults, so that one hides the next. Here they are evaluated of all parts of
// the object that hold no such fault: only what a rule says of a part with one is left out, as
// the fault may be the reason.
func (k *Kind) checkRules(object map[string]any, faults field.ErrorList) field.ErrorList {
	if !k.compiled {
		k.rules, k.compiled = cel.NewValidator(k.structural, true, celconfig.PerCallLimit), true
	}

	var blocked []string
	readable := runtime.DeepCopyJSON(object)
	for _, fault := range faults {
		if !hidesRules(fault) {
			continue
		}
		path := fault.Field
		if fault.Type == field.ErrorTypeTypeInvalid {
			path = cut(readable, path)
		}
		blocked = append(blocked, path)
	}

	// There is no old object, so rules of changes are passed over.
	found, _ := k.rules.Validate(context.Background(), nil, k.structural, readable, nil, celconfig.RuntimeCELCostBudget)
	return slices.DeleteFunc(found, func(rule *field.Error) bool {
		return slices.ContainsFunc(blocked, func(path string) bool { return contains(rule.Field, path) })
	})
}

// hidesRules is true of faults that keep the API server from evaluating the rules.
func hidesRules(fault *field.Error) bool {
	switch fault.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	case field.ErrorTypeDuplicate, field.ErrorTypeForbidden, field.ErrorTypeInternal, field.ErrorTypeInvalid, field.ErrorTypeNotFound, field.ErrorTypeTooFew:
	}
	return false
}

// contains says whether a path is a field, or within it. The object itself has no path.
func contains(outer, path string) bool {
	if outer == "" || outer == "<nil>" {
		return true
	}
	rest, within := strings.CutPrefix(path, outer)
	return within && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// cut takes a value of a wrong type out of an object, and returns the path of what is gone: of
// an item of a list it is the whole list, so that the indexes of others stay true.
func cut(object map[string]any, path string) string {
	var at any = object
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	remove, gone := func() { clear(object) }, ""
	walked := ""
	for _, step := range steps {
		switch v := at.(type) {
		case map[string]any:
			walked = strings.TrimPrefix(walked+"."+step, ".")
			remove, gone = func() { delete(v, step) }, walked
			at = v[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index < 0 || index >= len(v) {
				remove()
				return gone
			}
			walked += "[" + step + "]"
			at = v[index]
		default:
			remove()
			return gone
		}
	}

	remove()
	return gone
}
