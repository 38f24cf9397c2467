package operator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// script writes a program that takes the operator's place.
func script(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+content), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// An operator that can't run is told with what it said, and not waited for.
func TestAnOperatorThatDiesIsToldWithItsLastWords(t *testing.T) {
	p, err := Start(Options{Program: script(t, "echo no such kubeconfig >&2; exit 1\n"), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitReady(t.Context()); err == nil || !strings.Contains(err.Error(), "no such kubeconfig") {
		t.Errorf("got %v, want the end of its log", err)
	}
	if _, err := p.Scrape(t.Context()); err == nil {
		t.Error("the metrics of a dead operator: got no error")
	}
	if err := p.Stop(); err != nil {
		t.Errorf("stopping one that is dead: %v", err)
	}
	p.Kill() // does not wait for ever
}

func TestAnOperatorIsStoppedAndKilled(t *testing.T) {
	for reason, end := range map[string]func(*Process) error{
		"stopped": (*Process).Stop,
		"killed":  func(p *Process) error { p.Kill(); return nil },
	} {
		p, err := Start(Options{Program: script(t, "exec sleep 600\n"), Log: filepath.Join(t.TempDir(), "log")})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Death(); err != nil {
			t.Errorf("%s: dead before: %v", reason, err)
		}
		if err := end(p); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
		if err := p.Death(); err == nil {
			t.Errorf("%s: it still runs", reason)
		}
	}
}
