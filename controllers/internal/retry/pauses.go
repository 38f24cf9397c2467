// Package retry says how long to wait before what failed is tried again.
package retry

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/controllers/internal/apply"
)

const (
	// longest is, with what is drawn on top, half a minute: what a person will wait for after fixing something that no watch
	// reports. The usual limit of a quarter of an hour would leave a tenant down long after the API server, or a definition, is back.
	longest = 20 * time.Second
	// jitter is how much of a pause is drawn on top of it at most, so that what failed at once does not come again at once.
	jitter = 0.5
)

// class is what kind of fault an error is.
type class int

const (
	// unclear is a fault that may be over any moment: nobody answers, or not in time.
	unclear class = iota
	// conflict says that somebody else wrote meanwhile: a look at what they wrote, and it is over.
	conflict
	// refused says that the API server refuses the write, and will until a person does something.
	refused
)

// pauses of a class grow from the first to the most.
func (c class) pauses() (first, most time.Duration) {
	switch c {
	case conflict:
		return 10 * time.Millisecond, time.Second
	case refused:
		return time.Second, longest
	case unclear:
	}
	return 10 * time.Millisecond, longest
}

// classOf is the class of an error. Of several it is the one that is over first.
func classOf(err error) class {
	if joined, several := err.(interface{ Unwrap() []error }); several { // the outermost error is asked, not what it wraps
		found := refused
		for _, one := range joined.Unwrap() {
			if classOf(one) != refused {
				found = unclear
			}
		}
		if apply.OnlyConflicts(err) {
			return conflict
		}
		return found
	}
	switch {
	case apply.OnlyConflicts(err):
		return conflict
	case apply.RefusedForGood(err):
		return refused
	}
	return unclear
}

// Pauses is the rate limiter of a controller: it doubles the pause with each failure of one object, by what kind of fault it is. The limiters of
// client-go know neither the fault nor jitter.
type Pauses struct {
	lock   sync.Mutex
	failed map[reconcile.Request]failures
}

// failures are those of one object, one after the other and of one class.
type failures struct {
	class class
	count int
	// noted says that the class is that of the failure that comes next.
	noted bool
}

// NewPauses makes the rate limiter of one controller.
func NewPauses() *Pauses { return &Pauses{failed: map[reconcile.Request]failures{}} }

// Reconciler is a reconciler, of which the limiter learns why it failed.
func (p *Pauses) Reconciler(of reconcile.Reconciler) reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
		result, err := of.Reconcile(ctx, req)
		if err != nil {
			p.note(req, classOf(err))
		}
		return result, err
	})
}

func (p *Pauses) note(req reconcile.Request, c class) {
	p.lock.Lock()
	defer p.lock.Unlock()
	known := p.failed[req]
	if known.class != c {
		known = failures{class: c}
	}
	known.noted = true
	p.failed[req] = known
}

// When is how long to wait after one more failure. One that was not noted is unclear: a reconciler panicked.
func (p *Pauses) When(req reconcile.Request) time.Duration {
	p.lock.Lock()
	defer p.lock.Unlock()
	known := p.failed[req]
	if !known.noted && known.class != unclear {
		known = failures{}
	}
	first, most := known.class.pauses()
	pause := after(first, most, known.count)
	known.count, known.noted = known.count+1, false
	p.failed[req] = known
	return pause
}

// Forget forgets the failures of an object.
func (p *Pauses) Forget(req reconcile.Request) {
	p.lock.Lock()
	defer p.lock.Unlock()
	delete(p.failed, req)
}

// NumRequeues is how many failures of an object there were in a row.
func (p *Pauses) NumRequeues(req reconcile.Request) int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.failed[req].count
}

// After is a pause that begins with first, and doubles with each failure.
func After(first time.Duration, failures int) time.Duration { return after(first, longest, failures) }

func after(first, most time.Duration, failures int) time.Duration {
	pause := first
	for range failures {
		if pause *= 2; pause >= most {
			pause = most
			break
		}
	}
	return wait.Jitter(pause, jitter)
}
