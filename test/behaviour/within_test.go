package behaviour_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// letOutTo waits until an app's pods are let out to those of exactly these apps, and to those that are no app's.
func letOutTo(t *testing.T, namespace, app string, want ...string) {
	t.Helper()
	until(t, app+" is let out", at(&networkingv1.NetworkPolicy{}, namespace, "allmenning-app-"+app), func(np *networkingv1.NetworkPolicy) error {
		if np.Spec.PodSelector.MatchLabels[v1alpha1.LabelApp] != app || len(np.Spec.Egress) == 0 {
			return fmt.Errorf("it is %+v", np.Spec)
		}
		var got []string
		noApp := false
		for _, peer := range np.Spec.Egress[0].To {
			for _, e := range peer.PodSelector.MatchExpressions {
				got = append(got, e.Values...)
				noApp = noApp || e.Operator == metav1.LabelSelectorOpDoesNotExist
			}
		}
		if !noApp {
			return fmt.Errorf("not to pods that are no app's: it is %+v", np.Spec)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			return errors.New("apps (-want +got):\n" + diff)
		}
		return nil
	})
}

// TestWhomAnAppConnectsToComesAndGoesWithItsVersion, whichever of the two has a namespace for itself.
func TestWhomAnAppConnectsToComesAndGoesWithItsVersion(t *testing.T) {
	parallel(t)
	archive := publish(t, unique("archive"), isolated, files("archive", nil))
	board := publish(t, unique("board"), func(app *v1alpha1.SharedApp) {
		app.Spec.Versions[0].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: archive.Name}}}
	}, files("board", nil), files("board", nil))
	m := town(t, "kvam", adopts(archive.Name), adopts(board.Name))
	ns := m.Name + "-prod"
	runs(t, ns, board.Name, "1.0.0")
	letOutTo(t, ns, board.Name, board.Name, archive.Name)
	letOutTo(t, ns+"--"+archive.Name, archive.Name, archive.Name)

	promote(t, board, "1.1.0")
	runs(t, ns, board.Name, "1.1.0")
	letOutTo(t, ns, board.Name, board.Name)

	edit(t, m, says(v1alpha1.AppDecision{Name: board.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-app-"+board.Name))
	standing(t, m)
}
