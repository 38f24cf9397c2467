// Package kinds watches the kinds that apps consist of, each by itself: one that can't be listed, as a role
// is missing, its definition is gone or its conversion fails, concerns only the apps that hold it.
//
// An informer that can't list waits for ever, and so does each read through it. So a kind is
// asked for with one small list before it is watched, and a watch that breaks later is noted: from then on
// the kind is asked for again before it is trusted.
package kinds

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installable"
)

const (
	// askAgain is how long the answer that a kind can't be listed counts.
	askAgain = 10 * time.Second
	// answerTime is how long an answer, or the first filling of the cache, may take.
	answerTime = 10 * time.Second
)

// Fault says that a kind can't be read.
type Fault struct {
	// Kind that can't be read.
	Kind schema.GroupVersionKind
	// Missing says that the API server does not serve the kind in this version.
	Missing bool
	why     string
}

// NewFault says why a kind can't be read, and what to do.
func NewFault(kind schema.GroupVersionKind, why string) *Fault { return &Fault{Kind: kind, why: why} }

// Error names the kind, the reason and the fix.
func (f *Fault) Error() string { return f.why }

// Registry is the kinds that are watched.
type Registry struct {
	live   client.Reader
	mapper installable.Mapper
	// discover asks the API server which kinds it has now.
	discover func() (installable.Mapper, error)
	clock    clock.PassiveClock

	lock  sync.Mutex
	cache cache.Cache
	start func(schema.GroupVersionKind) error
	// newClient makes a client of the cache.
	newClient func() (client.Client, error)
	kinds     map[schema.GroupVersionKind]*kind
	changed   chan event.GenericEvent
	broken    chan event.GenericEvent
}

// kind is what is known of one.
type kind struct {
	watched bool
	// reported says that others watch the kind, and report its faults.
	reported bool
	// fault is why it can't be read, as it was at asked; nil where it can.
	fault *Fault
	asked time.Time
	// asking is closed when the answer of who asks now is there; nil where nobody asks.
	asking chan struct{}
	// holders are those who hold the kind. When the last lets go of it, its watch ends.
	holders map[string]bool
	// client reads and writes the kind, where its watch may end.
	client client.Client
}

// New makes a registry. It reads nothing before Use was called.
func New(now clock.PassiveClock) *Registry {
	return &Registry{clock: now, kinds: map[schema.GroupVersionKind]*kind{}, changed: make(chan event.GenericEvent, 1), broken: make(chan event.GenericEvent, maxBroken)}
}

// Use sets where kinds are read live, who knows them, where they are cached, how a watch is started, and how a client of
// the cache is made.
func (r *Registry) Use(live client.Reader, mapper installable.Mapper, cached cache.Cache, start func(schema.GroupVersionKind) error, newClient func() (client.Client, error)) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.live, r.mapper, r.cache, r.start, r.newClient = live, mapper, cached, start, newClient
}

// Discover sets how the API server is asked again which kinds it has. Without it, no kind counts as gone.
func (r *Registry) Discover(now func() (installable.Mapper, error)) { r.discover = now }

// maxBroken is how many broken kinds may wait to be reported; those beyond are found at the next look.
const maxBroken = 64

// Broken carries the kinds whose watch broke, each as an object without a name.
func (r *Registry) Broken() <-chan event.GenericEvent { return r.broken }

// Changed carries the Platform, by name, when kinds become unreadable, or readable again.
func (r *Registry) Changed() <-chan event.GenericEvent { return r.changed }

// Ensure watches a kind, and returns when the cache holds its objects. A *Fault says that it can't be read.
func (r *Registry) Ensure(ctx context.Context, gvk schema.GroupVersionKind) error {
	for {
		k, ask := r.claim(gvk)
		switch {
		case k.reported && k.fault == nil:
			return nil
		case ask:
			fault := r.ask(ctx, gvk)
			var err error
			if fault == nil && !k.watched {
				err = r.begin(gvk) // outside the lock: nobody else starts it while asking is set
			}
			r.note(gvk, fault, err == nil)
			if err != nil {
				return fmt.Errorf("watch %s: %w", gvk.Kind, err)
			}
		case k.asking != nil:
			if err := answered(ctx, k.asking); err != nil {
				return err
			}
		case k.fault != nil:
			return k.fault
		default:
			return r.filled(ctx, gvk)
		}
	}
}

// Readable says why a kind can't be read; nil where it can. It starts no watch: a version that nobody has yet, and may never
// have, asks nothing of the API server once it was judged.
func (r *Registry) Readable(ctx context.Context, gvk schema.GroupVersionKind) error {
	for {
		k, ask := r.claim(gvk)
		switch {
		case ask:
			fault := r.ask(ctx, gvk)
			r.note(gvk, fault, false)
			if fault != nil {
				return fault
			}
			return nil
		case k.asking != nil:
			if err := answered(ctx, k.asking); err != nil {
				return err
			}
		case k.fault != nil:
			return k.fault
		default:
			return nil
		}
	}
}

