package overview

import (
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/snapshot"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// pause is what passes between a change and the look at what came of it. Further changes in
	// the meantime cost nothing, so an object is written at most once in it.
	pause = time.Second
	// workers for Municipalities. Networks and SharedApps are few, and have one.
	workers = 4
)

// SetupWithManager makes the manager run the three controllers.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	for _, c := range []struct {
		kind      string
		reconcile reconcile.Func
		workers   int
		concerned snapshot.Concerned
	}{
		{"municipality", r.municipality, workers, func(c country.Changed) map[string]bool { return c.Municipalities }},
		{"network", r.network, 1, func(c country.Changed) map[string]bool { return c.Networks }},
		{"sharedapp", r.sharedApp, 1, func(c country.Changed) map[string]bool { return c.Apps }},
	} {
		pauses := retry.NewPauses()
		err := ctrl.NewControllerManagedBy(mgr).Named("overview-" + c.kind).
			WithOptions(controller.Options{MaxConcurrentReconciles: c.workers, RateLimiter: pauses}).
			WatchesRawSource(r.Holder.Wakes(c.concerned, pause)).
			Complete(pauses.Reconciler(c.reconcile))
		if err != nil {
			return fmt.Errorf("overview of %s: %w", c.kind, err)
		}
	}
	return nil
}
