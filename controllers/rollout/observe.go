package rollout

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/platform"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observe reads the country. All of it is the cache's own: read only.
func (r *Reconciler) observe(ctx context.Context, group string) (country.Objects, error) {
	seen := country.Objects{Watching: r.watching}
	if err := r.written.Await(ctx, r.Client, group); err != nil {
		return seen, err
	}
	var err error
	if seen.Platform, err = platform.Get(ctx, r.Client); err != nil {
		return seen, err
	}
	var networks v1alpha1.NetworkList
	if err := r.list(ctx, &networks); err != nil {
		return seen, fmt.Errorf("list Networks: %w", err)
	}
	seen.Networks = networks.Items
	var apps v1alpha1.SharedAppList
	if err := r.list(ctx, &apps); err != nil {
		return seen, fmt.Errorf("list SharedApps: %w", err)
	}
	seen.Apps = make(map[string]*v1alpha1.SharedApp, len(apps.Items))
	for i := range apps.Items {
		seen.Apps[apps.Items[i].Name] = &apps.Items[i]
	}
	var rollouts v1alpha1.RolloutList
	if err := r.list(ctx, &rollouts); err != nil {
		return seen, fmt.Errorf("list Rollouts: %w", err)
	}
	for i := range rollouts.Items {
		seen.Rollouts = append(seen.Rollouts, &rollouts.Items[i])
	}
	err = r.tenants(ctx, &seen)
	return seen, err
}

// tenants reads the municipalities, which of their environments stand, and what is installed there.
func (r *Reconciler) tenants(ctx context.Context, seen *country.Objects) error {
	var municipalities v1alpha1.MunicipalityList
	if err := r.list(ctx, &municipalities); err != nil {
		return fmt.Errorf("list Municipalities: %w", err)
	}
	stands, err := r.standing(ctx)
	if err != nil {
		return err
	}
	seen.Missing = map[string]bool{}
	for i := range municipalities.Items {
		m := &municipalities.Items[i]
		seen.Municipalities = append(seen.Municipalities, m)
		for _, e := range m.Spec.Environments {
			if namespace := v1alpha1.NamespaceFor(m.Name, e.Name); stands[namespace] != m.Name {
				seen.Missing[namespace] = true
			}
		}
	}
	return r.installations(ctx, seen)
}

// standing reads the namespaces of environments that are there to stay, with the municipality of each.
func (r *Reconciler) standing(ctx context.Context) (map[string]string, error) {
	var namespaces corev1.NamespaceList
	if err := r.list(ctx, &namespaces); err != nil {
		return nil, fmt.Errorf("list namespaces: %w", err)
	}
	owners := make(map[string]string, len(namespaces.Items))
	for i := range namespaces.Items {
		ns := &namespaces.Items[i]
		if ns.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && ns.DeletionTimestamp.IsZero() {
			owners[ns.Name] = ns.Labels[v1alpha1.LabelMunicipality]
		}
	}
	return owners, nil
}

// installations reads what is installed in the environments of the municipalities.
func (r *Reconciler) installations(ctx context.Context, seen *country.Objects) error {
	var installations v1alpha1.AppInstallationList
	if err := r.list(ctx, &installations); err != nil {
		return fmt.Errorf("list AppInstallations: %w", err)
	}
	seen.Installations = make(map[string]map[resolution.Place]*v1alpha1.AppInstallation, len(seen.Municipalities))
	for i := range installations.Items {
		installed := &installations.Items[i]
		owner, environment := installed.Labels[v1alpha1.LabelMunicipality], installed.Labels[v1alpha1.LabelEnvironment]
		if installed.Namespace != v1alpha1.NamespaceFor(owner, environment) {
			continue
		}
		if seen.Installations[owner] == nil {
			seen.Installations[owner] = map[resolution.Place]*v1alpha1.AppInstallation{}
		}
		seen.Installations[owner][resolution.Place{App: installed.Name, Environment: environment}] = installed
	}
	return nil
}

// list reads from the cache without copying. It does not wait for the writes of others:
// those of this group were awaited one by one.
func (r *Reconciler) list(ctx context.Context, list client.ObjectList) error {
	return r.Client.List(ctx, list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency)
}
