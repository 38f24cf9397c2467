package apps_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// TestTwoAppsWithTheSameLabels installs two apps side by side whose pods bear the same labels: each app's Service
// leads to its own pods alone.
func TestTwoAppsWithTheSameLabels(t *testing.T) {
	first, second := offerAs(t, "statistikk", "statistikk-beside"), offerAs(t, "kartvisning", "kartvisning-beside")
	m := town(t, "beside", "5099", first, second)
	namespace := m.Name + "-prod"
	first.runs(t, namespace, "1.0.0", nil)
	second.runs(t, namespace, "1.0.0", nil)
	for service, owner := range map[string]string{"statistikk-redis": first.name, "kart-redis": second.name} {
		eventually(t, "the endpoints of "+service, func(ctx context.Context) error {
			var slices discoveryv1.EndpointSliceList
			if err := admin.List(ctx, &slices, client.InNamespace(namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service}); err != nil {
				return err
			}
			reached := 0
			for _, slice := range slices.Items {
				for _, endpoint := range slice.Endpoints {
					pod := &corev1.Pod{}
					if endpoint.TargetRef == nil {
						return errors.New("an endpoint without a pod")
					}
					if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: endpoint.TargetRef.Name}, pod); err != nil {
						return err
					}
					if app := pod.Labels[v1alpha1.LabelApp]; app != owner {
						t.Fatalf("Service %s of %s leads to a pod of %s", service, owner, app)
					}
					reached++
				}
			}
			if reached == 0 {
				return fmt.Errorf("no pod is behind %s", service)
			}
			return nil
		})
	}
}
