package appinstallation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/kinds"
	"github.com/allmenning/allmenning/controllers/internal/read"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/door"
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
	if !ok {
		return true
	}
	gvk := u.GroupVersionKind()
	return (gvk == secrets.Kind() || l.kinds.IsWatched(gvk)) && l.ensure(ctx, gvk, u.GetNamespace()) == nil
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
	listed := whichToList(seen, all, needed)
	if err := l.kinds.Hold(ctx, ownerOf(*seen), listed); err != nil {
		return err
	}
	for _, gvk := range listed {
		if gvk == secrets.Kind() && (needed[gvk.GroupKind()] == nil || !hasInstaller(seen)) {
			continue
		}
		why, err := l.lookAt(ctx, seen, needed, gvk)
		if err != nil {
			return err
		}
		unreadable = append(unreadable, why...)
	}
	seen.unreadable = strings.Join(unreadable, "; ")
	return nil
}

// lookAt lists what is in the namespace of one kind, and says why that can't be read and is in the way.
func (l lister) lookAt(ctx context.Context, seen *observed, needed map[schema.GroupKind][]schema.GroupVersionKind, gvk schema.GroupVersionKind) ([]string, error) {
	err := l.ensure(ctx, gvk, seen.home())
	var fault *kinds.Fault
	switch {
	case errors.As(err, &fault):
		return l.holds(seen, needed, fault)
	case err != nil:
		return nil, err
	}
	return nil, l.listKind(ctx, seen, gvk)
}

