package municipality

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// observeLeft reads what a Municipality that is gone has left behind.
func (r *Reconciler) observeLeft(ctx context.Context, name string) (observed, error) {
	var seen observed
	seen.municipality.Name = name
	var err error
	if seen.platform, err = settings.Get(ctx, r.Client); err != nil {
		return seen, err
	}
	names, own, err := r.environmentNames(ctx, seen.municipality)
	if err != nil || len(names) == 0 {
		return seen, err
	}
	if seen.definitionGoes, err = definition.Goes(ctx, r.Live); err != nil {
		return seen, err
	}
	err = r.readEnvironments(ctx, &seen, names, own)
	return seen, err
}

// readEnvironments reads what exists of environments, of which some apps have namespaces for themselves.
func (r *Reconciler) readEnvironments(ctx context.Context, seen *observed, names []string, own map[string][]string) error {
	seen.environments = make(map[string]environment, len(names))
	for _, e := range names {
		var err error
		if seen.environments[e], err = r.environment(ctx, seen.municipality, e, own[e]); err != nil {
			return fmt.Errorf("read environment %s: %w", e, err)
		}
	}
	return nil
}

// ownHomes reads what exists of the namespaces that apps of an environment have for themselves: those that are there, and
// those that installations ask for. The name of one that is asked for may be another's.
func (r *Reconciler) ownHomes(ctx context.Context, environment string, there []string, installed []v1alpha1.AppInstallation) (map[string]ownHome, error) {
	asking := map[string]*v1alpha1.AppInstallation{}
	for i := range installed {
		if installed[i].IsOwn() {
			asking[installed[i].Spec.App] = &installed[i]
			there = append(there, installed[i].Spec.App)
		}
	}
	if len(there) == 0 {
		return nil, nil
	}
	all := make(map[string]ownHome, len(there))
	for _, app := range there {
		if _, done := all[app]; done {
			continue
		}
		offered, err := sharedApp(ctx, r.Client, app)
		if err != nil {
			return nil, err
		}
		h := ownHome{installed: asking[app], share: shareOf(offered)}
		if h.environment, err = r.namespace(ctx, tenancy.OwnNamespace(environment, app)); err != nil {
			return nil, err
		}
		all[app] = h
	}
	return all, nil
}

// sharedApp reads an app of the catalogue; nil where it is not there.
func sharedApp(ctx context.Context, c client.Reader, name string) (*v1alpha1.SharedApp, error) {
	var app v1alpha1.SharedApp
	err := c.Get(ctx, client.ObjectKey{Name: name}, &app)
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // it is not there
	}
	if err != nil {
		return nil, fmt.Errorf("read SharedApp %s: %w", name, err)
	}
	return &app, nil
}

// isolations reads from the catalogue where the installations of the apps live that spec.access names.
func (r *Reconciler) isolations(ctx context.Context, m v1alpha1.Municipality) (map[string]v1alpha1.Isolation, error) {
	all := map[string]v1alpha1.Isolation{}
	for _, a := range m.Spec.Access {
		for _, name := range a.Apps {
			app, err := sharedApp(ctx, r.Client, name)
			if err != nil {
				return nil, err
			}
			if app != nil {
				all[name] = app.Spec.Isolation
			}
		}
	}
	return all, nil
}

// volumes reads the PersistentVolumeClaims of namespaces that are to be deleted, from the API
// server: the cache may lag behind, and a mistake here can't be undone.
func (r *Reconciler) volumes(ctx context.Context, seen observed) error {
	for name, e := range seen.environments {
		going := goes(seen, name)
		for app, h := range e.own {
			if going || h.leaves(seen) {
				if err := r.claims(ctx, &h.environment); err != nil {
					return err
				}
				e.own[app] = h
			}
		}
		if going {
			if err := r.claims(ctx, &e); err != nil {
				return err
			}
			seen.environments[name] = e
		}
	}
	return nil
}

