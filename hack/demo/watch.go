package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/allmenning/allmenning/test/operator"
)

// watch waits for the cluster to become as it should.
type watch struct {
	eye      observer
	show     *progress
	operator *operator.Process
	timeout  time.Duration
}

// judge says how far things have come, and what is missing. An error says that it will
// never come right.
type judge func(seen snapshot) (line string, missing []string, err error)

// until looks again and again; nothing missing ends the wait. It fails when the judge does,
// when the operator dies, or at the timeout, and then names what is missing.
func (w watch) until(ctx context.Context, what string, judge judge) error {
	var line string
	var missing []string
	err := wait.PollUntilContextTimeout(ctx, 500*time.Millisecond, w.timeout, true, func(ctx context.Context) (bool, error) {
		if err := w.operator.Death(); err != nil {
			return false, err
		}
		seen, err := w.eye.look(ctx)
		if err != nil {
			return false, err
		}
		line, missing, err = judge(seen)
		w.show.update(line)
		return err == nil && len(missing) == 0, err
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
	err := w.until(ctx, "every app at every member", func(seen snapshot) (string, []string, error) {
		last = count(seen, all.municipalities)
		return last.String(), last.missing, nil
	})
	return last, err
}
