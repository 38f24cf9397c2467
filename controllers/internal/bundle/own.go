package bundle

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/podtemplate"
)

// checkIdentity refuses objects whose place the bundle can't choose, and those that would get another
// name each time. An object without a name is refused by kustomize.
func checkIdentity(object *unstructured.Unstructured) error {
	if namespace := object.GetNamespace(); namespace != "" {
		return fmt.Errorf("%s: namespace %q: a bundle must not set metadata.namespace; remove it, or the namespace: field in kustomization.yaml", nameOf(object), namespace)
	}
	if object.GetGenerateName() != "" {
		return fmt.Errorf("%s: metadata.generateName is not allowed: each apply would make another object; give it a name", nameOf(object))
	}
	return nil
}

// nameOf is how errors call an object: its kind and its name.
func nameOf(object *unstructured.Unstructured) string {
	return object.GetKind() + "/" + object.GetName()
}

// own puts an object in the tenant's namespace and labels it and its pods with what they belong to.
// Selectors are left alone: they can't change once they exist.
func own(object *unstructured.Unstructured, c Context) error {
	object.SetNamespace(c.Namespace)
	err := addLabels(object, []string{"metadata", "labels"}, map[string]string{
		v1alpha1.LabelManagedBy:    v1alpha1.ManagedBy,
		v1alpha1.LabelApp:          c.App,
		v1alpha1.LabelMunicipality: c.Municipality,
		v1alpha1.LabelEnvironment:  c.Environment,
	})
	if err != nil {
		return err
	}
	template := podtemplate.Path(object.GroupVersionKind())
	if len(template) == 0 {
		return nil
	}
	return addLabels(object, append(template, "metadata", "labels"), map[string]string{
		v1alpha1.LabelApp:          c.App,
		v1alpha1.LabelMunicipality: c.Municipality,
	})
}

func addLabels(object *unstructured.Unstructured, path []string, labels map[string]string) error {
	merged, _, err := unstructured.NestedStringMap(object.Object, path...)
	if err != nil {
		return fmt.Errorf("%s: labels must be a map of texts: %w", nameOf(object), err)
	}
	if merged == nil {
		merged = map[string]string{}
	}
	for key, value := range labels {
		merged[key] = value
	}
	if err := unstructured.SetNestedStringMap(object.Object, merged, path...); err != nil {
		return fmt.Errorf("%s: %w", nameOf(object), err)
	}
	return nil
}

// installOrder lists what others need before what needs it. Kinds that it doesn't name come last.
var installOrder = []string{
	"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "PersistentVolumeClaim", "Service",
	"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob",
}

func sortForInstall(objects []*unstructured.Unstructured) {
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(
			cmp.Compare(rank(a.GetKind()), rank(b.GetKind())),
			cmp.Compare(a.GetAPIVersion(), b.GetAPIVersion()),
			cmp.Compare(a.GetKind(), b.GetKind()),
			cmp.Compare(a.GetName(), b.GetName()),
		)
	})
}

func rank(kind string) int {
	if i := slices.Index(installOrder, kind); i >= 0 {
		return i
	}
	return len(installOrder)
}
