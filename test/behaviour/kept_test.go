package behaviour_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// database is an app that keeps data in a volume, which opens with a password that the operator makes.
func database(t *testing.T, prefix string, isolation v1alpha1.Isolation) *v1alpha1.SharedApp {
	t.Helper()
	name := unique(prefix)
	claim := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: APP-data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	return publish(t, name, func(app *v1alpha1.SharedApp) {
		schema := strings.Replace(schemaOf, `"password":{"type":"string","default":"none"}`, `"password":{"type":"string","format":"generated"}`, 1)
		app.Spec.Versions[0].Parameters.OpenAPIV3Schema = apiextensionsv1.JSON{Raw: []byte(schema)}
		app.Spec.Isolation = isolation
		if isolation == v1alpha1.IsolationOwn {
			app.Spec.OwnNamespace = &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{Storage: new(resource.MustParse("2Gi")), PersistentVolumeClaims: new(int32(1))}}
		}
	}, files(name, map[string]string{"claim.yaml": claim}))
}

// unprotected takes the protection off the claims of a namespace, as a kubelet would, until they are gone.
func unprotected(t *testing.T, namespace string) {
	t.Helper()
	eventually(t, "the claims end", func(ctx context.Context) error {
		var claims corev1.PersistentVolumeClaimList
		if err := admin.List(ctx, &claims, client.InNamespace(namespace)); err != nil {
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

// What a database holds opens only with the password that was made for it: both are kept, and taken up again.
func TestValuesAreKeptWithTheData(t *testing.T) {
	parallel(t)
	for _, isolation := range []v1alpha1.Isolation{v1alpha1.IsolationShared, v1alpha1.IsolationOwn} {
		t.Run(string(isolation), func(t *testing.T) {
			parallel(t)
			app := database(t, "db", isolation)
			m := town(t, "hitra", adopts(app.Name))
			ns := m.Name + "-prod"
			home := ns
			if isolation == v1alpha1.IsolationOwn {
				home += "--" + app.Name
			}
			runs(t, ns, app.Name, "1.0.0")
			made := read(t, at(&corev1.Secret{}, home, app.Name+"-generated"))
			claim := read(t, at(&corev1.PersistentVolumeClaim{}, home, app.Name+"-data"))
			if len(made.Data["password"]) != 32 {
				t.Fatalf("the password has %d letters", len(made.Data["password"]))
			}

			edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
			gone(t, appInstallation(ns, app.Name))
			gone(t, configMap(home, app.Name))
			until(t, "the Municipality names what is kept", m, func(m *v1alpha1.Municipality) error {
				all := environment(m, "prod").Kept
				if len(all) != 1 || all[0].App != app.Name || all[0].Namespace != home || strings.Join(all[0].Claims, ",") != claim.Name {
					return fmt.Errorf("kept: %+v", all)
				}
				return nil
			})
			if kept := read(t, made); kept.UID != made.UID || !bytes.Equal(kept.Data["password"], made.Data["password"]) {
				t.Error("the password is another one")
			}

			edit(t, m, adopts(app.Name))
			runs(t, ns, app.Name, "1.0.0")
			until(t, "nothing of it is kept any longer", m, func(m *v1alpha1.Municipality) error {
				return expect("kept", len(environment(m, "prod").Kept), 0)
			})
			if again := read(t, made); again.UID != made.UID || !bytes.Equal(again.Data["password"], made.Data["password"]) {
				t.Error("adopted again, it has another password")
			}
			if again := read(t, claim); again.UID != claim.UID {
				t.Error("adopted again, it has another volume")
			}
			shown := read(t, at(&corev1.Secret{}, home, app.Name))
			if !bytes.Equal(shown.Data["password"], made.Data["password"]) {
				t.Error("its configuration has another password")
			}
		})
	}
}

// What is kept of an app in a namespace of its own is named where one looks first, with the way to be rid of it.
func TestAKeptNamespaceIsNamedAndGoesWhenSomebodySaysSo(t *testing.T) {
	parallel(t)
	app := database(t, "archive", v1alpha1.IsolationOwn)
	m := town(t, "froya", adopts(app.Name))
	ns := m.Name + "-prod"
	home := namespace(ns + "--" + app.Name)
	runs(t, ns, app.Name, "1.0.0")
	standing(t, m)
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, appInstallation(ns, app.Name))
	kept := func(m *v1alpha1.Municipality) (v1alpha1.KeptData, error) {
		all := environment(m, "prod").Kept
		if len(all) != 1 || all[0].App != app.Name || all[0].Namespace != home.Name {
			return v1alpha1.KeptData{}, fmt.Errorf("kept: %+v", all)
		}
		return all[0], nil
	}
	named := until(t, "the Municipality names it", m, func(m *v1alpha1.Municipality) error {
		one, err := kept(m)
		return errors.Join(err, expect("claims", strings.Join(one.Claims, ","), app.Name+"-data"),
			speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionReady, "True", "kept is data of uninstalled apps: prod/"+app.Name))
	})
	one, err := kept(named)
	if err != nil {
		t.Fatal(err)
	}
	_, mark, found := strings.Cut(one.Message, v1alpha1.AnnotationDeleteVolumes+"=")
	if !found {
		t.Fatalf("it does not say how to be rid of it: %s", one.Message)
	}
	mark, _, _ = strings.Cut(mark, ";")

	edit(t, m, adopts(app.Name))
	runs(t, ns, app.Name, "1.0.0")
	until(t, "it is in use again", m, func(m *v1alpha1.Municipality) error {
		return expect("kept", len(environment(m, "prod").Kept), 0)
	})
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Annotations = map[string]string{v1alpha1.AnnotationDeleteVolumes: "true," + mark}
	})
	remove(t, read(t, appInstallation(ns, app.Name)))
	runs(t, ns, app.Name, "1.0.0")
	read(t, at(&corev1.PersistentVolumeClaim{}, home.Name, app.Name+"-data"))

	edit(t, m, func(m *v1alpha1.Municipality) { m.Annotations = nil })
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, appInstallation(ns, app.Name))
	until(t, "the Municipality names it", m, func(m *v1alpha1.Municipality) error { _, err := kept(m); return err })
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Annotations = map[string]string{v1alpha1.AnnotationDeleteVolumes: mark}
	})
	until(t, "the namespace goes", home, func(ns *corev1.Namespace) error {
		if ns.DeletionTimestamp.IsZero() {
			return errors.New("not yet")
		}
		return nil
	})
	unprotected(t, home.Name)
	gone(t, home)
	until(t, "nothing is kept", standing(t, m), func(m *v1alpha1.Municipality) error {
		return expect("kept", len(environment(m, "prod").Kept), 0)
	})
}

