package main

import (
	"hash/fnv"
	"time"
)

// fate is what becomes of a version in one environment.
type fate int

const (
	good     fate = iota // becomes healthy, and stays so
	bad                  // never becomes healthy
	flapping             // comes and goes
	late                 // becomes healthy after hours
	breaks               // becomes healthy, and breaks for hours while it soaks
	hiccups              // becomes healthy, and is unwell for some minutes now and then
)

// certainty is how a digest turns out at a municipality, or anywhere where that is empty.
type certainty struct{ digest, municipality string }

// fateOf a digest in an environment.
func (w *world) fateOf(digest string, k key) fate {
	for _, c := range []certainty{{digest, k.Municipality}, {digest, ""}} {
		if f, known := w.certain[c]; known {
			return f
		}
	}
	return w.fates.of(w.seed, digest, k)
}

// fates say how each digest turns out: the chance in percent of each fate but good, which
// is what is left.
type fates map[string][6]int

// of a digest in an environment. It depends on nothing but the names, so a second attempt
// fares as the first did, unless somebody fixed it.
func (f fates) of(seed uint64, digest string, k key) fate {
	chances, known := f[digest]
	if !known {
		return good
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)}) // low bytes of a seed
	_, _ = h.Write([]byte(digest + "/" + k.Municipality + "/" + k.Environment))
	roll := int(h.Sum64() % 100)
	for i := bad; i <= hiccups; i++ {
		if roll < chances[i] {
			return i
		}
		roll -= chances[i]
	}
	return good
}

// spell is a time of an installation's life: healthy or not, for how long; zero is for ever.
type spell struct {
	healthy bool
	lasts   time.Duration
}
