package controlplane_test

import (
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/test/controlplane"
)

// Two control planes start at the same time and know nothing of each other.
func TestSideBySide(t *testing.T) {
	t.Parallel()
	planes := make([]*controlplane.ControlPlane, 2)
	failures := make([]error, len(planes))
	var both sync.WaitGroup
	for i := range planes {
		both.Go(func() { planes[i], failures[i] = controlplane.Start(t.Context(), controlplane.Options{}) })
	}
	both.Wait()
	for i, plane := range planes {
		if failures[i] != nil {
			t.Fatal(failures[i])
		}
		t.Cleanup(func() {
			if err := plane.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	if planes[0].Server() == planes[1].Server() || planes[0].Dir() == planes[1].Dir() {
		t.Fatalf("both are at %s in %s", planes[0].Server(), planes[0].Dir())
	}
	first, second := clientOf(t, planes[0]), clientOf(t, planes[1])
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "vinje-prod"}}
	if _, err := first.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := second.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Errorf("what was made in one is seen in the other: %v", err)
	}
	if err := planes[0].Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := second.CoreV1().Namespaces().Get(t.Context(), namespace.Name, metav1.GetOptions{}); err != nil {
		t.Errorf("stopping one hurts the other: %v", err)
	}
}
