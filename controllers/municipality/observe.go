package municipality

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/policies"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// observed is everything that a plan may build on.
type observed struct {
	municipality v1alpha1.Municipality
	platform     v1alpha1.PlatformSpec
	// sameNumber are the other Municipalities that claim one of this one's numbers.
	sameNumber []v1alpha1.Municipality
	// sameDomain are the other Municipalities whose domains overlap with this one's.
	sameDomain []v1alpha1.Municipality
	// environments by name: those of the spec, and those of earlier specs whose namespaces are
	// still there.
	environments map[string]environment
	// isolations of the SharedApps that spec.access names; one that is not there is not in it.
	isolations map[string]v1alpha1.Isolation
	// definitionGoes is true while the CustomResourceDefinition is being deleted.
	definitionGoes bool
	// unguarded says why the policy is not in force that stops people where the Municipality is frozen; empty where it is,
	// and where it is not frozen.
	unguarded string
}

// environment is what exists of one environment, or of the namespace that an app of it has for itself.
type environment struct {
	// namespace is nil where there is none.
	namespace *corev1.Namespace
	// objects of the tenancy in it, by key.
	objects map[string]client.Object
	// installations is the number of AppInstallations in it.
	installations int
	// uninstalling says of some of them why they are still there; empty where there are none.
	uninstalling string
	// closedApps are the apps in it that require the zone Closed; read only where the environment
	// is closed and the spec asks for Open.
	closedApps []closedApp
	// volumes are the PersistentVolumeClaims in it; read only where it is to be deleted.
	volumes []string
	// pods is the number of pods in it; counted only while the namespace is deleted.
	pods int
	// left are the PersistentVolumeClaims in it of apps that are not installed, by app.
	left map[string][]string
	// own are the namespaces that apps of it have for themselves, or are to have, by app.
	own map[string]ownHome
}

// key names an object within a namespace.
func key(kind, name string) string { return kind + "/" + name }

func (r *Reconciler) observe(ctx context.Context, name string) (observed, error) {
	var seen observed
	if err := r.written.Await(ctx, r.Client, name, nil); err != nil {
		return seen, err
	}
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &seen.municipality); err != nil {
		return seen, fmt.Errorf("read Municipality %s: %w", name, err)
	}

	var err error
	if seen.platform, err = settings.Get(ctx, r.Client); err != nil {
		return seen, err
	}
	if seen.sameNumber, err = r.others(ctx, seen.municipality.Name, indexNumber, reference.Numbers(&seen.municipality)); err != nil {
		return seen, err
	}
	if seen.sameDomain, err = r.others(ctx, seen.municipality.Name, indexDomain, reference.OverlapKeys(&seen.municipality)); err != nil {
		return seen, err
	}
	if seen.definitionGoes, err = definition.DeletesAlong(ctx, r.Live, &seen.municipality); err != nil {
		return seen, err
	}

	if seen.unguarded, err = unguarded(ctx, r.Policies, seen.municipality); err != nil {
		return seen, err
	}
	if seen.isolations, err = r.isolations(ctx, seen.municipality); err != nil {
		return seen, err
	}
	names, own, err := r.environmentNames(ctx, seen.municipality)
	if err != nil {
		return seen, err
	}

	if err := r.readEnvironments(ctx, &seen, names, own); err != nil {
		return seen, err
	}
	if err := keeperOf(r).read(ctx, seen); err != nil {
		return seen, err
	}
	err = r.volumes(ctx, seen)
	return seen, err
}

// unguarded says why the admission policy does not hold a frozen municipality; empty where it does, or where it is not frozen.
func unguarded(ctx context.Context, checker *policies.Checker, m v1alpha1.Municipality) (string, error) {
	if !m.Spec.Suspend.IsFrozen() {
		return "", nil
	}
	found, err := checker.Check(ctx)
	if err != nil {
		return "", err
	}
	return found.Fault(policies.Freeze), nil
}

// others are the Municipalities, but for one, that an index has under any of some keys, by name.
func (r *Reconciler) others(ctx context.Context, name, index string, keys []string) ([]v1alpha1.Municipality, error) {
	var others []v1alpha1.Municipality
	for _, key := range keys {
		var list v1alpha1.MunicipalityList
		if err := read.List(ctx, r.Client, &list, client.MatchingFields{index: key}); err != nil {
			return nil, fmt.Errorf("find Municipalities with %s %s: %w", index, key, err)
		}
		for _, other := range list.Items {
			if other.Name != name && !slices.ContainsFunc(others, func(o v1alpha1.Municipality) bool { return o.Name == other.Name }) {
				others = append(others, other)
			}
		}
	}
	slices.SortFunc(others, func(a, b v1alpha1.Municipality) int { return strings.Compare(a.Name, b.Name) })
	return others, nil
}

