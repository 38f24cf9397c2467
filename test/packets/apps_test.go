//go:build linux

package packets

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/node"
	"github.com/allmenning/allmenning/test/shipped"
)

// installed is what the world's municipalities are to have: an app's version, by the namespace of its AppInstallation.
func installed() map[client.ObjectKey]string {
	return map[client.ObjectKey]string{
		{Namespace: "vinje-prod", Name: "id-gateway"}:      "1.2.0",
		{Namespace: "vinje-prod", Name: "svarut"}:          "2.4.1",
		{Namespace: "vinje-prod", Name: "innbyggerportal"}: "3.1.0",
		{Namespace: "vinje-prod", Name: "kartvisning"}:     "1.0.0",
		{Namespace: "vinje-prod", Name: "helsemelding"}:    "1.8.2",
		{Namespace: "vinje-prod", Name: "saksarkiv"}:       "5.0.3",
		{Namespace: "vinje-prod", Name: "depot"}:           "1.0.0",
		{Namespace: "vinje-prod", Name: "lonn"}:            "1.0.0",
		{Namespace: "vinje-test", Name: "lonn"}:            "1.0.0",
		{Namespace: "vinje-test", Name: "depot"}:           "1.0.0",
		{Namespace: "vinje-test", Name: "id-gateway"}:      "1.2.0",
		{Namespace: "vinje-test", Name: "svarut"}:          "2.4.1",
		{Namespace: "vinje-test", Name: "innbyggerportal"}: "3.1.0",
		{Namespace: "vinje-test", Name: "kartvisning"}:     "1.0.0",
		{Namespace: "tokke-prod", Name: "id-gateway"}:      "1.2.0",
		{Namespace: "tokke-prod", Name: "svarut"}:          "2.4.1",
		{Namespace: "tokke-test", Name: "id-gateway"}:      "1.2.0",
		{Namespace: "tokke-test", Name: "svarut"}:          "2.4.1",
	}
}

// TestAppsRun applies what users apply, and waits until all of it runs: the operator in its own pods, each app in each
// environment with real ones. It comes first, as the other tests use what runs.
func TestAppsRun(t *testing.T) {
	await(t, "the operator's pods are Ready", operatorRuns(2))
	for _, folder := range []string{root + "/config/samples/apps", root + "/config/samples/own-namespace", "testdata/world"} {
		if err := shipped.Apply(t.Context(), cluster.Admin, folder); err != nil {
			t.Fatal(err)
		}
	}

	for key, version := range installed() {
		await(t, key.String()+" is Ready", func(ctx context.Context) error {
			var i v1alpha1.AppInstallation
			if err := cluster.Admin.Get(ctx, key, &i); err != nil {
				return err
			}
			if i.Spec.Version != version || !meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionReady) {
				return fmt.Errorf("it is at %s: %v", i.Spec.Version, i.Status.Conditions)
			}
			return nil
		})
	}
	for key := range installed() {
		pods := podsOf(t, key)
		if len(pods) == 0 {
			t.Errorf("%s is Ready, and has no pod", key)
		}
		for i := range pods {
			if !node.Ready(&pods[i]) || pods[i].Spec.NodeName != node.Name {
				t.Errorf("%s is Ready, and its pod %s is not, or not on the real node: %v", key, pods[i].Name, pods[i].Status)
			}
		}
	}
}

// podsOf are the pods of an app in an environment, in its own namespace where it has one.
func podsOf(t *testing.T, key client.ObjectKey) []corev1.Pod {
	t.Helper()
	for _, namespace := range []string{key.Namespace, key.Namespace + "--" + key.Name} {
		var pods corev1.PodList
		if err := cluster.Admin.List(t.Context(), &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApp: key.Name}); err != nil {
			t.Fatal(err)
		}
		if len(pods.Items) > 0 {
			return pods.Items
		}
	}
	return nil
}

func await(t *testing.T, what string, met func(context.Context) error) {
	t.Helper()
	if err := cluster.Await(t.Context(), what, met); err != nil {
		t.Fatal(err)
	}
}

// operatorRuns is met when so many pods of the operator are Ready, and no other is left.
func operatorRuns(count int32) func(context.Context) error {
	return func(ctx context.Context) error {
		var d appsv1.Deployment
		var pods corev1.PodList
		if err := cluster.Admin.Get(ctx, client.ObjectKey{Namespace: "allmenning-system", Name: "allmenning-manager"}, &d); err != nil {
			return err
		}
		if err := cluster.Admin.List(ctx, &pods, client.InNamespace("allmenning-system")); err != nil {
			return err
		}
		if d.Status.ObservedGeneration != d.Generation || d.Status.ReadyReplicas != count || len(pods.Items) != int(count) {
			var why []corev1.ContainerStatus
			for i := range pods.Items {
				why = append(why, pods.Items[i].Status.ContainerStatuses...)
			}
			return fmt.Errorf("%d of %d are Ready, %d pods: %v", d.Status.ReadyReplicas, count, len(pods.Items), why)
		}
		return nil
	}
}
