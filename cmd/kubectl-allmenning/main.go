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
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// version is set by the build.
var version = "dev"

func main() {
	log.SetLogger(logr.Discard()) // what is to be told is told by commands and errors
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		for _, one := range each(err) {
			fmt.Fprintln(os.Stderr, "error:", oneLine(one))
		}
		os.Exit(1)
	}
}

// each are the errors that were joined, as all faults of files are.
func each(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // an error around joined ones tells more
		return joined.Unwrap()
	}
	return []error{err}
}

// oneLine is an error without line breaks.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
