package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/bulletin"
)

// TestWorkflows runs the plans of the ready-made workflow files, for a merge request that promotes.
func TestWorkflows(t *testing.T) {
	for name, essentials := range map[string][]string{"github-plan.yaml": {"on", "permissions", "jobs"}, "gitlab-plan.yaml": {"allmenning-plan"}} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", "docs", "gitops", name))
			if err != nil {
				t.Fatal(err)
			}
			var workflow map[string]any
			if err := yaml.UnmarshalStrict(text, &workflow); err != nil {
				t.Fatal(err)
			}
			for _, key := range essentials {
				if key == "on" && workflow["true"] != nil {
					continue // YAML 1.1 reads the word so
				}
				if workflow[key] == nil {
					t.Errorf("it has no %s", key)
				}
			}
			if !strings.Contains(string(text), `startswith("`+bulletin.Marker+`")`) {
				t.Errorf("it does not look for the marker %s", bulletin.Marker)
			}

			root := repository(t)
			if err := os.Rename(filepath.Join(root, "promoted"), filepath.Join(root, "manifests")); err != nil {
				t.Fatal(err)
			}
			writeAll(t, root, map[string]string{"before/manifests/apps.yaml": sharedAppFile})
			t.Chdir(root)
			planned := 0
			for line := range strings.Lines(string(text)) {
				_, command, is := strings.Cut(line, "kubectl-allmenning plan ")
				if !is {
					continue
				}
				planned++
				command, _, _ = strings.Cut(command, " > ")
				args := strings.Fields(strings.Replace(command, "../before", "before", 1))
				out, errs, code := called(t, append([]string{"plan"}, args...)...)
				if code != 2 || out == "" || errs != "" {
					t.Errorf("plan %s: exit code %d, errors %q", command, code, errs)
				}
			}
			if planned != 2 {
				t.Errorf("it plans %d times", planned)
			}
		})
	}
}
