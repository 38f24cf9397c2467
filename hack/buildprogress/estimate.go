package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

const (
	// baseCost is what starting the compiler for a package costs, in bytes of source code
	// that could be compiled instead.
	baseCost = 8 << 10
	// linkShare is the linker's part in a build, in percent of compiling all packages.
	linkShare = 4
	// enough is when a rate has been seen long enough to go by, as a share of the build.
	enough = 0.02
)

// compilation is one package.
type compilation struct {
	path string
	// cost is roughly proportional to the time that compiling it takes.
	cost int64
	// cached ones are not compiled again.
	cached bool
}

// readPackages decodes what go list prints as JSON, in the order of go list: the program
// itself comes last, and is left out. That it is to be linked makes it stale, whether it is
// compiled or not.
func readPackages(list io.Reader) ([]compilation, error) {
	var found []compilation
	for decoder := json.NewDecoder(list); ; {
		var listed struct {
			ImportPath, Dir           string
			GoFiles, CgoFiles, SFiles []string
			Stale                     bool
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return found[:max(0, len(found)-1)], nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the list of packages: %w", err)
		}
		c := compilation{path: listed.ImportPath, cost: baseCost, cached: !listed.Stale}
		for _, name := range slices.Concat(listed.GoFiles, listed.CgoFiles, listed.SFiles) {
			info, err := os.Stat(filepath.Join(listed.Dir, name))
			if err != nil {
				return nil, fmt.Errorf("reading the sources of %s: %w", c.path, err)
			}
			c.cost += info.Size()
		}
		found = append(found, c)
	}
}

// estimate knows how far a build is. Compilers work side by side, so of the packages that
// were begun the last few are taken for unfinished.
type estimate struct {
	costs map[string]int64 // of packages that were not begun
	// begun are the costs of those that were, in order.
	begun    []int64
	packages int
	total    int64
	// parallel is how many compilers run at a time.
	parallel int
	// end is when the build will be done, counted from its beginning; zero while nobody can say.
	end time.Duration
}

func newEstimate(packages []compilation) *estimate {
	e := &estimate{costs: map[string]int64{}, parallel: runtime.GOMAXPROCS(0)}
	var all int64
	for _, p := range packages {
		all += p.cost
		if !p.cached {
			e.costs[p.path] = p.cost
			e.total += p.cost
		}
	}
	e.packages = len(e.costs)
	e.total += all * linkShare / 100
	return e
}

// begin notes that a package is being compiled, and reports whether there is such a one.
func (e *estimate) begin(path string, elapsed time.Duration) bool {
	cost, known := e.costs[path]
	if !known {
		return false
	}
	delete(e.costs, path)
	e.begun = append(e.begun, cost)
	if share := e.share(); share >= enough {
		e.end = time.Duration(float64(elapsed) / share)
	}
	return true
}

// compiled is how many packages are done.
func (e *estimate) compiled() int { return max(0, len(e.begun)-e.parallel) }

// share is how much of the build is done, of 1.
func (e *estimate) share() float64 {
	var done int64
	for _, cost := range e.begun[:e.compiled()] {
		done += cost
	}
	return float64(done) / float64(max(1, e.total))
}

// line says how far it is.
func (e *estimate) line(elapsed time.Duration) string {
	text := fmt.Sprintf("compiled %d of %d packages (%.0f %%)", e.compiled(), e.packages, 100*e.share())
	if len(e.costs) == 0 {
		text = fmt.Sprintf("compiled %d packages, linking", e.packages)
	}
	return fmt.Sprintf("%s, %s, %s", text, elapsed.Round(time.Second), e.remaining(elapsed))
}

// remaining is how long it still takes, roughly, in words.
func (e *estimate) remaining(elapsed time.Duration) string {
	remaining := e.end - elapsed
	switch {
	case e.end == 0 && len(e.costs) > 0:
		return "too early to say how long it takes"
	case remaining < 90*time.Second:
		return "about a minute to go"
	}
	return fmt.Sprintf("about %.0f min to go", remaining.Minutes())
}
