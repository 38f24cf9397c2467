package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
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
	quiet(t, first)
	before, err := first.scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(writes(before)) == 0 {
		t.Fatal("the first operator wrote nothing: the counter does not count")
	}
	first.stop(t)

	second := w.start(t, "")
	eventually(t, "the restarted operator has looked at everything", func(ctx context.Context) error {
		metrics, err := second.scrape(ctx)
		if err != nil {
			return err
		}
		for controller, least := range map[string]float64{
			"municipality": float64(c.size), "rollout": float64(c.size), "sharedapp": 2, "appinstallation": float64(4 * c.size),
		} {
			if seen := total(metrics, "controller_runtime_reconcile_total", controller); seen < least {
				return fmt.Errorf("%s reconciled %v times, of at least %v", controller, seen, least)
			}
		}
		return idle(metrics)
	})
	_ = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, window, true, func(ctx context.Context) (bool, error) {
		metrics, err := second.scrape(ctx)
		if got := writes(metrics); err == nil && len(got) > 0 {
			t.Errorf("it wrote: %v", got)
			return true, nil
		}
		return false, nil
	})
}

// quiet waits until an operator has written all that it wants to write.
func quiet(t *testing.T, o *operator) {
	t.Helper()
	var last string
	since := time.Now()
	eventually(t, "the operator comes to rest", func(ctx context.Context) error {
		metrics, err := o.scrape(ctx)
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
func idle(metrics map[string][]sample) error {
	for _, name := range []string{"workqueue_depth", "controller_runtime_active_workers"} {
		for _, s := range metrics[name] {
			if s.value > 0 {
				return fmt.Errorf("%s %v is %v", name, s.labels, s.value)
			}
		}
	}
	return nil
}

func total(metrics map[string][]sample, name, controller string) float64 {
	var sum float64
	for _, s := range metrics[name] {
		if s.labels["controller"] == controller {
			sum += s.value
		}
	}
	return sum
}
