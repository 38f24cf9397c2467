package apply

import (
	"encoding/json"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/internal/contract"
)

// operation is one step of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Cleaning returns what has to follow an apply, given the API server's answer: others' fields within the
// decisive parts are taken out, and so is the field ownership of earlier operators, which had one field
// manager for all apps. Mostly that is nothing.
func Cleaning(answer, desired *unstructured.Unstructured, app string) []client.Patch {
	operations := []operation{{Op: "test", Path: "/metadata/resourceVersion", Value: answer.GetResourceVersion()}}
	for i, entry := range answer.GetManagedFields() {
		if entry.Manager == Owner && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" {
			operations = append(operations, operation{Op: "remove", Path: fmt.Sprintf("/metadata/managedFields/%d", i)})
			break
		}
	}
	if HasForeign(answer, app) {
		operations = append(operations, restoring(answer, desired)...)
	}
	if len(operations) == 1 {
		return nil
	}
	content, err := json.Marshal(operations)
	if err != nil {
		return nil // what came out of JSON goes into JSON
	}
	return []client.Patch{client.RawPatch(types.JSONPatchType, content)}
}

// restoring puts the decisive parts back to what they should be, whole; the API server fills in its defaults.
// A field that is left to others stays as it is now.
func restoring(answer, desired *unstructured.Unstructured) []operation {
	desired = desired.DeepCopy()
	for _, path := range append(contract.IgnoredFields(desired), restarted(desired)...) {
		if value, found, err := unstructured.NestedFieldCopy(answer.Object, path...); err == nil && found {
			_ = unstructured.SetNestedField(desired.Object, value, path...) // a field that is in its way is the publisher's
		}
	}
	var all []operation
	for _, path := range Decisive(desired) {
		at := "/" + strings.Join(path, "/")
		want, wanted, err := unstructured.NestedFieldCopy(desired.Object, path...)
		_, there, _ := unstructured.NestedFieldNoCopy(answer.Object, path...)
		switch {
		case err == nil && wanted:
			all = append(all, operation{Op: "add", Path: at, Value: want}) // it replaces what is there
		case there:
			all = append(all, operation{Op: "remove", Path: at})
		}
	}
	return all
}
