// Command buildprogress runs `go build` and says how far it is: how many of the packages
// are compiled, and roughly how long it still takes.
//
//	buildprogress -name=controlplane -- -o dist/controlplane .
//
// What follows -- is handed to go build; its last word is the package. All that is said
// goes to stderr: one line that changes on a terminal, and a line every few seconds in a
// log. What the compiler says is passed on.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	name := flag.String("name", "build", "what the lines begin with")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, newDisplay(os.Stderr, *name), flag.Args())
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", *name, err)
		os.Exit(1)
	}
}

// run builds with these arguments of go build.
func run(ctx context.Context, show *display, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("give the arguments of go build after --, the package last")
	}
	began := time.Now()
	packages, err := needed(ctx, show, arguments[len(arguments)-1])
	if err != nil {
		return err
	}

	progress := newEstimate(packages)
	say := func() { show.update(progress.line(time.Since(began))) }
	began = time.Now()
	say()
	err = goCommand(ctx, append([]string{"build", "-v"}, arguments...), io.Discard, func(line string) {
		if !progress.begin(line, time.Since(began)) {
			show.say(line)
		}
	}, say)
	show.finish()
	return err
}

// fields are what is asked of a package. Without the embedded files go list takes packages
// that have some, and all that import them, for stale.
const fields = "-json=ImportPath,Dir,GoFiles,CgoFiles,SFiles,EmbedFiles,Stale"

// needed lists the packages of a program with what each costs. It fetches the modules that
// are not there yet.
func needed(ctx context.Context, show *display, program string) ([]compilation, error) {
	modules := 0
	var list strings.Builder
	err := goCommand(ctx, []string{"list", "-deps", fields, program}, &list, func(line string) {
		if strings.HasPrefix(line, "go: downloading ") {
			modules++
			return
		}
		show.say(line)
	}, func() { show.update(fmt.Sprintf("looking at what is to be compiled; %d modules fetched", modules)) })
	show.finish()
	if err != nil {
		return nil, err
	}
	return readPackages(strings.NewReader(list.String()))
}

// goCommand runs the go command. It calls line for each line of its stderr, and tick every
// second, never two at a time.
func goCommand(ctx context.Context, arguments []string, out io.Writer, line func(string), tick func()) error {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Stdout = out
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	stderr, err := command.StderrPipe()
	if err != nil {
		return fmt.Errorf("running go %s: %w", arguments[0], err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("running go %s: %w", arguments[0], err)
	}

	var turn sync.Mutex
	ended := make(chan struct{})
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				turn.Lock()
				tick()
				turn.Unlock()
			}
		}
	}()
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		turn.Lock()
		line(lines.Text())
		turn.Unlock()
	}
	err = command.Wait()
	close(ended)
	turn.Lock() // the last tick is over
	defer turn.Unlock()
	if err != nil {
		return fmt.Errorf("go %s: %w", arguments[0], err)
	}
	return nil
}
