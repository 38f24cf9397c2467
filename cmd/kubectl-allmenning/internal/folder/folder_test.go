package folder_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/folder"
)

const (
	// network has five lines.
	network = "apiVersion: allmenning.dev/v1alpha1\nkind: Network\nmetadata: {name: digi}\nspec:\n  displayName: Digi\n"
	patch   = "apiVersion: allmenning.dev/v1alpha1\nkind: Network\nmetadata: {name: digi}\nspec: {displayName: Patched}\n"
	town    = "apiVersion: allmenning.dev/v1alpha1\nkind: Municipality\nmetadata: {name: vinje}\n"
	service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
)

// read writes files and reads their folder, or a folder in it; names are without the root.
func read(t *testing.T, within string, texts, edits map[string]string) (f *folder.Folder, short func(string) string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	options := folder.Options{
		Texts:    map[string][]byte{},
		Concerns: func(apiVersion string) bool { return strings.HasPrefix(apiVersion, "allmenning.dev/") },
	}
	for name, text := range edits {
		options.Texts[filepath.Join(root, name)] = []byte(text)
	}
	f, err := folder.Read(filepath.Join(root, within), options)
	if err != nil {
		t.Fatal(err)
	}
	return f, func(s string) string { return strings.ReplaceAll(s, root+string(filepath.Separator), "") }
}

