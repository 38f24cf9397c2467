package municipality

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/policies"
)

// Reconciler reconciles Municipalities.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server, for the few questions that the cache can't answer.
	Live client.Reader
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Policies compares the admission policies with those that are shipped.
	Policies *policies.Checker
	// Clock is the time.
	Clock clock.PassiveClock

	written apply.Written
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities/status,verbs=patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=municipalities/finalizers,verbs=update
// +kubebuilder:rbac:groups=allmenning.dev,resources=platforms;appinstallations;sharedapps,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=resourcequotas;limitranges;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=list
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=allmenning-administrator;allmenning-developer;allmenning-viewer;allmenning-installer
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get;list;watch
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,verbs=get,resourceNames=municipalities.allmenning.dev
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one Municipality's tenancy to what its spec asks.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.Name)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, r.keepLeft(ctx, req.Name)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	now := r.Clock.Now()
	todo, err := plan(seen, now)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("plan: %w", err)
	}
	done := r.apply(ctx, req.Name, todo)
	next := status(seen, todo, done, now)
	if err := r.write(ctx, seen, next); err != nil {
		return ctrl.Result{}, err
	}
	if err := done.retry(); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: todo.again}, nil
}

// keepLeft keeps the walls of the namespaces that a Municipality has left behind, and ends access to them.
func (r *Reconciler) keepLeft(ctx context.Context, name string) error {
	seen, err := r.observeLeft(ctx, name)
	if err != nil {
		return fmt.Errorf("observe: %w", err)
	}
	todo, err := planLeft(seen, r.Clock.Now())
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	done := r.apply(ctx, name, todo)
	return done.retry()
}
