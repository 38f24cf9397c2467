package world_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	files, err := world.ReadFolder(path, nil)
	if err != nil {
		return nil, err
	}
	return world.FromFolder(files)
}

const (
	digest = "sha256:2424242424242424242424242424242424242424242424242424242424242424"
	head   = "apiVersion: allmenning.dev/v1alpha1\n"
	vinje  = head + "kind: Municipality\nmetadata: {name: vinje}\nspec: {number: \"4036\", displayName: Vinje, environments: [{name: prod, stage: Production, zone: Closed}]}\n"
)

func TestFolder(t *testing.T) {
	root := folder(t, map[string]string{
		"towns/vinje.yaml":   vinje,
		"apps/svarut.yml":    head + "kind: SharedApp\nmetadata: {name: svarut}\nspec: {displayName: S, versions: [{version: 1.0.0, source: {configMap: {name: a}}}, {version: 1.1.0, source: {oci: {repository: r/a, digest: \"" + digest + "\"}}}]}\n",
		"all.json":           `{"apiVersion": "allmenning.dev/v1alpha1", "kind": "NetworkList", "items": [{"apiVersion": "allmenning.dev/v1alpha1", "kind": "Network", "metadata": {"name": "digi"}, "spec": {"displayName": "D", "members": {"names": ["vinje"]}, "apps": [{"name": "svarut"}]}}]}`,
		"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [all.json, towns/vinje.yaml, apps/svarut.yml, other.yaml]\n",
		"unused.yaml":        strings.ReplaceAll(vinje, "vinje", "tokke"),
		"other.yaml":         "apiVersion: v1\nkind: Municipality\nmetadata: {name: vinje}\n",
		"README.md":          "{{ no YAML }}",
		".git/broken.yaml":   "{{",
		"towns/.hidden.yaml": "{{",
		"empty.yaml":         "---\n# nothing\n",
	})
	w, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Municipalities) != 1 || len(w.Networks) != 1 || len(w.Apps) != 1 || !w.Offline {
		t.Fatalf("%+v", w)
	}
	proposal := v1alpha1.Proposal{Name: "svarut", Channel: "stable", Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction}}
	if diff := cmp.Diff([]v1alpha1.Proposal{proposal}, w.Networks[0].Spec.Apps); diff != "" {
		t.Errorf("a proposal gets its defaults (-want +got):\n%s", diff)
	}
	versions := w.Apps[0].Status.Versions
	if len(versions) != 2 || !versions[0].Available || len(versions[0].Digest) != 71 || versions[1].Digest != digest {
		t.Errorf("versions are available, with the digest of the source where it names one: %+v", versions)
	}
	if len(w.Notes) != 2 || !strings.Contains(w.Notes[0], "not read: "+filepath.Join(root, "unused.yaml")+".") || !strings.Contains(w.Notes[1], "taken to be available (2 of them)") {
		t.Errorf("what is left out, and what is assumed, is said: %v", w.Notes)
	}
}

// network with a strategy that begins on line 8.
func network(strategy string) string {
	return head + "kind: Network\nmetadata: {name: digi}\nspec:\n  displayName: D\n  members: {names: [vinje]}\n  rollout:\n  " + strategy + "\n"
}

