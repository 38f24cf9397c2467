package main

import (
	"context"
	"fmt"
	"time"
)

// idle counts what the operator asks for while nothing happens.
func (b *bench) idle(ctx context.Context, r *result) error {
	before, err := b.meter.awaitQuiet(ctx, settled)
	if err != nil {
		return err
	}
	b.meter.say.step("idle: counting for %s", b.options.idle)
	began := time.Now()
	select {
	case <-time.After(b.options.idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := b.meter.read(ctx)
	if err != nil {
		return err
	}
	elapsed := time.Since(began)
	p := newPhase("idle", "minutes", 1, elapsed, before, after)
	p.Seconds = 0 // the bench chose it
	r.addIdle(p, elapsed)
	return nil
}

// restart stops the operator, starts it again with nothing changed, and counts until it
// rests. A new process counts from zero, so its counters are the difference.
func (b *bench) restart(ctx context.Context, r *result) error {
	r.addProcess(b.meter.program.PID())
	b.meter.say.step("restart")
	began := time.Now()
	if err := b.meter.program.Stop(); err != nil {
		return err
	}
	started := time.Now()
	program, err := b.meter.home.start(ctx, b.options)
	if err != nil {
		return err
	}
	b.meter.program = program
	r.ReadySeconds = time.Since(started).Seconds()
	nothing := reading{cpu: b.meter.cpu()}
	nothing.cpu["operator"] = 0
	after, err := b.awaitWorked(ctx)
	if err != nil {
		return err
	}
	p := newPhase("restart", "restarts", 1, time.Since(began)-rested, nothing, after)
	r.addRestart(p)
	r.addPeak(b.meter.program.PID())
	return b.await(ctx, append(b.promoted(), expectation{"municipalities", b.tenants, b.size.municipalities})...)
}

// awaitWorked waits until the operator rests, having looked at every installation: an
// operator that has not begun is quiet, too.
func (b *bench) awaitWorked(ctx context.Context) (reading, error) {
	deadline := time.Now().Add(b.options.timeout)
	for {
		after, err := b.meter.awaitQuiet(ctx, rested)
		if err != nil {
			return after, err
		}
		done := after.metrics.Work["appinstallation"].Reconciles
		if done >= b.size.installations() {
			return after, nil
		}
		if time.Now().After(deadline) {
			return after, fmt.Errorf("after %s the operator has looked at %d of %d installations", b.options.timeout, done, b.size.installations())
		}
	}
}
