package buildpool

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/allmenning/allmenning/internal/bundle"
)

func TestTooLarge(t *testing.T) {
	held := make([]byte, 64<<20)
	for i := range held {
		held[i] = 1 // a page counts that was written to
	}
	for _, tc := range []struct {
		reason string
		most   uint64
		want   bool
	}{
		{"it holds more than it may", 32 << 20 / overhead, true},
		{"it holds less", 8 << 30, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := tooLarge(os.Getpid(), tc.most); got != tc.want {
				t.Errorf("too large %v, want %v", got, tc.want)
			}
		})
	}
	if tooLarge(1<<30, 1) {
		t.Error("a process that is not there is too large")
	}
	if held[0] != 1 { // until here it is held
		t.Error("what was written is gone")
	}
}

// TestAWorkerIsWatched asks a worker that the kernel gives much more than the question may take: who watches it ends it.
func TestAWorkerIsWatched(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w, err := start([]string{program, "serve-builds"}, Limits{Memory: 4 << 30})
	if err != nil {
		t.Fatal(err)
	}
	var objects strings.Builder
	for i := range 400 {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {a: x}\n", i)
	}
	files := map[string][]byte{"kustomization.yaml": []byte("resources: [a.yaml]\nlabels: [{pairs: {a: b}}]\n"), "a.yaml": []byte(objects.String())}
	q := question{Files: files, Digest: bundle.DigestOf(files), Context: bundle.Context{Namespace: "vinje-prod", App: "post", Version: "2.4.1"}}

	_, err = w.ask(q, Limits{Memory: 1 << 20, Time: time.Minute})
	var exceeded *Exceeded
	if !errors.As(err, &exceeded) || !strings.Contains(err.Error(), "1 MiB of memory") {
		w.kill()
		t.Errorf("the worker goes on, with %v", err)
	}
}
