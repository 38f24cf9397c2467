package appinstallation

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// burst is how many passes of one installation may write in a row: more than installing a version takes.
	burst = 30
	// pace is how long it takes until one more is allowed.
	pace = 2 * time.Second
)

// brakes bound how often an installation writes: somebody who deletes its objects, or changes them, over and over
// costs a bounded rate and slows nobody else, also while a version is on its way. The zero value is ready.
type brakes struct {
	lock sync.Mutex
	by   map[types.UID]*rate.Limiter
}

// maxBrakes bounds how many installations are remembered; those that are forgotten begin again.
const maxBrakes = 20_000

// wait is how long to wait before a plan is carried out; 0 where it may be now.
func (b *brakes) wait(seen observed, todo planned, now time.Time) time.Duration {
	if !todo.writes() {
		return 0
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.by == nil || len(b.by) >= maxBrakes {
		b.by = map[types.UID]*rate.Limiter{}
	}
	limiter := b.by[seen.installation.UID]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(pace), burst)
		b.by[seen.installation.UID] = limiter
	}
	reserved := limiter.ReserveN(now, 1)
	if wait := reserved.DelayFrom(now); wait > 0 {
		reserved.CancelAt(now)
		return wait
	}
	return 0
}

// writes says whether the plan writes objects.
func (p *planned) writes() bool {
	for _, o := range p.objects {
		if o.send {
			return true
		}
	}
	return len(p.prune) > 0
}