// answered waits until who asks now has the answer.
func answered(ctx context.Context, asking <-chan struct{}) error {
	select {
	case <-asking:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// claim returns what is known of a kind, and whether the caller is to ask.
func (r *Registry) claim(gvk schema.GroupVersionKind) (known kind, ask bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	k := r.known(gvk)
	isKnown := k.reported || (k.watched && k.fault == nil) || (k.fault != nil && r.clock.Since(k.asked) < askAgain)
	if isKnown || k.asking != nil {
		return *k, false
	}
	k.asking = make(chan struct{})
	return *k, true
}

// note records the answer, and whether the kind is watched now if it can be read.
func (r *Registry) note(gvk schema.GroupVersionKind, fault *Fault, started bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	k := r.kinds[gvk]
	close(k.asking)
	if (k.fault == nil) != (fault == nil) {
		r.wake()
	}
	k.fault, k.asked, k.asking = fault, r.clock.Now(), nil
	k.watched = k.watched || (fault == nil && started)
}

// Report notes of a kind that others watch whether it can be read: a fault says why not, and nil that it can.
func (r *Registry) Report(gvk schema.GroupVersionKind, fault *Fault) {
	r.lock.Lock()
	defer r.lock.Unlock()
	k := r.known(gvk)
	if (k.fault == nil) != (fault == nil) {
		r.wake()
	}
	k.reported, k.fault, k.asked = true, fault, r.clock.Now()
}

// wake has the Platform looked at, unless it is to be already.
func (r *Registry) wake() {
	select {
	case r.changed <- event.GenericEvent{Object: &v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName}}}:
	default:
	}
}

// ask lists one object of a kind, without its content. The kind must be written as the cluster writes it: a client finds
// its resource otherwise, too, and what comes of a watch on that is of another kind.
func (r *Registry) ask(ctx context.Context, gvk schema.GroupVersionKind) *Fault {
	if _, err := installable.Mapping(r.mapper, gvk); err != nil {
		return newFault(gvk, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err := r.live.List(ctx, &list, client.Limit(1)); err != nil {
		return newFault(gvk, err)
	}
	return nil
}

// Gone says whether no objects of a kind are left, as the cluster knows it in no version any longer: its definition was
// deleted, and all objects went with it. The API server is asked again, as what was known of kinds may be of before.
func (r *Registry) Gone(fault *Fault) (bool, error) {
	if !fault.Missing || r.discover == nil {
		return false, nil
	}
	now, err := r.discover()
	if err != nil {
		return false, fmt.Errorf("ask the API server for its kinds: %w", err)
	}
	_, err = now.RESTMapping(fault.Kind.GroupKind())
	if meta.IsNoMatchError(err) {
		return true, nil
	}
	return false, err
}

func newFault(gvk schema.GroupVersionKind, err error) *Fault {
	return &Fault{Kind: gvk, Missing: isMissing(err), why: reason(gvk, err)}
}

func isMissing(err error) bool { return apierrors.IsNotFound(err) || meta.IsNoMatchError(err) }

// reason says why a kind can't be listed, and what to do.
func reason(gvk schema.GroupVersionKind, err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Sprintf("the operator may not list %s: add a ClusterRole with get, list and watch on it, labelled %s: \"true\"", Named(gvk), v1alpha1.LabelAggregateToManager)
	case isMissing(err):
		return fmt.Sprintf("the cluster does not know %s: install its CustomResourceDefinition", Named(gvk))
	}
	return fmt.Sprintf("%s can't be listed: %v", Named(gvk), err)
}

// Named is a kind as messages name it.
func Named(gvk schema.GroupVersionKind) string {
	return fmt.Sprintf("%s (%s)", gvk.Kind, gvk.GroupVersion())
}

// filled waits until the cache holds the objects of a kind that is watched.
func (r *Registry) filled(ctx context.Context, gvk schema.GroupVersionKind) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if _, err := r.cache.GetInformer(ctx, untyped(gvk)); err != nil {
		return &Fault{Kind: gvk, why: fmt.Sprintf("%s is not read yet: %v", Named(gvk), err)}
	}
	return nil
}

// Broke notes that a watch ended with an error; it is the cache's handler of such errors. Watches end all the
// time, and mostly begin again: so the kind is asked for before anybody says so.
func (r *Registry) Broke(ctx context.Context, reflector *toolscache.Reflector, err error) {
	toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
	if !apierrors.IsForbidden(err) && !apierrors.IsNotFound(err) && !apierrors.IsInternalError(err) {
		return
	}
	r.lock.Lock()
	defer r.lock.Unlock()
	for gvk, k := range r.kinds {
		if !k.watched || k.fault != nil || reflector.TypeDescription() != gvk.String() {
			continue
		}
		k.fault, k.asked = newFault(gvk, err), r.clock.Now()
		r.wake()
		select {
		case r.broken <- event.GenericEvent{Object: untyped(gvk)}:
		default:
		}
	}
}

// Watched are the kinds that can be read now, in their order.
func (r *Registry) Watched() []schema.GroupVersionKind {
	return r.those(func(k *kind) bool { return k.watched && k.fault == nil })
}

// Faults are the kinds that can't be read, each with the reason and the fix.
func (r *Registry) Faults() []string {
	var all []string
	for _, gvk := range r.those(func(k *kind) bool { return k.fault != nil }) {
		r.lock.Lock()
		if fault := r.kinds[gvk].fault; fault != nil {
			all = append(all, fault.Error())
		}
		r.lock.Unlock()
	}
	return all
}

func (r *Registry) those(which func(*kind) bool) []schema.GroupVersionKind {
	r.lock.Lock()
	defer r.lock.Unlock()
	var all []schema.GroupVersionKind
	for gvk, k := range r.kinds {
		if which(k) {
			all = append(all, gvk)
		}
	}
	slices.SortFunc(all, func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) })
	return all
}
