package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// readiness is how long the operator may take until it says that it is ready. It takes
	// seconds; the rest is for machines that are busy with something else.
	readiness = 5 * time.Minute
	// grace is how long it may take to end, as the kubelet gives it.
	grace = 30 * time.Second
	// lastWords is how many lines of its log an error about its death holds.
	lastWords = 15
)

// Options say how to run it.
type Options struct {
	// Program is the path that Build returned.
	Program string
	// Kubeconfig leads it to the API server; that of Identity gives it the rights it has in a cluster.
	Kubeconfig string
	// Log is the file that its output is added to.
	Log string
	// LeaderElect makes it lead by a lease, as config/manager does. One that was killed leaves
	// its lease behind, and the next waits until it has run out.
	LeaderElect bool
	// Detached lets it outlive the process that starts it, and the terminal: Ctrl-C is then not for it.
	// Else it dies with the process that started it.
	Detached bool
}

// Process is one life of the operator.
type Process struct {
	process *os.Process
	// ended is closed when the process is gone.
	ended           chan struct{}
	log             string
	metrics, health string
}

// Start starts it, and returns at once: AwaitReady waits until it can be used.
func Start(o Options) (*Process, error) {
	p := &Process{ended: make(chan struct{}), log: o.Log}
	var err error
	if p.metrics, err = freeAddress(); err != nil {
		return nil, err
	}
	if p.health, err = freeAddress(); err != nil {
		return nil, err
	}
	output, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the operator's log: %w", err)
	}
	defer func() { _ = output.Close() }() // the operator has it open for itself
	// What ends the program is Stop, not a context.
	command := exec.Command(o.Program,
		"--kubeconfig="+o.Kubeconfig,
		"--namespace="+Namespace,
		"--leader-elect="+strconv.FormatBool(o.LeaderElect),
		"--metrics-bind-address="+p.metrics,
		"--open-metrics",
		"--health-probe-bind-address="+p.health)
	command.Stdout, command.Stderr = output, output
	command.Env = append(os.Environ(), settings()...)
	command.SysProcAttr = attributes(o.Detached)
	started := make(chan error)
	go p.runOnOneThread(command, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	return p, nil
}

// settings are those that config/manager gives it.
func settings() []string { return []string{"GOGC=150", "GOMEMLIMIT=1400MiB"} }

// runOnOneThread starts the process and stays with it to its end. On Linux an attached one
// dies with the thread that started it, not with the process, so that thread is kept.
func (p *Process) runOnOneThread(command *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.ended)
	err := command.Start()
	p.process = command.Process
	started <- err
	if err == nil {
		_ = command.Wait() // its log says why; Death makes an error of it
	}
}

// PID is its process id.
func (p *Process) PID() int { return p.process.Pid }

// Log is the path of its log.
func (p *Process) Log() string { return p.log }

// AwaitReady waits for its own word that it is ready. It fails when it dies.
func (p *Process) AwaitReady(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, readiness, true, func(ctx context.Context) (bool, error) {
		if err := p.Death(); err != nil {
			return false, err
		}
		body, err := get(ctx, "http://"+p.health+"/readyz")
		if err != nil {
			return false, nil //nolint:nilerr // not yet
		}
		return true, body.Close()
	})
	if err != nil {
		return fmt.Errorf("waiting for the operator to be ready: %w", err)
	}
	return nil
}

// Death is nil while it runs, and else an error with the end of its log.
func (p *Process) Death() error {
	select {
	case <-p.ended:
	default:
		return nil
	}
	return fmt.Errorf("the operator has ended; the end of its log:\n%s", p.LastWords())
}

// LastWords are the last lines of its log.
func (p *Process) LastWords() string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return "(the log can't be read: " + err.Error() + ")"
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-lastWords):], "\n")
}

// Stop ends it as the kubelet does, and waits until it is gone.
func (p *Process) Stop() error {
	if err := p.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	select {
	case <-p.ended:
		return nil
	case <-time.After(grace):
		p.Kill()
		return fmt.Errorf("the operator does not end within %s of SIGTERM", grace)
	}
}

// Kill ends it as a power cut does: it can neither finish nor note anything. One that is
// dead already stays so.
func (p *Process) Kill() {
	_ = p.process.Kill() // fails only where it is gone
	<-p.ended
}

// Scrape reads its metrics. It fails when it is dead.
func (p *Process) Scrape(ctx context.Context) (Metrics, error) {
	if err := p.Death(); err != nil {
		return Metrics{}, err
	}
	body, err := get(ctx, "http://"+p.metrics+"/metrics")
	if err != nil {
		return Metrics{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	defer func() { _ = body.Close() }() // read to its end
	return parse(body)
}

// get returns the body of an answer 200; anything else is an error.
func get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", url, err)
	}
	answer, err := (&http.Client{Timeout: time.Minute}).Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s answered %s", url, answer.Status), answer.Body.Close())
	}
	return answer.Body, nil
}

// freeAddress is a loopback address with a port that nobody listens on now.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port on 127.0.0.1: %w", err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return "", fmt.Errorf("letting go of %s: %w", address, err)
	}
	return address, nil
}
