package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// widgetsOf defines Widgets in a group.
func widgetsOf(group string) *apiextensionsv1.CustomResourceDefinition {
	return &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "widgets." + group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: "Widget", ListKind: "WidgetList", Plural: "widgets", Singular: "widget"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{Name: "v1", Served: true, Storage: true, Schema: &apiextensionsv1.CustomResourceValidation{
				OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: new(true)},
			}}},
		},
	}
}

// onWidgets is a role on the Widgets of a group that is added to another by its label.
func onWidgets(group, name, label string, verbs ...string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{label: "true"}},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{"widgets"}, Verbs: verbs}}}
}

// platformSays waits for what the Platform says of a kind that can't be read; of nothing where no text is given.
func platformSays(t *testing.T, what, text string) {
	t.Helper()
	until(t, what, at(&v1alpha1.Platform{}, "", v1alpha1.PlatformName), func(p *v1alpha1.Platform) error {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionStalled)
		if (c == nil) != (text == "") {
			return fmt.Errorf("conditions: %+v", p.Status.Conditions)
		}
		if c == nil {
			return nil
		}
		return holds(c.Message, text)
	})
}

// An app whose own kind is gone is uninstalled, and nobody watches the kind any longer; when it is defined again, and the app comes back,
// it is watched as at first. Not parallel: the Platform reports what can't be read.
func TestAnAppGoesWhoseKindIsGone(t *testing.T) {
	startOperator(t)
	const group, kind = "kinds.example.org", "Widget (kinds.example.org/v1)"
	definitions := definer(t)
	if err := definitions.Create(t.Context(), widgetsOf(group)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = definitions.Delete(context.Background(), widgetsOf(group)) })
	create(t, onWidgets(group, "kinds-installer", v1alpha1.LabelAggregateToInstaller, "get", "create", "patch", "delete"))
	create(t, onWidgets(group, "kinds-manager", v1alpha1.LabelAggregateToManager, "get", "list", "watch"))
	app := sells(t, unique("kind"), only("apiVersion: kinds.example.org/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 1}\n---\n"+workload("web", "")), func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[0].Health = []v1alpha1.HealthRule{{APIVersion: "kinds.example.org/v1", Kind: "Widget", Healthy: "true"}}
	})
	asked := 0
	until(t, "the version is available", app, func(a *v1alpha1.SharedApp) error { // which is so when the operator has seen its roles
		if len(a.Status.Versions) > 0 && a.Status.Versions[0].Available {
			return nil
		}
		asked++
		a.Annotations = map[string]string{v1alpha1.AnnotationReconcile: fmt.Sprint(asked)}
		return errors.Join(admin.Update(t.Context(), a), fmt.Errorf("it is not: %+v", a.Status.Versions))
	})
	m := town(t, "kind", adopts(app.Name))
	ns := m.Name + "-prod"
	corrects := func() {
		t.Helper()
		runs(t, ns, app.Name, "1.0.0")
		w := at(&unstructured.Unstructured{}, ns, "w")
		w.SetAPIVersion("kinds.example.org/v1")
		w.SetKind("Widget")
		if err := admin.Patch(t.Context(), w, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"size":2}}`))); err != nil {
			t.Fatal(err)
		}
		eventually(t, "what somebody changed of it is put back", func(ctx context.Context) error {
			if err := admin.Get(ctx, client.ObjectKeyFromObject(w), w); err != nil {
				return err
			}
			size, _, err := unstructured.NestedInt64(w.Object, "spec", "size")
			return errors.Join(err, expect("size", size, 1))
		})
	}
	corrects()

	if err := definitions.Delete(t.Context(), widgetsOf(group)); err != nil {
		t.Fatal(err)
	}
	i := stalls(t, ns, app.Name, kind)
	platformSays(t, "the Platform says so", kind)
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, i)
	if left := belongings(t, ns, app.Name); len(left) > 0 {
		t.Errorf("of the uninstalled app there are %v", left)
	}
	eventually(t, "it is said what became of the kind", func(ctx context.Context) error {
		return eventsSay(ctx, ns, "uninstalled; nothing is left of its "+kind+", whose CustomResourceDefinition was deleted")
	})
	platformSays(t, "nobody misses a kind that nobody holds", "")

	if err := definitions.Create(t.Context(), widgetsOf(group)); err != nil {
		t.Fatal(err)
	}
	edit(t, m, adopts(app.Name))
	corrects()
	role := onWidgets(group, "kinds-installer", v1alpha1.LabelAggregateToInstaller, "get", "create", "patch", "delete")
	if err := admin.Delete(t.Context(), role); err != nil {
		t.Fatal(err)
	}
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	until(t, "what can't be taken away is not left behind unsaid", appInstallation(ns, app.Name), func(i *v1alpha1.AppInstallation) error {
		ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || !strings.Contains(ready.Message, "Widget") {
			return fmt.Errorf("it says %+v", ready)
		}
		return nil
	})
	create(t, onWidgets(group, "kinds-installer", v1alpha1.LabelAggregateToInstaller, "get", "create", "patch", "delete"))
	gone(t, appInstallation(ns, app.Name))
}
