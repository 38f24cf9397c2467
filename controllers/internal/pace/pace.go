// Package pace says how often a count that keeps changing is written.
//
// While a country installs an app, the counts of its networks, apps and rollouts change with
// every installation. Written each second they would cost more than the installations; who
// reads them wants to know how far it has come, and by how much it changed in the last second
// only at the beginning. So a count may be as old as a quarter of the time that it has been
// changing, and never older than Most. Only counts wait: what somebody may act upon is written
// at once.
package pace

import (
	"sync"
	"time"
)

const (
	// Least is what passes at least between two writes of a count.
	Least = time.Second
	// Most is how old a count may be.
	Most = 20 * time.Second
	// calm is how long nothing is written until what follows counts as a new burst of changes.
	calm = time.Minute
)

// Pace remembers when the counts of each object began to change and when they were written
// last. All of it may be lost: the first write after that is made at once. The zero value is
// ready, and many goroutines may use it.
type Pace struct {
	mu     sync.Mutex
	bursts map[string]burst
}

type burst struct{ began, written time.Time }

// Wait is how long the counts of an object must still wait; 0 where they may be written now.
func (p *Pace) Wait(name string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, known := p.bursts[name]
	if !known || b.over(now) {
		return 0
	}
	due := b.written.Add(min(max(b.written.Sub(b.began)/4, Least), Most))
	return max(due.Sub(now), 0)
}

// Wrote notes that the counts of an object were written.
func (p *Pace) Wrote(name string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, known := p.bursts[name]
	if !known || b.over(now) {
		p.forget(now)
		b.began = now
	}
	b.written = now
	if p.bursts == nil {
		p.bursts = map[string]burst{}
	}
	p.bursts[name] = b
}

// forget drops bursts that are over, those of objects that are gone among them.
func (p *Pace) forget(now time.Time) {
	for name, b := range p.bursts {
		if b.over(now) {
			delete(p.bursts, name)
		}
	}
}

// over says whether the burst has ended. A clock that was set back ends it, too.
func (b burst) over(now time.Time) bool {
	return now.Sub(b.written) > calm || now.Before(b.written)
}
