package consent

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/platform"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observed is everything that a plan may build on.
type observed struct {
	municipality v1alpha1.Municipality
	platform     v1alpha1.PlatformSpec
	// networks that the municipality is a member of.
	networks []*v1alpha1.Network
	// networksChange is when time alone may change them; zero where it never does.
	networksChange time.Time
	apps           map[string]*v1alpha1.SharedApp
	// installed in the environments of the spec and in those that were taken out of it.
	installed map[resolution.Place]*v1alpha1.AppInstallation
	// standing are the environments whose namespaces are the municipality's and stay.
	standing map[string]bool
}

func (r *Reconciler) observe(ctx context.Context, name string, now time.Time) (observed, error) {
	var seen observed
	if err := r.written.Await(ctx, r.Client, name); err != nil {
		return seen, err
	}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.municipality); err != nil {
		return seen, fmt.Errorf("read Municipality %s: %w", name, err)
	}
	var err error
	if seen.platform, err = platform.Get(ctx, r.Client); err != nil {
		return seen, err
	}
	var networks v1alpha1.NetworkList
	if err := r.Client.List(ctx, &networks, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return seen, fmt.Errorf("list Networks: %w", err)
	}
	known := resolution.NewNetworks(networks.Items, now)
	seen.networks, seen.networksChange = known.Of(&seen.municipality), known.NextChange()
	var apps v1alpha1.SharedAppList
	if err := r.Client.List(ctx, &apps, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return seen, fmt.Errorf("list SharedApps: %w", err)
	}
	seen.apps = make(map[string]*v1alpha1.SharedApp, len(apps.Items))
	for i := range apps.Items {
		seen.apps[apps.Items[i].Name] = &apps.Items[i]
	}
	err = r.environments(ctx, &seen)
	return seen, err
}

// environments finds the municipality's namespaces by their label, and what is
// installed in them.
func (r *Reconciler) environments(ctx context.Context, seen *observed) error {
	seen.installed = map[resolution.Place]*v1alpha1.AppInstallation{}
	seen.standing = map[string]bool{}
	var namespaces corev1.NamespaceList
	err := r.Client.List(ctx, &namespaces, client.MatchingFields{indexMunicipality: seen.municipality.Name}, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency)
	if err != nil {
		return fmt.Errorf("list namespaces: %w", err)
	}
	for i := range namespaces.Items {
		ns := &namespaces.Items[i]
		environment := ns.Labels[v1alpha1.LabelEnvironment]
		if ns.Labels[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy || ns.Name != v1alpha1.NamespaceFor(seen.municipality.Name, environment) {
			continue
		}
		seen.standing[environment] = ns.DeletionTimestamp.IsZero()
		var list v1alpha1.AppInstallationList
		if err := r.Client.List(ctx, &list, client.InNamespace(ns.Name), client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
			return fmt.Errorf("list AppInstallations: %w", err)
		}
		for j := range list.Items {
			seen.installed[resolution.Place{App: list.Items[j].Name, Environment: environment}] = &list.Items[j]
		}
	}
	return nil
}
