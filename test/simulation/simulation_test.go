package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// raceWorlds and allWorlds are how many worlds the tests play: the race detector makes each
// several times as slow, and looks for something else.
const (
	allWorlds   = 1000
	shortWorlds = 20
	// shortFirst is behind the first large world, which takes as long as a hundred others.
	shortFirst = 8
)

// TestWorlds plays random worlds, and no promise is broken in any.
func TestWorlds(t *testing.T) {
	first, worlds := uint64(1), allWorlds
	switch {
	case testing.Short():
		first, worlds = shortFirst, shortWorlds
	case raced:
		worlds = raceWorlds
	}
	var out bytes.Buffer
	if code := simulate(&out, io.Discard, plan{seed: first, worlds: worlds}); code != 0 {
		t.Fatalf("simulate: exit status %d:\n%s", code, out.String())
	}
	last := out.String()[strings.LastIndex(strings.TrimSpace(out.String()), "\n")+1:]
	if !strings.HasPrefix(last, "worlds: ") || !strings.HasSuffix(last, " violations: 0\n") {
		t.Errorf("the last line is %q, and should say worlds, steps and violations", last)
	}
	t.Log(last)
}

// TestWorldsRepeat plays one world twice, to the same diary.
func TestWorldsRepeat(t *testing.T) {
	for _, seed := range []uint64{2, 5} {
		var first, second bytes.Buffer
		replay(&first, seed)
		replay(&second, seed)
		if first.String() != second.String() {
			t.Errorf("world %d was played twice, and not alike", seed)
		}
	}
}

// FuzzWorlds plays whatever world the fuzzer comes upon.
func FuzzWorlds(f *testing.F) {
	for seed := range uint64(5) {
		f.Add(seed + 5000)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := newWorld(seed)
		w = randomWorld(seed, 3+w.rng.IntN(12))
		finish(w)
		for _, v := range w.violations {
			t.Error(v)
		}
	})
}