// The claims that a StatefulSet made in the environment's namespace are known by the label of their app.
func TestClaimsOfAStatefulSetAreNamed(t *testing.T) {
	parallel(t)
	name := unique("store")
	app := publish(t, name, nil, storing(name))
	m := town(t, "smola", adopts(app.Name))
	ns := m.Name + "-prod"
	claim := at(&corev1.PersistentVolumeClaim{}, ns, "data-"+name+"-0")
	until(t, "the claim is there", claim, func(*corev1.PersistentVolumeClaim) error { return nil })
	edit(t, m, says(v1alpha1.AppDecision{Name: name, Decision: v1alpha1.DecisionDecline}))
	gone(t, appInstallation(ns, name))
	until(t, "the Municipality names it", m, func(m *v1alpha1.Municipality) error {
		all := environment(m, "prod").Kept
		if len(all) != 1 || len(all[0].Claims) != 1 {
			return fmt.Errorf("kept: %+v", all)
		}
		return errors.Join(expect("claim", all[0].Claims[0], claim.Name), holds(all[0].Message, "kubectl delete pvc,secret -n "+ns+" -l allmenning.dev/app="+name))
	})
	remove(t, claim)
	unprotected(t, ns)
	until(t, "nothing is kept", m, func(m *v1alpha1.Municipality) error {
		return expect("kept", len(environment(m, "prod").Kept), 0)
	})
}
