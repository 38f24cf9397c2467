package apps_test

import (
	"context"
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestLivesInANamespaceOfItsOwn takes apps of testdata through the same life where each installation has a namespace for
// itself: a version that fails is taken back in there, and what the app leaves in the environment's namespace is nothing.
func TestLivesInANamespaceOfItsOwn(t *testing.T) {
	for _, tc := range []struct {
		source, name, number string
		own                  *v1alpha1.OwnNamespace
		// stays is the claim that the namespace is kept for; empty where it goes.
		stays, made, reason string
	}{
		{
			source: "chart-eksport", name: "eksport-eget", number: "4602", made: "apiKey", stays: "eksport-eget-files",
			own:    &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{Storage: new(resource.MustParse("1Gi")), PersistentVolumeClaims: new(int32(1))}},
			reason: "The key that was made survives upgrade and return; the namespace is kept for the claim that outlives the app.",
		},
		{source: "generert", name: "generert-eget", number: "4603", reason: "Nothing is left that the namespace is kept for."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := offerAs(t, tc.source, tc.name, func(spec *v1alpha1.SharedAppSpec) {
				spec.Isolation, spec.OwnNamespace = v1alpha1.IsolationOwn, tc.own
			})
			m := town(t, "town-"+tc.name, tc.number, a)
			environment := m.Name + "-prod"
			home := environment + "--" + a.name
			a.runs(t, environment, "1.0.0", nil)
			inNamespaceOf(t, a, environment, home)
			made, err := generated(t.Context(), home, a.name)
			if err != nil || (tc.made != "" && len(made[tc.made]) < 16) {
				t.Fatalf("%s: what was made is not there: %v", tc.reason, err)
			}

			a.lives(t, m, home)
			eventually(t, tc.reason, func(ctx context.Context) error {
				err := admin.Get(ctx, client.ObjectKey{Name: home}, &corev1.Namespace{})
				if tc.stays == "" && !apierrors.IsNotFound(err) {
					return errors.Join(err, errors.New("the namespace is there"))
				}
				if tc.stays != "" {
					return errors.Join(err, admin.Get(ctx, client.ObjectKey{Namespace: home, Name: tc.stays}, &corev1.PersistentVolumeClaim{}))
				}
				return nil
			})
		})
	}
}

// inNamespaceOf fails unless the Deployments of an app are all in its own namespace.
func inNamespaceOf(t *testing.T, a app, environment, home string) {
	t.Helper()
	var all appsv1.DeploymentList
	for namespace, want := range map[string]bool{environment: false, home: true} {
		if err := admin.List(t.Context(), &all, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApp: a.name}); err != nil {
			t.Fatal(err)
		}
		if got := len(all.Items) > 0; got != want {
			t.Errorf("%d Deployments of %s are in %s", len(all.Items), a.name, namespace)
		}
	}
}
