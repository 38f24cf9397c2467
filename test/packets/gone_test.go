//go:build linux

package packets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/test/node"
)

// TestTheOperatorIsGone shows that a cluster without the operator goes on: nothing of the cluster, nor of a tenant's day, waits for it.
func TestTheOperatorIsGone(t *testing.T) {
	scale(t, 0)
	t.Cleanup(func() { scale(t, 2) })

	t.Run("namespaces are made and deleted", func(t *testing.T) {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "unrelated"}}
		if err := cluster.Admin.Create(t.Context(), ns); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Admin.Delete(t.Context(), ns); err != nil {
			t.Fatal(err)
		}
		await(t, "the namespace is gone", func(ctx context.Context) error { return gone(ctx, ns) })
	})
	t.Run("the node heartbeats", func(t *testing.T) {
		beat := func(ctx context.Context) (coordinationv1.Lease, error) {
			var lease coordinationv1.Lease
			err := cluster.Admin.Get(ctx, client.ObjectKey{Namespace: "kube-node-lease", Name: node.Name}, &lease)
			return lease, err
		}
		before, err := beat(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		await(t, "the node's lease is renewed", func(ctx context.Context) error {
			now, err := beat(ctx)
			if err == nil && !now.Spec.RenewTime.After(before.Spec.RenewTime.Time) {
				err = errors.New("it is not")
			}
			return err
		})
	})
	t.Run("system pods run, and come again", func(t *testing.T) {
		dns := []client.ListOption{client.InNamespace("kube-system"), client.MatchingLabels{"k8s-app": "kube-dns"}}
		var before corev1.PodList
		if err := cluster.Admin.List(t.Context(), &before, dns...); err != nil {
			t.Fatal(err)
		}
		if err := cluster.Admin.Delete(t.Context(), &before.Items[0]); err != nil {
			t.Fatal(err)
		}
		await(t, "another pod of CoreDNS is Ready", func(ctx context.Context) error {
			var now corev1.PodList
			if err := cluster.Admin.List(ctx, &now, dns...); err != nil {
				return err
			}
			if len(now.Items) != 1 || now.Items[0].Name == before.Items[0].Name || !node.Ready(&now.Items[0]) {
				return fmt.Errorf("there are %d pods", len(now.Items))
			}
			return nil
		})
	})
	t.Run("a municipality works", municipalityWorks)
}

// municipalityWorks makes a workload as an administrator of vinje does, changes it, reads its log, and deletes it. What the policies
// forbid is forbidden also now.
func municipalityWorks(t *testing.T) {
	config := as("anna", "vinje-ikt")
	anna, err := client.New(config, client.Options{Scheme: cluster.Admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	pod := node.NewPod("vinje-test", "shop", nil)
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "vinje-test", Name: "shop"}}
	d.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "shop"}}
	d.Spec.Template.Labels, d.Spec.Template.Spec = d.Spec.Selector.MatchLabels, pod.Spec
	d.Spec.Template.Spec.TerminationGracePeriodSeconds = ptr.To[int64](1)
	if err := anna.Create(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	runs := func(count int) string {
		var name string
		await(t, fmt.Sprintf("%d pods of the workload are Ready", count), func(ctx context.Context) error {
			var pods corev1.PodList
			if err := anna.List(ctx, &pods, client.InNamespace("vinje-test"), client.MatchingLabels{"app": "shop"}); err != nil {
				return err
			}
			ready := 0
			for i := range pods.Items {
				if node.Ready(&pods.Items[i]) {
					ready, name = ready+1, pods.Items[i].Name
				}
			}
			if ready != count || len(pods.Items) != count {
				return fmt.Errorf("%d of %d", ready, len(pods.Items))
			}
			return nil
		})
		return name
	}
	name := runs(1)
	d.Spec.Replicas = ptr.To[int32](2)
	d.ResourceVersion = ""
	if err := anna.Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	runs(2)

	clients, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the pod's log can be read", func(ctx context.Context) error {
		log, err := clients.CoreV1().Pods("vinje-test").GetLogs(name, &corev1.PodLogOptions{}).DoRaw(ctx)
		if err == nil && !strings.Contains(string(log), name+" answers") {
			err = fmt.Errorf("it is %q", log)
		}
		return err
	})
	if err := anna.Delete(t.Context(), d, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	await(t, "the workload is gone", func(ctx context.Context) error { return gone(ctx, d) })

	pinned := node.NewPod("vinje-test", "pinned", nil)
	pinned.Spec.NodeName = node.Name
	if err := anna.Create(t.Context(), pinned); !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) {
		t.Errorf("a pod that chooses its node: %v, want a refusal: policies need no operator", err)
	}
}

// as is the access of a person.
func as(user string, groups ...string) *rest.Config {
	config := cluster.Plane.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return config
}
