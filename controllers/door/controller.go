package door

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler reconciles the doors of Municipalities.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server, for the few questions that the cache can't answer.
	Live client.Reader
	// Holder has the country.
	Holder *snapshot.Holder

	written apply.Written
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get,resourceNames=municipalities.allmenning.dev
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get,resourceNames=appinstallations.allmenning.dev;networks.allmenning.dev;sharedapps.allmenning.dev

// Reconcile opens and closes the doors of one Municipality, on its own side.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	if ptr.Deref(seen.country.Platform.Suspend, false) {
		return ctrl.Result{}, nil // nothing is written anywhere
	}
	todo, err := plan(seen)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("plan: %w", err)
	}
	definitions, err := r.definitions(ctx, seen, todo)
	if err != nil {
		return ctrl.Result{}, err
	}
	todo = spare(seen, todo, definitions)
	done := r.apply(ctx, req.Name, todo)
	if err := r.write(ctx, seen, status(seen, todo, done)); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: next(seen, todo)}, done.retry()
}

// next is how long until the first of the doors ends by itself, or is not waited for any longer; 0 where none does.
func next(seen observed, todo planned) time.Duration {
	first := todo.again
	for _, d := range seen.doors {
		if d.Until == nil {
			continue
		}
		if left := d.Until.Sub(seen.country.Now); left > 0 && (first == 0 || left < first) {
			first = left
		}
	}
	return first
}