func TestRead(t *testing.T) {
	for _, tc := range []struct {
		reason string
		within string
		texts  map[string]string
		// want are objects with the place of their display name.
		want, unused []string
	}{
		{
			reason: "without a kustomization each object of each file counts",
			texts:  map[string]string{"a.yaml": network + "---\n" + town, "b/c.json": `{"kind": "X"}`, "b/.d.yaml": "{", ".git/e.yaml": "{", "README.md": "{"},
			want:   []string{"Network digi a.yaml:5", "Municipality vinje a.yaml:7", "X  b/c.json:1"},
		},
		{
			reason: "what a kustomization does not use is not read, and reported where it is ours",
			texts:  map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": network, "b.yaml": town, "c/d.yaml": town, "e.yaml": service},
			want:   []string{"Network digi a.yaml:5"}, unused: []string{"b.yaml", "c/d.yaml"},
		},
		{
			reason: "a patch is no object, and its fields are its own",
			texts:  map[string]string{"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n", "a.yaml": network, "p.yaml": patch},
			want:   []string{"Network digi p.yaml:4"},
		},
		{
			reason: "nor is a patch of the old way, or a component",
			texts: map[string]string{
				"kustomization.yml": "resources: [a.yaml]\ncomponents: [c]\n", "a.yaml": network, "p.yaml": patch,
				"c/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatchesStrategicMerge: [p.yaml]\n", "c/p.yaml": patch,
			},
			want: []string{"Network digi c/p.yaml:4"}, unused: []string{"p.yaml"},
		},
		{
			reason: "what the kustomization file says itself is at the file",
			texts:  map[string]string{"kustomization.yaml": "resources: [a.yaml]\npatches: [{patch: '" + `[{"op": "replace", "path": "/spec/displayName", "value": "Inline"}]` + "', target: {kind: Network}}]\n", "a.yaml": network},
			want:   []string{"Network digi kustomization.yaml"},
		},
		{
			reason: "an overlay builds its base, wherever that is",
			within: "overlays/prod",
			texts:  map[string]string{"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": network, "overlays/prod/kustomization.yaml": "resources: [../../base]\n"},
			want:   []string{"Network digi base/a.yaml:5"},
		},
		{
			reason: "of a base and its overlay in one folder, the overlay counts alone, and what the base does not use is reported",
			unused: []string{"base/b.yaml"},
			texts:  map[string]string{"base/kustomization.yaml": "resources: [a.yaml]\n", "base/a.yaml": network, "base/b.yaml": town, "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: p-\n"},
			want:   []string{"Network p-digi prod/kustomization.yaml"},
		},
		{
			reason: "the file of a kustomization means its folder",
			within: "kustomization.yaml",
			texts:  map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": network},
			want:   []string{"Network digi a.yaml:5"},
		},
		{
			reason: "a Kustomization of Flux is an object like others",
			texts:  map[string]string{"kustomization.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: all}\n", "a.yaml": network},
			want:   []string{"Network digi a.yaml:5", "Kustomization all kustomization.yaml:1"},
		},
		{
			reason: "a kustomization with nothing of ours is passed over, broken or not",
			texts:  map[string]string{"a.yaml": network, "bundle/kustomization.yaml": "resources: [none.yaml, s.yaml]\n", "bundle/s.yaml": service},
			want:   []string{"Network digi a.yaml:5"},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, short := read(t, tc.within, tc.texts, nil)
			if len(f.Faults) > 0 {
				t.Fatal(f.Faults)
			}
			var got, unused []string
			for _, d := range f.Documents {
				got = append(got, d.Kind+" "+d.Name+" "+short(d.Place("spec.displayName").String()))
			}
			for _, name := range f.Unused {
				unused = append(unused, short(name))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.unused, unused); diff != "" {
				t.Errorf("unused (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		reason string
		texts  map[string]string
		want   []string
	}{
		{
			"all that is missing, by line; nothing is fetched",
			map[string]string{"kustomization.yaml": "resources:\n- a.yaml\n- b.yaml\n- https://example.org/c.yaml\npatches:\n- path: d.yaml\n", "a.yaml": network},
			[]string{
				`kustomization.yaml:6: patches[0].path: there is no file or folder "d.yaml"`,
				`kustomization.yaml:3: resources[1]: there is no file or folder "b.yaml"`,
				`kustomization.yaml:4: resources[2]: there is no file or folder "https://example.org/c.yaml": correct the path, or take it out; nothing is fetched`,
			},
		},
		{
			"a folder that is none of kustomize's",
			map[string]string{"kustomization.yaml": "resources:\n- towns\n", "towns/a.yaml": town},
			[]string{"kustomization.yaml:2: resources[0]: folder towns has no kustomization file"},
		},
		{
			"a field that kustomize does not know",
			map[string]string{"kustomization.yaml": "resource: [a.yaml]\n", "a.yaml": network},
			[]string{`kustomization.yaml: invalid Kustomization: json: unknown field "resource"`},
		},
		{
			"a file that is not YAML is reported once, in each kustomization and each file",
			map[string]string{"x/kustomization.yaml": "resources: [a.yaml]\n", "x/a.yaml": network + "---\na: b: c\n", "y/kustomization.yaml": "resources: [\n", "y/b.yaml": town},
			[]string{"x/a.yaml:7: not YAML: mapping values", "y/kustomization.yaml:1: not YAML: "},
		},
		{
			"a circle",
			map[string]string{"kustomization.yaml": "resources: [a.yaml, b]\n", "a.yaml": network, "b/kustomization.yaml": "resources: [..]\n"},
			[]string{"kustomization.yaml: it leads back to itself by "},
		},
		{
			"what kustomize itself refuses",
			map[string]string{"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n", "a.yaml": town, "p.yaml": patch},
			[]string{"kustomization.yaml: kustomize: no resource matches strategic merge patch"},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			f, short := read(t, "", tc.texts, nil)
			var got []string
			for _, fault := range f.Faults {
				got = append(got, short(fault.Error()))
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %q", got, tc.want)
			}
			for i := range got {
				if !strings.Contains(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q", got[i], tc.want[i])
				}
			}
		})
	}
}

// TestFaultsHideNoObject is about a kustomization that can't be built.
func TestFaultsHideNoObject(t *testing.T) {
	f, short := read(t, "", map[string]string{
		"kustomization.yaml": "resources: [a.yaml, b.yaml]\npatches: [{path: p.yaml}]\n", "p.yaml": patch,
		"a.yaml": network + "---\n" + town + "---\na: b: c\n", "b.yaml": service,
	}, nil)
	if len(f.Faults) != 1 {
		t.Errorf("faults %v", f.Faults)
	}
	var got []string
	for _, d := range f.Documents {
		got = append(got, d.Kind+" "+short(d.Place("").String()))
	}
	if diff := cmp.Diff([]string{"Municipality a.yaml:7", "Service b.yaml:1"}, got); diff != "" {
		t.Errorf("those that no patch completes (-want +got):\n%s", diff)
	}
}

// TestTexts builds a kustomization with texts that are not on the disk yet.
func TestTexts(t *testing.T) {
	f, short := read(t, "", map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": network},
		map[string]string{"kustomization.yaml": "resources: [a.yaml, new.yaml]\n", "new.yaml": town, "a.yaml": strings.Replace(network, "Digi", "Edited", 1)})
	if len(f.Faults) > 0 {
		t.Fatal(f.Faults)
	}
	var got []string
	for _, d := range f.Documents {
		name, _ := d.Value("spec.displayName")
		text, _ := name.(string)
		got = append(got, d.Kind+" "+text+" "+short(d.Place("").String()))
	}
	if diff := cmp.Diff([]string{"Network Edited a.yaml:1", "Municipality  new.yaml:1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
