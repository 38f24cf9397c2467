package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// saysReady asks as kubectl wait and as GitOps tools do, and returns the generation that
// was said to be Ready by either; 0 where neither says so.
func saysReady(ctx context.Context, o client.Object) (int64, error) {
	seen := &unstructured.Unstructured{}
	gvk, err := admin.GroupVersionKindFor(o)
	if err != nil {
		return 0, err
	}
	seen.SetGroupVersionKind(gvk)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(o), seen); err != nil {
		return 0, client.IgnoreNotFound(err)
	}
	result, err := status.Compute(seen)
	if err != nil {
		return 0, err
	}
	if result.Status == status.CurrentStatus || kubectlWaits(seen) {
		return seen.GetGeneration(), nil
	}
	return 0, nil
}

// kubectlWaits says whether "kubectl wait --for=condition=Ready" would return.
func kubectlWaits(o *unstructured.Unstructured) bool {
	observed, found, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	if found && observed < o.GetGeneration() {
		return false
	}
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] != v1alpha1.ConditionReady || condition["status"] != "True" {
			continue
		}
		of, reported := condition["observedGeneration"].(int64)
		return !reported || of >= o.GetGeneration()
	}
	return false
}

// neverTooEarly looks as fast as it can whether an object says that it is Ready while the
// world is not as it asks, until it is Ready at least at a generation.
func neverTooEarly(t *testing.T, o client.Object, generation int64, asAsked func(context.Context) error) {
	t.Helper()
	looks := 0
	eventually(t, fmt.Sprintf("%T %s is Ready at generation %d", o, o.GetName(), generation), func(ctx context.Context) error {
		for range 20 {
			looks++
			ready, err := saysReady(ctx, o)
			if err != nil {
				return err
			}
			if ready == 0 {
				continue
			}
			if err := asAsked(ctx); err != nil {
				t.Errorf("it said Ready of generation %d too early: %v", ready, err)
			}
			if ready >= generation {
				return nil
			}
		}
		return fmt.Errorf("not after %d looks", looks)
	})
}

func TestAMunicipalityIsNeverReadyTooEarly(t *testing.T) {
	parallel(t)
	m := town(t, "early", withTest)
	for _, step := range []struct {
		reason  string
		change  func(*v1alpha1.Municipality)
		asAsked func(ctx context.Context, ns string) error
	}{
		{"a fresh one", nil, func(ctx context.Context, ns string) error { return quotaInForce(ctx, ns, "8Gi") }},
		{"a smaller quota",
			func(m *v1alpha1.Municipality) {
				m.Spec.Environments[0].Quota = &v1alpha1.Quota{Memory: new(resource.MustParse("3Gi"))}
			},
			func(ctx context.Context, ns string) error { return quotaInForce(ctx, ns, "3Gi") }},
		{"a closed zone", func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed },
			func(ctx context.Context, ns string) error {
				err := admin.Get(ctx, client.ObjectKey{Namespace: ns, Name: "allmenning-allow-internet"}, &networkingv1.NetworkPolicy{})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return errors.Join(err, errors.New("the way to the internet is still open"))
			}},
		{"another access",
			func(m *v1alpha1.Municipality) {
				m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Groups: []string{"early-ikt"}}}
			},
			func(ctx context.Context, ns string) error {
				return admin.Get(ctx, client.ObjectKey{Namespace: ns, Name: v1alpha1.RoleViewer}, &rbacv1.RoleBinding{})
			}},
		{"one environment more",
			func(m *v1alpha1.Municipality) {
				m.Spec.Environments = append(m.Spec.Environments, v1alpha1.Environment{Name: "dev", Stage: v1alpha1.StageDevelopment, Zone: v1alpha1.ZoneOpen})
			},
			func(ctx context.Context, _ string) error { return quotaInForce(ctx, m.Name+"-dev", "8Gi") }},
	} {
		t.Run(step.reason, func(t *testing.T) {
			now := m
			if step.change != nil {
				now = edit(t, m, step.change)
			}
			neverTooEarly(t, m, now.Generation, func(ctx context.Context) error { return step.asAsked(ctx, m.Name+"-prod") })
		})
	}
}

