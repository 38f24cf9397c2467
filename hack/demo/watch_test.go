package main

import (
	"testing"
	"time"
)

func TestStandstill(t *testing.T) {
	const limit = time.Minute
	type look struct {
		at   time.Duration
		line string
		done bool
	}
	cases := []struct {
		reason string
		looks  []look
		fails  bool
	}{
		{"hours may pass while something changes", []look{{0, "1/3", false}, {50 * time.Second, "2/3", false}, {100 * time.Second, "3/3", false}}, false},
		{"what has not changed for longer than the limit is given up", []look{{0, "1/3", false}, {50 * time.Second, "1/3", false}, {61 * time.Second, "1/3", false}}, true},
		{"what is done is done, however late", []look{{0, "3/3", false}, {61 * time.Second, "3/3", true}}, false},
		{"nothing to show at all is no change either", []look{{0, "", false}, {61 * time.Second, "", false}}, true},
	}
	for _, c := range cases {
		began := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
		changes := standstill{limit: limit}
		var err error
		for _, l := range c.looks {
			err = changes.see(l.line, l.done, began.Add(l.at))
		}
		if (err != nil) != c.fails {
			t.Errorf("%s: got error %v, want one: %v", c.reason, err, c.fails)
		}
	}
}
