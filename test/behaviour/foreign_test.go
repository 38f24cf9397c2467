package behaviour_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAnAppReadsNothingOfAnother(t *testing.T) {
	parallel(t)
	owner := sells(t, unique("owner"), only("apiVersion: v1\nkind: Secret\nmetadata: {name: database}\nstringData: {password: hunter22}\n"))
	reader := sells(t, unique("reader"), only(`apiVersion: apps/v1
kind: Deployment
metadata: {name: reader}
spec:
  replicas: 0
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers: [{name: web, image: example.org/web:1, envFrom: [{secretRef: {name: database}}]}]
`))
	checked(t, owner)
	checked(t, reader) // a Secret that the bundle does not bring may be the municipality's
	m := town(t, "foreign", adopts(owner.Name))
	ns := m.Name + "-prod"
	runs(t, ns, owner.Name, "1.0.0")

	edit(t, m, adopts(reader.Name))
	stalls(t, ns, reader.Name, "Deployment/reader", "spec.template.spec.containers[web].envFrom[0].secretRef", "Secret/database in "+ns+" belongs to app "+owner.Name)
	if got := belongings(t, ns, reader.Name); len(got) > 0 {
		t.Errorf("it is half there: %v", got)
	}

	edit(t, m, says(v1alpha1.AppDecision{Name: owner.Name, Decision: v1alpha1.DecisionDecline}))
	runs(t, ns, reader.Name, "1.0.0")
}

// The claims of a StatefulSet are made by the cluster, and are the app's all the same.
func TestAnAppMountsNothingOfAnother(t *testing.T) {
	parallel(t)
	owner := sells(t, unique("owner"), only(`apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger}
spec:
  replicas: 1
  serviceName: ledger
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers: [{name: db, image: example.org/db:1, volumeMounts: [{name: data, mountPath: /data}]}]
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
`))
	reader := sells(t, unique("reader"), only(`apiVersion: apps/v1
kind: Deployment
metadata: {name: reader}
spec:
  replicas: 0
  selector: {matchLabels: {app: reader}}
  template:
    metadata: {labels: {app: reader}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers: [{name: web, image: example.org/web:1}]
      volumes: [{name: v, persistentVolumeClaim: {claimName: data-ledger-0}}]
`))
	cloner := sells(t, unique("cloner"), only("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: copy}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSource: {kind: PersistentVolumeClaim, name: data-ledger-0}}\n"))
	checked(t, owner)
	checked(t, reader)
	checked(t, cloner)
	m := town(t, "mount", adopts(owner.Name))
	ns := m.Name + "-prod"
	until(t, "its claim is there", at(&corev1.PersistentVolumeClaim{}, ns, "data-ledger-0"), func(*corev1.PersistentVolumeClaim) error { return nil })

	edit(t, m, adopts(reader.Name))
	edit(t, m, adopts(cloner.Name))
	for app, field := range map[string]string{reader.Name: "volumes[v].persistentVolumeClaim", cloner.Name: "PersistentVolumeClaim/copy: spec.dataSource"} {
		stalls(t, ns, app, field, "PersistentVolumeClaim/data-ledger-0 in "+ns+" belongs to app "+owner.Name)
		if got := belongings(t, ns, app); len(got) > 0 {
			t.Errorf("%s is half there: %v", app, got)
		}
	}
}

// What bears the name, or the labels, of an app's object and is somebody else's is not touched when the app goes, or when a version
// no longer has that object: what was restored from a backup by hand, for one.
func TestWhatIsSomebodyElsesIsNeverRemoved(t *testing.T) {
	parallel(t)
	old := func(name string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP-" + name + "}\n"
	}
	app := publish(t, unique("shelf"), nil,
		files("shelf", map[string]string{"old.yaml": old("old"), "left.yaml": old("left")}), files("shelf", map[string]string{"left.yaml": old("left")}))
	m := town(t, "gran", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	labels := read(t, configMap(ns, "shelf-old")).Labels
	labelled := func(name string) *corev1.ConfigMap {
		return put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: labels}})
	}
	foreign := []*corev1.ConfigMap{labelled("shelf-restored")}
	stay := func(when string) {
		t.Helper()
		for _, o := range foreign {
			now := configMap(ns, o.Name)
			if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), now); err != nil || now.UID != o.UID || !now.DeletionTimestamp.IsZero() {
				t.Errorf("%s: %s is not what it was: %v, %+v", when, o.Name, err, now.ObjectMeta)
			}
		}
	}
	promote(t, app, "1.1.0")
	i := runs(t, ns, app.Name, "1.1.0")
	gone(t, configMap(ns, "shelf-old"))
	stay("when the version no longer has such an object")

	edit(t, i, func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) })
	until(t, "it says that it is suspended", i, func(i *v1alpha1.AppInstallation) error {
		if !meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionSuspended) {
			return fmt.Errorf("conditions: %+v", i.Status.Conditions)
		}
		return nil
	})
	for _, name := range []string{"shelf-left", "shelf"} {
		remove(t, configMap(ns, name))
	}
	foreign = append(foreign, labelled("shelf-left"), put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "shelf"}}))
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	until(t, "it is to be uninstalled, when it is suspended no longer", i, func(i *v1alpha1.AppInstallation) error {
		return expect("state", i.Spec.State, v1alpha1.InstallationAbsent)
	})
	edit(t, i, func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = nil })
	gone(t, i)
	if left := belongings(t, ns, app.Name); len(left) != 2 {
		t.Errorf("what was the app's is not gone, or more: %v", left)
	}
	stay("when the app is uninstalled")
}
