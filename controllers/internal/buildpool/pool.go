package buildpool

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/bundle"
)

// Limits bound one build.
type Limits struct {
	// Memory of the worker, in bytes, without the code of the program.
	Memory int64
	// Time that an answer may keep processors busy. How long it takes says nothing: the machine may have
	// more to do.
	Time time.Duration
}

// DefaultLimits are twenty times what a large bundle takes.
func DefaultLimits() Limits { return Limits{Memory: 224 << 20, Time: 5 * time.Second} }

// Exceeded says that a bundle takes more than a build may. It is not tried again.
type Exceeded struct {
	what string
	// retry says that a new worker is asked once: what earlier builds left in the one before may be the cause. It is
	// set for memory and crashes, and not for time.
	retry bool
}

// Error says what is exceeded, and the way out.
func (e *Exceeded) Error() string {
	return e.what + "; use fewer aliases, patches and replacements, or less recursion and repetition in templates, or split the app"
}

const (
	// size is how many workers there are.
	size = 2
	// rememberedEntries and rememberedBytes bound what is remembered of results: a country's upgrade to
	// one version passes through once, so little is enough.
	rememberedEntries = 512
	rememberedBytes   = 8 << 20
)

// Pool is a few workers. It is a manager.Runnable; it works before it is started too, and is to be
// closed.
type Pool struct {
	// Measure is given how long each build took; nil where nobody measures. It is set before the first build.
	Measure func(took time.Duration, err error)

	command []string
	limits  Limits
	idle    chan *worker // as many entries as there may be workers; nil for one that is not running
	// trials has room for as many versions as may be tried at a time, fewer than there are workers: what nobody has judged yet may take all the
	// time that there is, and what municipalities have is built meanwhile.
	trials chan struct{}

	lock    sync.Mutex
	turns   map[string]chan struct{} // by digest: one build at a time
	waiting map[string]int
	bad     map[tooMuch]*Exceeded
	built   *cache
}

// New returns a pool whose workers are run by a command: the operator's own program, with the argument that
// makes it call [Serve].
func New(command []string, limits Limits) *Pool {
	p := &Pool{
		command: command, limits: limits, idle: make(chan *worker, size), trials: make(chan struct{}, size-1),
		turns: map[string]chan struct{}{}, waiting: map[string]int{}, bad: map[tooMuch]*Exceeded{},
		built: newCache(rememberedEntries, rememberedBytes),
	}
	for range size {
		p.idle <- nil
	}
	return p
}

// Start waits until the context ends, and ends the workers.
func (p *Pool) Start(ctx context.Context) error {
	<-ctx.Done()
	p.Close()
	return nil
}

// NeedLeaderElection says that one who does not lead builds nothing.
func (*Pool) NeedLeaderElection() bool { return true }

// Close ends the workers that are idle, now and when they become so.
func (p *Pool) Close() {
	for range size {
		if w := <-p.idle; w != nil {
			w.kill()
		}
		p.idle <- nil
	}
}

// Try scans a bundle and builds it. One worker at least is left to builds. A *bundle.RefusedError says why it may not be built, an *Exceeded that it takes
// too much.
func (p *Pool) Try(b bundle.Bundle, c bundle.Context) (bundle.Built, error) { return p.run(b, c, true) }

// Build builds a bundle that Try has accepted. The objects are the caller's own to change. Errors never show
// a parameter's value.
func (p *Pool) Build(b bundle.Bundle, c bundle.Context) (bundle.Built, error) {
	return p.run(b, c, false)
}

