package appinstallation

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// observed is everything that a plan may build on.
type observed struct {
	installation v1alpha1.AppInstallation
	platform     v1alpha1.PlatformSpec
	// namespace that the objects are in, which is home; nil where there is none.
	namespace *corev1.Namespace
	// municipality is nil where it was deleted and its namespaces are retained.
	municipality *v1alpha1.Municipality
	// app is nil where the catalogue no longer has it.
	app *v1alpha1.SharedApp
	// offer is what the app offers and requires; nil where app is.
	offer *catalogue.App
	// bundle is nil where the store does not have it.
	bundle *bundle.Bundle
	// tampered says what is wrong with the stored bundle; empty where nothing is.
	tampered string
	// dependencies by app name; nil for one that is not installed here.
	dependencies map[string]*v1alpha1.AppInstallation
	// homes are the namespaces that the objects of the apps that this one requires are in, or would be, by app.
	homes map[string]string
	// doors that the version requires and that are open, by app and service.
	doors map[v1alpha1.RequiredService]bool
	// secrets by name: the values of spec.parametersFrom. One that is missing is not in it.
	secrets map[string]map[string][]byte
	// generated is what there is of the values that the operator made.
	generated kept
	// bundled are the objects that the bundle came to; none before it is built.
	bundled []*unstructured.Unstructured
	// pullSecret is the Secret that spec.imagePullSecretRef of the app names; nil where it is missing or not asked for.
	pullSecret *unstructured.Unstructured
	// roleRules and roleVersion are of the installer role, which lists the kinds that bundles may hold.
	roleRules   []rbacv1.PolicyRule
	roleVersion string
	// live are the objects of installable kinds in the namespace, the app's and others'.
	live map[ref]*unstructured.Unstructured
	// unreadable says which kinds that the app holds can't be read; empty where all can.
	unreadable string
	// gone are kinds of the app, which is uninstalled, whose definition was deleted, and all their objects with it.
	gone []schema.GroupVersionKind
	// room is what the namespace has for pods.
	room health.Room
	// policies that open what the app requires, by name; those that are there.
	policies map[string]*networkingv1.NetworkPolicy
	// salt is known to the operator and to administrators of the cluster alone: the UID of
	// its namespace, which is random and outlives every restart.
	salt string
	// pods are those that controllers made for the app and that have not ended; asked only while it is
	// uninstalled.
	pods []string
	// now is the time of the pass.
	now time.Time
	// waiting is a status that was worked out and not written yet; zero where there is none.
	waiting pending
}

// previous is the status that was worked out last, be it written or not.
func (o *observed) previous() *v1alpha1.AppInstallationStatus {
	if !o.waiting.since.IsZero() {
		return &o.waiting.status
	}
	return &o.installation.Status
}

// home is the namespace that the objects are in: that of the environment, or one of their own.
func (o *observed) home() string { return tenancy.Home(&o.installation) }

// ref names an object in the namespace, whatever its version.
type ref struct {
	schema.GroupKind

	Name string
}

// String returns Kind/name, as a person would write it.
func (r ref) String() string { return r.Kind + "/" + r.Name }

func refOf(o *unstructured.Unstructured) ref {
	return ref{o.GroupVersionKind().GroupKind(), o.GetName()}
}

func (r *Reconciler) observe(ctx context.Context, name types.NamespacedName) (observed, error) {
	var seen observed
	i := &seen.installation
	if err := r.written.Await(ctx, r.Client, name.String(), r.lister().isReadable); err != nil {
		return seen, err
	}
	if err := r.Client.Get(ctx, name, i); err != nil {
		return seen, fmt.Errorf("read AppInstallation %s: %w", name, err)
	}

	seen.waiting, _ = r.memory.pending.get(i.UID)
	var err error
	if seen.platform, err = settings.Get(ctx, r.Client); err != nil {
		return seen, err
	}
	if err := r.environment(ctx, &seen); err != nil {
		return seen, err
	}
	if err := r.offer(ctx, &seen); err != nil {
		return seen, err
	}
	if seen.room, err = r.room(ctx, seen.home()); err != nil {
		return seen, err
	}
	if err := r.needs(ctx, &seen); err != nil {
		return seen, err
	}
	if err := r.role(ctx, &seen); err != nil {
		return seen, err
	}
	if i.Spec.State == v1alpha1.InstallationAbsent {
		seen.pods, err = podsOf(ctx, r.Live, seen.home(), i.Spec.App)
	}
	return seen, err
}