// quotaInForce returns an error unless the API server holds a namespace to this much memory.
func quotaInForce(ctx context.Context, namespace, memory string) error {
	var quota corev1.ResourceQuota
	if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "allmenning"}, &quota); err != nil {
		return err
	}
	if got := quota.Status.Hard[corev1.ResourceRequestsMemory]; got.Cmp(resource.MustParse(memory)) != 0 {
		return fmt.Errorf("memory in force is %s, want %s", got.String(), memory)
	}
	return nil
}

func TestAnInstallationIsNeverReadyTooEarly(t *testing.T) {
	parallel(t)
	app := publish(t, unique("soon"), nil, files("soon", nil),
		files("soon", map[string]string{"web.yaml": files("soon", nil)["web.yaml"] + "      terminationGracePeriodSeconds: 7\n"}))
	m := town(t, "soon", adopts(app.Name))
	ns := m.Name + "-prod"
	i := appInstallation(ns, app.Name)
	greeting := func(want string) func(context.Context) error {
		return func(ctx context.Context) error {
			var settings corev1.ConfigMap
			if err := admin.Get(ctx, client.ObjectKey{Namespace: ns, Name: "soon"}, &settings); err != nil {
				return err
			}
			return errors.Join(expect("greeting", settings.Data["greeting"], want), rolledOut(ctx, ns, "soon"))
		}
	}
	neverTooEarly(t, i, 1, greeting("hei"))
	for n, words := range []string{"god dag", "morna", "heisann", "hallo"} {
		before := read(t, i).Generation
		edit(t, m, adopts(app.Name, with(fmt.Sprintf(`{"greeting":%q}`, words))))
		reported := until(t, "the installation reports it", i, func(i *v1alpha1.AppInstallation) error {
			if i.Generation == before {
				return errors.New("not yet")
			}
			return nil
		})
		neverTooEarly(t, i, reported.Generation, greeting(words))
		if n > 0 {
			continue
		}
		promote(t, app, "1.1.0")
		reported = until(t, "the installation reports it", i, func(i *v1alpha1.AppInstallation) error {
			return expect("version", i.Spec.Version, "1.1.0")
		})
		neverTooEarly(t, i, reported.Generation, func(ctx context.Context) error {
			var web appsv1.Deployment
			if err := admin.Get(ctx, client.ObjectKey{Namespace: ns, Name: "soon"}, &web); err != nil {
				return err
			}
			return errors.Join(expect("grace period", *web.Spec.Template.Spec.TerminationGracePeriodSeconds, 7), rolledOut(ctx, ns, "soon"))
		})
	}
}

// rolledOut returns an error unless a Deployment is Current, as kstatus says.
func rolledOut(ctx context.Context, namespace, name string) error {
	var web appsv1.Deployment
	if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &web); err != nil {
		return err
	}
	web.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&web)
	if err != nil {
		return err
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: raw})
	if err != nil {
		return err
	}
	return expect("Deployment "+name, result.Status, status.CurrentStatus)
}

// An app whose pods no node runs is applied, and is not Ready.
func TestAnAppThatDoesNotRunIsNotReady(t *testing.T) {
	parallel(t)
	app := publish(t, unique("idle"), nil, files("idle", map[string]string{"web.yaml": folder(nil)["web.yaml"]}))
	m := town(t, "idle", adopts(app.Name))
	waits(t, m.Name+"-prod", app.Name, "Deployment/web")
	i := until(t, "it is applied", appInstallation(m.Name+"-prod", app.Name), func(i *v1alpha1.AppInstallation) error {
		return expect("applied version", i.Status.AppliedVersion, "1.0.0")
	})
	if ready, err := saysReady(t.Context(), i); err != nil || ready > 0 {
		t.Errorf("it says Ready of generation %d (%v)", ready, err)
	}
	if i.Status.HealthySince != nil {
		t.Errorf("it says that it has been healthy since %s", i.Status.HealthySince)
	}
}
