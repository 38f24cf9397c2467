package main

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// ledger remembers what came about, as the truth of the world told it at that time. No
// fault of the world makes it forget.
type ledger struct {
	records map[string]*entry
	// well are releases that a place truly was healthy at.
	well map[key]map[v1alpha1.Release]bool
	// completed releases of each group and app.
	completed map[string]map[v1alpha1.Release]bool
	// lost are places whose status was lost once.
	lost map[key]bool
	// touched is when the spec of a place was written last.
	touched map[key]time.Time
	// shaky are places that were unwell after they had been well.
	shaky map[key]bool
}

// entry is what came about in one rollout.
type entry struct {
	begun bool
	// completed is when the rollout first said so, by the clock; zero while it has not.
	completed time.Time
	phase     v1alpha1.RolloutPhase
	done      map[string]bool
	started   map[string]bool
	verified  map[string]bool
	returned  map[key]bool
	// failed are the members that were taken back, or held.
	failed map[string]bool
}

func newLedger() *ledger {
	return &ledger{
		records: map[string]*entry{}, well: map[key]map[v1alpha1.Release]bool{},
		completed: map[string]map[v1alpha1.Release]bool{}, lost: map[key]bool{}, shaky: map[key]bool{}, touched: map[key]time.Time{},
	}
}

func (l *ledger) of(rollout string) *entry {
	e := l.records[rollout]
	if e == nil {
		e = &entry{done: map[string]bool{}, started: map[string]bool{}, verified: map[string]bool{}, returned: map[key]bool{}, failed: map[string]bool{}}
		l.records[rollout] = e
	}
	return e
}

// forget a rollout whose record was deleted. That an attempt was made is not forgotten.
func (l *ledger) forget(rollout string) { delete(l.records, rollout) }

func (l *ledger) wasWell(k key, r v1alpha1.Release) {
	if l.well[k] == nil {
		l.well[k] = map[v1alpha1.Release]bool{}
	}
	l.well[k][r] = true
}

// subject is whose rollout of what it is.
func subject(r *v1alpha1.Rollout) string {
	return r.Spec.Network + "/" + r.Spec.Channel + "/" + r.Spec.App
}

func (l *ledger) completes(r *v1alpha1.Rollout) {
	if l.completed[subject(r)] == nil {
		l.completed[subject(r)] = map[v1alpha1.Release]bool{}
	}
	l.completed[subject(r)][target(r)] = true
}

func target(r *v1alpha1.Rollout) v1alpha1.Release {
	return v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}
}
