package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// With the operator stopped, tenants keep working and nothing of theirs changes: not when
// people change the operator's own resources, and not when these are deleted.
func TestStoppedItLeavesTenantsAlone(t *testing.T) {
	w := newWorld(t)
	c := country{world: w, prefix: "calm", size: 3}
	o := w.start(t, "")
	c.offers(t)
	c.populate(t, 1000, 0, c.size)
	c.unite(t)
	c.settled(t, 4*c.size)
	running(t, w, c.name(0)+"-prod", 2)
	stop(t, o)
	before := c.snapshot(t)
	pods := uids(t, w, &corev1.PodList{}, client.InNamespace(c.name(1)+"-prod"))

	ns := c.name(0) + "-prod"
	var list corev1.PodList
	if err := w.admin.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	if err := w.admin.Delete(t.Context(), &list.Items[0]); err != nil {
		t.Fatal(err)
	}
	c.promote(t, "portal", "1.1.0")
	gone := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: c.name(2)}}
	if err := w.admin.Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a Municipality with deletionPolicy Retain goes without the operator", func(ctx context.Context) error {
		if err := w.admin.Get(ctx, client.ObjectKeyFromObject(gone), gone); !apierrors.IsNotFound(err) {
			return fmt.Errorf("it is still there (%w)", err)
		}
		return nil
	})
	w.put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tenants-own"}})
	eventually(t, "a pod that ended is replaced", func(ctx context.Context) error {
		var now corev1.PodList
		if err := w.admin.List(ctx, &now, client.InNamespace(ns)); err != nil {
			return err
		}
		for _, p := range now.Items {
			if p.UID == list.Items[0].UID {
				return fmt.Errorf("it is still there")
			}
		}
		return runningPods(now.Items, 2)
	})

	after := c.snapshot(t)
	delete(before, "Municipality /PREFIX-02")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("something changed without the operator (-before +after):\n%.4000s", diff)
	}
	if diff := cmp.Diff(pods, uids(t, w, &corev1.PodList{}, client.InNamespace(c.name(1)+"-prod"))); diff != "" {
		t.Errorf("pods were replaced (-before +after):\n%s", diff)
	}
}

// running waits until that many pods run, and are Ready, in a namespace.
func running(t *testing.T, w *world, namespace string, count int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d pods run in %s", count, namespace), func(ctx context.Context) error {
		var pods corev1.PodList
		if err := w.admin.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
			return err
		}
		return runningPods(pods.Items, count)
	})
}

func runningPods(pods []corev1.Pod, want int) error {
	ready := 0
	for _, p := range pods {
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && p.DeletionTimestamp.IsZero() {
				ready++
			}
		}
	}
	if ready != want || len(pods) != want {
		return fmt.Errorf("%d of %d pods are Ready, want %d", ready, len(pods), want)
	}
	return nil
}