// podsOf lists the pods that controllers made for an app. One that a person made, and labelled so, is none.
func podsOf(ctx context.Context, live client.Reader, namespace, app string) ([]string, error) {
	var pods corev1.PodList
	if err := live.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApp: app}); err != nil {
		return nil, fmt.Errorf("list pods: %w", err)
	}
	var all []string
	for i := range pods.Items {
		if metav1.GetControllerOfNoCopy(&pods.Items[i]) != nil {
			all = append(all, "Pod/"+pods.Items[i].Name)
		}
	}
	return all, nil
}

// room reads what a namespace has for pods.
func (r *Reconciler) room(ctx context.Context, namespace string) (health.Room, error) {
	var quotas corev1.ResourceQuotaList
	if err := read.List(ctx, r.Client, &quotas, client.InNamespace(namespace)); err != nil {
		return health.Room{}, fmt.Errorf("list ResourceQuotas: %w", err)
	}
	var limits corev1.LimitRangeList
	if err := read.List(ctx, r.Client, &limits, client.InNamespace(namespace)); err != nil {
		return health.Room{}, fmt.Errorf("list LimitRanges: %w", err)
	}
	return health.Room{Quotas: quotas.Items, Limits: limits.Items}, nil
}

// environment reads the namespace, its Municipality and the app's own network policies.
func (r *Reconciler) environment(ctx context.Context, seen *observed) error {
	namespace := seen.home()
	home, err := maybe(ctx, r.Client, client.ObjectKey{Name: r.Store.Namespace}, &corev1.Namespace{})
	if err != nil {
		return err
	}
	if home != nil {
		seen.salt = string(home.UID)
	}
	if seen.namespace, err = maybe(ctx, r.Client, client.ObjectKey{Name: namespace}, &corev1.Namespace{}); err != nil {
		return err
	}
	if seen.municipality, err = maybe(ctx, r.Client, client.ObjectKey{Name: seen.installation.Spec.Tenant.Municipality}, &v1alpha1.Municipality{}); err != nil {
		return err
	}
	return readPolicies(ctx, r.Client, seen)
}

// readPolicies reads what opens walls for the app.
func readPolicies(ctx context.Context, c client.Reader, seen *observed) error {
	seen.policies = map[string]*networkingv1.NetworkPolicy{}
	for _, name := range []string{outName(seen.installation.Spec.App), inName(seen.installation.Spec.App)} {
		policy, err := maybe(ctx, c, client.ObjectKey{Namespace: seen.home(), Name: name}, &networkingv1.NetworkPolicy{})
		if err != nil {
			return err
		}
		if policy != nil {
			seen.policies[name] = policy
		}
	}
	return nil
}

// offer reads the app's entry in the catalogue, and the bundle.
func (r *Reconciler) offer(ctx context.Context, seen *observed) error {
	spec := seen.installation.Spec
	var err error
	if seen.app, err = maybe(ctx, r.Client, client.ObjectKey{Name: spec.App}, &v1alpha1.SharedApp{}); err != nil {
		return err
	}
	if seen.app != nil {
		seen.offer = r.apps.App(seen.app)
	}

	if known, ok := r.memory.bundles.get(spec.Digest); ok {
		seen.bundle = &known
	} else {
		found, ok, err := r.Store.Get(ctx, spec.Digest)
		var changed *bundlestore.ChangedError
		switch {
		case errors.As(err, &changed):
			seen.tampered = changed.Error()
		case err != nil:
			return err
		case ok:
			r.memory.bundles.put(spec.Digest, found)
			seen.bundle = &found
		}
	}

	if seen.app == nil || seen.app.Spec.ImagePullSecretRef == nil {
		return nil
	}

	o := untyped(secrets.Kind())
	seen.pullSecret, err = maybe(ctx, r.Client, client.ObjectKey{Namespace: r.Store.Namespace, Name: seen.app.Spec.ImagePullSecretRef.Name}, o)
	return err
}

