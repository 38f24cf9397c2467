package backup

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// page is how many objects are asked for at a time.
const page = 500

// Options of a backup.
type Options struct {
	// Namespace of the operator.
	Namespace string
	// Secrets has Secrets saved, with their values.
	Secrets bool
}

// Collect reads everything that belongs in a backup.
func Collect(ctx context.Context, c client.Reader, o Options) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	sources := map[string]bool{}
	for _, gvk := range kinds {
		if gvk.Kind == "Secret" && !o.Secrets {
			continue
		}
		var options []client.ListOption
		switch gvk.Kind {
		case "ConfigMap":
			options = append(options, client.InNamespace(o.Namespace))
		case "Namespace":
			options = append(options, client.HasLabels{v1alpha1.LabelMunicipality}, client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
		}
		listed, err := list(ctx, c, gvk, options)
		if err != nil {
			return nil, err
		}
		for _, object := range listed {
			if object.GetKind() == "SharedApp" {
				addSources(sources, object)
			}
			if belongs(object, o.Namespace, sources) {
				all = append(all, object)
			}
		}
	}
	return all, nil
}

// list reads all objects of a kind, a page at a time.
func list(ctx context.Context, c client.Reader, gvk schema.GroupVersionKind, options []client.ListOption) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	for next := ""; ; {
		found := &unstructured.UnstructuredList{}
		found.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		if err := c.List(ctx, found, append(options, client.Limit(page), client.Continue(next))...); err != nil {
			return nil, fmt.Errorf("list every %s: %w", gvk.Kind, err)
		}
		for i := range found.Items {
			all = append(all, &found.Items[i])
		}
		if next = found.GetContinue(); next == "" {
			return all, nil
		}
	}
}

// addSources adds the ConfigMaps that the versions of a SharedApp name.
func addSources(sources map[string]bool, app *unstructured.Unstructured) {
	versions, _, _ := unstructured.NestedSlice(app.Object, "spec", "versions") // the schema sees to the types
	for _, v := range versions {
		if version, ok := v.(map[string]any); ok {
			if name, found, err := unstructured.NestedString(version, "source", "configMap", "name"); err == nil && found {
				sources[name] = true
			}
		}
	}
}

// belongs says whether an object of the listed ones belongs in a backup: of ConfigMaps the bundles, of Secrets those that the
// operator made for apps, and those beside it that a label hands to it.
func belongs(o *unstructured.Unstructured, namespace string, sources map[string]bool) bool {
	labels := o.GetLabels()
	switch o.GetKind() {
	case "ConfigMap":
		return labels[v1alpha1.LabelBundle] != "" || sources[o.GetName()]
	case "Secret":
		if o.GetNamespace() == namespace {
			return labels[v1alpha1.LabelSecretFor] != ""
		}
		app := labels[v1alpha1.LabelApp]
		return labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && app != "" && strings.HasSuffix(o.GetName(), app+"-generated")
	}
	return true
}
