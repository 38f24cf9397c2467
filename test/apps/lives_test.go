package apps_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestLives(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 12 {
		t.Fatalf("%d apps, %v: want twelve or more", len(archives), err)
	}
	for n, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := offer(t, name)
			m := town(t, "town"+fmt.Sprint(n), fmt.Sprintf("%04d", 5001+n), a)
			a.lives(t, m, m.Name+"-prod")
		})
	}
}

// lives takes an app through its life in the municipality that takes it: its objects are in a namespace of their own, or in the
// environment's.
func (a app) lives(t *testing.T, m *v1alpha1.Municipality, home string) {
	t.Helper()
	namespace := m.Name + "-prod"
	a.runs(t, namespace, "1.0.0", nil)
	made, err := generated(t.Context(), home, a.name)
	if err != nil {
		t.Fatal(err)
	}
	a.promote(t, "1.1.0")
	a.runs(t, namespace, "1.1.0", nil)
	a.promote(t, "1.2.0")
	a.runs(t, namespace, "1.1.0", func(i *v1alpha1.AppInstallation) error {
		if i.Spec.Move == nil || i.Spec.Move.Outcome != v1alpha1.OutcomeReturned {
			return fmt.Errorf("it has not failed and returned: %+v", i.Spec.Move)
		}
		if in := cmp.Or(i.Status.Namespace, namespace); in != home {
			t.Errorf("its objects are in %s; want %s", in, home)
		}
		return nil
	})
	if still, err := generated(t.Context(), home, a.name); err != nil || !reflect.DeepEqual(made, still) {
		t.Errorf("what was made once is another: %v", err)
	}
	untold(t, namespace, a.name, made)
	eventually(t, "it is declined", func(ctx context.Context) error {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(m), m); err != nil {
			return err
		}
		m.Spec.Apps = []v1alpha1.AppDecision{{Name: a.name, Decision: v1alpha1.DecisionDecline}}
		return admin.Update(ctx, m)
	})
	eventually(t, "it is uninstalled", func(ctx context.Context) error {
		i := &v1alpha1.AppInstallation{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: a.name}, i); !apierrors.IsNotFound(err) {
			return errors.Join(err, fmt.Errorf("it is there: %+v", i.Status.Conditions))
		}
		var pods corev1.PodList
		if err := admin.List(ctx, &pods, client.InNamespace(home)); err != nil {
			return err
		}
		if len(pods.Items) > 0 {
			return fmt.Errorf("%d pods are left", len(pods.Items))
		}
		var claims corev1.PersistentVolumeClaimList
		if err := admin.List(ctx, &claims, client.InNamespace(home)); err != nil {
			return err
		}
		left, err := generated(ctx, home, a.name)
		if kept := made != nil && len(claims.Items) > 0; err != nil || (left != nil) != kept {
			return errors.Join(err, fmt.Errorf("the values that were made are left: %v, and there are %d claims", left != nil, len(claims.Items)))
		}
		return nil
	})
}
