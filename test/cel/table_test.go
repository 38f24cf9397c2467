package cel

import (
	"context"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// example is one object that the API server accepts or refuses.
type example struct {
	// reason says what the example shows.
	reason string
	// create is a JSON merge patch, in YAML, of the table's manifest.
	create string
	// status is a merge patch of what was created, which the operator writes before the update; empty for none.
	status string
	// update is a merge patch of what was created; empty means that the creation
	// itself is what is looked at.
	update string
	// field and message are what the refusal must name: the field, as the API
	// server writes it, and a part of the message that holds the fix. With an
	// empty message the object must be accepted.
	field, message string
}

// table is what is tried with one kind.
type table struct {
	kind     string
	manifest string // the least that is accepted
	examples []example
}

func tables() []table {
	return []table{platforms(), municipalities(), networks(), sharedApps(), appInstallations(), rollouts()}
}

func (tt table) run(t *testing.T) {
	t.Helper()
	c := operatorClient(t)
	for _, e := range tt.examples {
		t.Run(e.reason, func(t *testing.T) {
			err := e.try(t, c, tt.manifest)
			if e.message == "" {
				if err != nil {
					t.Errorf("%s: want it accepted, got: %v", e.reason, err)
				}
				return
			}
			requireRefusal(t, err, e.field, e.message)
		})
	}
}

// try asks the API server, and leaves nothing behind.
func (e example) try(t *testing.T, c client.Client, manifest string) error {
	t.Helper()
	object := merge(parse(t, manifest), parse(t, e.create))
	if e.update == "" {
		return c.Create(t.Context(), toObject(object), client.DryRunAll)
	}
	created := create(t, c, toObject(object))
	if e.status != "" {
		created = toObject(merge(created.Object, parse(t, e.status)))
		if err := c.Status().Update(t.Context(), created); err != nil {
			t.Fatalf("writing the status: %v", err)
		}
	}
	updated := merge(created.Object, parse(t, e.update))
	return c.Update(t.Context(), toObject(updated), client.DryRunAll)
}

// create stores an object for the time of the test.
func create(t *testing.T, c client.Client, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	if err := c.Create(t.Context(), object); err != nil {
		t.Fatalf("creating %s %s: %v", object.GetKind(), object.GetName(), err)
	}
	t.Cleanup(func() {
		// The context of the test has ended by now.
		if err := client.IgnoreNotFound(c.Delete(context.WithoutCancel(t.Context()), object)); err != nil {
			t.Errorf("deleting %s %s: %v", object.GetKind(), object.GetName(), err)
		}
	})
	return object
}

// requireRefusal checks that the API server found the object invalid for what
// the test meant: some cause names the field and says the message.
func requireRefusal(t *testing.T, err error, field, message string) {
	t.Helper()
	if !apierrors.IsInvalid(err) {
		t.Errorf("want a refusal at %q with %q, got: %v", field, message, err)
		return
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		t.Fatalf("not an API status: %v", err)
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Field == field && strings.Contains(cause.Message, message) {
			return
		}
	}
	t.Errorf("want a refusal at %q with %q, got: %v", field, message, err)
}

// merge applies a JSON merge patch (RFC 7386): maps are merged, null takes a
// key out, everything else replaces.
func merge(target, patch map[string]any) map[string]any {
	merged := map[string]any{}
	for key, value := range target {
		merged[key] = value
	}
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(merged, key)
		case map[string]any:
			below, _ := merged[key].(map[string]any)
			merged[key] = merge(below, value)
		default:
			merged[key] = value
		}
	}
	return merged
}

func parse(t *testing.T, manifest string) map[string]any {
	t.Helper()
	var object map[string]any
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatalf("parsing: %v\n%s", err, manifest)
	}
	return object
}

func toObject(content map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: content}
}

// long returns a name of that many characters.
func long(count int) string { return strings.Repeat("x", count) }