func (p *Pool) run(b bundle.Bundle, c bundle.Context, scan bool) (bundle.Built, error) {
	facts, err := json.Marshal(c)
	if err != nil {
		return bundle.Built{}, errors.New("the parameters can't be written as JSON") // the cause could hold a value
	}
	key := cacheKey{digest: b.Digest, context: sha256.Sum256(facts), scanned: scan}
	if known := p.known(key); known != nil {
		return known.built, known.err
	}
	if scan { // before the turn, so that a trial that waits keeps no build of its bundle
		p.trials <- struct{}{}
		defer func() { <-p.trials }()
	}
	defer p.turn(b.Digest)()
	if known := p.known(key); known != nil {
		return known.built, known.err
	}

	began := time.Now()
	given, err := p.ask(question{Files: b.Files, Digest: b.Digest, Scan: scan, Context: c})
	if p.Measure != nil {
		p.Measure(time.Since(began), err)
	}
	var exceeded *Exceeded
	if errors.As(err, &exceeded) {
		p.remember(key, exceeded)
	}
	if err != nil {
		return bundle.Built{}, err
	}
	if given.Fault != "" {
		return bundle.Built{}, errors.New(given.Fault)
	}
	built, err := decode(given)
	if err == nil && len(given.Findings) > 0 {
		return built, &bundle.RefusedError{Findings: given.Findings}
	}
	if err == nil {
		p.built.put(key, given)
	}
	return built, err
}

// known is what is known of a build without doing it; nil where nothing is.
func (p *Pool) known(key cacheKey) *result {
	if given, found := p.built.get(key); found {
		built, err := decode(given)
		return &result{built, err}
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	if exceeded := p.bad[tooMuch{key.digest, key.context}]; exceeded != nil {
		return &result{err: exceeded}
	}
	return nil
}

// result is what came of a build.
type result struct {
	built bundle.Built
	err   error
}

// maxBad bounds what is remembered of builds that exceed the limits.
const maxBad = 1024

// tooMuch names a build that exceeded the limits: of one bundle for one tenant's values. What one tenant gives
// takes the bundle from nobody else.
type tooMuch struct {
	digest  string
	context [sha256.Size]byte
}

func (p *Pool) remember(key cacheKey, exceeded *Exceeded) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if len(p.bad) >= maxBad {
		clear(p.bad)
	}
	p.bad[tooMuch{key.digest, key.context}] = exceeded
}

// turn waits until nobody else builds the bundle, and returns what ends the turn.
func (p *Pool) turn(digest string) func() {
	p.lock.Lock()
	turn, busy := p.turns[digest]
	if !busy {
		turn = make(chan struct{}, 1)
		p.turns[digest] = turn
	}
	p.waiting[digest]++
	p.lock.Unlock()

	turn <- struct{}{}
	return func() {
		<-turn
		p.lock.Lock()
		defer p.lock.Unlock()
		p.waiting[digest]--
		if p.waiting[digest] == 0 {
			delete(p.waiting, digest)
			delete(p.turns, digest)
		}
	}
}

// ask has a worker answer. One that was lost is replaced, once: the next may be luckier. So is one that had built before and
// ran out of memory or crashed: what earlier builds left behind is not this one's fault.
func (p *Pool) ask(q question) (answer, error) {
	w := <-p.idle
	fresh := w == nil
	given, w, err := p.tryOn(w, q)
	var exceeded *Exceeded
	if errors.Is(err, ErrLost) || !fresh && errors.As(err, &exceeded) && exceeded.retry {
		given, w, err = p.tryOn(nil, q)
	}
	p.idle <- w
	return given, err
}

// tryOn asks a worker, which is started where there is none. It returns the worker that goes on, nil where
// it has ended.
func (p *Pool) tryOn(w *worker, q question) (answer, *worker, error) {
	if w == nil {
		var err error
		if w, err = start(p.command, p.limits); err != nil {
			return answer{}, nil, err
		}
	}
	if w.has == q.Digest {
		q.Files = nil
	}
	given, err := w.ask(q, p.limits)
	if err != nil {
		return answer{}, nil, err
	}
	return given, w, nil
}

// decode reads the objects of an answer. They are the caller's own to change.
func decode(a answer) (bundle.Built, error) {
	built := bundle.Built{Adjusted: slices.Clone(a.Adjusted), Restarts: slices.Clone(a.Restarts), Files: a.Files, Warnings: slices.Clone(a.Warnings)} // nobody changes the files
	for _, content := range a.Objects {
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(content); err != nil {
			return bundle.Built{}, fmt.Errorf("%w: its answer can't be read", ErrLost)
		}
		built.Objects = append(built.Objects, o)
	}
	return built, nil
}