// claims reads the PersistentVolumeClaims of a namespace that is there, and not on its way out.
func (r *Reconciler) claims(ctx context.Context, e *environment) error {
	if e.namespace == nil || !e.namespace.DeletionTimestamp.IsZero() {
		return nil
	}
	var claims corev1.PersistentVolumeClaimList
	if err := r.Live.List(ctx, &claims, client.InNamespace(e.namespace.Name)); err != nil {
		return fmt.Errorf("list PersistentVolumeClaims of namespace %s: %w", e.namespace.Name, err)
	}
	for i := range claims.Items {
		e.volumes = append(e.volumes, claims.Items[i].Name)
	}
	slices.Sort(e.volumes)
	return nil
}

// keeper looks at what is kept of apps that were uninstalled.
type keeper struct {
	client client.Reader
	live   client.Reader
	clock  clock.PassiveClock
}

func keeperOf(r *Reconciler) keeper { return keeper{client: r.Client, live: r.Live, clock: r.Clock} }

// read reads what is kept of apps that were uninstalled: from the cache, as it is reported.
func (k keeper) read(ctx context.Context, seen observed) error {
	for name, e := range seen.environments {
		var err error
		if e.left, err = k.left(ctx, e); err != nil {
			return err
		}
		seen.environments[name] = e
		for app, h := range e.own {
			if !h.isKeptData(seen.municipality) {
				continue
			}
			list := untypedClaims()
			if err := read.List(ctx, k.client, list, client.InNamespace(h.namespace.Name)); err != nil {
				return fmt.Errorf("list PersistentVolumeClaims: %w", err)
			}
			for i := range list.Items {
				h.claims = append(h.claims, list.Items[i].GetName())
			}
			slices.Sort(h.claims)
			if h.forsaken, err = k.forsaken(ctx, seen.municipality, name, h); err != nil {
				return err
			}
			e.own[app] = h
		}
	}
	return nil
}

// left reads which claims in the namespace of an environment are of apps that are not installed there.
func (k keeper) left(ctx context.Context, e environment) (map[string][]string, error) {
	if e.namespace == nil {
		return nil, nil
	}
	list, all := untypedClaims(), map[string][]string{}
	if err := read.List(ctx, k.client, list, client.InNamespace(e.namespace.Name)); err != nil {
		return nil, fmt.Errorf("list PersistentVolumeClaims: %w", err)
	}
	for i := range list.Items {
		if app := list.Items[i].GetLabels()[v1alpha1.LabelApp]; app != "" {
			all[app] = append(all[app], list.Items[i].GetName())
		}
	}
	for app, claims := range all {
		slices.Sort(claims)
		err := k.client.Get(ctx, client.ObjectKey{Namespace: e.namespace.Name, Name: app}, &v1alpha1.AppInstallation{})
		if err == nil {
			delete(all, app)
		} else if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("read AppInstallation %s: %w", app, err)
		}
	}
	return all, nil
}

// forsaken says whether what is kept of an app is to be deleted for good. Where the cache says so the API server is asked, as
// a mistake here can't be undone.
func (k keeper) forsaken(ctx context.Context, m v1alpha1.Municipality, environment string, h ownHome) (bool, error) {
	app, uid, now := h.namespace.Labels[v1alpha1.LabelApp], h.namespace.UID, k.clock.Now()
	if !forsakes(&m, environment, app, uid, now) {
		return false, nil
	}
	var live v1alpha1.Municipality
	if err := k.live.Get(ctx, client.ObjectKey{Name: m.Name}, &live); err != nil {
		return false, fmt.Errorf("read Municipality %s: %w", m.Name, err)
	}
	err := k.live.Get(ctx, client.ObjectKey{Namespace: v1alpha1.NamespaceFor(m.Name, environment), Name: app}, &v1alpha1.AppInstallation{})
	if err == nil || !apierrors.IsNotFound(err) {
		return false, err
	}
	return live.UID == m.UID && live.DeletionTimestamp.IsZero() && forsakes(&live, environment, app, uid, now), nil
}

// untypedClaims are PersistentVolumeClaims as the cache has them for those who install apps.
func untypedClaims() *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaimList"))
	return list
}
