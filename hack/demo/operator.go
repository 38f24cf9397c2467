package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// operator is the process that the demo has started.
type operator struct {
	process *os.Process
	// ended is closed when the process is gone.
	ended   chan struct{}
	log     string
	metrics string
	health  string
}

// startOperator builds cmd/manager and runs it as the service account that the
// shipped roles are bound to. It outlives the demo. It runs with leader
// election, so it ends by itself seconds after its cluster has been stopped.
func startOperator(ctx context.Context, show *progress, home cluster) (operator, error) {
	show.step("building the operator")
	program := operator{ended: make(chan struct{}), log: filepath.Join(home.folder, "logs", "allmenning-manager.log")}
	binary := filepath.Join(home.folder, "allmenning-manager")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/manager")
	build.Stdout, build.Stderr = os.Stdout, os.Stdout
	if err := build.Run(); err != nil {
		return program, fmt.Errorf("building the operator: %w", err)
	}
	kubeconfig, err := callCluster(ctx, "for", operatorIdentity)
	if err != nil {
		return program, err
	}
	if program.metrics, err = freeAddress(); err != nil {
		return program, err
	}
	if program.health, err = freeAddress(); err != nil {
		return program, err
	}
	show.step("starting the operator as " + operatorIdentity)
	if err := program.launch(binary, kubeconfig); err != nil {
		return program, err
	}
	err = program.awaitReady(ctx)
	return program, err
}

func (o *operator) launch(binary, kubeconfig string) error {
	output, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the operator's log: %w", err)
	}
	defer func() { _ = output.Close() }() // the operator has it open for itself
	command := exec.Command(binary,       //nolint:noctx // outlives the demo
		"--kubeconfig="+kubeconfig,
		"--namespace="+systemSpace,
		"--leader-elect=true",
		"--metrics-bind-address="+o.metrics,
		"--health-probe-bind-address="+o.health)
	command.Stdout, command.Stderr = output, output
	command.Env = append(os.Environ(), "GOGC=150")           // as config/manager does
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is the demo's, not the operator's
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

// awaitReady waits for the operator's own word that it is ready.
func (o *operator) awaitReady(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
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

func (o *operator) stop() error {
	if err := o.process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping the operator: %w", err)
	}
	<-o.ended
	return nil
}

// requests are the operator's calls to the API server since its start; zero when
// its metrics can't be read.
func (o *operator) requests(ctx context.Context) requests {
	body, err := get(ctx, "http://"+o.metrics+"/metrics")
	if err != nil {
		return requests{}
	}
	defer func() { _ = body.Close() }() // read to its end
	return countRequests(body)
}

// requests are counted without leases and watches.
type requests struct {
	reads, writes int
}

// countRequests adds up the operator's own counter.
func countRequests(metrics io.Reader) requests {
	var total requests
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		line, isRequests := strings.CutPrefix(lines.Text(), "allmenning_api_requests_total{")
		if !isRequests || strings.Contains(line, `resource="leases"`) {
			continue
		}
		count, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			continue
		}
		_, verb, _ := strings.Cut(line, `verb="`)
		verb, _, _ = strings.Cut(verb, `"`)
		switch verb {
		case "watch":
		case "get", "list":
			total.reads += int(count)
		default:
			total.writes += int(count)
		}
	}
	return total
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
