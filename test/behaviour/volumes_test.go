package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// deletes gives a Municipality deletionPolicy Delete.
func deletes(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete }

// volume makes a claim of the tenant's own.
func volume(t *testing.T, namespace, name string) *corev1.PersistentVolumeClaim {
	t.Helper()
	claim := at(&corev1.PersistentVolumeClaim{}, namespace, name)
	claim.Spec = corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}
	return put(t, claim)
}

func TestVolumesOutliveTheirMunicipality(t *testing.T) {
	parallel(t)
	app := publish(t, unique("ledger"), nil, files("ledger", map[string]string{
		"data.yaml": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: APP-data}\nspec: {accessModes: [ReadWriteOnce], volumeMode: Filesystem, resources: {requests: {storage: 1Gi}}}\n",
	}))
	m := town(t, "bykle", deletes, adopts(app.Name), func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Groups: []string{"bykle-ikt"}}}
	})
	ns := m.Name + "-prod"
	until(t, "the app is applied", at(&corev1.PersistentVolumeClaim{}, ns, "ledger-data"), func(*corev1.PersistentVolumeClaim) error { return nil })
	standing(t, edit(t, m, withTest))
	volume(t, m.Name+"-test", "own")
	namespace := read(t, at(&corev1.Namespace{}, "", ns))

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[:1] })
	until(t, "an environment that left the spec is kept for its volumes", m, func(m *v1alpha1.Municipality) error {
		return errors.Join(expect("state", environment(m, "test").State, v1alpha1.EnvironmentRetained),
			isStalled(m.Status.Conditions, m.Generation, "environment test", "own", "allmenning.dev/delete-volumes=true"))
	})

	remove(t, m)
	until(t, "the Municipality waits, and says for what", m, func(m *v1alpha1.Municipality) error {
		prod := environment(m, "prod")
		return errors.Join(expect("state", prod.State, v1alpha1.EnvironmentRetained),
			holds(prod.Message, "PersistentVolumeClaim ledger-data", "annotate Municipality "+m.Name+" allmenning.dev/delete-volumes=true", "spec.deletionPolicy to Retain"))
	})
	gone(t, appInstallation(ns, app.Name))
	eventually(t, "its apps are gone, and none is said to come", func(context.Context) error {
		row := printed(t, "municipalities", m, 0) //nolint:contextcheck // it has the test's
		return errors.Join(expect("APPS", row["Apps"], v1alpha1.ReasonReady), expect("RUNNING", row["Running"], "0/0"), expect("UP TO DATE", row["Up to date"], "0/0"))
	})
	gone(t, at(&rbacv1.RoleBinding{}, ns, v1alpha1.RoleViewer))
	consistsOf(t, ns, walls("NetworkPolicy/allmenning-allow-internet", "NetworkPolicy/allmenning-allow-ingress-controller")...)
	if claim := read(t, at(&corev1.PersistentVolumeClaim{}, ns, "ledger-data")); !claim.DeletionTimestamp.IsZero() {
		t.Error("the volume is being deleted")
	}
	if after := read(t, namespace); after.UID != namespace.UID || !after.DeletionTimestamp.IsZero() {
		t.Errorf("the namespace is being deleted: %+v", after.ObjectMeta)
	}

	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Annotations = map[string]string{v1alpha1.AnnotationDeleteVolumes: "true"}
	})
	until(t, "the namespace goes with its volumes", namespace, func(ns *corev1.Namespace) error {
		if ns.DeletionTimestamp.IsZero() {
			return errors.New("not yet")
		}
		return nil
	})
	// The control plane runs no kubelet and no volume plugin, so the protection of claims is
	// taken off here as the cluster would.
	for _, place := range []string{ns, m.Name + "-test"} {
		eventually(t, "the claims end", func(ctx context.Context) error {
			var claims corev1.PersistentVolumeClaimList
			if err := admin.List(ctx, &claims, client.InNamespace(place)); err != nil {
				return err
			}
			for i := range claims.Items {
				err := admin.Patch(ctx, &claims.Items[i], client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`)))
				if client.IgnoreNotFound(err) != nil {
					return err
				}
			}
			return expect("claims", len(claims.Items), 0)
		})
	}
	gone(t, m)
	gone(t, namespace)
}

// A Municipality deletes only what it made or took up: one that was made again under a number
// of another holds nothing, decides on no app and tells none its number, and one that was made again with
// fewer environments not the others.
func TestAMunicipalityDeletesOnlyWhatItHolds(t *testing.T) {
	parallel(t)
	neighbour := standing(t, town(t, "vinje"))
	app := publish(t, unique("archive"), nil, files("archive", nil))
	first := standing(t, town(t, "seljord", withTest, adopts(app.Name, func(d *v1alpha1.AppDecision) { d.Version = "1.0.0" })))
	ours := runs(t, first.Name+"-prod", app.Name, "1.0.0")
	own := configMap(first.Name+"-prod", "own")
	put(t, own)
	remove(t, first)
	gone(t, first)

	again := func(number string, environments []v1alpha1.Environment, decision v1alpha1.Decision) *v1alpha1.Municipality {
		m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: first.Name}, Spec: *first.Spec.DeepCopy()}
		m.Spec.Number, m.Spec.Environments = number, environments
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: app.Name, Decision: decision}}
		deletes(m)
		return put(t, m)
	}
	kept := func(environments ...string) {
		t.Helper()
		for _, e := range environments {
			if ns := read(t, at(&corev1.Namespace{}, "", first.Name+"-"+e)); !ns.DeletionTimestamp.IsZero() {
				t.Errorf("namespace %s is being deleted", ns.Name)
			}
		}
	}

	untouched := func() {
		t.Helper()
		if diff := cmp.Diff(ours.Spec, read(t, ours).Spec); diff != "" {
			t.Errorf("its app is asked for another thing (-want +got):\n%s", diff)
		}
	}
	taken := again(neighbour.Spec.Number, first.Spec.Environments, v1alpha1.DecisionDecline)
	until(t, "the number is taken", taken, func(m *v1alpha1.Municipality) error {
		return errors.Join(isStalled(m.Status.Conditions, m.Generation, "belongs to Municipality "+neighbour.Name),
			speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse, "belongs to Municipality"))
	})
	untouched()
	edit(t, taken, func(m *v1alpha1.Municipality) { m.Spec.Apps[0].Decision = v1alpha1.DecisionAdopt })
	until(t, "the number is taken still", taken, func(m *v1alpha1.Municipality) error {
		return speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse, "belongs to Municipality")
	})
	untouched()
	remove(t, taken)
	gone(t, taken)
	kept("prod", "test")

	untouched()

	fewer := again(first.Spec.Number, first.Spec.Environments[:1], v1alpha1.DecisionAdopt)
	until(t, "the other environment is kept", standing(t, fewer), func(m *v1alpha1.Municipality) error {
		e := environment(m, "test")
		return errors.Join(expect("state", e.State, v1alpha1.EnvironmentRetained), holds(e.Message, "an earlier Municipality "+m.Name))
	})
	remove(t, fewer)
	gone(t, fewer)
	kept("prod", "test") // Delete was set before it held anything
}

// Who has an app installed in a closed environment was promised closed walls.
func TestAClosedAppKeepsItsEnvironmentClosed(t *testing.T) {
	parallel(t)
	app := publish(t, unique("journal"), func(app *v1alpha1.SharedApp) {
		for i := range app.Spec.Versions {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}}}
		}
	}, files("journal", nil))
	closed := func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed }
	m := town(t, "skien", closed, adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	standing(t, m)

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneOpen })
	stalls(t, ns, app.Name, "decline "+app.Name, "requires zone Closed")
	until(t, "the Municipality says so", m, func(m *v1alpha1.Municipality) error {
		return errors.Join(isStalled(m.Status.Conditions, m.Generation, "environment prod", "decline "+app.Name, "back to Closed"),
			holds(environment(m, "prod").Message, "stays Closed"),
			speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse, app.Name))
	})
	if zone := read(t, at(&corev1.Namespace{}, "", ns)).Labels[v1alpha1.LabelZone]; zone != string(v1alpha1.ZoneClosed) {
		t.Errorf("the namespace is labelled %s", zone)
	}
	if zone := environment(read(t, m), "prod").Zone; zone != v1alpha1.ZoneClosed {
		t.Errorf("the Municipality shows zone %s", zone)
	}
	if zone := read(t, appInstallation(ns, app.Name)).Spec.Tenant.Zone; zone != v1alpha1.ZoneClosed {
		t.Errorf("the app is asked to run in zone %s", zone)
	}
	for _, policy := range []string{"allmenning-allow-internet", "allmenning-allow-ingress-controller"} {
		if err := absentNow(t.Context(), at(&networkingv1.NetworkPolicy{}, ns, policy)); err != nil {
			t.Error(err)
		}
	}

	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, appInstallation(ns, app.Name))
	standing(t, m)
	until(t, "the Municipality shows that it is open", m, func(m *v1alpha1.Municipality) error {
		if zone := environment(m, "prod").Zone; zone != v1alpha1.ZoneOpen {
			return fmt.Errorf("it shows zone %s", zone)
		}
		return nil
	})
	until(t, "it opens when the app is uninstalled", at(&networkingv1.NetworkPolicy{}, ns, "allmenning-allow-internet"), func(*networkingv1.NetworkPolicy) error { return nil })
}

// A version may require another zone than the one before: it does not come where the zone is another, and what runs
// there runs on.
func TestAVersionWhoseZoneIsTightened(t *testing.T) {
	parallel(t)
	app := publish(t, unique("register"), func(app *v1alpha1.SharedApp) {
		app.Spec.Versions[1].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}}}
	}, files("register", nil), files("register", nil))
	m := town(t, "notodden", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")

	promote(t, app, "1.1.0")
	reports(t, m, app.Name, "Blocked", "version 1.1.0", "requires zone Closed", "the environment has Open")
	runs(t, ns, app.Name, "1.0.0")
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed })
	runs(t, ns, app.Name, "1.1.0")
}

func absentNow(ctx context.Context, o client.Object) error {
	err := admin.Get(ctx, client.ObjectKeyFromObject(o), o)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return errors.Join(err, fmt.Errorf("%T %s is there", o, o.GetName()))
}
