// Package download fetches bundles beside the reconciles that want them.
//
// A registry may be slow, down or gone. A reconcile says what it wants and goes on; a
// few workers fetch, and report to those that wanted it when a fetch has ended, with success or not. So
// one registry never holds up an app that comes from another. What was fetched stays in
// memory until the one who wanted it has put it where it belongs.
package download

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/oci"
	"github.com/allmenning/allmenning/internal/bundle"
)

// Key names one thing to fetch in one way. Another password, or another ask, is another key.
type Key [sha256.Size]byte

// KeyOf returns the key of a request. ask is any text that a person can change to have
// the same request tried again at once.
func KeyOf(r oci.Request, ask string) Key {
	hash := sha256.New()
	// Neither can fail: a request is plain data, and a hash never fails.
	_ = json.NewEncoder(hash).Encode(r)
	_ = json.NewEncoder(hash).Encode(ask)
	return Key(hash.Sum(nil))
}

// State is how far a fetch has come.
type State struct {
	// Running is true from the moment it is wanted until it has ended.
	Running bool
	// Attempts that have ended.
	Attempts int
	// Ended is when the last of them did.
	Ended time.Time
	// Bundle is what was fetched, nil before that.
	Bundle *bundle.Bundle
	// Fault is why the last attempt failed, nil where none failed.
	Fault *oci.Fault
}

// Fetcher is who knows how to speak to registries.
type Fetcher interface {
	// Fetch fetches one bundle within the time of the context. Its errors are *oci.Fault.
	Fetch(ctx context.Context, r oci.Request) (bundle.Bundle, error)
}

// Pool is a bounded number of workers that fetch. It is a manager.Runnable.
type Pool struct {
	// Measure is given how long each fetch took; nil where nobody measures. It is set before the pool is started.
	Measure func(took time.Duration, err error)

	fetcher Fetcher
	clock   clock.PassiveClock
	workers int
	timeout time.Duration
	queue   workqueue.TypedInterface[Key]
	ended   chan event.GenericEvent

	lock    sync.Mutex
	fetches map[Key]*fetch
}

// fetch is one thing that is wanted, with the names of the apps that want it.
type fetch struct {
	request oci.Request
	state   State
	apps    []string
}

// NewPool makes a pool of some workers. timeout bounds one fetch.
func NewPool(fetcher Fetcher, now clock.PassiveClock, workers int, timeout time.Duration) *Pool {
	return &Pool{
		fetcher: fetcher, clock: now, workers: workers, timeout: timeout,
		queue: workqueue.NewTyped[Key](), ended: make(chan event.GenericEvent), fetches: map[Key]*fetch{},
	}
}

// Ended carries the SharedApps, by name only, that a fetch has ended for.
func (p *Pool) Ended() <-chan event.GenericEvent { return p.ended }

// Want starts a fetch for an app, unless it is running already.
func (p *Pool) Want(app string, key Key, r oci.Request) {
	p.lock.Lock()
	defer p.lock.Unlock()
	f, known := p.fetches[key]
	if !known {
		f = &fetch{request: r}
		p.fetches[key] = f
	}
	if !slices.Contains(f.apps, app) {
		f.apps = append(f.apps, app)
	}
	if !f.state.Running {
		f.state.Running = true
		p.queue.Add(key)
	}
}

// State says how far a fetch has come; the zero State where it was never wanted.
func (p *Pool) State(key Key) State {
	p.lock.Lock()
	defer p.lock.Unlock()
	if f, known := p.fetches[key]; known {
		return f.state
	}
	return State{}
}

// Keep forgets what an app wanted earlier and wants no more.
func (p *Pool) Keep(app string, keys []Key) {
	p.lock.Lock()
	defer p.lock.Unlock()
	for key, f := range p.fetches {
		if slices.Contains(keys, key) {
			continue
		}
		f.apps = slices.DeleteFunc(f.apps, func(name string) bool { return name == app })
		if len(f.apps) == 0 {
			delete(p.fetches, key)
		}
	}
}

// Start fetches until the context ends.
func (p *Pool) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range p.workers {
		workers.Go(func() { p.work(ctx) })
	}
	<-ctx.Done()
	p.queue.ShutDown()
	workers.Wait()
	return nil
}

func (p *Pool) work(ctx context.Context) {
	for {
		key, stopped := p.queue.Get()
		if stopped {
			return
		}
		for _, app := range p.fetch(ctx, key) {
			select {
			case p.ended <- event.GenericEvent{Object: &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: app}}}:
			case <-ctx.Done():
			}
		}
		p.queue.Done(key)
	}
}

// fetch returns the apps to notify.
func (p *Pool) fetch(ctx context.Context, key Key) []string {
	p.lock.Lock()
	f, wanted := p.fetches[key]
	p.lock.Unlock()
	if !wanted || ctx.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	began := p.clock.Now()
	fetched, err := p.fetcher.Fetch(ctx, f.request)
	if p.Measure != nil {
		p.Measure(p.clock.Since(began), err)
	}

	p.lock.Lock()
	defer p.lock.Unlock()
	f.state.Running = false
	f.state.Attempts++
	f.state.Ended = p.clock.Now()
	f.state.Bundle, f.state.Fault = &fetched, nil
	if err != nil {
		f.state.Bundle, f.state.Fault = nil, faultOf(err)
	}
	return slices.Clone(f.apps)
}

func faultOf(err error) *oci.Fault {
	var fault *oci.Fault
	if errors.As(err, &fault) {
		return fault
	}
	return &oci.Fault{Reason: v1alpha1.ReasonUnreachable, Transient: true, Message: err.Error()}
}
