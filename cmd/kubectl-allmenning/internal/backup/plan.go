package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Read reads the objects of a backup, in the order in which they are restored: by kind, and the older first, as age decides
// between networks, and between municipalities that claim one domain. It reports all that is wrong at once.
func Read(in io.Reader) ([]*unstructured.Unstructured, error) {
	all, err := decode(in)
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}

	var faults []error
	for _, o := range all {
		switch {
		case rank(o) < 0:
			faults = append(faults, fmt.Errorf("%s of %q belongs in no backup: take it out", named(o), o.GetAPIVersion()))
		case len(o.GetManagedFields()) == 0:
			faults = append(faults, fmt.Errorf("%s has no metadata.managedFields, without which nobody could change what it says later: take the backup by kubectl allmenning backup, or by kubectl get --show-managed-fields -o yaml", named(o)))
		}
	}
	if len(all) == 0 {
		faults = append(faults, errors.New("the backup holds nothing"))
	}
	slices.SortStableFunc(all, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time), cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	return all, errors.Join(faults...)
}

// decode reads the objects of all documents, those of lists one by one.
func decode(in io.Reader) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(in, 4096)
	for {
		var raw runtime.RawExtension
		if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		if len(raw.Raw) == 0 || string(raw.Raw) == "null" {
			continue
		}
		document := &unstructured.Unstructured{}
		if err := document.UnmarshalJSON(raw.Raw); err != nil { // whole numbers come as those of the API server do
			return nil, err
		}
		err := document.EachListItem(func(item runtime.Object) error {
			if o, ok := item.(*unstructured.Unstructured); ok {
				all = append(all, o)
			}
			return nil
		})
		if err != nil { // not a list
			all = append(all, document)
		}
	}
}

// state is how far an object has come.
type state string

const (
	missing    state = "missing"
	unfinished state = "unfinished"
	there      state = "there"
	differs    state = "differs"
)

// stateOf compares what is in the cluster, nil where nothing is, with the backup.
func stateOf(saved, live *unstructured.Unstructured) state {
	switch {
	case live == nil:
		return missing
	case slices.ContainsFunc(live.GetManagedFields(), func(m metav1.ManagedFieldsEntry) bool { return m.Manager == Manager }):
		return unfinished
	}
	for _, part := range []string{"spec", "data", "binaryData"} {
		if saved.GetKind() != "Namespace" && !equality.Semantic.DeepEqual(saved.Object[part], live.Object[part]) {
			return differs
		}
	}
	if saved.GetKind() == "Namespace" && saved.GetLabels()[v1alpha1.LabelMunicipality] != live.GetLabels()[v1alpha1.LabelMunicipality] {
		return differs
	}
	return there
}

// fresh is an object as it is to be created, with the UIDs that others have by now.
func fresh(saved *unstructured.Unstructured, uids map[string]string) *unstructured.Unstructured {
	o := saved.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "ownerReferences"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	delete(o.Object, "status")
	if o.GetKind() == "Namespace" {
		delete(o.Object, "spec") // the finalizer of every namespace
	}
	// An owner that is not there would have the object deleted.
	var owners []metav1.OwnerReference
	for _, owner := range saved.GetOwnerReferences() {
		if uid, known := uids[string(owner.UID)]; known {
			owner.UID = types.UID(uid)
			owners = append(owners, owner)
		}
	}
	if len(owners) > 0 {
		o.SetOwnerReferences(owners)
	}
	if notes := o.GetAnnotations(); notes[v1alpha1.AnnotationHeldBy] != "" {
		notes[v1alpha1.AnnotationHeldBy] = cmp.Or(uids[notes[v1alpha1.AnnotationHeldBy]], notes[v1alpha1.AnnotationHeldBy])
		o.SetAnnotations(notes)
	}
	return o
}

// statusOf is the status of an object that nobody has looked at yet: what it says is known, and of which generation is not.
func statusOf(saved *unstructured.Unstructured) map[string]any {
	status, found, err := unstructured.NestedMap(saved.Object, "status")
	if err != nil || !found || !isOurs(saved) {
		return nil
	}
	status["observedGeneration"] = int64(-1)
	conditions, _, _ := unstructured.NestedSlice(status, "conditions") // the schema sees to the types
	for _, c := range conditions {
		if condition, ok := c.(map[string]any); ok {
			delete(condition, "observedGeneration")
		}
	}
	if conditions != nil {
		status["conditions"] = conditions
	}
	return status
}

// summary is how many objects there are of each kind in some state.
func summary(all []*unstructured.Unstructured, chosen func(*unstructured.Unstructured) bool) string {
	var parts []string
	for _, gvk := range kinds {
		n := 0
		for _, o := range all {
			if o.GroupVersionKind() == gvk && chosen(o) {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, gvk.Kind))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
