package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// soak is what a day is in the demo: nobody wants to watch one pass.
	soak = "2s"
	// shortDeadline is how long pilots may be unhealthy while the bad version is out, and all
	// that a viewer waits for then. It is in force for that version alone: how long a good
	// one takes to become healthy depends on the machine.
	shortDeadline = "20s"
	// longDeadline is that of everybody else, and of pilots at any other time. No machine that
	// ends the demo at all is so slow.
	longDeadline = "24h"
)

// atOnce is the strategy by which the country comes to where it is when the story begins.
func atOnce() map[string]any {
	return map[string]any{
		"maxIntroductions": int64(256),
		"waves": []any{map[string]any{
			"name": "everyone", "maxConcurrent": "100%", "maxFailures": "100%", "soak": "0s", "progressDeadline": "168h",
		}},
	}
}

// withoutStrategies are the objects with Networks that say nothing about waves, and a
// Platform that brings everything to everybody at once.
func withoutStrategies(objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	changed := make([]*unstructured.Unstructured, 0, len(objects))
	for _, object := range objects {
		object = object.DeepCopy()
		switch object.GetKind() {
		case "Network":
			unstructured.RemoveNestedField(object.Object, "spec", "rollout")
		case "Platform":
			if err := unstructured.SetNestedMap(object.Object, atOnce(), "spec", "rollout"); err != nil {
				return nil, fmt.Errorf("preparing the Platform: %w", err)
			}
		}
		changed = append(changed, object)
	}
	return changed, nil
}

// hurried are the Networks and the Platform with their waves, in the demo's own time: hours
// of soaking become seconds, and office hours last all day. Pilots get a progress deadline
// of their own.
func hurried(objects []*unstructured.Unstructured, pilotDeadline string) ([]*unstructured.Unstructured, error) {
	var changed []*unstructured.Unstructured
	for _, object := range objects {
		if object.GetKind() != "Network" && object.GetKind() != "Platform" {
			continue
		}
		object = object.DeepCopy()
		strategy, _, err := unstructured.NestedMap(object.Object, "spec", "rollout")
		if err == nil {
			if strategy, err = hurry(strategy, pilotDeadline); err == nil {
				err = unstructured.SetNestedMap(object.Object, strategy, "spec", "rollout")
			}
		}
		if err != nil {
			return nil, fmt.Errorf("hurrying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		changed = append(changed, object)
	}
	return changed, nil
}

// hurry takes the waiting out of a strategy. One without waves, which would be one pilot for
// an hour and then the rest, becomes one wave.
func hurry(strategy map[string]any, pilotDeadline string) (map[string]any, error) {
	if strategy == nil {
		strategy = map[string]any{}
	}
	for _, field := range []string{"windows", "freezes", "announcement"} {
		delete(strategy, field)
	}
	if strategy["waves"] == nil {
		strategy["waves"] = []any{map[string]any{"name": "everyone"}}
	}
	waves, _, err := unstructured.NestedSlice(strategy, "waves")
	if err != nil {
		return nil, err
	}
	for i := range waves {
		wave, ok := waves[i].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("wave %d is no object", i)
		}
		wave["soak"], wave["progressDeadline"] = soak, longDeadline
		if i == 0 {
			wave["progressDeadline"] = pilotDeadline
		}
	}
	strategy["waves"] = waves
	return strategy, nil
}
