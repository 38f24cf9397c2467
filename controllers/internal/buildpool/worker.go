package buildpool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// worker is one process that builds. Only one question is asked of it at a time.
type worker struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     io.Reader
	// said is what the process wrote to its standard error.
	said *lastWords
	// has is the digest of the bundle that it holds.
	has string
}

// ErrLost says that a worker ended for a reason that has nothing to do with what it was asked: somebody
// killed it, or it could not be started.
var ErrLost = errors.New("the process that builds bundles was lost")

// start runs a worker. Of the operator's environment it gets nothing.
func start(command []string, limits Limits) (*worker, error) {
	process := exec.Command(command[0], command[1:]...) //nolint:noctx // the operator's own program; the pool ends it
	process.Env = []string{"GOGC=50", fmt.Sprintf("GOMEMLIMIT=%d", limits.Memory*3/4), "GOMAXPROCS=2"}
	w := &worker{process: process, said: &lastWords{}}
	process.Stderr = w.said
	var err error
	if w.in, err = process.StdinPipe(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	if w.out, err = process.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLost, err)
	}
	if err := limitMemory(process.Process.Pid, uint64(limits.Memory)); err != nil { //nolint:gosec // a limit is positive
		w.kill()
		return nil, fmt.Errorf("%w: its memory can't be limited: %w", ErrLost, err)
	}
	return w, nil
}

// ask sends a question and returns the answer. After an error the worker is dead. An *Exceeded says that
// the question was too much, any other error that the worker was lost.
func (w *worker) ask(q question, limits Limits) (answer, error) {
	type reply struct {
		answer answer
		err    error
	}
	if q.Files == nil && w.has != q.Digest {
		return answer{}, fmt.Errorf("%w: it was not given the bundle", ErrLost)
	}
	replies := make(chan reply, 1)
	go func() {
		var r reply
		if r.err = write(w.in, q); r.err == nil {
			r.err = read(w.out, &r.answer)
		}
		replies <- r
	}()

	before, _ := cpuTime(w.process.Process.Pid) // 0 where it is not known
	tick := time.NewTicker(look)
	defer tick.Stop()
	patience := time.NewTimer(limits.Time * busy)
	defer patience.Stop()
	for {
		select {
		case r := <-replies:
			return r.answer, w.answered(q, r.err, limits)
		case <-tick.C:
			if tooLarge(w.process.Process.Pid, uint64(limits.Memory)) { //nolint:gosec // a limit is positive
				w.kill()
				return answer{}, tooMuchMemory(limits)
			}
			if now, err := cpuTime(w.process.Process.Pid); err == nil && now-before > limits.Time {
				w.kill()
				return answer{}, &Exceeded{what: fmt.Sprintf("building it takes more than %s", limits.Time)}
			}
		case <-patience.C:
			w.kill()
			return answer{}, fmt.Errorf("%w: it did not answer in %s, and did not work", ErrLost, limits.Time*busy)
		}
	}
}

// look is how often a worker is looked at that builds: what it takes meanwhile beyond its memory is little, and a look costs
// some microseconds.
const look = 5 * time.Millisecond

// busy is how many times longer an answer may take than it may keep processors busy.
const busy = 24

// answered concludes from how a question ended. A worker that gave no answer is dead.
func (w *worker) answered(q question, err error, limits Limits) error {
	if err == nil {
		w.has = q.Digest
		return nil
	}
	w.kill()
	switch {
	case w.said.noMemory():
		return tooMuchMemory(limits)
	case crashed(w.process.ProcessState):
		return &Exceeded{what: "building it ends the process that builds bundles", retry: true}
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

func tooMuchMemory(limits Limits) *Exceeded {
	return &Exceeded{what: fmt.Sprintf("building it takes more than %d MiB of memory", limits.Memory>>20), retry: true}
}

// kill ends the process and waits until it is gone.
func (w *worker) kill() {
	_ = w.process.Process.Kill() // it may have ended by itself
	_ = w.process.Wait()
}

// crashed says whether a process ended as a Go program does of which the runtime gives up: with the status 2, or by a
// signal to itself. A panic is recovered from, and who kills a process from outside uses another signal.
func crashed(ended *os.ProcessState) bool {
	status, is := ended.Sys().(syscall.WaitStatus)
	if !is {
		return false
	}
	itself := []syscall.Signal{syscall.SIGABRT, syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGILL, syscall.SIGTRAP}
	return status.ExitStatus() == 2 || status.Signaled() && slices.Contains(itself, status.Signal())
}

// lastWords looks for what a Go program says when it gets no more memory, and keeps nothing else: kustomize
// writes there as well, as much as a bundle has it say.
type lastWords struct {
	lock  sync.Mutex
	tail  []byte // so that words in two pieces are found
	found bool
}

// Write takes what the process says.
func (l *lastWords) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	const most = 64
	text := slices.Concat(l.tail, p)
	for _, words := range []string{ // of the Go runtime and of libc, where memory for the heap, a stack or a thread is refused
		"out of memory", "cannot allocate memory", "pthread_create failed", "failed to create new OS thread", "goroutine stack exceeds",
	} {
		l.found = l.found || bytes.Contains(text, []byte(words))
	}
	l.tail = bytes.Clone(text[max(0, len(text)-most):])
	return len(p), nil
}

// noMemory says whether the process said that it gets no more memory.
func (l *lastWords) noMemory() bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.found
}
