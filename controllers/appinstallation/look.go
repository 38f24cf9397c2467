package appinstallation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/installable"
)

// lister lists what is in a namespace of the kinds that apps consist of.
type lister struct {
	client client.Reader
	mapper meta.RESTMapper
	kinds  *kinds.Registry
	// secrets watches the Secrets of each namespace by itself.
	secrets *secrets.Watches
	clock   clock.PassiveClock
	known   *memo[string, servedKinds]
}

func (r *Reconciler) lister() lister {
	return lister{client: r.Client, mapper: r.Mapper, kinds: r.Kinds, secrets: r.Secrets, clock: r.Clock, known: &r.memory.kinds}
}

// isReadable says whether what was written of a kind can be awaited in the cache.
func (l lister) isReadable(ctx context.Context, o client.Object) bool {
	u, ok := o.(*unstructured.Unstructured)
	return !ok || l.ensure(ctx, u.GroupVersionKind(), u.GetNamespace()) == nil
}

// ensure returns when the objects of a kind in a namespace can be read from memory. A *kinds.Fault says that they can't.
func (l lister) ensure(ctx context.Context, gvk schema.GroupVersionKind, namespace string) error {
	if gvk != secrets.Kind() {
		return l.kinds.Ensure(ctx, gvk)
	}
	_, err := l.secrets.In(ctx, namespace)
	return err
}

// look lists what is in the namespace: of the kinds that the app holds, or held, and of all others that
// Kubernetes brings, as its status may be lost. A kind that the app has nothing to do with may be unreadable.
func (l lister) look(ctx context.Context, seen *observed, wanted rendered) error {
	all, err := l.served(seen)
	if err != nil {
		return err
	}
	needed := neededKinds(seen, wanted)
	seen.live = map[ref]*unstructured.Unstructured{}
	var unreadable []string
	if seen.unreadable != "" {
		unreadable = append(unreadable, seen.unreadable)
	}
	for _, gvk := range whichToList(all, needed) {
		if gvk == secrets.Kind() && (needed[gvk.GroupKind()] == nil || !hasInstaller(seen)) {
			continue
		}
		err := l.ensure(ctx, gvk, seen.home())
		var fault *kinds.Fault
		switch {
		case errors.As(err, &fault):
			holds, err := l.holds(seen, needed, fault)
			if err != nil {
				return err
			}
			unreadable = append(unreadable, holds...)
		case err != nil:
			return err
		default:
			if err := l.listKind(ctx, seen, gvk); err != nil {
				return err
			}
		}
	}
	seen.unreadable = strings.Join(unreadable, "; ")
	return nil
}

// holds says why a kind that can't be read is in the way; nothing where it is not. What an app held of a kind whose definition is gone is gone,
// too: where the app is uninstalled, nothing of it is left to wait for.
func (l lister) holds(seen *observed, needed map[schema.GroupKind][]schema.GroupVersionKind, fault *kinds.Fault) ([]string, error) {
	if needed[fault.Kind.GroupKind()] == nil {
		return nil, nil
	}
	if seen.installation.Spec.State == v1alpha1.InstallationAbsent {
		if gone, err := l.kinds.Gone(fault); gone || err != nil {
			return nil, err
		}
	}
	return []string{fault.Error()}, nil
}

// neededKinds are the kinds that the app holds, or held, each with the versions in which it writes them.
func neededKinds(seen *observed, wanted rendered) map[schema.GroupKind][]schema.GroupVersionKind {
	needed := map[schema.GroupKind][]schema.GroupVersionKind{}
	add := func(gvk schema.GroupVersionKind) {
		if !slices.Contains(needed[gvk.GroupKind()], gvk) {
			needed[gvk.GroupKind()] = append(needed[gvk.GroupKind()], gvk)
		}
	}
	for _, o := range seen.previous().Inventory {
		add(inventoried(o).GroupVersionKind())
	}
	for _, o := range wanted.objects {
		add(o.GroupVersionKind())
	}
	named := func(r contract.Reference) bool { return r.Kind == secrets.Kind().Kind }
	if isLost(seen) || slices.ContainsFunc(contract.References(wanted.objects), named) {
		add(secrets.Kind()) // they may be the app's of before, or another app's
	}
	return needed
}

// isLost says whether the status was lost of an installation that was seen healthy: what it holds is looked for.
func isLost(seen *observed) bool {
	return len(seen.previous().Inventory) == 0 && seen.installation.Spec.LastVerified != nil
}

// whichToList are the served kinds in the version that the cluster prefers, and after that in those in which the app
// writes them: field ownership is recorded in these. One that Kubernetes does not bring, and that the app
// does not hold, is left out: it is not watched on its account.
func whichToList(served []schema.GroupVersionKind, needed map[schema.GroupKind][]schema.GroupVersionKind) []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	for _, gvk := range served {
		versions := needed[gvk.GroupKind()]
		if contract.IsBuiltIn(gvk.Group) || slices.Contains(versions, gvk) {
			all = append(all, gvk)
		}
		for _, version := range versions {
			if version != gvk {
				all = append(all, version)
			}
		}
	}
	return all
}

func (l lister) listKind(ctx context.Context, seen *observed, gvk schema.GroupVersionKind) error {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err := read.List(ctx, l.client, list, client.InNamespace(seen.home())); err != nil {
		return fmt.Errorf("list %s: %w", gvk.Kind, err)
	}
	for i := range list.Items {
		seen.live[refOf(&list.Items[i])] = &list.Items[i]
	}
	return nil
}

// served are the kinds that bundles may hold, as the installer role lists them. A
// resource that the cluster does not serve, as its definition is not installed yet,
// is left out.
func (l lister) served(seen *observed) ([]schema.GroupVersionKind, error) {
	const askAgain = 30 * time.Second // for a kind that is not served yet: asking costs a request
	key := seen.roleVersion
	if known, ok := l.known.get(key); ok && (known.complete || l.clock.Since(known.at) < askAgain) {
		return known.all, nil
	}

	all, complete := []schema.GroupVersionKind{}, true
	for _, resource := range installable.Kinds(seen.roleRules) {
		gvk, err := l.mapper.KindFor(resource.WithVersion(""))
		if meta.IsNoMatchError(err) {
			complete = false // its definition may come
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find the kind of %s: %w", resource, err)
		}
		all = append(all, gvk)
	}

	l.known.put(key, servedKinds{all: all, complete: complete, at: l.clock.Now()})
	return all, nil
}
