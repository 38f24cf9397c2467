package controlplane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// errPortTaken marks the death of an API server that found its port in use.
var errPortTaken = errors.New("another program has taken its port")

// process is a part that this process has started.
type process struct {
	name   string
	log    string        // path of its log
	exited chan struct{} // closed when it has ended and been waited for
	err    error         // how it ended; read after exited
}

// launch starts a part in the folder, with its output in a log of its own and
// an environment that holds nothing of the caller's: a proxy or a KUBECONFIG
// there is not meant for it, nor are the settings in the caller's home.
func launch(assets string, dir folder, part command, detached bool) (*process, error) {
	log := dir.path(filepath.Join(logFolder, part.name+".log"))
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the logs: %w", err)
	}
	output, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log of %s: %w", part.name, err)
	}
	defer func() { _ = output.Close() }() // the part has it open for itself
	run := exec.Command(filepath.Join(assets, part.name), part.arguments...)
	run.Dir = string(dir)
	run.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + string(dir), "TMPDIR=" + string(dir)}
	run.Stdout, run.Stderr = output, output
	run.SysProcAttr = processAttributes(detached)

	child := &process{name: part.name, log: log, exited: make(chan struct{})}
	started := make(chan error)
	go child.runOnOneThread(run, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting %s: %w", part.name, err)
	}
	return child, nil
}

// runOnOneThread starts the process and stays with it to its end. On Linux an
// attached child dies with the thread that started it, not with the process, so
// that thread is kept for as long as the child lives.
func (p *process) runOnOneThread(run *exec.Cmd, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.exited)
	err := run.Start()
	started <- err
	if err == nil {
		p.err = run.Wait()
	}
}

// death is nil while the part runs, and else says how it ended, with the end of
// its log.
func (p *process) death() error {
	select {
	case <-p.exited:
	default:
		return nil
	}
	tail := p.logTail(15)
	reason := "it ended"
	if p.err != nil {
		reason = p.err.Error()
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) && killed(exit) {
		reason += " (when nobody did that, memory ran out)"
	}
	err := fmt.Errorf("%s did not stay up: %s; last lines of its log:\n%s", p.name, reason, tail)
	if strings.Contains(tail, "address already in use") {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return err
}

// logTail returns the last lines of the part's log, or why there are none.
func (p *process) logTail(lines int) string {
	content, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(content), lines)
}

// identify returns the part that the arguments of some process start in the
// folder, or nothing when the process is none of the folder's.
func identify(dir folder, arguments []string) string {
	if len(arguments) < 2 {
		return ""
	}
	part := filepath.Base(arguments[0])
	for _, known := range append([]string{etcd, apiServer}, clients()...) {
		if part == known && arguments[1] == marker(dir, part) {
			return part
		}
	}
	return ""
}

// killed says whether a process was ended by SIGKILL.
func killed(exit *exec.ExitError) bool {
	state, ok := exit.Sys().(syscall.WaitStatus)
	return ok && state.Signal() == syscall.SIGKILL
}
