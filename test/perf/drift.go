package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// deleters is how many objects are missing at a time: few, so that each shows how
	// long one takes to come back, and not how long a queue is.
	deleters = 2
	// missing is how long an object may be gone before the run is given up.
	missing = time.Minute
)

// drift deletes installed objects and measures how long each is gone: from the moment the
// deletion is sent until a watch reports the new one.
func (b *bench) drift(ctx context.Context, r *result) error {
	victims := b.victims()
	gone := make([]time.Duration, len(victims))
	p, err := b.meter.measure(ctx, job{
		name: "drift", unit: "deleted objects", count: len(victims),
		act: func(ctx context.Context) error {
			if err := b.removeAll(ctx, victims, gone); err != nil {
				return err
			}
			return b.await(ctx, b.promoted()...)
		},
		settle: b.settled,
	})
	if err != nil {
		return err
	}
	p.Seconds = 0 // how fast the bench deletes says nothing
	r.addDrift(p, gone)
	return nil
}

// removeAll writes down how long each object is gone.
func (b *bench) removeAll(ctx context.Context, victims []victim, gone []time.Duration) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(deleters)
	for i, v := range victims {
		group.Go(func() error {
			var err error
			gone[i], err = b.remove(ctx, v)
			return err
		})
	}
	return group.Wait()
}

// victim is an object to delete.
type victim struct {
	resource              schema.GroupVersionResource
	kind, namespace, name string
}

// victims are the same for each run of one size.
func (b *bench) victims() []victim {
	places := b.size.places()
	all := make([]victim, 0, len(places)*2)
	for _, p := range places {
		home := p.namespace
		if b.size.own {
			home += "--" + p.app // as docs/bundles.md names it
		}
		all = append(all,
			victim{schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, "ConfigMap", home, p.app},
			victim{schema.GroupVersionResource{Version: "v1", Resource: "services"}, "Service", home, p.app})
	}
	return some(all, b.options.deletions)
}

// place is where an installation is.
type place struct{ namespace, app string }

// places of all installations.
func (s size) places() []place {
	all := make([]place, 0, s.installations())
	for _, m := range municipalities(s) {
		for _, environment := range []string{"prod", "test"} {
			for i := range s.apps {
				all = append(all, place{m.GetName() + "-" + environment, appName(i)})
			}
		}
	}
	return all
}

// some are that many of all, spread over them, and the same in each run.
func some[T any](all []T, count int) []T {
	random := rand.New(rand.NewPCG(1, 1)) // to repeat, not to surprise
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(count, len(all))]
}

// remove deletes an object and returns after how long there is another in its place.
func (b *bench) remove(ctx context.Context, v victim) (time.Duration, error) {
	objects := b.meter.home.reader.Resource(v.resource).Namespace(v.namespace)
	object, err := objects.Get(ctx, v.name, metav1.GetOptions{})
	if err != nil {
		return 0, fmt.Errorf("reading %s %s/%s: %w", v.kind, v.namespace, v.name, err)
	}
	object.SetKind(v.kind)
	back := b.comebacks.expect(object)
	began := time.Now()
	if err := objects.Delete(ctx, v.name, metav1.DeleteOptions{}); err != nil {
		return 0, fmt.Errorf("deleting %s %s/%s: %w", v.kind, v.namespace, v.name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, missing)
	defer cancel()
	select {
	case at := <-back:
		return at.Sub(began), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s %s/%s is not back after %s: %w", v.kind, v.namespace, v.name, missing, ctx.Err())
	}
}

// comebacks notices objects that take the place of deleted ones.
type comebacks struct {
	mutex    sync.Mutex
	expected map[string]comeback
}

type comeback struct {
	old  types.UID
	back chan time.Time
}

func newComebacks() *comebacks { return &comebacks{expected: map[string]comeback{}} }

// expect is to be called before the object is deleted. The channel gets the time at which
// a watch first reports another object of that name.
func (c *comebacks) expect(object *unstructured.Unstructured) <-chan time.Time {
	back := make(chan time.Time, 1)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.expected[nameOf(object)] = comeback{object.GetUID(), back}
	return back
}

func (c *comebacks) see(object *unstructured.Unstructured, gone bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	expected, found := c.expected[nameOf(object)]
	if !found || gone || object.GetUID() == expected.old {
		return
	}
	delete(c.expected, nameOf(object))
	expected.back <- time.Now()
}
