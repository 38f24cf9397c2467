package behaviour_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// storing is the small bundle with a StatefulSet that has a volume, in the place of the Deployment.
func storing(name string) map[string]string {
	return files(name, map[string]string{"web.yaml": strings.NewReplacer("kind: Deployment", "kind: StatefulSet", "name: web", "name: APP", "replicas: 1",
		"replicas: 1\n  serviceName: APP\n  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]").
		Replace(folder(nil)["web.yaml"])})
}

// The claims of a StatefulSet are made by its controller, which says in events alone that a quota has no room for them.
func TestAClaimBeyondTheQuotaIsNamed(t *testing.T) {
	parallel(t)
	name := unique("wide")
	app := publish(t, name, isolated, storing(name)) // of which the default share has no storage
	warned := versionOf(t, name, func(v v1alpha1.VersionStatus) error {
		return holds(strings.Join(v.Warnings, "; "), "StatefulSet/"+name+": it claims storage", "spec.ownNamespace.quota")
	})
	until(t, "the warnings are counted", app, func(app *v1alpha1.SharedApp) error {
		return expect("warnings", app.Status.Warnings, int32(len(warned.Warnings)))
	})
	m := town(t, "aukra", adopts(app.Name))
	stalls(t, m.Name+"-prod", name, "raise spec.ownNamespace.quota of SharedApp "+name, "StatefulSet/"+name, "its claims can't be made: exceeded quota", "persistentvolumeclaims=1")
	edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Spec.OwnNamespace = &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{Storage: new(resource.MustParse("1Gi")), PersistentVolumeClaims: new(int32(1))}}
	})
	until(t, "the claim is made", at(&corev1.PersistentVolumeClaim{}, m.Name+"-prod--"+name, "data-"+name+"-0"), func(*corev1.PersistentVolumeClaim) error { return nil })
}

// Why a pod is not ready is said of the app, in words that quote nothing of what a kubelet or a program wrote.
func TestWhyPodsAreNotReadyIsSaid(t *testing.T) {
	parallel(t)
	name := unique("crash")
	app := publish(t, name, nil, storing(name))
	m := town(t, "sandoy", adopts(app.Name))
	ns := m.Name + "-prod"
	pod := at(&corev1.Pod{}, ns, name+"-0")
	until(t, "its pod is there", pod, func(*corev1.Pod) error { return nil })
	fresh := read(t, pod)
	before := fresh.DeepCopy()
	fresh.Status.ContainerStatuses = []corev1.ContainerStatus{{ // as a kubelet would; there is none here
		Name: fresh.Spec.Containers[0].Name, RestartCount: 4, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "hunter2"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled", Message: "hunter2"}},
	}}
	if err := admin.Status().Patch(t.Context(), fresh, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	waits(t, ns, name, "StatefulSet/"+name+": pod "+name+"-0: container ", "ends again and again, with exit code 137 (OOMKilled), restarts: 4")
	until(t, "the municipality reads it, too", m, func(m *v1alpha1.Municipality) error {
		for _, a := range m.Status.Apps {
			if a.Name == name {
				return holds(a.Message, "OOMKilled")
			}
		}
		return errors.New("it is not listed")
	})
	if err := never(t.Context(), "hunter2", ns, appInstallation(ns, name), read(t, m)); err != nil {
		t.Error(err)
	}
}
