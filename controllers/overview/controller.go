package overview

import (
	"context"
	"fmt"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/pace"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler reports how apps are doing.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Holder has the country.
	Holder *snapshot.Holder

	plans   plans
	waiting waiting
	pace    pace.Pace
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities;networks;sharedapps,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities/status;networks/status;sharedapps/status,verbs=patch

// municipality reports on one Municipality.
func (r *Reconciler) municipality(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeMunicipality(ctx, req.Name)
	if err != nil || seen.tenant == nil {
		r.waiting.end(req.Name)
		return ctrl.Result{}, observed(err)
	}

	now := seen.country.Now
	next, again := municipalityStatus(seen)
	if sameMunicipality(seen.live.Status, next) {
		r.waiting.end(req.Name)
		return lookAgain(again, now), nil
	}
	waited := r.waiting.since(req.Name, now)
	if wait := patience(seen.live.Status, next, now.Add(-waited)) - waited; wait > 0 {
		return ctrl.Result{RequeueAfter: max(wait, pause)}, nil
	}
	if err := r.writeMunicipality(ctx, seen.live, next); err != nil {
		return ctrl.Result{}, err
	}

	r.waiting.end(req.Name)
	return lookAgain(again, now), nil
}

// network reports on one Network.
func (r *Reconciler) network(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeNetwork(ctx, req.Name)
	if err != nil || seen.network == nil {
		return ctrl.Result{}, observed(err)
	}

	next := networkStatus(seen)
	if sameNetwork(seen.live.Status, next) {
		return ctrl.Result{}, nil
	}
	name, now := "Network "+req.Name, seen.country.Now
	if wait := r.pace.Wait(name, now); wait > 0 && networkCounts(seen.live.Status, next) {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	if err := r.writeNetwork(ctx, seen.live, next); err != nil {
		return ctrl.Result{}, err
	}

	r.pace.Wrote(name, now)
	return ctrl.Result{}, nil
}

// sharedApp reports on one SharedApp.
func (r *Reconciler) sharedApp(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeSharedApp(ctx, req.Name)
	if err != nil || !seen.app.Exists() {
		return ctrl.Result{}, observed(err)
	}

	next := sharedAppStatus(seen)
	if sameSharedApp(seen.live.Status, next) {
		return ctrl.Result{}, nil
	}
	name, now := "SharedApp "+req.Name, seen.country.Now
	if wait := r.pace.Wait(name, now); wait > 0 && sharedAppCounts(seen.live.Status, next) {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	if err := r.writeSharedApp(ctx, seen.live, next); err != nil {
		return ctrl.Result{}, err
	}

	r.pace.Wrote(name, now)
	return ctrl.Result{}, nil
}

// observed is what to return for an error of observe: an object that is gone needs nothing.
func observed(err error) error {
	if client.IgnoreNotFound(err) == nil {
		return nil
	}
	return fmt.Errorf("observe: %w", err)
}

// lookAgain asks for a look when time alone may change what is reported; never where it is zero.
func lookAgain(at, now time.Time) ctrl.Result {
	if at.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(at.Sub(now), pause)}
}
