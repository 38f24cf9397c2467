package behaviour_test

import (
	"context"
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Not parallel: the operator is restarted all the time.
func TestRestartsDoNotPutADeadlineOff(t *testing.T) {
	o := startOperator(t)
	app := publish(t, unique("again"), nil, files("again", nil), broken("again"))
	m := town(t, "vinje")
	first := wave("everyone", m)
	first.ProgressDeadline = lasting(20 * time.Second)
	n := introduced(t, app, inWaves(first), m)
	promote(t, app, "1.1.0")
	waits(t, m.Name+"-prod", app.Name, "Deployment/again")

	failed := func(ctx context.Context) (bool, error) {
		r := rolloutOf(n, app.Name, "1.1.0", 1)
		err := admin.Get(ctx, client.ObjectKeyFromObject(r), r)
		return r.Status.Phase == v1alpha1.RolloutHalted, err
	}
	for range 12 { // each process looks for less than the deadline
		o.Stop()
		o = startOperator(t)
		if wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 5*time.Second, true, failed) == nil {
			runs(t, m.Name+"-prod", app.Name, "1.0.0")
			return
		}
	}
	t.Error("it has not failed in time: what was watched is not kept over restarts")
}

// Not parallel: no other operator may look meanwhile.
func TestAnOutageIsNoted(t *testing.T) {
	watch := at(&coordinationv1.Lease{}, operatorNamespace, "allmenning-watch")
	o := startOperator(t)
	until(t, "it notes that it looks", watch, func(l *coordinationv1.Lease) error {
		if l.Spec.RenewTime == nil || time.Since(l.Spec.RenewTime.Time) > time.Minute {
			return errors.New("it does not")
		}
		return nil
	})
	o.Stop()
	ago := metav1.NewMicroTime(time.Now().Add(-time.Hour).Truncate(time.Second))
	edit(t, watch, func(l *coordinationv1.Lease) { l.Spec.RenewTime = &ago })
	startOperator(t)
	until(t, "nobody looked for an hour", watch, func(l *coordinationv1.Lease) error {
		return holds(l.Annotations["allmenning.dev/outages"], `"from":"`+ago.UTC().Format(time.RFC3339))
	})
}
