package snapshot

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// Holder keeps the model of the country up to date. It is a runnable of the manager.
type Holder struct {
	// Heart notes when the operator looked; without one, nobody looked before this process.
	Heart *Heartbeat

	cache cache.Cache
	clock clock.Clock

	// ready is closed when the model holds all that there is.
	ready chan struct{}
	// again is signalled when the time changes at which time alone changes the country.
	again chan struct{}

	mu     sync.Mutex
	synced bool
	model  *country.Model
	// ahead are the versions of objects that were written here and that the cache has not seen yet.
	ahead map[key]string
	// gone are the last versions of objects that were deleted.
	gone map[key]string
	// owners are the environments of the namespaces that are there to stay.
	owners map[string]owner
	// uids of the Municipalities that are there.
	uids   map[string]string
	wakers []*waker
}

// New makes a holder that reads from a cache.
func New(c cache.Cache, now clock.Clock) *Holder {
	h := &Holder{
		cache: c, clock: now, ready: make(chan struct{}), again: make(chan struct{}, 1),
		model: country.NewModel(), ahead: map[key]string{}, gone: map[key]string{}, owners: map[string]owner{}, uids: map[string]string{},
	}
	h.model.SetPlatform(settings.WithDefaults(v1alpha1.PlatformSpec{}))
	return h
}

// Country is the newest snapshot, as it is now; nobody changes it. It is empty until all that there is
// was read, for which a controller waits that is woken by the holder.
func (h *Holder) Country() *country.Country {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	if next := h.model.Country().Next; !next.IsZero() && !now.Before(next) {
		h.settle()
	}
	return h.model.Country().At(now)
}

// +kubebuilder:rbac:groups=allmenning.dev,resources=appinstallations;municipalities;networks;sharedapps;platforms;rollouts,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch

// Start follows all objects that the country is made of, until the context ends.
func (h *Holder) Start(ctx context.Context) error {
	var followed []toolscache.ResourceEventHandlerRegistration
	for _, kind := range []client.Object{
		&v1alpha1.Platform{}, &v1alpha1.SharedApp{}, &v1alpha1.Network{}, &v1alpha1.Municipality{},
		&corev1.Namespace{}, &v1alpha1.AppInstallation{}, &v1alpha1.Rollout{},
	} {
		registration, err := h.follow(ctx, kind)
		if err != nil {
			return err
		}
		followed = append(followed, registration)
	}
	for _, registration := range followed {
		if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
			return errors.New("stopped before the country was read")
		}
	}

	outages := h.look(ctx)
	h.begin(outages)
	go h.goOnBeating(ctx, outages)
	h.watchClock(ctx)
	return nil
}

func (h *Holder) follow(ctx context.Context, kind client.Object) (toolscache.ResourceEventHandlerRegistration, error) {
	informer, err := h.cache.GetInformer(ctx, kind)
	if err != nil {
		return nil, fmt.Errorf("follow %T: %w", kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { h.seen(nil, o) },
		UpdateFunc: h.seen,
		DeleteFunc: h.lost,
	})
	if err != nil {
		return nil, fmt.Errorf("follow %T: %w", kind, err)
	}
	return registration, nil
}

// begin settles the country for the first time, and wakes everybody.
func (h *Holder) begin(outages planner.Outages) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.synced = true
	h.model.SetOutages(outages)
	h.model.Settle(h.clock.Now())
	close(h.ready)
	h.wake(country.Everything(h.model.Country()))
}

// settle brings the country up to date by what changed, and wakes whom that concerns. The lock
// is held.
func (h *Holder) settle() {
	if !h.synced {
		return
	}
	before := h.model.Country().Next
	h.wake(h.model.Settle(h.clock.Now()))
	if next := h.model.Country().Next; !next.Equal(before) {
		select {
		case h.again <- struct{}{}:
		default: // it was woken already
		}
	}
}

// watchClock settles the country when time alone changes it.
func (h *Holder) watchClock(ctx context.Context) {
	for {
		timer := h.clock.NewTimer(h.untilNext())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-h.again:
			timer.Stop()
		case <-timer.C():
			h.mu.Lock()
			h.settle()
			h.mu.Unlock()
		}
	}
}

// untilNext is how long the country stays as it is if nothing happens, at most an hour: a
// clock that somebody sets is noticed then.
func (h *Holder) untilNext() time.Duration {
	h.mu.Lock()
	next := h.model.Country().Next
	h.mu.Unlock()
	if next.IsZero() {
		return time.Hour
	}
	return min(max(next.Sub(h.clock.Now()), time.Millisecond), time.Hour)
}

// IsReady says whether a holder has read all that there is. That of an operator which does not lead reads nothing.
func IsReady(h *Holder) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.synced
}
