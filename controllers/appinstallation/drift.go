package appinstallation

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

const (
	// reasonDriftCorrected is of events on what somebody changed, or deleted, and was put back.
	reasonDriftCorrected = "DriftCorrected"
	// driftPause is how long nothing more is said of an object that somebody changes all the time.
	driftPause = time.Minute
	// driftFields is how many fields an event names.
	driftFields = 5
)

// drifted says whether what is sent was sent before as it is: somebody else changed the object, or deleted it. Where somebody
// asked for everything to be applied again, that is no drift.
func drifted(seen observed, o object, entry v1alpha1.InstalledObject, known bool) bool {
	return o.send && known && entry.Sent == o.sent && entry.UID != "" && isApplied(seen) && !asked(seen)
}

// isDue says whether something may be said of an object now, and notes that it is.
func isDue(said *memo[string, time.Time], key string, now time.Time) bool {
	if last, ok := said.get(key); ok && now.Sub(last) < driftPause {
		return false
	}
	said.put(key, now)
	return true
}

// driftMessage says what was put back, and where to change it instead; empty where nothing of what the app wrote differed.
func driftMessage(seen observed, o object, before, after *unstructured.Unstructured) string {
	spec := seen.installation.Spec
	if before == nil {
		return fmt.Sprintf("%s: made again, as somebody deleted it; to be without it, decline app %s in spec.apps of Municipality %s", o.ref, spec.App, spec.Tenant.Municipality)
	}
	fields := changed(o.desired, before, after)
	if len(fields) == 0 {
		return ""
	}
	named := strings.Join(fields[:min(len(fields), driftFields)], ", ")
	if more := len(fields) - driftFields; more > 0 {
		named += fmt.Sprintf(" and %d more fields", more)
	}
	return condition.Within(fmt.Sprintf("%s: put back %s, which somebody changed; to change it, set a parameter of app %s in spec.apps of Municipality %s, or ask for a version that says otherwise or leaves the field to others with the annotation %s",
		o.ref, named, spec.App, spec.Tenant.Municipality, v1alpha1.AnnotationIgnoreFields), 1024)
}

// changed are the fields that differ between two states of an object, without values: those that the app wrote, and those that
// were taken out. What the API server and controllers note, perhaps in the same moment, is nobody's change.
func changed(desired, before, after *unstructured.Unstructured) []string {
	var all []string
	for _, key := range keysOf(before.Object, after.Object) {
		switch key {
		case "status", "apiVersion", "kind":
		case "metadata":
			for _, of := range []string{"labels", "annotations"} {
				want, _, _ := unstructured.NestedMap(desired.Object, key, of)
				a, _, _ := unstructured.NestedMap(before.Object, key, of)
				b, _, _ := unstructured.NestedMap(after.Object, key, of)
				all = differ(all, key+"."+of, orNil(want), orNil(a), orNil(b))
			}
		default:
			all = differ(all, key, desired.Object[key], before.Object[key], after.Object[key])
		}
	}
	return all
}

// orNil is a map as a value, and nil for an empty one.
func orNil(m map[string]any) any {
	if len(m) == 0 {
		return nil
	}
	return m
}

// differ adds the paths at which two values differ: those that are wanted, and those that the later one lacks.
func differ(all []string, path string, want, before, after any) []string {
	if reflect.DeepEqual(before, after) || (want == nil && after != nil) {
		return all
	}
	one, ok1 := fieldsOf(before)
	other, ok2 := fieldsOf(after)
	if !ok1 || !ok2 {
		return append(all, path)
	}
	wanted, _ := fieldsOf(want)
	_, isMap := before.(map[string]any)
	for _, key := range keysOf(one, other) {
		below := path + "." + key
		if !isMap {
			below = path + "[" + key + "]"
		}
		all = differ(all, below, wanted[key], one[key], other[key])
	}
	return all
}

// fieldsOf are the values of a map by their keys, or of a list by the names of its elements.
func fieldsOf(value any) (map[string]any, bool) {
	if of, ok := value.(map[string]any); ok {
		return of, true
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	all := map[string]any{}
	for _, item := range list {
		of, ok := item.(map[string]any)
		name, named := of["name"].(string)
		if _, twice := all[name]; !ok || !named || twice {
			return nil, false
		}
		all[name] = of
	}
	return all, true
}

func keysOf(a, b map[string]any) []string {
	all := slices.Collect(maps.Keys(a))
	for key := range b {
		if _, has := a[key]; !has {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}
