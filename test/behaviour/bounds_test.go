package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestCountsAndSizesAreBounded(t *testing.T) {
	parallel(t)
	const most = 10
	m := standing(t, town(t, "lierne", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"lierne-dev"}}}
		m.Spec.Environments[0].Quota = &v1alpha1.Quota{Objects: new(int32(most)), EphemeralStorage: new(resource.MustParse("2Gi"))}
	}))
	ns, developer := m.Name+"-prod", person(t, "liv", "lierne-dev")

	deployment := func(n int) *appsv1.Deployment {
		labels := map[string]string{"app": fmt.Sprint("d", n)}
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: labels["app"]}, Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: restrictedPod(ns, "").Spec},
		}}
	}
	eventually(t, "the developer may create Deployments", func(ctx context.Context) error { return developer.Create(ctx, deployment(0)) })
	for n := 1; n < most; n++ {
		if err := developer.Create(t.Context(), deployment(n)); err != nil {
			t.Fatalf("Deployment %d of %d must be taken: %v", n+1, most, err)
		}
	}
	if err := developer.Create(t.Context(), deployment(most)); !apierrors.IsForbidden(err) || holds(err.Error(), "exceeded quota", "count/deployments.apps=10") != nil {
		t.Errorf("Deployment %d of %d must be refused: %v", most+1, most, err)
	}

	large := restrictedPod(ns, "large")
	large.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("3Gi")}
	large.Spec.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("1Mi")}
	if err := developer.Create(t.Context(), large); !apierrors.IsForbidden(err) || holds(err.Error(), "maximum ephemeral-storage usage per Container is 2Gi") != nil {
		t.Errorf("a container that may fill more of a node's disk than the environment may ask for must be refused: %v", err)
	}

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Quota.Objects = new(int32(most + 1)) })
	eventually(t, "a raised bound lets one more in", func(ctx context.Context) error {
		if err := developer.Create(ctx, deployment(most)); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}
