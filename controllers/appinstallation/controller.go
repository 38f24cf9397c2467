package appinstallation

import (
	"context"
	"fmt"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/controllers/internal/metrics"
	"github.com/allmenning/allmenning/controllers/internal/retry"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/parameters"
)

// Reconciler reconciles AppInstallations.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server, for the few questions that the cache can't answer.
	Live client.Reader
	// Direct writes to the API server what no cache will hold: dry runs.
	Direct client.Client
	// Mapper knows the kinds of the cluster.
	Mapper meta.RESTMapper
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Clock is the time.
	Clock clock.PassiveClock
	// Store holds the bundles that the catalogue has checked.
	Store bundlestore.Store
	// Build builds a bundle that the catalogue has accepted.
	Build func(bundle.Bundle, bundle.Context) (bundle.Built, error)
	// Capabilities are what a chart may know of the cluster, given the rules of the installer's role.
	Capabilities func([]rbacv1.PolicyRule) (chart.Capabilities, error)
	// View is how objects are kept in memory.
	View *apply.View
	// Kinds watches the kinds that apps consist of.
	Kinds *kinds.Registry
	// Secrets watches the Secrets of each namespace by itself.
	Secrets *secrets.Watches
	// Work measures what is written; nil measures nothing.
	Work *metrics.Work

	memory  memory
	brakes  brakes
	written apply.Written
	// apps are compiled when they change.
	apps catalogue.Compiler
}

// rightsPause is how long to wait first for the API server to learn of a right, or to count a
// quota, that was made a moment ago. One that is really missing is asked for less and less often.
const rightsPause = 300 * time.Millisecond

// unreadablePause is how long to wait before asking again for a kind that can't be read.
const unreadablePause = 15 * time.Second

// drainPause is how long to wait before looking again whether pods have ended.
const drainPause = 2 * time.Second

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations/status,verbs=patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=sharedapps;platforms;municipalities,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces;resourcequotas;limitranges,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=pods,verbs=list
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=impersonate,resourceNames=allmenning-installer
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=get;list;watch,resourceNames=allmenning-installer

// Reconcile brings one AppInstallation to what its spec asks.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.NamespacedName)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.Kinds.Hold(ctx, req.String(), nil) // its objects stay: deleting an installation does not uninstall
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}

	now := r.Clock.Now()
	seen.now = now
	wanted := r.render(seen) //nolint:contextcheck // schemas are compiled in memory; there is nothing to cancel
	seen.bundled = wanted.objects
	if err := r.lister().look(ctx, &seen, wanted); err != nil {
		return ctrl.Result{}, quiet(seen, fmt.Errorf("observe: %w", err))
	}
	seen.room.Claims = claimsIn(seen.live)
	todo, err := plan(seen, wanted) //nolint:contextcheck // health rules have a time limit of their own
	if err != nil {
		return ctrl.Result{}, quiet(seen, fmt.Errorf("plan: %w", err))
	}

	if wait := r.brakes.wait(seen, todo, now); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	done := r.apply(ctx, seen, wanted, todo)
	look := why(ctx, r, &seen, todo, done)
	next, outcome := status(seen, todo, done, now) //nolint:contextcheck // as above
	wait, err := r.write(ctx, seen, next, outcome, now)
	if err != nil {
		return ctrl.Result{}, quiet(seen, err)
	}
	result, err := goOn(seen, todo, done, outcome, sooner(wait, look), r.memory.lackedRights(seen.installation.UID, lacksRight(done, outcome)))
	return result, quiet(seen, err)
}

// quietError is an error that is logged, without the values of Secrets of the tenant and of the bundle.
type quietError struct {
	error
	text string
}

// Error is the text without values.
func (e *quietError) Error() string { return e.text }

// Unwrap returns the error itself.
func (e *quietError) Unwrap() error { return e.error }

// quiet takes the values of Secrets out of an error's text; nil stays nil.
func quiet(seen observed, err error) error {
	if err == nil {
		return nil
	}
	return &quietError{error: err, text: withoutSecrets(seen, parameters.Hide(err.Error(), secretsOf(seen)))}
}

// lacksRight says whether the API server refused a write that it will take when it has learnt of a right, or counted a quota.
func lacksRight(done applied, outcome condition.Outcome) bool {
	return done.failed != nil && apierrors.IsForbidden(done.failed.err) && outcome.State == condition.Retrying
}

// sooner is the shorter of two pauses, of which 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b > 0 && b < a) {
		return b
	}
	return a
}

// goOn says when an installation is looked at again: at once, with a growing pause, or after a time. lackedRights is how many passes before
// this one lacked a right.
func goOn(seen observed, todo planned, done applied, outcome condition.Outcome, wait time.Duration, lackedRights int) (ctrl.Result, error) {
	if lacksRight(done, outcome) {
		return ctrl.Result{RequeueAfter: retry.After(rightsPause, lackedRights)}, nil
	}
	if again := tryAgain(outcome, done); again != nil {
		return ctrl.Result{}, again
	}
	if len(done.made) > 0 {
		return ctrl.Result{RequeueAfter: rightsPause}, nil
	}
	if _, next := autoscalers(todo, done, seen.now); next > 0 {
		wait = sooner(wait, next) // no watch reports that an autoscaler has been without metrics for too long
	}
	if todo.draining {
		wait = drainPause // no watch reports that a pod has ended
	}
	if seen.unreadable != "" {
		wait = unreadablePause // no watch reports that a kind can be read again
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}
