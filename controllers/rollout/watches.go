package rollout

import (
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// pause is what passes between a change and the look at what came of it: a wave of
	// members that get healthy makes one plan and one status, not one for each of them.
	pause = time.Second
	// soon gathers what a person, or a pipeline, applies in one go.
	soon    = 200 * time.Millisecond
	workers = 4
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("rollout").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.Courses }, soon)).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.Groups }, pause)).
		Complete(pauses.Reconciler(r))
}
