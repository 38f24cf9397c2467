package provenance

import (
	"runtime"
	"testing"
)

func TestString(t *testing.T) {
	cases := []struct {
		reason string
		of     Provenance
		want   string
	}{
		{"a release says its commit and when that was made", Provenance{"1.2.3", "d2d09c9", "2026-12-01T03:00:00Z", "go1.26.8"}, "1.2.3 (commit d2d09c9 of 2026-12-01T03:00:00Z, go1.26.8)"},
		{"what was built of no checkout has no commit", Provenance{Version: "dev", Go: "go1.26.8"}, "dev (go1.26.8)"},
	}
	for _, c := range cases {
		if got := c.of.String(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
		}
	}
}

func TestOfThisProgram(t *testing.T) {
	if got := OfThisProgram(); got.Version != "dev" || got.Go != runtime.Version() {
		t.Errorf("a program that was linked without flags is %+v", got)
	}
}