// needs reads the other apps and the Secrets that the installation builds on.
func (r *Reconciler) needs(ctx context.Context, seen *observed) error {
	i := &seen.installation
	seen.dependencies, seen.homes = map[string]*v1alpha1.AppInstallation{}, map[string]string{}
	if seen.offer == nil {
		return readSecrets(ctx, r, seen)
	}
	if err := readDoors(ctx, r.Client, seen); err != nil {
		return err
	}
	for _, needed := range seen.offer.Version(i.Spec.Version).Requires() {
		found, err := maybe(ctx, r.Client, client.ObjectKey{Namespace: i.Namespace, Name: needed.App}, &v1alpha1.AppInstallation{})
		if err != nil {
			return err
		}
		seen.dependencies[needed.App] = found
		if seen.homes[needed.App], err = homeOf(ctx, r.Client, i.Namespace, needed.App, found); err != nil {
			return err
		}
	}
	return readSecrets(ctx, r, seen)
}

// homeOf is the namespace of another app of the environment: where it is, or where it would be.
func homeOf(ctx context.Context, c client.Reader, environment, app string, found *v1alpha1.AppInstallation) (string, error) {
	if found != nil {
		return tenancy.Home(found), nil
	}
	found = &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{App: app}}
	found.Namespace = environment
	offered, err := maybe(ctx, c, client.ObjectKey{Name: app}, &v1alpha1.SharedApp{})
	if err != nil {
		return "", err
	}
	if offered != nil {
		found.Spec.Isolation = offered.Spec.Isolation
	}
	return tenancy.Home(found), nil
}

// secret reads a tenant's Secret as the namespace's installer, and only when the
// cache, which does not keep values, says that it changed.
func (r *Reconciler) secret(ctx context.Context, key client.ObjectKey) (map[string][]byte, error) {
	identity, err := maybe(ctx, r.Client, key, untyped(secrets.Kind()))
	if err != nil || identity == nil {
		return nil, err
	}
	if known, ok := r.memory.secrets.get(identity.GetUID()); ok && known.resourceVersion == identity.GetResourceVersion() {
		return known.data, nil
	}
	found, err := maybe(apply.AsInstaller(ctx, key.Namespace), r.Live, key, &corev1.Secret{})
	if err != nil || found == nil {
		return nil, err
	}
	data := found.Data
	if data == nil {
		data = map[string][]byte{}
	}
	r.memory.secrets.put(found.UID, secret{resourceVersion: found.ResourceVersion, data: data})
	return data, nil
}

// role reads the ClusterRole that lists the kinds that bundles may hold.
func (r *Reconciler) role(ctx context.Context, seen *observed) error {
	var role rbacv1.ClusterRole
	if err := r.Client.Get(ctx, client.ObjectKey{Name: v1alpha1.RoleInstaller}, &role); err != nil {
		return fmt.Errorf("read ClusterRole %s, which lists the kinds that bundles may hold: %w", v1alpha1.RoleInstaller, err)
	}
	seen.roleRules, seen.roleVersion = role.Rules, role.ResourceVersion
	return nil
}

func untyped(gvk schema.GroupVersionKind) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(gvk)
	return o
}

// maybe reads an object, and returns nil where there is none.
func maybe[O client.Object](ctx context.Context, c client.Reader, key client.ObjectKey, into O) (O, error) {
	var none O
	err := c.Get(ctx, key, into)
	if apierrors.IsNotFound(err) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read %T %s: %w", into, key, err)
	}
	return into, nil
}
