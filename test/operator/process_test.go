package operator

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"
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

// An operator that can't run is reported with what it said, and not waited for.
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

// What is measured here must be what runs in a cluster.
func TestSettingsAreThoseOfTheManifest(t *testing.T) {
	content, err := os.ReadFile("../../config/manager/manager.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(content), "\n---\n") {
		var deployment appsv1.Deployment
		if err := yaml.Unmarshal([]byte(document), &deployment); err != nil || deployment.Kind != "Deployment" {
			continue
		}
		var want []string
		for _, e := range deployment.Spec.Template.Spec.Containers[0].Env {
			want = append(want, e.Name+"="+e.Value)
		}
		if !slices.Equal(settings(), want) {
			t.Errorf("the operator runs with %q, and config/manager gives it %q", settings(), want)
		}
		return
	}
	t.Fatal("config/manager/manager.yaml holds no Deployment")
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
