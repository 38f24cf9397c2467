package rollup

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/pace"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Reconciler rolls up the state of AppInstallations.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Clock tells the time.
	Clock clock.PassiveClock

	waiting waiting
	pace    pace.Pace

	// apps are compiled when they change.
	apps catalogue.Compiler
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations;municipalities;networks;sharedapps;platforms;rollouts,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities/status;networks/status;sharedapps/status,verbs=patch

// municipality rolls up one Municipality.
func (r *Reconciler) municipality(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeMunicipality(ctx, req.Name)
	if err != nil {
		r.waiting.end(req.Name)
		return ctrl.Result{}, observed(err)
	}
	now := r.Clock.Now()
	places := placesOf(seen.country, seen.tenant, now)
	days, faults := daysOf(seen.tenant.municipality)
	turns{country: seen.country, tenant: seen.tenant, days: days, now: now}.tell(places)
	told := append(closed(faults), seen.country.misdecided(seen.tenant.municipality, places, now)...)
	live, next := seen.tenant.municipality.Status, municipalityStatus(seen.tenant.municipality, places, told, now)
	if sameMunicipality(live, next) {
		r.waiting.end(req.Name)
		return again(seen.country, places, now), nil
	}
	waited := r.waiting.since(req.Name, now)
	if wait := patience(live, next, now.Add(-waited)) - waited; wait > 0 {
		return ctrl.Result{RequeueAfter: max(wait, pause)}, nil
	}
	if err := r.writeMunicipality(ctx, seen.tenant.municipality, next); err != nil {
		return ctrl.Result{}, err
	}
	r.waiting.end(req.Name)
	return again(seen.country, places, now), nil
}

// network rolls up one Network.
func (r *Reconciler) network(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeNetwork(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, observed(err)
	}
	now := r.Clock.Now()
	places := placesOfAll(seen.country, seen.members, now)
	next := networkStatus(seen, places, now)
	if sameNetwork(seen.network.Status, next) {
		return again(seen.country, flat(places), now), nil
	}
	name := "Network " + req.Name
	if wait := r.pace.Wait(name, now); wait > 0 && networkCounts(seen.network.Status, next) {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	if err := r.writeNetwork(ctx, seen.network, next); err != nil {
		return ctrl.Result{}, err
	}
	r.pace.Wrote(name, now)
	return again(seen.country, flat(places), now), nil
}

// sharedApp rolls up one SharedApp.
func (r *Reconciler) sharedApp(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observeSharedApp(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, observed(err)
	}
	now := r.Clock.Now()
	places := placesOfAll(seen.country, seen.tenants, now)
	next := sharedAppStatus(seen, places, now)
	if sameSharedApp(seen.app.Status, next) {
		return again(seen.country, flat(places), now), nil
	}
	name := "SharedApp " + req.Name
	if wait := r.pace.Wait(name, now); wait > 0 && sharedAppCounts(seen.app.Status, next) {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	if err := r.writeSharedApp(ctx, seen.app, next); err != nil {
		return ctrl.Result{}, err
	}
	r.pace.Wrote(name, now)
	return again(seen.country, flat(places), now), nil
}

// observed is what to return for an error of observe: an object that is gone needs nothing.
func observed(err error) error {
	if client.IgnoreNotFound(err) == nil {
		return nil
	}
	return fmt.Errorf("observe: %w", err)
}

// again asks for a look when time alone may change a verdict.
func again(c country, places []place, now time.Time) ctrl.Result {
	next := nextChange(c, places, now)
	if next.IsZero() {
		return ctrl.Result{}
	}
	return ctrl.Result{RequeueAfter: max(next.Sub(now), pause)}
}

// waiting remembers since when the status of a Municipality waits to be written. It
// may be lost with a restart: the wait then begins anew.
type waiting struct {
	mutex sync.Mutex
	first map[string]time.Time
}

// since is how long the change has waited; it begins to wait where it did not yet.
func (w *waiting) since(name string, now time.Time) time.Duration {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.first == nil {
		w.first = map[string]time.Time{}
	}
	if _, found := w.first[name]; !found {
		w.first[name] = now
	}
	return now.Sub(w.first[name])
}

func (w *waiting) end(name string) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	delete(w.first, name)
}
