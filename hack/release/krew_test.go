package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// TestKrewManifest has krew's own validator judge the manifest.
func TestKrewManifest(t *testing.T) {
	sum := strings.Repeat("0123456789abcdef", 4)
	var asked []string
	manifest, err := krewManifest(read(t, filepath.Join(root, ".krew.yaml")), "v1.2.3", func(name string) (string, error) {
		asked = append(asked, name)
		return sum, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range platforms() {
		kind := ".tar.gz"
		if strings.HasPrefix(p, "windows/") {
			kind = ".zip"
		}
		want := "kubectl-allmenning-v1.2.3-" + strings.ReplaceAll(p, "/", "-") + kind
		if !strings.Contains(string(manifest), "/releases/download/v1.2.3/"+want+"\n") {
			t.Errorf("the manifest names no %s", want)
		}
	}
	if len(asked) != len(platforms()) {
		t.Errorf("it asked for the sums of %q", asked)
	}
	var parsed map[string]any
	if err := yaml.UnmarshalStrict(manifest, &parsed); err != nil {
		t.Fatal(err)
	}

	file := filepath.Join(t.TempDir(), "allmenning.yaml")
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		t.Fatal(err)
	}
	validate := exec.CommandContext(t.Context(), "go", "tool", "validate-krew-manifest", "-skip-install", "-manifest="+file)
	validate.Dir = filepath.Join(root, "hack", "validators")
	validate.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-trimpath")
	if out, err := validate.CombinedOutput(); err != nil {
		t.Errorf("krew refuses it: %v\n%s", err, out)
	}
}

func TestKrewManifestWithoutAnArchive(t *testing.T) {
	_, err := krewManifest(read(t, filepath.Join(root, ".krew.yaml")), "v1.2.3", func(string) (string, error) { return "", errors.New("no such archive") })
	if err == nil || !strings.Contains(err.Error(), "no such archive") {
		t.Errorf("error %v", err)
	}
}
