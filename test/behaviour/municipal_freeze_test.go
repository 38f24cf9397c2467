package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// isFrozen is nil when a Municipality says that it is frozen.
func isFrozen(m *v1alpha1.Municipality) error {
	c := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionSuspended)
	if c == nil || c.Status != metav1.ConditionTrue || c.Reason != v1alpha1.ReasonFrozen || c.ObservedGeneration != m.Generation {
		return fmt.Errorf("conditions: %+v", m.Status.Conditions)
	}
	return holds(c.Message, "spec.suspend is Freeze", "people and accounts of the municipality change nothing")
}

// portrait is what a namespace is, and who has which role in it.
func portrait(ctx context.Context, namespace string) (map[string]any, error) {
	var ns corev1.Namespace
	var bindings rbacv1.RoleBindingList
	if err := errors.Join(admin.Get(ctx, client.ObjectKey{Name: namespace}, &ns), admin.List(ctx, &bindings, client.InNamespace(namespace))); err != nil {
		return nil, err
	}
	all := map[string]any{"labels": ns.Labels, "annotations": ns.Annotations}
	for i := range bindings.Items {
		all[bindings.Items[i].Name] = bindings.Items[i].Subjects
	}
	return all, nil
}

// TestAFrozenMunicipalityIsTheSameAfterwards: its people change nothing, the operator puts drift back, no version comes, access
// that expires ends, and when the freeze is taken out all is as it was.
func TestAFrozenMunicipalityIsTheSameAfterwards(t *testing.T) {
	parallel(t)
	app := publish(t, unique("still"), nil, files("still", nil), files("still", nil))
	ends := time.Now().Add(12 * time.Second)
	m := standing(t, town(t, "sauherad", withTest, adopts(app.Name), func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{
			{Role: v1alpha1.AccessDeveloper, Users: []string{"dina"}},
			{Role: v1alpha1.AccessViewer, Users: []string{"gjest"}, Expires: new(metav1.NewTime(ends))},
		}
	}))
	ns, dina, guest := m.Name+"-prod", person(t, "dina"), person(t, "gjest")
	runs(t, ns, app.Name, "1.0.0")
	write := func(ctx context.Context) error {
		return dina.Create(ctx, configMap(ns, "made"), client.DryRunAll)
	}
	look := func(ctx context.Context, who client.Client) error {
		return who.List(ctx, &corev1.ConfigMapList{}, client.InNamespace(ns))
	}
	eventually(t, "dina may write", write)
	before := map[string]map[string]any{}
	for _, name := range []string{ns, m.Name + "-test"} {
		var err error
		if before[name], err = portrait(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionFreeze })
	until(t, "it says that it is frozen", m, isFrozen)
	eventually(t, "dina may not", func(ctx context.Context) error {
		err := write(ctx)
		if !apierrors.IsForbidden(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		return holds(err.Error(), "Municipality "+m.Name+" is frozen", "platform operators")
	})
	if err := look(t.Context(), dina); err != nil {
		t.Errorf("she may look nevertheless: %v", err)
	}
	promote(t, app, "1.1.0")
	web := at(&appsv1.Deployment{}, ns, "still")
	remove(t, read(t, web))
	until(t, "the operator puts back what a platform operator deleted", web, func(*appsv1.Deployment) error { return nil })
	runs(t, ns, app.Name, "1.0.0")
	reports(t, m, app.Name, v1alpha1.AppWaiting, "frozen (spec.suspend: Freeze)")
	eventually(t, "access that expires ends", func(ctx context.Context) error {
		if err := look(ctx, guest); !apierrors.IsForbidden(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		return nil
	})

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionNone })
	standing(t, m)
	eventually(t, "dina may write again", write)
	for name, was := range before {
		was = maps.Clone(was)
		delete(was, v1alpha1.RoleViewer) // who had it is gone, as it has expired
		eventually(t, "namespace "+name+" is as it was", func(ctx context.Context) error {
			is, err := portrait(ctx, name)
			if diff := cmp.Diff(was, is); diff != "" {
				return errors.Join(err, errors.New(strings.TrimSpace(diff)))
			}
			return err
		})
	}
	runs(t, ns, app.Name, "1.1.0")
}

// TestAFreezeThatIsNotInForceIsNotSaid is not parallel: it takes a policy away.
func TestAFreezeThatIsNotInForceIsNotSaid(t *testing.T) {
	startOperator(t)
	m := standing(t, town(t, "nissedal"))
	again := putBack(t, policyFolder)
	remove(t, read(t, guardOf("tenant-freeze.allmenning.dev")))
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionFreeze })
	until(t, "it says that nobody is stopped", m, func(m *v1alpha1.Municipality) error {
		c := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionSuspended)
		if c == nil || c.Reason != v1alpha1.ReasonPolicyMissing {
			return fmt.Errorf("conditions: %+v", m.Status.Conditions)
		}
		return holds(c.Message, "are not stopped", "ValidatingAdmissionPolicyBinding tenant-freeze.allmenning.dev is missing", "apply config/policy")
	})
	again()
	until(t, "it says that it is frozen", m, isFrozen)
}
