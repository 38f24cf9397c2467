package health

import (
	"context"
	"fmt"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// costLimit bounds one expression, in the units that CEL counts in; it is what the
// API server allows a validation rule.
const costLimit = 10_000_000

const (
	// timeLimit bounds one expression, whatever its cost: it is evaluated at each look at an installation.
	timeLimit = 100 * time.Millisecond
	// checkFrequency is how many steps of a loop go between two looks at the time.
	checkFrequency = 100
)

// Rules are compiled health rules, by kind. The zero value has none.
type Rules struct {
	byKind map[schema.GroupVersionKind]rule
}

type rule struct{ healthy, failed cel.Program }

// Compile compiles the rules of a version. The error names the rule and what is
// wrong with its expression.
func Compile(rules []v1alpha1.HealthRule) (*Rules, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	env, err := cel.NewEnv(cel.Variable("object", cel.DynType), ext.Strings(), cel.OptionalTypes())
	if err != nil {
		return nil, fmt.Errorf("prepare CEL: %w", err)
	}
	out := &Rules{byKind: map[schema.GroupVersionKind]rule{}}
	for i, r := range rules {
		var compiled rule
		if compiled.healthy, err = program(env, r.Healthy); err != nil {
			return nil, fmt.Errorf("health[%d].healthy (%s): %w", i, r.Kind, err)
		}
		if r.Failed != "" {
			if compiled.failed, err = program(env, r.Failed); err != nil {
				return nil, fmt.Errorf("health[%d].failed (%s): %w", i, r.Kind, err)
			}
		}
		out.byKind[schema.FromAPIVersionAndKind(r.APIVersion, r.Kind)] = compiled
	}
	return out, nil
}

func program(env *cel.Env, expression string) (cel.Program, error) {
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, fmt.Errorf("expression does not compile: %w", issues.Err())
	}
	if t := ast.OutputType(); t != cel.BoolType && t != cel.DynType {
		return nil, fmt.Errorf("expression gives %s; it must give true or false", t)
	}
	return env.Program(ast, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(checkFrequency))
}

// of reads an object by a rule for its kind; ruled is false where there is none. An
// expression that fails, often because a status is not there yet, is not yet true.
func (r *Rules) of(o *unstructured.Unstructured) (state State, message string, ruled bool) {
	if r == nil {
		return "", "", false
	}
	found, ok := r.byKind[o.GroupVersionKind()]
	if !ok {
		return "", "", false
	}
	if observed, has, err := unstructured.NestedInt64(o.Object, "status", "observedGeneration"); err == nil && has && observed < o.GetGeneration() {
		return Progressing, "its controller has not seen the latest change", true
	}
	if found.failed != nil && holds(found.failed, o) {
		return Failed, "the app's health rule says that it failed", true
	}
	if holds(found.healthy, o) {
		return Healthy, "", true
	}
	return Progressing, "the app's health rule does not hold yet", true
}

func holds(p cel.Program, o *unstructured.Unstructured) bool {
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	value, _, err := p.ContextEval(ctx, map[string]any{"object": o.Object})
	return err == nil && value.Value() == true
}
