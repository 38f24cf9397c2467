package platform

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/walls"
)

// lookAgain is how often the addresses of the cluster are looked at. They seldom change, and not every cluster serves a
// watch of all that shows them; who can't wait annotates the Platform.
const (
	lookAgain = 5 * time.Minute
	// soon is when to look again at definitions that are not those of this operator.
	soon = 15 * time.Second
)

// addresses are those of the cluster itself, as they were seen last.
type addresses struct {
	ranges []walls.Range
	seenAt time.Time
	// asked is the value of the reconcile annotation that they were looked at for.
	asked string
}

// open says which addresses of the cluster itself a Platform does not call private, with the fix; empty where all are. Where the
// operator has not the right to look, that is said: nobody vouches for what was not looked at.
func (r *Reconciler) open(ctx context.Context, p v1alpha1.Platform) (string, error) {
	ranges, err := r.ranges(ctx, p.Annotations[v1alpha1.AnnotationReconcile])
	if apierrors.IsForbidden(err) {
		return fmt.Sprintf("spec.privateCIDRs: whether they hold the addresses of the cluster itself is not known: %v: apply config/rbac of this release", err), nil
	}
	if err != nil {
		return "", err
	}
	return walls.NotPrivate(settings.WithDefaults(p.Spec).PrivateCIDRs, ranges), nil
}

// ranges are the addresses of the cluster itself.
func (r *Reconciler) ranges(ctx context.Context, asked string) ([]walls.Range, error) {
	now := r.Clock.Now()
	if !r.seen.seenAt.IsZero() && r.seen.asked == asked && now.Before(r.seen.seenAt.Add(lookAgain)) {
		return r.seen.ranges, nil
	}
	var all []walls.Range
	for _, look := range []func(context.Context) ([]walls.Range, error){r.ofNodes, r.ofServices, r.ofServer} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	r.seen = addresses{ranges: all, seenAt: now, asked: asked}
	return all, nil
}

// compared is what was found of the cluster's schemas.
type compared struct {
	definition.Difference
	at time.Time
	// asked is the value of the reconcile annotation that they were looked at for.
	asked string
}

// schemas says in what the cluster's schemas of our kinds differ. What is found newly is logged: writes fail, and not all logs
// are read beside the Platform.
func (r *Reconciler) schemas(ctx context.Context, p v1alpha1.Platform) (definition.Difference, error) {
	now, asked := r.Clock.Now(), p.Annotations[v1alpha1.AnnotationReconcile]
	if was := r.compared; !was.at.IsZero() && was.asked == asked && now.Before(was.at.Add(r.again())) {
		return was.Difference, nil
	}
	found, err := r.Definitions.Check()
	if err != nil {
		return found, err
	}
	if why := found.Lacks + found.Adds; why != "" && found != r.compared.Difference {
		ctrl.LoggerFrom(ctx).Info("other definitions", "why", why)
	}
	r.compared = compared{found, now, asked}
	return found, nil
}

// again is when to look again: soon while somebody may be at applying the definitions.
func (r *Reconciler) again() time.Duration {
	if r.compared.Difference != (definition.Difference{}) {
		return soon
	}
	return lookAgain
}

// ofNodes are the addresses of nodes, and those that they give to pods. An ExternalIP is on the internet already, and may
// be another with each node.
func (r *Reconciler) ofNodes(ctx context.Context) ([]walls.Range, error) {
	var nodes corev1.NodeList
	if err := r.Live.List(ctx, &nodes); err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	var all []walls.Range
	for i := range nodes.Items {
		n := &nodes.Items[i]
		for _, cidr := range n.Spec.PodCIDRs {
			all = append(all, walls.Range{CIDR: cidr, Of: "pods of node " + n.Name})
		}
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				all = append(all, walls.Range{CIDR: a.Address, Of: "node " + n.Name})
			}
		}
	}
	return all, nil
}

// ofServices are the addresses of Services: the ranges, where the cluster shows them (from 1.33), and that of its own Service.
func (r *Reconciler) ofServices(ctx context.Context) ([]walls.Range, error) {
	var all []walls.Range
	var ranges networkingv1.ServiceCIDRList
	if err := r.Live.List(ctx, &ranges); err != nil && !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("list ServiceCIDRs: %w", err)
	}
	for i := range ranges.Items {
		for _, cidr := range ranges.Items[i].Spec.CIDRs {
			all = append(all, walls.Range{CIDR: cidr, Of: "Services of ServiceCIDR " + ranges.Items[i].Name})
		}
	}
	var own corev1.Service
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: "default", Name: "kubernetes"}, &own)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read Service default/kubernetes: %w", err)
	}
	for _, ip := range own.Spec.ClusterIPs {
		all = append(all, walls.Range{CIDR: ip, Of: "Service kubernetes"})
	}
	return all, nil
}

// ofServer are the addresses of the API server.
func (r *Reconciler) ofServer(ctx context.Context) ([]walls.Range, error) {
	var slice discoveryv1.EndpointSlice
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: "default", Name: "kubernetes"}, &slice)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("read EndpointSlice default/kubernetes: %w", err)
	}
	var all []walls.Range
	for _, e := range slice.Endpoints {
		for _, ip := range e.Addresses {
			all = append(all, walls.Range{CIDR: ip, Of: "the API server"})
		}
	}
	return all, nil
}
