//go:build linux

package packets

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/node"
)

// TestANamespaceThatEnds shows that a pod which takes its time to end has walls to its last moment (CVE-2024-7598: a namespace
// controller that deletes in any order may take the NetworkPolicies first).
func TestANamespaceThatEnds(t *testing.T) {
	for _, tc := range []struct {
		reason, name string
		end          func(t *testing.T, m *v1alpha1.Municipality)
	}{
		{"the Municipality is deleted: the operator holds the wall until the last pod has ended", "nissedal", func(t *testing.T, m *v1alpha1.Municipality) {
			if err := cluster.Admin.Delete(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}},
		{"somebody deletes the namespace: Kubernetes takes the pods first", "kviteseid", func(t *testing.T, m *v1alpha1.Municipality) {
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: m.Name + "-test"}}
			if err := cluster.Admin.Delete(t.Context(), ns); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: tc.name}}
			m.Spec.Number = map[string]string{"nissedal": "4030", "kviteseid": "4028"}[tc.name]
			m.Spec.DisplayName, m.Spec.DeletionPolicy = tc.name, v1alpha1.DeletionDelete
			m.Spec.Environments = []v1alpha1.Environment{{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen}}
			if err := cluster.Admin.Create(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			slow := runSlowPod(t, client.ObjectKey{Namespace: tc.name + "-test", Name: "slow"})
			caller := runPod(t, client.ObjectKey{Namespace: "stranger", Name: "pod"}, nil)
			await(t, "the walls are up", func(ctx context.Context) error {
				faults, err := openings(ctx, slow, caller)
				if err == nil && len(faults) > 0 {
					err = errors.New(strings.Join(faults, ", and "))
				}
				return err
			})

			tc.end(t, m)
			asked := 0
			await(t, "the pod has ended", func(ctx context.Context) error {
				faults, err := openings(ctx, slow, caller)
				if err := hasPolicies(ctx, slow); err != nil {
					faults = append(faults, err.Error())
				}
				if gone(ctx, slow.DeepCopy()) == nil {
					return nil // what was seen may be of the time after its end
				}
				if err == nil { // else its program has ended, and the pod is not gone yet
					asked++
				}
				for _, fault := range faults {
					t.Errorf("while the pod is ending: %s", fault)
				}
				return errors.New("it has not")
			})
			if asked < 3 {
				t.Errorf("the pod was asked %d times while it was ending: too few to show anything", asked)
			}
			t.Logf("the pod was asked %d times while it was ending", asked)
			if tc.name == "nissedal" {
				await(t, "the namespace is gone", func(ctx context.Context) error {
					return gone(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "nissedal-test"}})
				})
				return
			}
			if err := client.IgnoreNotFound(cluster.Admin.Delete(t.Context(), m)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// runSlowPod makes a pod that goes on for some seconds after it was asked to end.
func runSlowPod(t *testing.T, key client.ObjectKey) *corev1.Pod {
	t.Helper()
	pod := node.NewPod(key.Namespace, key.Name, map[string]string{"LINGER": "10s"})
	pod.Spec.TerminationGracePeriodSeconds = ptr.To[int64](20)
	await(t, "the slow pod is made", func(ctx context.Context) error { return cluster.Admin.Create(ctx, pod) })
	return runPod(t, key, nil)
}

// hasPolicies says whether the policy that closes everything is there.
func hasPolicies(ctx context.Context, pod *corev1.Pod) error {
	var deny networkingv1.NetworkPolicy
	err := cluster.Admin.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: "allmenning-default-deny"}, &deny)
	if apierrors.IsNotFound(err) {
		return errors.New("its NetworkPolicy allmenning-default-deny is gone")
	}
	return err
}

// openings are those in the walls of a pod: it reaches something private, or a stranger reaches it.
func openings(ctx context.Context, pod, stranger *corev1.Pod) ([]string, error) {
	private, target := "http:10.200.0.10:443", fmt.Sprintf("http:%s:8080", pod.Status.PodIP)
	in, err := node.Try(ctx, stranger.Status.PodIP, "", []string{target})
	if err != nil {
		return nil, err
	}
	var open []string
	if in[target].Fault == "" {
		open = append(open, "a stranger reaches it")
	}
	out, err := node.Try(ctx, pod.Status.PodIP, "", []string{private})
	if err == nil && out[private].Fault == "" {
		open = append(open, "it reaches a private address")
	}
	return open, err
}
