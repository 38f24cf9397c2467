package rollup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/resolution"
)

// observedMunicipality is everything that the status of a Municipality may build on.
type observedMunicipality struct {
	country country
	tenant  tenant
}

func (r *Reconciler) observeMunicipality(ctx context.Context, name string) (observedMunicipality, error) {
	var seen observedMunicipality
	seen.tenant.municipality = &v1alpha1.Municipality{}
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.tenant.municipality)
	if err != nil {
		return seen, fmt.Errorf("read Municipality %s: %w", name, err)
	}
	if seen.country, err = r.observeCountry(ctx); err != nil {
		return seen, err
	}
	installations, err := r.installations(ctx, indexMunicipality, name)
	if err != nil {
		return seen, err
	}
	seen.tenant.installed = byMunicipality(installations)[name]
	return seen, nil
}

func (r *Reconciler) observeNetwork(ctx context.Context, name string) (observedNetwork, error) {
	seen := observedNetwork{network: &v1alpha1.Network{}}
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.network)
	if err != nil {
		return seen, fmt.Errorf("read Network %s: %w", name, err)
	}
	if seen.country, err = r.observeCountry(ctx); err != nil {
		return seen, err
	}
	apps := map[string]bool{}
	var installations []v1alpha1.AppInstallation
	for _, p := range seen.network.Spec.Apps {
		apps[p.Name] = true
		of, err := r.installations(ctx, indexApp, p.Name)
		if err != nil {
			return seen, err
		}
		installations = append(installations, of...)
	}
	seen.country = seen.country.narrowed(apps)
	tenants, err := r.tenants(ctx, installations, apps)
	if err != nil {
		return seen, err
	}
	isMember := resolution.NewNetworks(seen.country.networks, r.Clock.Now()).Members(name)
	seen.members = slices.DeleteFunc(tenants, func(t tenant) bool { return !isMember(t.municipality) })
	return seen, nil
}

func (r *Reconciler) observeSharedApp(ctx context.Context, name string) (observedSharedApp, error) {
	seen := observedSharedApp{app: &v1alpha1.SharedApp{}}
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, seen.app)
	if err != nil {
		return seen, fmt.Errorf("read SharedApp %s: %w", name, err)
	}
	if seen.country, err = r.observeCountry(ctx); err != nil {
		return seen, err
	}
	apps := map[string]bool{name: true}
	seen.country = seen.country.narrowed(apps)
	if seen.installations, err = r.installations(ctx, indexApp, name); err != nil {
		return seen, err
	}
	seen.tenants, err = r.tenants(ctx, seen.installations, apps)
	return seen, err
}

// observeCountry reads what all verdicts rest on. It is the cache's own: read only.
func (r *Reconciler) observeCountry(ctx context.Context) (country, error) {
	var seen country
	spec, err := settings.Get(ctx, r.Client)
	if err != nil {
		return seen, err
	}
	seen.freeze, seen.general = ptr.Deref(spec.Freeze, false), spec.Rollout
	var networks v1alpha1.NetworkList
	if err := r.Client.List(ctx, &networks, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return seen, fmt.Errorf("list Networks: %w", err)
	}
	seen.networks = networks.Items
	var apps v1alpha1.SharedAppList
	if err := r.Client.List(ctx, &apps, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return seen, fmt.Errorf("list SharedApps: %w", err)
	}
	seen.apps = make(map[string]*v1alpha1.SharedApp, len(apps.Items))
	for i := range apps.Items {
		seen.apps[apps.Items[i].Name] = &apps.Items[i]
	}
	seen.offers = r.apps.All(apps.Items)
	var rollouts v1alpha1.RolloutList
	if err := r.Client.List(ctx, &rollouts, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return seen, fmt.Errorf("list Rollouts: %w", err)
	}
	seen.rollouts = currentRollouts(rollouts.Items)
	return seen, nil
}

// installations finds AppInstallations by an index. They are the cache's own: read only.
func (r *Reconciler) installations(ctx context.Context, index, value string) ([]v1alpha1.AppInstallation, error) {
	var list v1alpha1.AppInstallationList
	if err := r.Client.List(ctx, &list, client.MatchingFields{index: value}, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return nil, fmt.Errorf("list AppInstallations of %s: %w", value, err)
	}
	return list.Items, nil
}

// tenants are all municipalities, sorted by name and narrowed to some apps, with
// those of the installations that are theirs.
func (r *Reconciler) tenants(ctx context.Context, installations []v1alpha1.AppInstallation, apps map[string]bool) ([]tenant, error) {
	var list v1alpha1.MunicipalityList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		return nil, fmt.Errorf("list Municipalities: %w", err)
	}
	installed := byMunicipality(installations)
	all := make([]tenant, 0, len(list.Items))
	for i := range list.Items {
		m := &list.Items[i]
		all = append(all, tenant{municipality: m, installed: installed[m.Name]}.narrowed(apps))
	}
	slices.SortFunc(all, func(a, b tenant) int { return strings.Compare(a.municipality.Name, b.municipality.Name) })
	return all, nil
}

// byMunicipality sorts installations into places, by their labels. One whose labels
// do not fit its namespace is nobody's.
func byMunicipality(installations []v1alpha1.AppInstallation) map[string]map[resolution.Place]*v1alpha1.AppInstallation {
	all := map[string]map[resolution.Place]*v1alpha1.AppInstallation{}
	for i := range installations {
		owner, environment := installations[i].Labels[v1alpha1.LabelMunicipality], installations[i].Labels[v1alpha1.LabelEnvironment]
		if installations[i].Namespace != v1alpha1.NamespaceFor(owner, environment) {
			continue
		}
		if all[owner] == nil {
			all[owner] = map[resolution.Place]*v1alpha1.AppInstallation{}
		}
		all[owner][resolution.Place{App: installations[i].Name, Environment: environment}] = &installations[i]
	}
	return all
}
