package sharedapp

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/download"
	"github.com/allmenning/allmenning/controllers/snapshot"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/installable"
)

// Reconciler reconciles SharedApps.
type Reconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Direct writes to the API server what no cache will hold: dry runs.
	Direct client.Client
	// Mapper finds the resource of a kind that a bundle holds.
	Mapper installable.Mapper
	// Events records what changed, for kubectl describe.
	Events events.EventRecorder
	// Holder has the country.
	Holder *snapshot.Holder
	// Store is where bundles are kept.
	Store bundlestore.Store
	// Pool fetches bundles from registries. The manager runs it.
	Pool *download.Pool
	// Try scans a bundle and builds it, where memory and time are bounded.
	Try func(bundle.Bundle, bundle.Context) (bundle.Built, error)
	// Capabilities are what a chart may know of the cluster, given the rules of the installer's role.
	Capabilities func([]rbacv1.PolicyRule) (chart.Capabilities, error)
	// Readable says why the operator can't read a kind; nil where it can.
	Readable func(context.Context, schema.GroupVersionKind) error
	// PlainHTTPRegistries are hosts that are spoken to without TLS.
	PlainHTTPRegistries []string

	verdicts verdicts
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=sharedapps,verbs=get;list;watch
// +kubebuilder:rbac:groups=allmenning.dev,resources=sharedapps/status,verbs=patch
// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations,verbs=get;list;watch
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=get;list;watch,resourceNames=allmenning-installer
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile brings one SharedApp's bundles into the catalogue.
func (r *Reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	seen, err := r.observe(ctx, req.Name)
	if apierrors.IsNotFound(err) {
		r.forget(req.Name)
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("observe: %w", err)
	}

	if seen.behind() {
		return ctrl.Result{RequeueAfter: snapshot.CatchUp}, nil
	}

	now := seen.country.Now
	if seen, err = r.judge(ctx, seen, now); err != nil {
		return ctrl.Result{}, fmt.Errorf("judge: %w", err)
	}
	todo := plan(seen, now)
	done := r.apply(ctx, seen.app.Name, todo)
	next := status(seen, todo, done, now)
	if err := r.write(ctx, seen, next); err != nil {
		return ctrl.Result{}, err
	}
	if err := done.retry(); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: todo.again}, nil
}