// environmentNames are the environments of the spec, and those of which there are namespaces; and the apps that have
// namespaces for themselves, by environment.
func (r *Reconciler) environmentNames(ctx context.Context, m v1alpha1.Municipality) (names []string, own map[string][]string, err error) {
	own = map[string][]string{}
	for _, e := range m.Spec.Environments {
		names = append(names, e.Name)
	}
	var list corev1.NamespaceList
	if err := read.List(ctx, r.Client, &list, client.MatchingFields{indexMunicipality: m.Name}); err != nil {
		return nil, nil, fmt.Errorf("list namespaces: %w", err)
	}
	for i := range list.Items {
		home, e, app := v1alpha1.NamespaceFor(m.Name, list.Items[i].Labels[v1alpha1.LabelEnvironment]), list.Items[i].Labels[v1alpha1.LabelEnvironment], list.Items[i].Labels[v1alpha1.LabelApp]
		switch {
		case list.Items[i].Name == home && app == "":
		case app != "" && list.Items[i].Name == tenancy.OwnNamespace(home, app):
			own[e] = append(own[e], app)
		default:
			continue
		}
		if !slices.Contains(names, e) {
			names = append(names, e)
		}
	}
	return names, own, nil
}

// environment reads what exists of an environment, of which some apps have namespaces for themselves.
func (r *Reconciler) environment(ctx context.Context, m v1alpha1.Municipality, called string, own []string) (environment, error) {
	name := v1alpha1.NamespaceFor(m.Name, called)
	seen, err := r.namespace(ctx, name)
	if err != nil {
		return seen, err
	}

	var installations v1alpha1.AppInstallationList
	if err := read.List(ctx, r.Client, &installations, client.InNamespace(name)); err != nil {
		return seen, fmt.Errorf("list AppInstallations: %w", err)
	}

	seen.installations, seen.uninstalling = len(installations.Items), uninstalling(installations.Items)
	if spec := m.Spec.Environment(called); spec != nil && seen.namespace != nil && opens(*spec, seen.namespace) {
		if seen.closedApps, err = r.closedApps(ctx, spec.Stage, installations.Items); err != nil {
			return seen, err
		}
	}
	seen.own, err = r.ownHomes(ctx, name, own, installations.Items)
	return seen, err
}

// namespace reads a namespace and what the tenancy has in it.
func (r *Reconciler) namespace(ctx context.Context, name string) (environment, error) {
	var seen environment
	var ns corev1.Namespace
	err := r.Client.Get(ctx, client.ObjectKey{Name: name}, &ns)
	if apierrors.IsNotFound(err) {
		return seen, nil
	}
	if err != nil {
		return seen, fmt.Errorf("read namespace %s: %w", name, err)
	}

	seen.namespace = &ns
	if seen.objects, err = r.objects(ctx, name); err != nil {
		return seen, err
	}
	if ns.DeletionTimestamp.IsZero() {
		return seen, nil
	}

	var pods corev1.PodList
	if err := r.Live.List(ctx, &pods, client.InNamespace(name), client.Limit(1)); err != nil {
		return seen, fmt.Errorf("list pods: %w", err)
	}

	seen.pods = len(pods.Items)
	return seen, nil
}

// closedApps reads from the catalogue which of the installed apps require the zone Closed, at the version that
// they are to have or at one that may still run. One that the catalogue has lost for a while is taken to do so.
func (r *Reconciler) closedApps(ctx context.Context, stage v1alpha1.Stage, installed []v1alpha1.AppInstallation) ([]closedApp, error) {
	var all []closedApp
	for i := range installed {
		var app v1alpha1.SharedApp
		err := r.Client.Get(ctx, client.ObjectKey{Name: installed[i].Spec.App}, &app)
		if client.IgnoreNotFound(err) != nil {
			return nil, fmt.Errorf("read SharedApp %s: %w", installed[i].Spec.App, err)
		}
		unknown, closed := err != nil, false
		if !unknown {
			unknown, closed = requiresClosed(catalogue.Compile(&app), &installed[i], stage)
		}
		if unknown || closed {
			all = append(all, closedApp{name: installed[i].Spec.App, unknown: unknown})
		}
	}
	slices.SortFunc(all, func(a, b closedApp) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func (r *Reconciler) objects(ctx context.Context, namespace string) (map[string]client.Object, error) {
	found := map[string]client.Object{}
	for kind, list := range map[string]client.ObjectList{
		"ResourceQuota":  &corev1.ResourceQuotaList{},
		"LimitRange":     &corev1.LimitRangeList{},
		"ServiceAccount": &corev1.ServiceAccountList{},
		"NetworkPolicy":  &networkingv1.NetworkPolicyList{},
		"RoleBinding":    &rbacv1.RoleBindingList{},
	} {
		if err := read.List(ctx, r.Client, list, client.InNamespace(namespace)); err != nil {
			return nil, fmt.Errorf("list %ss: %w", kind, err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return nil, fmt.Errorf("list %ss: %w", kind, err)
		}
		for _, item := range items {
			if o, ok := item.(client.Object); ok {
				found[key(kind, o.GetName())] = o
			}
		}
	}
	return found, nil
}
