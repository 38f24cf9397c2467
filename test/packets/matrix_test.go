//go:build linux

package packets

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/shipped"
	"github.com/allmenning/allmenning/test/walls"
)

var update = flag.Bool("update", false, "rewrite testdata/matrix.golden from the design")

const golden = "testdata/matrix.golden"

// TestMatrix opens every connection between tenants, zones, stages, apps, and what is outside of them. What is reached is
// what the design says, which is in the golden file, with the sentence that opens it.
func TestMatrix(t *testing.T) {
	runOwnPods(t)
	d := design(t)
	s := look(t)
	want := s.Pairs(func(from walls.End, to walls.Target) bool { _, open := d.Open(from, to); return open })

	text := s.Render(d)
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(content), text); diff != "" {
		t.Errorf("the design says something else than %s (-golden +design); if that is meant, run `make test-node TEST_ARGS='-run \"TestAppsRun|TestMatrix\"' NODE_PKG='./test/packets -update'`:\n%s", golden, diff)
	}

	t.Run("packets", func(t *testing.T) { s.holds(t, want) })
	t.Run("an evaluator that is not ours", func(t *testing.T) {
		got, err := walls.Evaluate(t.Context(), evaluator, policies(t), s.Matrix)
		if err != nil {
			t.Fatal(err)
		}
		complain(t, walls.Differences(want, got))
	})
	t.Run("the operator is killed", func(t *testing.T) {
		for _, pid := range operatorProcesses(t) {
			if err := kill(pid); err != nil {
				t.Fatal(err)
			}
		}
		s := look(t)
		s.holds(t, s.restrict(want))
		await(t, "the operator is back", operatorRuns(2))
	})

	scale(t, 0)
	t.Cleanup(func() { scale(t, 2) })
	t.Run("the operator is stopped", func(t *testing.T) {
		s := look(t)
		s.holds(t, s.restrict(want))
	})
	t.Run("a broken wall is seen", func(t *testing.T) { aBrokenWallIsSeen(t, want) })
	t.Run("without policies everything reaches everything", func(t *testing.T) {
		for _, policy := range policies(t) {
			if err := cluster.Admin.Delete(t.Context(), &policy); err != nil {
				t.Fatal(err)
			}
		}
		s := look(t)
		s.holds(t, s.Pairs(func(walls.End, walls.Target) bool { return true }))
	})
	t.Run("the operator comes back and puts the walls back", func(t *testing.T) {
		if err := shipped.Apply(t.Context(), cluster.Admin, root+"/config/default"); err != nil { // whose policies were deleted too
			t.Fatal(err)
		}
		await(t, "the operator is back", operatorRuns(2))
		s := look(t)
		s.holds(t, want)
	})
}

// aBrokenWallIsSeen takes one policy away at a time, or adds one, and undoes it: packets go otherwise than the design says, and just as
// the evaluator says of the policies that there are then.
func aBrokenWallIsSeen(t *testing.T, want map[walls.Pair]bool) {
	all := policies(t)
	hole := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "tokke-test", Name: "hole"}}
	hole.Spec.PolicyTypes, hole.Spec.Ingress = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, []networkingv1.NetworkPolicyIngressRule{{}}
	for _, tc := range []struct {
		reason, namespace, name string // of the policy that is taken away; the hole is added where there is none
		changed                 string // one of the connections that go otherwise
	}{
		{"the half of a door at the host", "vinje-prod", "allmenning-door-from.lonn.payroll.tokke.prod.svarut", "tokke-prod/svarut to vinje-prod/lonn:8080: closed, and it has to be open"},
		{"the half at the consumer", "tokke-prod", "allmenning-door-to.lonn.payroll.vinje.prod.svarut", "tokke-prod/svarut to vinje-prod/lonn:8080: closed, and it has to be open"},
		{"what lets DNS be asked", "vinje-prod", "allmenning-allow-dns", "vinje-prod/own to kube-system/kube-dns:53/udp: closed, and it has to be open"},
		{"a policy that lets everybody in", hole.Namespace, hole.Name, "stranger/pod to tokke-test/own:8080: open, and it has to be closed"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			s := look(t)
			asked, broken, undo := s.restrict(want), slices.Clone(all), func() error { return cluster.Admin.Delete(t.Context(), hole.DeepCopy()) }
			if at := slices.IndexFunc(all, func(p networkingv1.NetworkPolicy) bool { return p.Namespace == tc.namespace && p.Name == tc.name }); at >= 0 {
				broken = slices.Delete(broken, at, at+1)
				undo = func() error { return cluster.Admin.Create(t.Context(), again(all[at])) }
				if err := cluster.Admin.Delete(t.Context(), all[at].DeepCopy()); err != nil {
					t.Fatal(err)
				}
			} else {
				broken = append(broken, hole)
				if err := cluster.Admin.Create(t.Context(), hole.DeepCopy()); err != nil {
					t.Fatal(err)
				}
			}
			goes, err := walls.Evaluate(t.Context(), evaluator, broken, s.Matrix)
			if err != nil {
				t.Fatal(err)
			}
			if changed := walls.Differences(asked, goes); !slices.Contains(changed, tc.changed) {
				t.Errorf("what goes otherwise is %v, want %s", changed, tc.changed)
			}
			s.holds(t, goes)
			if err := undo(); err != nil {
				t.Fatal(err)
			}
			s.holds(t, asked)
		})
	}
}