// holds says why a kind that can't be read is in the way; nothing where it is not. What an app held of a kind whose definition is gone is gone,
// too: where the app is uninstalled, nothing of it is left to wait for.
func (l lister) holds(seen *observed, needed map[schema.GroupKind][]schema.GroupVersionKind, fault *kinds.Fault) ([]string, error) {
	if needed[fault.Kind.GroupKind()] == nil {
		return nil, nil
	}
	if seen.installation.Spec.State == v1alpha1.InstallationAbsent {
		gone, err := l.kinds.Gone(fault)
		if gone {
			seen.gone = append(seen.gone, fault.Kind)
		}
		if gone || err != nil {
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
	values := valuesOf(&seen.installation).String()
	if isLost(seen) || slices.Contains(seen.previous().Kept, values) || slices.ContainsFunc(contract.References(wanted.objects), named) {
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
// does not hold, is left out: it is not watched on its account. One that an app holds which is uninstalled comes with them
// where it is not served any longer: nothing of it is left behind unsaid.
func whichToList(seen *observed, served []schema.GroupVersionKind, needed map[schema.GroupKind][]schema.GroupVersionKind) []schema.GroupVersionKind {
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
	if seen.installation.Spec.State == v1alpha1.InstallationAbsent {
		all = append(all, noLongerServed(served, needed)...)
	}
	return all
}

// noLongerServed are the kinds that the app holds and that the installer role does not list any longer.
func noLongerServed(served []schema.GroupVersionKind, needed map[schema.GroupKind][]schema.GroupVersionKind) []schema.GroupVersionKind {
	var all []schema.GroupVersionKind
	for kind, versions := range needed {
		if !slices.ContainsFunc(served, func(gvk schema.GroupVersionKind) bool { return gvk.GroupKind() == kind }) {
			all = append(all, versions...)
		}
	}
	slices.SortFunc(all, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
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

// readSecrets reads the tenant's Secrets that hold parameters, and the values that the operator made.
func readSecrets(ctx context.Context, r *Reconciler, seen *observed) error {
	seen.secrets = map[string]map[string][]byte{}
	if !hasInstaller(seen) {
		return nil
	}
	err := readGiven(ctx, r, seen)
	if err == nil {
		err = readKept(ctx, r, seen)
	}
	var fault *kinds.Fault
	if errors.As(err, &fault) {
		seen.unreadable = fault.Error()
		return nil
	}
	return err
}

// hasInstaller says whether the namespace has an installer, as which its Secrets are read, or is to have one any moment. Where
// it has none, nothing of the app is there.
func hasInstaller(seen *observed) bool {
	ns := seen.namespace
	return ns != nil && ns.DeletionTimestamp.IsZero() && ns.Labels[v1alpha1.LabelMunicipality] == seen.installation.Spec.Tenant.Municipality
}

// readGiven reads the Secrets that hold parameters.
func readGiven(ctx context.Context, r *Reconciler, seen *observed) error {
	i := &seen.installation
	for _, from := range i.Spec.ParametersFrom {
		data, err := r.secret(ctx, client.ObjectKey{Namespace: i.Namespace, Name: from.SecretRef.Name})
		if err != nil {
			return err
		}
		if data != nil {
			seen.secrets[from.SecretRef.Name] = data
		}
	}
	return nil
}

// readKept reads the values that the operator made for the app, where its version has such.
func readKept(ctx context.Context, r *Reconciler, seen *observed) error {
	if !generates(seen) {
		return nil
	}
	i := &seen.installation
	key := client.ObjectKey{Namespace: seen.home(), Name: generatedName(i.Spec.App)}
	var err error
	seen.generated.identity, err = maybe(ctx, r.Client, key, untyped(secrets.Kind()))
	if err != nil || seen.generated.identity == nil || takenSecret(*seen, seen.generated.identity) != nil {
		return err
	}
	seen.generated.data, err = r.secret(ctx, key)
	return err
}

// readDoors reads which of the doors that the version requires are open: the half of this side is there as long as
// both sides agree. The list of doors in the status of the Municipality is cut, and so is not asked.
func readDoors(ctx context.Context, c client.Reader, seen *observed) error {
	i := &seen.installation
	seen.doors = map[v1alpha1.RequiredService]bool{}
	for _, required := range seen.offer.Version(i.Spec.Version).Connects() {
		asked := askedFor(i, required)
		if asked == nil {
			continue
		}
		key := door.Key{App: asked.App, Service: asked.Service, Host: asked.Host, HostEnvironment: asked.HostEnvironment}
		policy, err := maybe(ctx, c, client.ObjectKey{Namespace: seen.home(), Name: key.ConsumerPolicy(i.Spec.App)}, &networkingv1.NetworkPolicy{})
		if err != nil {
			return err
		}
		seen.doors[required] = policy != nil && policy.Labels[v1alpha1.LabelDoor] == string(v1alpha1.DoorConsumer) && policy.DeletionTimestamp.IsZero()
	}
	return nil
}

// why reads, of an app that has not been ready for a while, why its pods are not: their workloads say little of it. It returns how
// long until they are to be looked at, or again; 0 where they are not.
func why(ctx context.Context, r *Reconciler, seen *observed, todo planned, done applied) time.Duration {
	i := &seen.installation
	if !waitsForPods(todo, done) || seen.namespace == nil { //nolint:contextcheck // health rules have a time limit of their own
		return 0
	}
	known, ok := r.memory.causes.get(i.UID)
	if ok && known.digest == i.Spec.Digest {
		seen.room.Causes = known.by
		if wait := causePause - seen.now.Sub(known.at); wait > 0 {
			return wait
		}
	}
	if wait := causePatience - seen.now.Sub(notReadySince(seen)); wait > 0 {
		return wait
	}
	if !r.memory.glances.may(seen.now) {
		return time.Second
	}
	var pods corev1.PodList
	err := r.Live.List(ctx, &pods, client.InNamespace(seen.home()), client.MatchingLabels{v1alpha1.LabelApp: i.Spec.App}, client.Limit(maxPods))
	if err != nil {
		ctrl.LoggerFrom(ctx).Info("pods", "unread", err.Error()) // what is known without them is said
		return causePause
	}
	seen.room.Causes = health.Causes(pods.Items)
	r.memory.causes.put(i.UID, causes{digest: i.Spec.Digest, by: seen.room.Causes, at: seen.now})
	return causePause
}
