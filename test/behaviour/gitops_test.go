package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/argocd"
)

// gitOpsToolsSay waits until the library of kstatus, which Flux asks, says this of an object, and the health script for
// Argo CD the other, with these words.
func gitOpsToolsSay(t *testing.T, o client.Object, flux status.Status, argo string, words ...string) {
	t.Helper()
	gvk, err := admin.GroupVersionKindFor(o)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, fmt.Sprintf("%s %s is %s and %s", gvk.Kind, o.GetName(), flux, argo), func(ctx context.Context) error {
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(gvk)
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), live); err != nil {
			return err
		}
		computed, err := status.Compute(live)
		if err != nil {
			return err
		}
		health, err := argocd.HealthOf(ctx, argocd.HealthScript, live.Object)
		if err != nil {
			return err
		}
		return errors.Join(expect("kstatus", computed.Status, flux), expect("health", health.Status, argo), holds(health.Message, words...))
	})
}

// TestGitOpsToolsReadEveryKind drives the kinds through their states, and Flux and Argo CD read each as it is.
func TestGitOpsToolsReadEveryKind(t *testing.T) {
	parallel(t)
	app := publish(t, unique("read"), nil, files("read", nil), broken("read"), files("read", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", pilot), wave("everyone")), pilot, other)
	installed := appInstallation(pilot.Name+"-prod", app.Name)
	for _, o := range []client.Object{app, n, pilot, installed, rolloutOf(n, app.Name, "1.0.0", 1)} {
		gitOpsToolsSay(t, o, status.CurrentStatus, "Healthy")
	}

	promote(t, app, "1.1.0")
	bad := rolloutOf(n, app.Name, "1.1.0", 1)
	gitOpsToolsSay(t, installed, status.InProgressStatus, "Progressing", "Deployment/read")
	gitOpsToolsSay(t, bad, status.InProgressStatus, "Progressing", "pilot")
	gitOpsToolsSay(t, pilot, status.CurrentStatus, "Healthy") // its tenancy is as it should be
	timeIsUp(t, n)
	gitOpsToolsSay(t, bad, status.FailedStatus, "Degraded", "halted")
	recovers(t, n)
	promote(t, app, "1.2.0")
	gitOpsToolsSay(t, rolloutOf(n, app.Name, "1.2.0", 1), status.CurrentStatus, "Healthy")
	gitOpsToolsSay(t, bad, status.InProgressStatus, "Healthy", "took its place") // a record: Flux is never asked to apply one

	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Apps[0].Channel = "nightly" })
	gitOpsToolsSay(t, n, status.FailedStatus, "Degraded", "nightly")
	edit(t, installed, func(i *v1alpha1.AppInstallation) { i.Spec.Suspend = new(true) })
	gitOpsToolsSay(t, installed, status.InProgressStatus, "Suspended", "spec.suspend")
}

func TestGitOpsToolsReadFaults(t *testing.T) {
	parallel(t)
	faulty := publish(t, unique("faulty"), nil, files("faulty", nil))
	put(t, &corev1.ConfigMap{ObjectMeta: at(&corev1.ConfigMap{}, operatorNamespace, faulty.Name+"-worse").ObjectMeta,
		Data: map[string]string{"kustomization.yaml": "resources: [missing.yaml]\n"}})
	edit(t, faulty, func(a *v1alpha1.SharedApp) {
		a.Spec.Versions = append(a.Spec.Versions, v1alpha1.Version{Version: "2.0.0", Source: fromConfigMap(faulty.Name + "-worse")})
	})
	gitOpsToolsSay(t, faulty, status.FailedStatus, "Degraded", "missing.yaml")
	edit(t, faulty, func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) })
	gitOpsToolsSay(t, faulty, status.InProgressStatus, "Suspended")

	app := publish(t, unique("taken"), nil, files("taken", nil))
	m := standing(t, town(t, "taken"))
	create(t, &corev1.ConfigMap{ObjectMeta: at(&corev1.ConfigMap{}, m.Name+"-prod", "taken").ObjectMeta})
	edit(t, m, adopts(app.Name))
	gitOpsToolsSay(t, appInstallation(m.Name+"-prod", app.Name), status.FailedStatus, "Degraded", "ConfigMap")

	double := town(t, "double", func(d *v1alpha1.Municipality) { d.Spec.Number = m.Spec.Number })
	gitOpsToolsSay(t, double, status.FailedStatus, "Degraded", m.Spec.Number)
	edit(t, double, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
	gitOpsToolsSay(t, double, status.InProgressStatus, "Suspended")
	n := put(t, &v1alpha1.Network{ObjectMeta: at(&v1alpha1.Network{}, "", unique("still")).ObjectMeta, Spec: v1alpha1.NetworkSpec{DisplayName: "Still", Suspend: new(true)}})
	gitOpsToolsSay(t, n, status.InProgressStatus, "Suspended")
}

// Not parallel: it is about the one Platform.
func TestGitOpsToolsReadThePlatform(t *testing.T) {
	startOperator(t)
	platform := atOnce()
	gitOpsToolsSay(t, platform, status.CurrentStatus, "Healthy")
	undo := onPlatform(t, func(s *v1alpha1.PlatformSpec) { s.Suspend = new(true) })
	gitOpsToolsSay(t, platform, status.InProgressStatus, "Suspended")
	undo()
	gitOpsToolsSay(t, platform, status.CurrentStatus, "Healthy")
}
