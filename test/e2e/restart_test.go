package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/allmenning/allmenning/test/operator"
)

// window is how long a restarted operator is watched. It is longer than any status is
// held back to be written together with what follows.
const window = 5 * time.Second

func TestARestartWithNothingChangedWritesNothing(t *testing.T) {
	w := newWorld(t)
	c := country{world: w, prefix: "calm", size: 6}
	first := w.start(t, "")
	c.offers(t)
	c.populate(t, 1000, 0, c.size)
	c.unite(t)
	c.settled(t, 4*c.size)
	c.connect(t)
	quiet(t, first)
	before, err := first.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(writes(before)) == 0 {
		t.Fatal("the first operator wrote nothing: the counter does not count")
	}
	stop(t, first)

	second := w.start(t, "")
	eventually(t, "the restarted operator has looked at everything", func(ctx context.Context) error {
		metrics, err := second.Scrape(ctx)
		if err != nil {
			return err
		}
		for controller, least := range map[string]int{
			"municipality": c.size, "consent": c.size, "rollout": 1, "sharedapp": 2, "door": c.size, "appinstallation": 4 * c.size,
		} {
			if seen := metrics.Work[controller].Reconciles; seen < least {
				return fmt.Errorf("%s reconciled %v times, of at least %v", controller, seen, least)
			}
		}
		return idle(metrics)
	})
	_ = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, window, true, func(ctx context.Context) (bool, error) {
		metrics, err := second.Scrape(ctx)
		if got := writes(metrics); err == nil && len(got) > 0 {
			t.Errorf("it wrote: %v", got)
			return true, nil
		}
		return false, nil
	})
}

// quiet waits until an operator has written all that it wants to write.
func quiet(t *testing.T, o *operator.Process) {
	t.Helper()
	var last string
	since := time.Now()
	eventually(t, "the operator comes to rest", func(ctx context.Context) error {
		metrics, err := o.Scrape(ctx)
		if err != nil {
			return err
		}
		if now := fmt.Sprint(writes(metrics)); now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) < window {
			return fmt.Errorf("it wrote within %s: %s", window, last)
		}
		return idle(metrics)
	})
}

// idle returns an error while an operator has work to do.
func idle(metrics operator.Metrics) error {
	if metrics.Queued > 0 || metrics.Active > 0 {
		return fmt.Errorf("%d objects are queued, %d are worked on", metrics.Queued, metrics.Active)
	}
	return nil
}
