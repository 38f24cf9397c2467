//go:build linux

package packets

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/test/node"
)

// moment is how a pod reached a target in its first moments: see test/node/pod.
type moment struct {
	Open     int           `json:"open"`
	Closed   int           `json:"closed"`
	LastOpen time.Duration `json:"lastOpen"`
}

// TestAYoungPod measures for how long the enforcer of this node, which follows pods when they are there, leaves a new one open.
// docs/security.md has the figures. No operator can close that gap, as its policies are there before the pod: it bounds what the
// gap can be, and shows that it closes by itself.
func TestAYoungPod(t *testing.T) {
	const pods, bound = 3, 30 * time.Second
	targets := []string{"203.0.113.10:443", "10.200.0.10:443", "169.254.169.254:80", node.Address + ":6443"}
	var longest []time.Duration
	for i := range pods {
		pod := runPod(t, client.ObjectKey{Namespace: "vinje-prod", Name: fmt.Sprintf("young-%d", i)}, map[string]string{
			"FIRST": targets[0] + "," + targets[1] + "," + targets[2] + "," + targets[3],
		})
		var first map[string]moment
		await(t, "the pod is walled off", func(ctx context.Context) error {
			if err := node.Ask(ctx, pod.Status.PodIP, "/first", &first); err != nil {
				return err
			}
			for _, target := range targets {
				if m := first[target]; m.Closed < 10 {
					return fmt.Errorf("%s: %+v", target, m)
				}
			}
			return nil
		})
		var last time.Duration
		for _, m := range first {
			last = max(last, m.LastOpen)
		}
		longest = append(longest, last)
		if last > bound {
			t.Errorf("%s was open for %s: %+v", pod.Name, last, first)
		}
		if err := cluster.Admin.Delete(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(longest)
	t.Logf("of %d new pods in a Closed zone the walls were shut after %v", pods, longest)
}

// TestAnOpenConnection shows what closing a wall does to a connection that is open already: it depends on the enforcer, and the one here lets
// it live until one of its ends closes it. So does docs/security.md say.
func TestAnOpenConnection(t *testing.T) {
	from := runPod(t, client.ObjectKey{Namespace: "stranger", Name: "caller"}, nil)
	to := runPod(t, client.ObjectKey{Namespace: "stranger", Name: "called"}, nil)
	target := to.Status.PodIP + ":8080"
	var opened node.Outcome
	if err := node.Ask(t.Context(), from.Status.PodIP, "/hold?to="+target, &opened); err != nil || opened.Fault != "" {
		t.Fatalf("%v: %+v", err, opened)
	}

	deny := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "stranger", Name: "deny"}}
	deny.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	if err := cluster.Admin.Create(t.Context(), deny); err != nil {
		t.Fatal(err)
	}
	await(t, "a new connection is refused", func(ctx context.Context) error {
		got, err := node.Try(ctx, from.Status.PodIP, "", []string{"http:" + target})
		if err == nil && got["http:"+target].Fault == "" {
			err = errors.New("it is not")
		}
		return err
	})
	answers := func(ctx context.Context) (held struct {
		Answers int    `json:"answers"`
		Fault   string `json:"fault"`
	}, err error) {
		var all map[string]struct {
			Answers int    `json:"answers"`
			Fault   string `json:"fault"`
		}
		err = node.Ask(ctx, from.Status.PodIP, "/held", &all)
		return all[target], err
	}
	before, err := answers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the open connection is seen to live or to end", func(ctx context.Context) error {
		now, err := answers(ctx)
		if err == nil && now.Fault == "" && now.Answers < before.Answers+20 {
			err = fmt.Errorf("%+v", now)
		}
		return err
	})
	after, err := answers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a connection that was open when the wall closed: %+v, %d answers when it closed", after, before.Answers)
	for _, o := range []client.Object{deny, from, to} {
		if err := cluster.Admin.Delete(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the pods are gone", func(ctx context.Context) error {
		return errors.Join(gone(ctx, &corev1.Pod{ObjectMeta: from.ObjectMeta}), gone(ctx, &corev1.Pod{ObjectMeta: to.ObjectMeta}))
	})
}
