package world_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

func folder(t *testing.T, texts map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func load(path string) (*world.World, error) {
	files, err := world.ReadFiles(path)
	if err != nil {
		return nil, err
	}
	return world.FromFiles(path, files)
}

const (
	head  = "apiVersion: allmenning.dev/v1alpha1\n"
	vinje = head + "kind: Municipality\nmetadata: {name: vinje}\nspec: {number: \"4036\", displayName: Vinje, environments: [{name: prod, stage: Production, zone: Closed}]}\n"
)

func TestFolder(t *testing.T) {
	root := folder(t, map[string]string{
		"towns/vinje.yaml":     vinje,
		"apps/svarut.yml":      head + "kind: SharedApp\nmetadata: {name: svarut}\nspec: {displayName: S, versions: [{version: 1.0.0, source: {configMap: {name: a}}}, {version: 1.1.0, source: {oci: {repository: r/a, digest: \"sha256:d\"}}}]}\n",
		"all.json":             `{"apiVersion": "allmenning.dev/v1alpha1", "kind": "NetworkList", "items": [{"apiVersion": "allmenning.dev/v1alpha1", "kind": "Network", "metadata": {"name": "digi"}, "spec": {"displayName": "D", "members": {"names": ["vinje"]}, "apps": [{"name": "svarut"}], "rollout": {"waves": [{"name": "all"}], "windows": [{"schedule": "0 8 * * *", "duration": "6h"}], "approvals": [{"app": "svarut", "digest": "d", "wave": "all"}]}}}]}`,
		"kustomization.yaml":   "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [all.json]\n",
		"other.yaml":           "apiVersion: v1\nkind: Municipality\nmetadata: {name: vinje}\n",
		"README.md":            "{{ no YAML }}",
		".git/broken.yaml":     "{{",
		"towns/.hidden.yaml":   "{{",
		"platform/second.yaml": head + "kind: Platform\nmetadata: {name: other}\nspec: {freeze: true}\n---\n# nothing\n",
	})
	w, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Municipalities) != 1 || len(w.Networks) != 1 || len(w.Apps) != 1 || w.Platform != nil || !w.Offline {
		t.Fatalf("%+v", w)
	}
	proposal := v1alpha1.Proposal{Name: "svarut", Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}}
	if diff := cmp.Diff([]v1alpha1.Proposal{proposal}, w.Networks[0].Spec.Apps); diff != "" {
		t.Errorf("a proposal gets its defaults (-want +got):\n%s", diff)
	}
	strategy := w.Networks[0].Spec.Rollout
	if wave := strategy.Waves[0]; wave.Soak.Duration != time.Hour || wave.MaxConcurrent.StrVal != "25%" || wave.MaxFailures.IntVal != 0 || wave.ProgressDeadline.Minutes() != 30 {
		t.Errorf("a wave gets its defaults: %+v", wave)
	}
	if strategy.Windows[0].TimeZone != "Europe/Oslo" || strategy.Approvals[0].Attempt != 1 {
		t.Errorf("windows and approvals get theirs: %+v", strategy)
	}
	versions := w.Apps[0].Status.Versions
	if len(versions) != 2 || !versions[0].Available || len(versions[0].Digest) != 71 || versions[1].Digest != "sha256:d" {
		t.Errorf("versions are available, with the digest of the source where it names one: %+v", versions)
	}
	if len(w.Notes) != 1 || !strings.Contains(w.Notes[0], "taken to be available (2 of them)") {
		t.Errorf("what is assumed is said: %v", w.Notes)
	}
}

func TestFolderRefuses(t *testing.T) {
	for _, tc := range []struct {
		reason string
		texts  map[string]string
		says   []string
	}{
		{"a field that there is not", map[string]string{"a.yaml": "a: 1\n---\n" + head + "kind: Network\nmetadata: {name: digi}\nspec: {apps: [{name: svarut, chanel: stable}]}\n"},
			[]string{"a.yaml:3: Network digi", `unknown field "spec.apps[0].chanel"`}},
		{"a value of the wrong type", map[string]string{"a.yaml": strings.Replace(vinje, `"4036"`, "4036", 1)}, []string{"a.yaml:1: Municipality vinje", "spec.number"}},
		{"a key twice", map[string]string{"a.yaml": strings.Replace(vinje, "number:", "displayName: V, number:", 1)}, []string{"a.yaml:1: Municipality vinje", "displayName"}},
		{"an object twice", map[string]string{"a.yaml": vinje, "b.yaml": "\n" + vinje}, []string{"b.yaml:2: Municipality vinje", "a.yaml:1"}},
		{"a kind that there is not", map[string]string{"a.yaml": head + "kind: Munisipality\nmetadata: {name: x}\n"}, []string{"no kind Munisipality"}},
		{"no name", map[string]string{"a.yaml": head + "kind: Network\nspec: {}\n"}, []string{"metadata.name is missing"}},
		{"no YAML", map[string]string{"a.yaml": "a: b: c\n"}, []string{"a.yaml", "mapping values"}},
		{"nothing", map[string]string{"a.txt": ""}, []string{"holds no .yaml"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			_, err := load(folder(t, tc.texts))
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, part := range tc.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not hold %q", err, part)
				}
			}
		})
	}
}
