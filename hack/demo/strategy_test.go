package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func object(t *testing.T, content string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(content), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestHurried(t *testing.T) {
	const network = `{kind: Network, spec: {rollout: {announcement: 72h, maxIntroductions: 2, windows: [{}], freezes: [{}], waves: [
		{name: pilot, soak: 24h, members: {names: [vinje]}}, {name: everyone, requireApproval: true, progressDeadline: 30m}]}}}`
	cases := []struct{ reason, content, want string }{
		{"waves keep their members and gates, and lose their hours", network, `{kind: Network, spec: {rollout: {maxIntroductions: 2, waves: [
			{name: pilot, soak: 2s, progressDeadline: 7s, members: {names: [vinje]}}, {name: everyone, requireApproval: true, soak: 2s, progressDeadline: 24h}]}}}`},
		{"one without waves gets one", `{kind: Platform, spec: {}}`, `{kind: Platform, spec: {rollout: {waves: [{name: everyone, soak: 2s, progressDeadline: 7s}]}}}`},
	}
	for _, c := range cases {
		got, err := hurried([]*unstructured.Unstructured{object(t, c.content), object(t, `{kind: Municipality}`)}, "7s")
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: got %d objects: %v", c.reason, len(got), err)
		}
		if diff := cmp.Diff(object(t, c.want).Object, got[0].Object); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.reason, diff)
		}
	}
}

// TestStrategiesOfScenarios compiles what each scenario applies, strictly.
func TestStrategiesOfScenarios(t *testing.T) {
	t.Chdir(root)
	for name, chosen := range scenarios() {
		all, err := loadManifests(chosen)
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range append(all.settings, all.tenants...) {
			if _, found, _ := unstructured.NestedMap(before.Object, "spec", "rollout"); found && before.GetKind() == "Network" {
				t.Errorf("%s: Network %s moves in waves before the story begins", name, before.GetName())
			}
		}
		gated := false
		for i, o := range slices.Concat(all.strict, all.patient) {
			var spec struct {
				Spec struct {
					Rollout v1alpha1.RolloutStrategy `json:"rollout"`
				} `json:"spec"`
			}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &spec); err != nil {
				t.Fatal(err)
			}
			strategy, faults := planner.Compile(&spec.Spec.Rollout)
			if len(faults) > 0 {
				t.Errorf("%s: %s: %v", name, o.GetName(), faults)
			}
			for at, w := range strategy.Waves {
				if short := i < len(all.strict) && at == 0; !short && w.ProgressDeadline < 24*time.Hour {
					t.Errorf("%s: wave %s of %s fails after %s, which a good version on a busy machine may take", name, w.Name, o.GetName(), w.ProgressDeadline)
				}
				gated = gated || (o.GetName() == chosen.network && w.Name == chosen.gate.wave && w.RequireApproval)
				if w.Soak.Seconds() > 5 {
					t.Errorf("%s: wave %s of %s soaks for %s", name, w.Name, o.GetName(), w.Soak)
				}
			}
		}
		if !gated {
			t.Errorf("%s: wave %s of network %s asks for no approval", name, chosen.gate.wave, chosen.network)
		}
	}
}

// TestBrokenVersion builds the bad version: it differs from the one it is like in the
// annotation alone, and the samples' own bundle stays whole.
func TestBrokenVersion(t *testing.T) {
	samples, err := build(root + appsFolder)
	if err != nil {
		t.Fatal(err)
	}
	all, err := withBroken(samples, "svarut", "2.4.1", "2.4.2")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(samples)+1 {
		t.Errorf("%d objects became %d, want one more", len(samples), len(all))
	}
	annotated := map[string]int{}
	for _, o := range all {
		if o.GetName() != "svarut-2.4.1" && o.GetName() != "svarut-2.4.2" {
			continue
		}
		for _, built := range buildConfigMap(t, o) {
			if text, _ := yaml.Marshal(built.Object); strings.Contains(string(text), "allmenning.dev/simulate: never-ready") {
				annotated[o.GetName()+" "+built.GetKind()]++
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"svarut-2.4.2 Deployment": 1}, annotated); diff != "" {
		t.Errorf("what never gets ready (-want +got):\n%s", diff)
	}
	if _, err := withBroken(samples, "svarut", "9.9.9", "9.9.10"); err == nil {
		t.Error("like a version that there is not: got no error")
	}
}

// buildConfigMap builds the bundle that a ConfigMap holds.
func buildConfigMap(t *testing.T, o *unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	data, _, err := unstructured.NestedStringMap(o.Object, "data")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, content := range data {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	built, err := build(folder)
	if err != nil {
		t.Fatal(err)
	}
	return built
}