// TestNames reads what it can of files with faults.
func TestNames(t *testing.T) {
	root := folder(t, map[string]string{"a.yaml": strings.Replace(vinje, `"4036"`, `"1"`, 1), "b.yaml": vinje, "c.yaml": head + "kind: Network\nspec: {}\n"})
	files, err := world.ReadFolder(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w := world.Names(files); len(w.Municipalities) != 1 || w.Municipalities[0].Name != "vinje" {
		t.Errorf("%+v", w)
	}
}

func TestFolderRefuses(t *testing.T) {
	for _, tc := range []struct {
		reason string
		texts  map[string]string
		says   []string
	}{
		{"a field that there is not", map[string]string{"a.yaml": "a: 1\n---\n" + head + "kind: Network\nmetadata: {name: digi}\nspec: {apps: [{name: svarut, chanel: stable}]}\n"},
			[]string{"a.yaml:6: Network digi", `unknown field "spec.apps[0].chanel"`}},
		{"a value of the wrong type", map[string]string{"a.yaml": strings.Replace(vinje, `"4036"`, "4036", 1)}, []string{"a.yaml:4: Municipality vinje: spec.number: ", "must be of type string"}},
		{"a bound of a field", map[string]string{"a.yaml": network("  waves: [{name: all, maxFailures: -3}]")}, []string{"a.yaml:8: Network digi: spec.rollout.waves[0].maxFailures: Invalid value", "maxFailures must be a number from 0"}},
		{"a pattern", map[string]string{"a.yaml": network("  waves:\n    - name: all\n      soak: -1h")}, []string{"a.yaml:10: Network digi: spec.rollout.waves[0].soak: ", "soak must be from 0s"}},
		{"a share of more than all", map[string]string{"a.yaml": network("  waves: [{name: all, maxConcurrent: 101%}]")}, []string{"a.yaml:8: Network digi: spec.rollout.waves[0].maxConcurrent"}},
		{"a rule of the definition", map[string]string{"a.yaml": head + "kind: Platform\nmetadata: {name: other}\nspec: {freeze: true}\n"}, []string{"a.yaml:3: Platform other: metadata: Invalid value: there is one Platform: name it default"}},
		{"a name that no object may have", map[string]string{"a.yaml": strings.Replace(vinje, "name: vinje", "name: Vinje", 1)}, []string{"a.yaml:3: Municipality Vinje: metadata.name: ", "lowercase"}},
		{"a list that must not be empty", map[string]string{"a.yaml": strings.Replace(vinje, "{name: prod, stage: Production, zone: Closed}", "", 1)}, []string{"a.yaml:4: Municipality vinje: spec.environments: "}},
		{"all faults of all files", map[string]string{"a.yaml": strings.Replace(vinje, `"4036"`, `"403"`, 1), "b.yaml": head + "kind: Network\nmetadata: {name: digi}\nspec: {displayName: D, members: {names: [vinje]}, apps: [{name: svarut, obligation: Must, chanel: stable}]}\n"},
			[]string{"a.yaml:4: Municipality vinje: spec.number", "\n", "b.yaml:4: Network digi: spec.apps[0].obligation", `b.yaml:4: Network digi: unknown field "spec.apps[0].chanel"`}},
		{"a key twice, which hides no other fault", map[string]string{"a.yaml": strings.Replace(vinje, `number: "4036"`, `displayName: V, number: "1"`, 1)},
			[]string{`a.yaml:4: Municipality vinje: duplicate field "spec.displayName"`, "a.yaml:4: Municipality vinje: spec.number: "}},
		{"a wrong type hides neither a field that there is not nor a rule of another part", map[string]string{"a.yaml": network("  waves:\n    - name: all\n      soak: 3\n    - name: next\n      maxFailures: 101%\n      sok: 1h")},
			[]string{"a.yaml:10: Network digi: spec.rollout.waves[0].soak: ", `a.yaml:13: Network digi: unknown field "spec.rollout.waves[1].sok"`, "a.yaml:12: Network digi: spec.rollout.waves[1].maxFailures: "}},
		{"labels that can't be read hide nothing", map[string]string{"a.yaml": strings.Replace(strings.Replace(vinje, "name: vinje", "name: Vinje, labels: {a: 1}, label: {}", 1), `"4036"`, `"1"`, 1)},
			[]string{"a.yaml:3: Municipality Vinje: metadata.labels: ", "a.yaml:3: Municipality Vinje: metadata.name: ", `unknown field "metadata.label"`, "spec.number: "}},
		{"an unknown version of the API, in each object", map[string]string{"a.yaml": strings.Replace(vinje, "v1alpha1", "v1beta1", 1) + "---\n" + strings.Replace(vinje, "v1alpha1", "v2", 1)},
			[]string{`a.yaml:1: Municipality vinje: apiVersion "allmenning.dev/v1beta1" is unknown: write allmenning.dev/v1alpha1`, `a.yaml:6: Municipality vinje: apiVersion "allmenning.dev/v2"`}},
		{"a group with a slip of the hand", map[string]string{"a.yaml": strings.Replace(vinje, "allmenning", "almenning", 1)}, []string{`a.yaml:1: Municipality vinje: apiVersion "almenning.dev/v1alpha1" is unknown: did you mean allmenning.dev/v1alpha1?`}},
		{"no apiVersion", map[string]string{"a.yaml": strings.Replace(vinje, "apiVersion", "apiversion", 1)}, []string{"a.yaml:1: Municipality vinje: apiVersion is missing: write allmenning.dev/v1alpha1"}},
		{"no kind", map[string]string{"a.yaml": strings.Replace(vinje, "kind: Municipality\n", "", 1)}, []string{"kind is missing: write one of Platform, "}},
		{"an object twice", map[string]string{"a.yaml": vinje, "b.yaml": "\n" + vinje}, []string{"b.yaml:2: Municipality vinje", "a.yaml:1"}},
		{"a kind that there is not", map[string]string{"a.yaml": head + "kind: Munisipality\nmetadata: {name: x}\n"}, []string{"no kind Munisipality"}},
		{"no name", map[string]string{"a.yaml": head + "kind: Network\nspec: {}\n"}, []string{"metadata.name: Required value", "spec.displayName: Required value"}},
		{"a document that is not YAML, which hides neither another of the file nor another file", map[string]string{
			"a.yaml": "a: 1\n---\nb: c: d\n---\n" + strings.Replace(vinje, `"4036"`, `"1"`, 1) + "---\n[\n", "b.yaml": "\n- {\n",
		}, []string{"a.yaml:3: not YAML: mapping values", "a.yaml:8: Municipality vinje: spec.number: ", "a.yaml:10: not YAML: ", "b.yaml:2: not YAML: "}},
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
