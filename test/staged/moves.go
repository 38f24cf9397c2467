package staged

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

// Moves are the releases that each installation was asked to have, in order, by what a watch saw.
type Moves struct {
	world *World
	lock  sync.Mutex
	by    map[string][]string
	ended bool
}

// WatchMoves watches every AppInstallation from now on, through whatever ends a watch: that of a kind ends with each change of its definition.
func (w *World) WatchMoves() *Moves {
	w.Helper()
	m := &Moves{world: w, by: map[string][]string{}}
	var all v1alpha1.AppInstallationList
	if err := w.Admin.List(w.Context(), &all); err != nil {
		w.Fatal(err)
	}
	for i := range all.Items {
		m.note(watch.Event{Type: watch.Added, Object: &all.Items[i]})
	}
	events, err := watchtools.NewRetryWatcherWithContext(w.Context(), all.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			return w.Admin.Watch(ctx, &v1alpha1.AppInstallationList{}, &client.ListOptions{Raw: &o})
		},
	})
	if err != nil {
		w.Fatal(err)
	}
	go func() {
		for e := range events.ResultChan() {
			m.note(e)
		}
		m.lock.Lock()
		defer m.lock.Unlock()
		m.ended = true
	}()
	return m
}

func (m *Moves) note(e watch.Event) {
	i, ok := e.Object.(*v1alpha1.AppInstallation)
	if !ok {
		return
	}
	m.lock.Lock()
	defer m.lock.Unlock()
	key, release := i.Namespace+"/"+i.Name, i.Spec.Version+" "+i.Spec.Digest
	switch {
	case e.Type == watch.Deleted:
		release = "deleted"
	case i.Spec.State == v1alpha1.InstallationAbsent:
		release = "asked to go"
	}
	if had := m.by[key]; len(had) == 0 || had[len(had)-1] != release {
		m.by[key] = append(had, release)
	}
}

// Count is how many installations moved; an error says that one moved twice, or went, or that the watch ended.
func (m *Moves) Count() (int, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.ended {
		return 0, errors.New("the watch has ended, so that moves may be missed")
	}
	moved := 0
	for _, key := range slices.Sorted(maps.Keys(m.by)) {
		had := m.by[key]
		if len(had) > 2 || slices.Contains(had, "deleted") || slices.Contains(had, "asked to go") {
			return moved, fmt.Errorf("%s moved twice, or went: %s", key, strings.Join(had, ", "))
		}
		moved += len(had) - 1
	}
	return moved, nil
}

// Held fails the test unless that many installations have moved, each once.
func (m *Moves) Held(want int) {
	m.world.Helper()
	m.world.Eventually(fmt.Sprintf("%d installations have moved", want), func(context.Context) error {
		n, err := m.Count()
		if err != nil {
			m.world.Fatal(err)
		}
		if n != want {
			return fmt.Errorf("%d have", n)
		}
		return nil
	})
}

// Begin makes the country, and brings the rollout to where its pilots are done and its second wave waits for an approval.
func (c Country) Begin(w *World) *Moves {
	w.Helper()
	began := time.Now()
	if err := c.Make(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.Eventually("everybody has the first version", func(ctx context.Context) error { return c.At(ctx, 0) })
	w.Eventually("every status is Ready", c.Ready)
	w.Logf("%d municipalities have the first version after %s", c.Size, time.Since(began).Round(time.Second))
	moved := w.WatchMoves()
	if err := c.Promote(w.Context()); err != nil {
		w.Fatal(err)
	}
	c.Arrived(w, moved, Pilot, c.Moving(Pilot), c.Moving(Pilot))
	return moved
}

// Amid approves a wave, and kills the operator when the first of it have moved, and not all; before are those that had moved.
func (c Country) Amid(w *World, moved *Moves, wave string, before int, o *operator.Process) {
	w.Helper()
	if err := c.Approve(w.Context(), wave); err != nil {
		w.Fatal(err)
	}
	n := 0
	w.Eventually("the first of wave "+wave+" move", func(context.Context) error {
		var err error
		if n, err = moved.Count(); err != nil {
			w.Fatal(err)
		}
		if n <= before {
			return fmt.Errorf("%d installations have moved", n)
		}
		return nil
	})
	o.Kill()
	if n-before == c.Moving(wave) {
		w.Errorf("all of wave %s had moved when the operator was killed: it was not amid the wave", wave)
	}
	w.Logf("killed when %d of %d of wave %s had moved", n-before, c.Moving(wave), wave)
}

// Arrived waits until a wave is done, that many installations have the second version, and so many moved since the watch began.
func (c Country) Arrived(w *World, moved *Moves, wave string, have, since int) {
	w.Helper()
	began := time.Now()
	w.Eventually("wave "+wave+" is done", func(ctx context.Context) error { return c.Done(ctx, wave) })
	w.Eventually("all run what they have", func(ctx context.Context) error { return c.At(ctx, have) })
	moved.Held(since)
	w.Logf("wave %s is done after %s", wave, time.Since(began).Round(100*time.Millisecond))
}
