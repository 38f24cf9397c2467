// Command kubectl-allmenning is a plugin of kubectl: with this program on the PATH,
// `kubectl allmenning` explains who decided what, shows and foresees rollouts, and
// approves, promotes and onboards.
//
// Each command has a file of its own, which reads its flags and joins the parts that
// are in internal: world (what there is), explanation, outlook, progress and change (pure),
// manifest (files) and schema (what the API server asks of them).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	log.SetLogger(logr.Discard()) // commands and errors say what a person should know
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := execute(ctx, newCommand())
	stop()
	if err != nil {
		printError(os.Stderr, err)
		os.Exit(exitCode(err))
	}
}

// printError writes errors in a line each. That something would change is none.
func printError(out io.Writer, err error) {
	if errors.Is(err, errChanges) {
		return
	}
	for _, one := range each(err) {
		fmt.Fprintln(out, "error:", oneLine(one))
	}
}

// exitCode is 1, but for two commands that pipelines ask: of bundle check it keeps what could not be read apart
// from what was read and is wrong, and of plan what would change apart from what is wrong.
func exitCode(err error) int {
	if errors.As(err, new(unreadable)) || errors.Is(err, errChanges) {
		return 2
	}
	return 1
}

// execute runs the program, and adds to an error what to do about it.
func execute(ctx context.Context, root *cobra.Command) error {
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "required flag"): // cobra's own words
		return seeHelp(cmd, err)
	}
	return withRight(err)
}

// forbidden is what the API server says of a right that is wanting.
var forbidden = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?`)

// withRight adds, where a right is wanting, which one, to whom, and who gives it.
func withRight(err error) error {
	wants := forbidden.FindStringSubmatch(err.Error())
	if wants == nil || !apierrors.IsForbidden(err) {
		return err
	}
	where := ""
	if wants[5] != "" {
		where = " in namespace " + wants[5]
	}
	return fmt.Errorf("%w: ask the platform's operator for the right to %s %s.%s%s as %s", err, wants[2], wants[3], wants[4], where, wants[1])
}

// each are the errors that were joined, as all faults of files are.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// oneLine is an error without line breaks.
func oneLine(err error) string {
	var lines []string
	for line := range strings.FieldsFuncSeq(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.Trim(line, " \t;"); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}
