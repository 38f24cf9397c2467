//go:build linux

package node

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// part is a program of the node. A node whose enforcer has died lets everything through, so
// each that ends, whichever it is, fails what is waited for.
type part struct {
	name, log string
	process   *os.Process
	ended     chan struct{}
	how       error // read after ended
}

// launch starts a part, with its output in a log.
func (n *Node) launch(program string, arguments ...string) error {
	return n.start(exec.Command(program, arguments...), filepath.Base(program))
}

func (n *Node) start(command *exec.Cmd, name string) error {
	p := &part{name: name, log: filepath.Join(logFolder, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return fmt.Errorf("making a log: %w", err)
	}
	defer func() { _ = log.Close() }() // the part has it open for itself
	command.Stdout, command.Stderr = log, log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", name, err)
	}
	p.process = command.Process
	go func() {
		defer close(p.ended)
		p.how = command.Wait()
	}()
	n.parts = append(n.parts, p)
	return nil
}

// Death says which part has ended, with the end of its log; nil while all run.
func (n *Node) Death() error {
	for _, p := range n.parts {
		select {
		case <-p.ended:
			return fmt.Errorf("%s has ended: %w; the end of its log:\n%s", p.name, p.how, tail(p.log))
		default:
		}
	}
	return nil
}

// tail is the last lines of a file, or why there are none.
func tail(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	const shown = 30
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-shown):], "\n")
}
