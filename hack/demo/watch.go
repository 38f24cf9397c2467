package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// watch waits for the cluster to become as it should.
type watch struct {
	eye      observer
	show     *progress
	operator operator
	timeout  time.Duration
}

// until looks again and again. The judge says how far things have come, and what
// is missing; nothing missing ends the wait. It fails when the operator dies, or
// at the timeout, and then names what is missing.
func (w watch) until(ctx context.Context, what string, judge func(snapshot) (line string, missing []string)) error {
	var line string
	var missing []string
	err := wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, w.timeout, true, func(ctx context.Context) (bool, error) {
		if err := w.operator.death(); err != nil {
			return false, err
		}
		seen, err := w.eye.look(ctx)
		if err != nil {
			return false, err
		}
		line, missing = judge(seen)
		w.show.update(line)
		return len(missing) == 0, nil
	})
	if err != nil {
		w.show.finish(line)
		return fmt.Errorf("waiting for %s: %w\nmissing:\n  %s", what, err, shorten(missing))
	}
	w.show.finish(line)
	return nil
}

// installed waits until all that was applied is as it should be.
func (w watch) installed(ctx context.Context, all manifests) (tally, error) {
	w.show.step("waiting for namespaces and apps")
	var last tally
	err := w.until(ctx, "every app at every member", func(seen snapshot) (string, []string) {
		last = count(seen, all.municipalities)
		return last.String(), last.missing
	})
	return last, err
}
