package behaviour_test

import (
	"context"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Kinds that make nothing by themselves report on each edit.
func TestPlatformAnswers(t *testing.T) {
	startOperator(t)
	p := atOnce()
	answers := func(what, kind string, status metav1.ConditionStatus, parts ...string) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) error {
			if err := admin.Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
				return err
			}
			return speaks(p.Status.Conditions, p.Generation, kind, status, parts...)
		})
	}
	answers("a Platform is in force", "Ready", metav1.ConditionTrue, "in force")
	onPlatform(t, func(p *v1alpha1.PlatformSpec) {
		p.Ingress = []v1alpha1.IngressController{{Namespace: "ingress", PodLabels: map[string]string{"app": "not a label"}}}
	})
	answers("a label that is none stalls it", "Stalled", metav1.ConditionTrue, "spec.ingress[0].podLabels")
}

func TestNetworkAnswers(t *testing.T) {
	startOperator(t)
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: "answers"}, Spec: v1alpha1.NetworkSpec{
		DisplayName: "Answers", Members: v1alpha1.Members{Names: []string{"atlantis"}}, Apps: []v1alpha1.Proposal{{Name: "nowhere"}},
	}}
	create(t, n)
	answers := func(what, kind string, status metav1.ConditionStatus, parts ...string) {
		t.Helper()
		eventually(t, what, func(ctx context.Context) error {
			if err := admin.Get(ctx, client.ObjectKeyFromObject(n), n); err != nil {
				return err
			}
			return speaks(n.Status.Conditions, n.Generation, kind, status, parts...)
		})
	}
	answers("an app that does not exist stalls it", "Stalled", metav1.ConditionTrue, "spec.apps[nowhere]", `there is no SharedApp "nowhere"`)
	before := n.DeepCopy()
	n.Spec.Apps = nil
	if err := admin.Patch(t.Context(), n, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	answers("a name that nobody has is shown, and stops nobody", "Ready", metav1.ConditionTrue, "no Municipality is named atlantis")
	answers("a network without apps has none to wait for", "AppsReady", metav1.ConditionTrue)
}

// speaks returns an error unless a condition speaks of this generation, and holds these parts.
func speaks(conditions []metav1.Condition, generation int64, kind string, status metav1.ConditionStatus, parts ...string) error {
	c := meta.FindStatusCondition(conditions, kind)
	if c == nil || c.Status != status || c.ObservedGeneration != generation {
		return fmt.Errorf("condition %s at generation %d: %v", kind, generation, conditions)
	}
	return holds(c.Message, parts...)
}
