package main

import (
	"context"
	"errors"
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
	patience time.Duration
}

// judge says how far things have come, and what is missing. An error says that it will
// never come right.
type judge func(seen snapshot) (line string, missing []string, err error)

// until looks again and again; nothing missing ends the wait. It fails when the judge does,
// when the operator dies, or when nothing has changed for too long, and then names what is
// missing. It has no other limit: a busy machine is slow, not broken.
func (w watch) until(ctx context.Context, what string, judge judge) error {
	var line string
	var missing []string
	changes := standstill{limit: w.patience}
	err := wait.PollUntilContextCancel(ctx, 500*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		if err := w.operator.Death(); err != nil {
			return false, err
		}
		seen, err := w.eye.look(ctx)
		if err != nil {
			return false, err
		}
		line, missing, err = judge(seen)
		w.show.update(line)
		done := err == nil && len(missing) == 0
		return done, errors.Join(err, changes.see(line, done, time.Now()))
	})
	w.show.finish(line)
	if err != nil {
		return fmt.Errorf("waiting for %s: %w\nmissing:\n  %s", what, err, shorten(missing))
	}
	return nil
}

// standstill remembers when something has changed last.
type standstill struct {
	limit time.Duration
	line  string
	since time.Time
}

// see is an error when the line is what it was for longer than the limit, unless all is done.
func (s *standstill) see(line string, done bool, now time.Time) error {
	if line != s.line || s.since.IsZero() {
		s.line, s.since = line, now
	}
	if done || now.Sub(s.since) <= s.limit {
		return nil
	}
	return fmt.Errorf("nothing has changed for %s", s.limit)
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
