package consent

import (
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"

	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	workers = 8
	// soon is when to look again where somebody else wrote meanwhile.
	soon = 200 * time.Millisecond
	// pause is the shortest time to a look that time alone asks for.
	pause = time.Second
)

// SetupWithManager makes the manager run this controller.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	pauses := retry.NewPauses()
	return ctrl.NewControllerManagedBy(mgr).Named("consent").
		WithOptions(controller.Options{MaxConcurrentReconciles: workers, RateLimiter: pauses}).
		WatchesRawSource(r.Holder.Wakes(func(c country.Changed) map[string]bool { return c.Decisions }, 0)).
		Complete(pauses.Reconciler(r))
}
