package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	systemSpace      = "allmenning-system"
	operatorIdentity = "system:serviceaccount:allmenning-system:allmenning-manager"
)

// operator is the process under test.
type operator struct {
	process *os.Process
	// ended is closed when the process is gone.
	ended   chan struct{}
	log     string
	metrics string
	health  string
}

// build returns the path of the operator's program: the one that was given, or
// cmd/manager, built into the folder.
func build(ctx context.Context, given, folder string, say *progress) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	say.step("building the operator")
	program := filepath.Join(folder, "manager")
	command := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/manager")
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("building the operator: %w", err)
	}
	return program, nil
}

// startOperator runs the program as the service account that the shipped roles are bound
// to, and returns when it says that it is ready.
func startOperator(ctx context.Context, home *cluster, program string, leaderElect bool) (*operator, error) {
	kubeconfig, err := home.plane.KubeconfigFor(operatorIdentity)
	if err != nil {
		return nil, err
	}
	o := &operator{ended: make(chan struct{}), log: filepath.Join(home.plane.Dir(), "logs", "allmenning-manager.log")}
	if o.metrics, err = freeAddress(); err != nil {
		return nil, err
	}
	if o.health, err = freeAddress(); err != nil {
		return nil, err
	}
	command := exec.Command(program, // without the context: stop ends it, as the kubelet would
		"--kubeconfig="+kubeconfig,
		"--namespace="+systemSpace,
		"--leader-elect="+strconv.FormatBool(leaderElect),
		"--metrics-bind-address="+o.metrics,
		"--health-probe-bind-address="+o.health)
	command.Env = append(os.Environ(), "GOGC=150", "GOMEMLIMIT=600MiB") // as config/manager does
	if err := o.launch(command); err != nil {
		return nil, err
	}
	if err := o.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, o.stop())
	}
	return o, nil
}

func (o *operator) launch(command *exec.Cmd) error {
	output, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the operator's log: %w", err)
	}
	defer func() { _ = output.Close() }() // the operator has it open for itself
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting the operator: %w", err)
	}
	o.process = command.Process
	go func() {
		defer close(o.ended)
		_ = command.Wait() // its log says why; death makes an error of it
	}()
	return nil
}

func (o *operator) awaitReady(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		if err := o.death(); err != nil {
			return false, err
		}
		body, err := get(ctx, "http://"+o.health+"/readyz")
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

// death is nil while the operator runs, and else an error with the end of its log.
func (o *operator) death() error {
	select {
	case <-o.ended:
	default:
		return nil
	}
	content, err := os.ReadFile(o.log)
	if err != nil {
		return fmt.Errorf("the operator has ended, and its log can't be read: %w", err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return fmt.Errorf("the operator has ended; the end of its log:\n%s", strings.Join(lines[max(0, len(lines)-15):], "\n"))
}

// stop ends the operator as the kubelet does, and waits until it is gone.
func (o *operator) stop() error {
	if err := o.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	select {
	case <-o.ended:
		return nil
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("the operator does not end within 30 seconds of SIGTERM"), o.process.Kill())
	}
}

// scrape reads the operator's metrics.
func (o *operator) scrape(ctx context.Context) (metrics, error) {
	if err := o.death(); err != nil {
		return metrics{}, err
	}
	body, err := get(ctx, "http://"+o.metrics+"/metrics")
	if err != nil {
		return metrics{}, fmt.Errorf("reading the operator's metrics: %w", err)
	}
	defer func() { _ = body.Close() }() // read to its end
	return parseMetrics(body)
}

// get returns the body of an answer 200; anything else is an error.
func get(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", url, err)
	}
	answer, err := (&http.Client{Timeout: 10 * time.Second}).Do(request)
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
