package appinstallation

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/bundle"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

// Reconciler reconciles AppInstallations.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server, for the few questions that the cache can't answer.
	Live client.Reader
	// Mapper knows the kinds of the cluster.
	Mapper meta.RESTMapper
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Clock is the time.
	Clock clock.PassiveClock
	// Store holds the bundles that the catalogue has checked.
	Store bundlestore.Store
	// Builder builds bundles; it may be shared.
	Builder *bundle.Builder

	watches watches
	memory  memory
	written apply.Written
	// apps are compiled when they change.
	apps catalogue.Compiler
}

// rightsPause is how long to wait for the API server to learn of a right, or to count a
// quota, that was made a moment ago.
const rightsPause = 300 * time.Millisecond

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
		return ctrl.Result{}, nil // its objects stay: deleting an installation does not uninstall
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}

	now := r.Clock.Now()
	wanted := r.render(seen)
	todo, err := plan(seen, wanted)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("plan: %w", err)
	}

	done := r.apply(ctx, seen, todo)
	next, outcome := status(seen, todo, done, now)
	wait, err := r.write(ctx, seen, next, outcome, now)
	if err != nil {
		return ctrl.Result{}, err
	}
	if done.failed != nil && apierrors.IsForbidden(done.failed.err) && outcome.State == condition.Retrying {
		return ctrl.Result{RequeueAfter: rightsPause}, nil
	}
	if again := tryAgain(outcome, done); again != nil {
		return ctrl.Result{}, again
	}
	if todo.draining {
		wait = drainPause // no watch reports that a pod has ended
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}