// again is a policy to be made again.
func again(p networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, Labels: p.Labels}, Spec: p.Spec}
}

// design is what people wrote, read from the API server.
func design(t *testing.T) walls.Design {
	t.Helper()
	var platform v1alpha1.Platform
	var municipalities v1alpha1.MunicipalityList
	var apps v1alpha1.SharedAppList
	var networks v1alpha1.NetworkList
	if err := errors.Join(
		cluster.Admin.Get(t.Context(), client.ObjectKey{Name: v1alpha1.PlatformName}, &platform),
		cluster.Admin.List(t.Context(), &municipalities), cluster.Admin.List(t.Context(), &apps), cluster.Admin.List(t.Context(), &networks),
	); err != nil {
		t.Fatal(err)
	}
	return walls.Design{Platform: platform.Spec, Municipalities: municipalities.Items, Apps: apps.Items, Networks: networks.Items}
}

func policies(t *testing.T) []networkingv1.NetworkPolicy {
	t.Helper()
	var all networkingv1.NetworkPolicyList
	if err := cluster.Admin.List(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	return all.Items
}

// holds waits until packets go as is wanted, as an enforcer follows what changes a moment later; from then on they have to.
func (s *scene) holds(t *testing.T, want map[walls.Pair]bool) {
	t.Helper()
	began := time.Now()
	await(t, "packets go as they are to", func(ctx context.Context) error {
		got, err := s.measure(ctx)
		if err != nil {
			return err
		}
		if wrong := walls.Differences(want, got); len(wrong) > 0 {
			return fmt.Errorf("%d of %d connections are wrong:\n%s", len(wrong), len(want), strings.Join(wrong[:min(len(wrong), 20)], "\n"))
		}
		return nil
	})
	settled := time.Since(began)
	got, err := s.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	complain(t, walls.Differences(want, got))
	open := 0
	for _, is := range want {
		if is {
			open++
		}
	}
	t.Logf("%d connections: %d open, %d closed; settled after %.1f s", len(want), open, len(want)-open, settled.Seconds())
}

// restrict leaves out of an answer what is not there now.
func (s *scene) restrict(all map[walls.Pair]bool) map[walls.Pair]bool {
	return s.Pairs(func(from walls.End, to walls.Target) bool { return all[walls.Pair{From: from.Name, To: to.Label()}] })
}

func complain(t *testing.T, wrong []string) {
	t.Helper()
	for _, each := range wrong {
		t.Error(each)
	}
}

// scale sets how many pods the operator has, and waits until it has them.
func scale(t *testing.T, count int32) {
	t.Helper()
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = "allmenning-system", "allmenning-manager"
	patch := fmt.Appendf(nil, `{"spec": {"replicas": %d}}`, count)
	if err := cluster.Admin.Patch(context.Background(), d, client.RawPatch(types.MergePatchType, patch)); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Await(context.Background(), fmt.Sprintf("the operator has %d pods", count), operatorRuns(count)); err != nil {
		t.Fatal(err)
	}
}
