package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packages are so many that cost the same.
func packages(count int, cached bool) []compilation {
	var all []compilation
	for i := range count {
		all = append(all, compilation{path: fmt.Sprintf("p%d", i), cost: 1000, cached: cached})
	}
	return all
}

func TestLine(t *testing.T) {
	cases := []struct {
		reason   string
		packages []compilation
		begun    int           // a second for each
		late     time.Duration // since the last of them
		want     string
	}{
		{"nothing is known before anything is done", packages(600, false), 0, 0,
			"compiled 0 of 600 packages (0 %), 0s, too early to say how long it takes"},
		{"those that were begun last are not done", packages(600, false), 2, 0,
			"compiled 0 of 600 packages (0 %), 2s, too early to say how long it takes"},
		{"the rate so far goes on; linking is counted", packages(600, false), 152, 0,
			"compiled 150 of 600 packages (24 %), 2m32s, about 8 min to go"},
		{"time that passes within one package is not still to go", packages(600, false), 152, 2 * time.Minute,
			"compiled 150 of 600 packages (24 %), 4m32s, about 6 min to go"},
		{"what takes longer than thought is never negative", packages(600, false), 152, time.Hour,
			"compiled 150 of 600 packages (24 %), 1h2m32s, about a minute to go"},
		{"when the last is begun the linker's time is still to go", packages(6000, false), 6000, 0,
			"compiled 6000 packages, linking, 1h40m0s, about 4 min to go"},
		{"what is in the cache is not waited for", append(packages(600, true), compilation{path: "own", cost: 1000}), 0, 0,
			"compiled 0 of 1 packages (0 %), 0s, too early to say how long it takes"},
		{"where all is in the cache, only the link is to be done", packages(600, true), 0, 5 * time.Second,
			"compiled 0 packages, linking, 5s, about a minute to go"},
	}
	for _, c := range cases {
		e := newEstimate(c.packages)
		e.parallel = 2
		elapsed := time.Duration(0)
		for i := range c.begun {
			elapsed += time.Second
			if !e.begin(fmt.Sprintf("p%d", i), elapsed) {
				t.Fatalf("%s: package p%d is not known", c.reason, i)
			}
		}
		if got := e.line(elapsed + c.late); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.reason, got, c.want)
		}
	}
}

func TestBeginKnowsItsPackages(t *testing.T) {
	e := newEstimate(packages(2, false))
	for _, c := range []struct {
		reason, line string
		want         bool
	}{
		{"a package", "p1", true},
		{"the same again", "p1", false},
		{"a word of the compiler", "./main.go:7:2: undefined: x", false},
	} {
		if got := e.begin(c.line, time.Second); got != c.want {
			t.Errorf("%s: got %v, want %v", c.reason, got, c.want)
		}
	}
}

// TestBuild builds a small program of its own, twice, with a cache that knows nothing of it:
// what go list takes for stale is what go build compiles.
func TestBuild(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":         "module example.com/hello\n\ngo 1.26\n",
		"main.go":        "package main\n\nimport _ \"example.com/hello/a\"\n\nfunc main() {}\n",
		"a/a.go":         "package a\n\nimport _ \"example.com/hello/b\"\n",
		"b/b.go":         "package b\n\nimport _ \"embed\"\n\n//go:embed b.txt\nvar Text string\n",
		"b/b.txt":        folder, // so that no cache has it
		"broken/main.go": "package main\n\nfunc main() { undefined() }\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	cases := []struct{ reason, program, want string }{
		{"what is new is compiled", ".", "hello: compiled 0 of 2 packages"},
		{"what is in the cache is not counted", ".", "hello: compiled 0 packages, linking"},
		{"the compiler is heard", "./broken", "undefined: undefined"},
	}
	for _, c := range cases {
		var out bytes.Buffer
		show := &display{out: &out, name: "hello", now: later()}
		err := run(t.Context(), show, []string{"-o", filepath.Join(folder, "hello"), c.program})
		if (err != nil) != (c.program == "./broken") {
			t.Fatalf("%s: %v\n%s", c.reason, err, &out)
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: got\n%s\nwant it to hold %q", c.reason, &out, c.want)
		}
	}
	if err := exec.Command(filepath.Join(folder, "hello")).Run(); err != nil {
		t.Errorf("the program that was built: %v", err)
	}
}

// later is a clock by which every line is worth showing.
func later() func() time.Time {
	now := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(pause)
		return now
	}
}

func TestDisplay(t *testing.T) {
	cases := []struct {
		reason   string
		terminal bool
		want     string
	}{
		{"a log gets a line now and then", false, "x: 1\nx: 16\nword\n"},
		{"a terminal shows one line that changes", true, "\r\033[Kx: 1\r\033[Kx: 2\r\033[Kx: 16\r\033[Kword\n"},
	}
	for _, c := range cases {
		var out bytes.Buffer
		now := time.Date(2027, 1, 5, 12, 0, 0, 0, time.UTC)
		show := &display{out: &out, name: "x", terminal: c.terminal, now: func() time.Time { return now }}
		for second := 1; second <= 16; second++ {
			now = now.Add(time.Second)
			if second < 3 || second == 16 {
				show.update(fmt.Sprint(second))
			}
		}
		show.say("word")
		if got := out.String(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.reason, got, c.want)
		}
	}
}
