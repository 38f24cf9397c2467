package behaviour_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func jsonOf(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }

// bigger makes a Deployment ask for more memory than the smallest quota holds.
func bigger(deployment string) string {
	return strings.NewReplacer("replicas: 0", "replicas: 1",
		"        securityContext: {allow", "        resources: {requests: {memory: 32Gi}, limits: {memory: 32Gi}}\n        securityContext: {allow").Replace(deployment)
}

func TestAFieldThatCannotChangeIsNamedAndAnotherVersionMends(t *testing.T) {
	parallel(t)
	other := strings.ReplaceAll(files("stiff", nil)["web.yaml"], "app: web", "app: elsewhere")
	app := publish(t, unique("stiff"), nil, files("stiff", nil), files("stiff", map[string]string{"web.yaml": other}), files("stiff", nil))
	m := town(t, "valle", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	promote(t, app, "1.1.0")
	i := stalls(t, ns, app.Name, "Deployment/stiff", "immutable")
	if i.Status.AppliedVersion != "1.0.0" {
		t.Errorf("applied is %s, though not all of 1.1.0 could be", i.Status.AppliedVersion)
	}
	promote(t, app, "1.2.0")
	runs(t, ns, app.Name, "1.2.0")
}

func TestASuspendedInstallationIsLeftAlone(t *testing.T) {
	parallel(t)
	app := publish(t, unique("still"), nil, files("still", nil), files("still", nil))
	m := town(t, "hol", adopts(app.Name, version("1.0.0")))
	ns := m.Name + "-prod"
	i := runs(t, ns, app.Name, "1.0.0")
	edit(t, i, func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) })
	until(t, "it says that it is suspended", i, func(i *v1alpha1.AppInstallation) error {
		if !meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionSuspended) {
			return fmt.Errorf("conditions: %+v", i.Status.Conditions)
		}
		return nil
	})
	edit(t, configMap(ns, "still"), func(o *corev1.ConfigMap) { o.Data["greeting"] = "by hand" })
	promote(t, app, "1.1.0")
	edit(t, m, adopts(app.Name, version("1.1.0")))
	until(t, "the decision waits, and its municipality sees why", m, func(m *v1alpha1.Municipality) error {
		var said string
		for _, row := range m.Status.Apps {
			said += row.Message + " " + row.Next
		}
		return holds(said, "suspended (spec.suspend)")
	})
	// One that came later is installed, so this one was visited.
	later := town(t, "gol", adopts(app.Name))
	runs(t, later.Name+"-prod", app.Name, "1.1.0")
	greets(t, ns, "still", "by hand")
	if now := read(t, i); now.Spec.Suspend == nil || !*now.Spec.Suspend || now.Status.AppliedVersion != "1.0.0" || isReady(now.Status.Conditions, now.Generation) == nil {
		t.Errorf("it was not left alone: %+v", now)
	}
	edit(t, i, func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = nil })
	runs(t, ns, app.Name, "1.1.0")
	greets(t, ns, "still", "hei")
}

func TestAnInstallationThatIsDeletedByHandComesBackAndTouchesNothing(t *testing.T) {
	parallel(t)
	app := publish(t, unique("hand"), nil, files("hand", nil))
	m := town(t, "nes", adopts(app.Name))
	ns := m.Name + "-prod"
	i := runs(t, ns, app.Name, "1.0.0")
	before := belongings(t, ns, app.Name)
	if len(before) != 3 {
		t.Fatalf("the app has %v", before)
	}
	remove(t, read(t, i))
	until(t, "it is back", i, func(back *v1alpha1.AppInstallation) error {
		if back.UID == i.UID {
			return errors.New("still the old one")
		}
		return nil
	})
	runs(t, ns, app.Name, "1.0.0")
	if diff := cmp.Diff(before, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("objects were touched (-before +after):\n%s", diff)
	}
}

func TestALostStatusIsRebuiltAndTouchesNothing(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lost"), nil, files("lost", nil))
	m := town(t, "al", adopts(app.Name))
	ns := m.Name + "-prod"
	i := runs(t, ns, app.Name, "1.0.0")
	standing(t, m)
	before := belongings(t, ns, app.Name)
	for _, o := range []client.Object{read(t, i), read(t, m)} {
		patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/status","value":{"observedGeneration":-1}}]`))
		if err := admin.Status().Patch(t.Context(), o, patch); err != nil {
			t.Fatal(err)
		}
	}
	after := runs(t, ns, app.Name, "1.0.0")
	if diff := cmp.Diff(i.Status.Inventory, after.Status.Inventory); diff != "" || len(after.Status.History) != 1 {
		t.Errorf("history is %+v, inventory differs (-before +after):\n%s", after.Status.History, diff)
	}
	if diff := cmp.Diff(before, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("objects were touched (-before +after):\n%s", diff)
	}
	standing(t, m)
}

func TestAskingForAReconcileAppliesAgain(t *testing.T) {
	parallel(t)
	app := publish(t, unique("again"), nil, files("again", nil))
	m := town(t, "flaa", adopts(app.Name))
	i := runs(t, m.Name+"-prod", app.Name, "1.0.0")
	edit(t, i, func(i *v1alpha1.AppInstallation) {
		i.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
	})
	until(t, "it is answered", i, func(i *v1alpha1.AppInstallation) error {
		return expect("lastHandledReconcileAt", i.Status.LastHandledReconcileAt, "now")
	})
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}
