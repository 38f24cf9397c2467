package door

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/door"
)

// observed is everything that a plan may build on.
type observed struct {
	name    string
	country *country.Country
	// municipality is nil where it is gone.
	municipality *v1alpha1.Municipality
	doors        []door.Door
	// policies are the halves of doors in its namespaces.
	policies map[client.ObjectKey]*networkingv1.NetworkPolicy
	// namespaces that there are, of this municipality and of those on the other sides, by name: whose each is.
	namespaces map[string]string
	// others are the halves that there are on the other sides.
	others map[client.ObjectKey]bool
}

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	seen := observed{
		name: name, policies: map[client.ObjectKey]*networkingv1.NetworkPolicy{},
		namespaces: map[string]string{}, others: map[client.ObjectKey]bool{},
	}
	if err := r.written.Await(ctx, r.Client, name, nil); err != nil {
		return seen, err
	}
	seen.country = r.Holder.Country()
	seen.doors = country.Doors(seen.country, name)

	var m v1alpha1.Municipality
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &m)
	if client.IgnoreNotFound(err) != nil {
		return seen, fmt.Errorf("read Municipality %s: %w", name, err)
	}
	if err == nil {
		seen.municipality = &m
	}
	if err := r.ownSide(ctx, &seen); err != nil {
		return seen, err
	}
	if err := r.otherSides(ctx, &seen); err != nil {
		return seen, err
	}
	return seen, nil
}

// ownSide reads the halves in the namespaces of the municipality.
func (r *Reconciler) ownSide(ctx context.Context, seen *observed) error {
	var list corev1.NamespaceList
	if err := read.List(ctx, r.Client, &list, client.MatchingFields{indexMunicipality: seen.name}); err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	for i := range list.Items {
		ns := &list.Items[i]
		if isHeld(ns, seen.municipality) {
			seen.namespaces[ns.Name] = seen.name
		}
		var policies networkingv1.NetworkPolicyList
		if err := read.List(ctx, r.Client, &policies, client.InNamespace(ns.Name), client.HasLabels{v1alpha1.LabelDoor}); err != nil {
			return fmt.Errorf("list NetworkPolicies: %w", err)
		}
		for n := range policies.Items {
			seen.policies[client.ObjectKeyFromObject(&policies.Items[n])] = &policies.Items[n]
		}
	}
	return nil
}

// otherSides reads which of the other halves are there.
func (r *Reconciler) otherSides(ctx context.Context, seen *observed) error {
	for i := range seen.doors {
		d := &seen.doors[i]
		if d.State != v1alpha1.DoorOpen {
			continue
		}
		side, peer := v1alpha1.DoorHost, d.Host
		if d.Host == seen.name {
			side, peer = v1alpha1.DoorConsumer, d.Consumer
		}
		for _, half := range halves(d, side) {
			if err := r.otherNamespace(ctx, seen, half.Namespace, peer); err != nil {
				return err
			}
			err := r.Client.Get(ctx, half.key(), &networkingv1.NetworkPolicy{})
			if client.IgnoreNotFound(err) != nil {
				return fmt.Errorf("read NetworkPolicy %s: %w", half.key(), err)
			}
			seen.others[half.key()] = !apierrors.IsNotFound(err)
		}
	}
	return nil
}

// otherNamespace reads whether a namespace on the other side is there, once.
func (r *Reconciler) otherNamespace(ctx context.Context, seen *observed, name, peer string) error {
	if _, known := seen.namespaces[name]; known {
		return nil
	}
	var ns corev1.Namespace
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &ns)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read namespace %s: %w", name, err)
	}
	if err == nil && isHeld(&ns, municipalityIn(seen.country, peer)) {
		seen.namespaces[ns.Name] = peer
	}
	return nil
}

// isHeld says whether a namespace is this very Municipality's, and not on its way out: of one that was made again under the name
// nothing follows for what an earlier one has left.
func isHeld(ns *corev1.Namespace, m *v1alpha1.Municipality) bool {
	return m != nil && ns.DeletionTimestamp.IsZero() && ns.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy &&
		ns.Labels[v1alpha1.LabelMunicipality] == m.Name && ns.Annotations[v1alpha1.AnnotationHeldBy] == string(m.UID)
}

// municipalityIn is the Municipality of a name; nil where there is none.
func municipalityIn(c *country.Country, name string) *v1alpha1.Municipality {
	if t := c.Tenant(name); t.IsThere() {
		return t.Municipality
	}
	return nil
}

// definitions reads how those are whose objects are away, where that closes something. It asks where the answer matters.
func (r *Reconciler) definitions(ctx context.Context, seen observed, todo planned) (map[door.Kind]definition.State, error) {
	all := map[door.Kind]definition.State{}
	for _, policy := range todo.remove {
		kind := lacks(seen, policy)
		if _, known := all[kind]; known || kind == "" {
			continue
		}
		is, err := definition.Of(ctx, r.Live, string(kind))
		if err != nil {
			return nil, err
		}
		all[kind] = is
	}
	return all, nil
}
