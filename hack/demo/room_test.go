package main

import (
	"strings"
	"testing"
)

func TestRequireRoom(t *testing.T) {
	const tooMuch = uint64(1) << 60
	cases := []struct {
		reason, folder, path string
		memory, disk         uint64
		want                 string
	}{
		{"enough of everything", root, "", 1, 1, ""},
		{"not the repository's root", t.TempDir(), "", 1, 1, "root folder of the repository"},
		{"no Go", root, t.TempDir(), 1, 1, "finds no Go"},
		{"too little memory", root, "", tooMuch, 1, "of memory are free, this scenario needs"},
		{"too little disk", root, "", 1, tooMuch, "of disk are free at"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if _, known := freeMemory(); !known && c.memory == tooMuch {
				t.Skip("free memory is known on Linux only")
			}
			t.Chdir(c.folder)
			if c.path != "" {
				t.Setenv("PATH", c.path)
			}
			err := requireRoom(c.memory, c.disk)
			if c.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestScenarioNamed(t *testing.T) {
	if got, err := scenarioNamed("vest-telemark"); err != nil || got.name != "vest-telemark" {
		t.Errorf("a scenario that there is: got %q, %v", got.name, err)
	}
	if _, err := scenarioNamed("sweden"); err == nil || !strings.Contains(err.Error(), "norway or vest-telemark") {
		t.Errorf("one that there is not: got %v, want an error that names those there are", err)
	}
}
