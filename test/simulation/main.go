package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

func main() {
	worlds := flag.Int("worlds", 1000, "how many worlds to play")
	seed := flag.Uint64("seed", 1, "seed of the first world")
	one := flag.Uint64("world", 0, "play the world of this seed alone, and print its diary")
	first := flag.Bool("first", false, "stop at the first world with a violation")
	named := flag.String("story", "", "play the story of this name alone")
	flag.Parse()
	debug.SetGCPercent(800) // much garbage, of which little lives: a heap that stays small stays in the caches
	debug.SetMemoryLimit(2 << 30)
	if *one != 0 {
		os.Exit(replay(os.Stdout, *one))
	}
	if *named != "" {
		os.Exit(retell(os.Stdout, *named))
	}
	os.Exit(simulate(os.Stdout, os.Stderr, plan{*seed, *worlds, *first}))
}

// plan is which worlds to play.
type plan struct {
	seed   uint64
	worlds int
	// first stops at the first world with a violation.
	first bool
}

// result is what came of one world.
type result struct {
	steps      int
	violations []violation
}

// replay plays one world, and writes it as a diary.
func replay(out io.Writer, seed uint64) int {
	w := prepare(seed)
	w.diary = &diary{all: true}
	finish(w)
	for _, line := range w.diary.lines {
		_, _ = fmt.Fprintln(out, line)
	}
	_, _ = fmt.Fprintf(out, "worlds: 1 steps: %d violations: %d\n", w.steps, len(w.violations))
	return min(1, len(w.violations))
}

// retell tells one story, as under testdata.
func retell(out io.Writer, name string) int {
	for _, s := range stories {
		if s.name != name {
			continue
		}
		lines, violations := s.play()
		for _, line := range lines {
			_, _ = fmt.Fprintln(out, line)
		}
		return min(1, len(violations))
	}
	_, _ = fmt.Fprintf(out, "there is no story %q\n", name)
	return 2
}

// simulate plays worlds, as many at a time as there are processors.
func simulate(out, progress io.Writer, todo plan) int {
	results := make([]result, todo.worlds)
	seeds := make(chan int)
	var players sync.WaitGroup
	var played, failures counter
	for range runtime.GOMAXPROCS(0) {
		players.Go(func() {
			for i := range seeds {
				results[i] = play(todo.seed + uint64(i))
				for _, v := range results[i].violations {
					_, _ = fmt.Fprintln(progress, v)
				}
				played.add(1)
				failures.add(len(results[i].violations))
			}
		})
	}
	stop := everyFewSeconds(progress, func() string {
		return fmt.Sprintf("%d of %d worlds, %d violations", played.get(), todo.worlds, failures.get())
	})
	for i := range todo.worlds {
		if todo.first && failures.get() > 0 {
			break
		}
		seeds <- i
	}
	close(seeds)
	players.Wait()
	stop()
	steps, violations := 0, 0
	for _, r := range results {
		steps += r.steps
		violations += len(r.violations)
		for _, v := range r.violations {
			_, _ = fmt.Fprintln(out, v)
		}
	}
	_, _ = fmt.Fprintf(out, "worlds: %d steps: %d violations: %d\n", played.get(), steps, violations)
	return min(1, violations)
}

// play plays one world to its end.
func play(seed uint64) result {
	w := prepare(seed)
	finish(w)
	return result{w.steps, w.violations}
}

// prepare makes the world of a seed: mostly small, some large, and once in a while one
// with as many members as a country will ever have.
func prepare(seed uint64) *world {
	w := newWorld(seed)
	switch roll := w.rng.IntN(1000); {
	case seed%1000 == 7:
		return randomWorld(seed, 10000)
	case roll < 720:
		return randomWorld(seed, 3+w.rng.IntN(8))
	case roll < 930:
		return randomWorld(seed, 11+w.rng.IntN(30))
	case roll < 990:
		return randomWorld(seed, 41+w.rng.IntN(80))
	}
	return randomWorld(seed, 121+w.rng.IntN(180))
}

// finish plays what lies before a world: some months, fewer where it is large, and then
// the time in which it comes to rest.
func finish(w *world) {
	if !w.people.large && w.chance(6) {
		w.tenApps()
	}
	days := 30 + w.rng.IntN(60)
	mean, patience := 20*time.Hour, 12*24*time.Hour
	switch size := len(w.store.Municipalities); {
	case size >= 1000:
		days, mean = 2, 12*time.Hour
	case size > 60:
		days = 8
	case size > 15:
		days = 20
	}
	end := time.Duration(days) * 24 * time.Hour
	w.peopleUntil(end, mean)
	w.faultsUntil(end, 2*mean)
	w.run(end)
	if len(w.violations) == 0 && !w.people.large {
		w.settle(patience)
	}
}

// counter counts from several places at once.
type counter struct {
	mutex sync.Mutex
	count int
}

func (c *counter) add(n int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.count += n
}

func (c *counter) get() int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.count
}

// everyFewSeconds writes a line, until it is stopped.
func everyFewSeconds(out io.Writer, line func() string) (stop func()) {
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(3 * time.Second):
				_, _ = fmt.Fprintln(out, line())
			}
		}
	})
	return func() {
		close(done)
		writer.Wait()
	}
}
