package buildpool_test

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/allmenning/allmenning/controllers/internal/buildpool"
)

// serveTired is the argument with which the tests' own program is a worker whose second question finds its memory taken.
const serveTired = "serve-builds-tired"

// tired is the standard input and output of a worker. Once an answer was written, the next question takes all memory that
// the process may have.
type tired struct {
	answered atomic.Bool
	kept     [][]byte
}

func (w *tired) Write(p []byte) (int, error) {
	defer w.answered.Store(true)
	return os.Stdout.Write(p)
}

func (w *tired) Read(p []byte) (int, error) {
	n, err := os.Stdin.Read(p)
	for w.answered.Load() && n > 0 {
		block := make([]byte, 64<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		w.kept = append(w.kept, block)
	}
	return n, err
}

func runTired() error {
	w := &tired{}
	return buildpool.Serve(io.Reader(w), io.Writer(w))
}

// TestWhatEarlierBuildsLeftIsNobodysFault: a worker that built before runs out of memory, and the bundle is built by another.
func TestWhatEarlierBuildsLeftIsNobodysFault(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	if workerMemory > 1<<30 {
		t.Skip("with the race detector the kernel does not bound a worker's memory; make test runs this without it, too")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := buildpool.New([]string{program, serveTired}, usual())
	t.Cleanup(p.Close)
	for i := range 6 { // of two workers, each is asked again
		c := vinje()
		c.DisplayName = fmt.Sprint(i)
		if _, err := p.Build(flat(settings), c); err != nil {
			t.Fatalf("build %d: %v", i, err)
		}
	}
}
