package platform

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// Reconciler reconciles the Platform.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Holder has the country.
	Holder *snapshot.Holder
	// Kinds knows which kinds of apps can't be read.
	Kinds *kinds.Registry
	// Policies compares the admission policies with those that are shipped.
	Policies *policies.Checker
	// Definitions compares the cluster's schemas of our kinds with those that this operator was built with.
	Definitions *definition.Checker
	// Live reads from the API server what is not kept in memory: where the cluster has its addresses.
	Live client.Reader
	// Clock is the time.
	Clock clock.PassiveClock

	// seen and compared are written by the one worker.
	seen     addresses
	compared compared
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=platforms,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=platforms/status,verbs=patch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get;list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=get;list;watch,resourceNames=allmenning-installer
// +kubebuilder:rbac:groups="",resources=nodes,verbs=list
// +kubebuilder:rbac:groups=networking.k8s.io,resources=servicecidrs,verbs=list
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=get,resourceNames=kubernetes
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile reports whether the Platform is in force.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.Name)
	if apierrors.IsNotFound(err) {
		err := r.unreported(ctx)
		return ctrl.Result{RequeueAfter: r.again()}, err // without a Platform the built-in defaults hold
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}
	return ctrl.Result{RequeueAfter: r.again()}, r.write(ctx, seen.platform, status(seen.platform, plan(seen), seen.country.Now))
}

// unreported logs what is wrong with the admission policies, and with the addresses of the cluster, where there is no Platform to say it in.
func (r *Reconciler) unreported(ctx context.Context) error {
	found, err := r.Policies.Check(ctx)
	if err != nil {
		return err
	}
	if unguarded := found.Fault(""); unguarded != "" {
		ctrl.LoggerFrom(ctx).Info("unguarded", "why", unguarded)
	}
	if _, err := r.schemas(ctx, v1alpha1.Platform{}); err != nil {
		return err
	}
	fault, err := r.open(ctx, v1alpha1.Platform{})
	if fault != "" {
		ctrl.LoggerFrom(ctx).Info("not private", "why", fault)
	}
	return err
}
