package bundle

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/podtemplate"
)

var update = flag.Bool("update", false, "write the golden files")

var vinje = Context{
	Namespace: "vinje-prod", App: "post", Version: "2.4.1",
	Municipality: "vinje", Number: "4036", DisplayName: "Vinje", County: "40", Domain: "vinje.kommune.no",
	Environment: "prod", Stage: "Production", Zone: "Closed",
}

// load reads a bundle out of testdata.
func load(t testing.TB, dir string) Bundle {
	t.Helper()
	b := Bundle{Files: map[string][]byte{}}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		b.Files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Digest = DigestOf(b.Files)
	return b
}

func written(t testing.TB, objects []*unstructured.Unstructured) string {
	t.Helper()
	var out strings.Builder
	for _, object := range objects {
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n" + string(text))
	}
	return out.String()
}

func TestBuildGolden(t *testing.T) {
	b := load(t, "testdata/post")
	if err := Scan(b); err != nil {
		t.Fatal(err)
	}
	withParameters := vinje
	withParameters.Parameters = map[string]any{"sender": "Vinje kommune: post", "mail": map[string]any{"retries": int64(5)}}
	for name, c := range map[string]Context{"defaults": vinje, "parameters": withParameters} {
		t.Run(name, func(t *testing.T) {
			objects, err := NewBuilder(1, 1<<20).Build(b, c)
			if err != nil {
				t.Fatal(err)
			}
			if err := PodSecurity(objects); err != nil {
				t.Error(err)
			}
			golden := filepath.Join("testdata", "golden", "post-"+name+".yaml")
			got := written(t, objects)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("run with -update if this is meant; -want +got:\n%s", diff)
			}
		})
	}
}

func TestBundleBuildsWithPlainKustomize(t *testing.T) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "testdata/post")
	if err != nil {
		t.Fatal(err)
	}
	text, err := resources.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "Eksempel kommune") || strings.Contains(string(text), "allmenning-context") {
		t.Errorf("want the values of the context file, and not the file:\n%s", text)
	}
}

func TestBuildOverwritesOwnershipAndLeavesSelectors(t *testing.T) {
	objects, err := NewBuilder(1, 1<<20).Build(load(t, "testdata/post"), vinje)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		if object.GetNamespace() != "vinje-prod" || object.GetLabels()[v1alpha1.LabelApp] != "post" ||
			object.GetLabels()[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy ||
			object.GetLabels()[v1alpha1.LabelMunicipality] != "vinje" || object.GetLabels()[v1alpha1.LabelEnvironment] != "prod" {
			t.Errorf("%s: namespace %q, labels %v", nameOf(object), object.GetNamespace(), object.GetLabels())
		}
		selector, _, _ := unstructured.NestedStringMap(object.Object, "spec", "selector", "matchLabels")
		if _, found := selector[v1alpha1.LabelApp]; found {
			t.Errorf("%s: the selector was changed: %v", nameOf(object), selector)
		}
		if path := podtemplate.Path(object.GroupVersionKind()); path != nil {
			labels, _, _ := unstructured.NestedStringMap(object.Object, append(path, "metadata", "labels")...)
			if labels[v1alpha1.LabelApp] != "post" || labels[v1alpha1.LabelMunicipality] != "vinje" {
				t.Errorf("%s: labels of its pods: %v", nameOf(object), labels)
			}
		}
	}
}

// flat is a bundle of one resource file.
func flat(kustomization, resource string) Bundle {
	return folderOf(map[string]string{"kustomization.yaml": kustomization, "a.yaml": resource})
}

func TestBuildRefuses(t *testing.T) {
	context := func(kustomization string) Bundle {
		return folderOf(map[string]string{"kustomization.yaml": kustomization, "a.yaml": settings, "allmenning-context.yaml": contextFile})
	}
	var many strings.Builder
	for i := range MaxObjects + 1 {
		fmt.Fprintf(&many, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\n", i)
	}
	for _, tc := range []struct {
		reason     string
		bundle     Bundle
		parameters map[string]any
		want       string
	}{
		{"another namespace in an object", flat("resources: [a.yaml]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}"), nil,
			`ConfigMap/a: namespace "kube-system": a bundle must not set metadata.namespace`},
		{"another namespace for all", flat("namespace: other\nresources: [a.yaml]", settings), nil, `ConfigMap/settings: namespace "other"`},
		{"generateName", flat("resources: [a.yaml]", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: job, generateName: job-}"), nil, "Job/job: metadata.generateName is not allowed"},
		{"no name", flat("resources: [a.yaml]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}"), nil, "missing metadata.name"},
		{"a name that a patch takes away", flat("resources: [a.yaml]\npatches: [{patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"\"}]', target: {kind: ConfigMap}}]", settings), nil, "missing metadata.name"},
		{"an object twice", flat("resources: [a.yaml]", settings+"---\n"+settings), nil, "ConfigMap"},
		{"too many objects", flat("resources: [a.yaml]", many.String()), nil, "builds to 501 objects, at most 500"},
		{"too large a result", flat("resources: [a.yaml]", settings+"data: {a: "+strings.Repeat("x", MaxRenderedBytes)+"}"), nil, "bytes of JSON, at most 1048576"},
		{"nothing", flat("resources: [a.yaml]", "# nothing\n"), nil, ""},
		{"labels that are no texts", flat("resources: [a.yaml]", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {metadata: {labels: [x]}}}"), nil, "Deployment/a: labels must be"},
		{"parameters that meet in one key", context("resources: [allmenning-context.yaml, a.yaml]"),
			map[string]any{"a": map[string]any{"b": "1"}, "a_b": "2"}, "the parameters a.b and a_b would both be parameter_a_b"},
		{"a patch that makes the context part of the result", context("resources: [allmenning-context.yaml, a.yaml]\npatches: [{patch: '[{\"op\": \"remove\", \"path\": \"/metadata/annotations\"}]', target: {kind: ConfigMap, name: ctx}}]"),
			nil, "allmenning-context.yaml: it is part of the result"},
		{"an invalid reference", flat("resources: [b.yaml]", settings), nil, "b.yaml"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			c := vinje
			c.Parameters = tc.parameters
			_, err := NewBuilder(1, 1<<20).Build(tc.bundle, c)
			wantError(t, err, tc.want)
		})
	}
}

func TestBuildTurnsAPanicIntoAnError(t *testing.T) {
	builder := NewBuilder(1, 1<<20)
	// kustomize looks into a target without asking whether there is one.
	_, err := builder.Build(flat("resources: [a.yaml]\nreplacements: [{sourceValue: x, targets: [null]}]", settings), vinje)
	wantError(t, err, "kustomize panicked")
	if _, err := builder.Build(flat("resources: [a.yaml]", settings), vinje); err != nil {
		t.Errorf("the builder doesn't work after a panic: %v", err)
	}
}

func TestBuildHidesParametersInErrors(t *testing.T) {
	b := folderOf(map[string]string{"allmenning-context.yaml": contextFile, "a.yaml": settings,
		"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_token, options: {delimiter: '/', index: 7}}, targets: [{select: {name: settings}, fieldPaths: [data.x]}]}]"})
	c := vinje
	c.Parameters = map[string]any{"token": "hush-hush"}
	_, err := NewBuilder(1, 1<<20).Build(b, c)
	wantError(t, err, "out of bounds for value (hidden)")
}

func TestContextFlattensParameters(t *testing.T) {
	c := Context{Parameters: map[string]any{
		"text": "a: b\n", "number": int64(3), "float": 2.5, "flag": true, "none": nil,
		"mail": map[string]any{"from": "x", "to": map[string]any{"cc": "y"}}, "list": []any{"a", int64(1)}}}
	got, err := c.data()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"namespace": "", "app": "", "version": "", "municipality": "", "number": "", "displayName": "", "county": "", "domain": "",
		"environment": "", "stage": "", "zone": "",
		"parameter_text": "a: b\n", "parameter_number": "3", "parameter_float": "2.5", "parameter_flag": "true",
		"parameter_mail": `{"from":"x","to":{"cc":"y"}}`, "parameter_mail_from": "x", "parameter_mail_to": `{"cc":"y"}`, "parameter_mail_to_cc": "y",
		"parameter_list": `["a",1]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBuildWithoutAnOptionalFact(t *testing.T) {
	b := folderOf(map[string]string{"allmenning-context.yaml": contextFile, "a.yaml": settings + "data: {county: example}\n",
		"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.county}, targets: [{select: {name: settings}, fieldPaths: [data.county]}]}]"})
	c := vinje
	c.County = ""
	objects, err := NewBuilder(1, 1<<20).Build(b, c)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := unstructured.NestedString(objects[0].Object, "data", "county"); got != "" {
		t.Errorf("the county is %q, want none", got)
	}
}

func TestBuilderRemembersAndGivesCopies(t *testing.T) {
	builder := NewBuilder(2, 1<<20)
	b := flat("resources: [a.yaml]", settings)
	first, err := builder.Build(b, vinje)
	if err != nil {
		t.Fatal(err)
	}
	first[0].SetName("spoilt")
	b.Files = nil // a second build would fail
	second, err := builder.Build(b, vinje)
	if err != nil {
		t.Fatalf("it was not remembered: %v", err)
	}
	if second[0].GetName() != "settings" {
		t.Errorf("what is remembered can be spoilt by the first caller: %s", second[0].GetName())
	}
	second[0].SetName("spoilt")
	if third, err := builder.Build(b, vinje); err != nil || third[0].GetName() != "settings" {
		t.Errorf("what is remembered can be spoilt by a later caller: %v, %v", third, err)
	}
	other := vinje
	other.Parameters = map[string]any{"a": "b"}
	if _, err := builder.Build(b, other); err == nil {
		t.Error("another context got the same result")
	}
}

func TestCacheForgetsTheOldest(t *testing.T) {
	key := func(digest string) cacheKey { return cacheKey{digest: digest} }
	held := func(c *cache) string {
		found := ""
		for _, digest := range []string{"a", "b", "c"} {
			if _, ok := c.entries[key(digest)]; ok {
				found += digest
			}
		}
		return found
	}
	for _, tc := range []struct {
		reason               string
		maxEntries, maxBytes int
		want                 string
	}{
		{"room for all", 3, 30, "abc"},
		{"too many entries", 2, 30, "ac"},
		{"too many bytes", 3, 25, "ac"},
		{"no room at all", 0, 0, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			c := newCache(tc.maxEntries, tc.maxBytes)
			c.put(key("a"), nil, 10)
			c.put(key("b"), nil, 10)
			c.get(key("a"))
			c.put(key("c"), nil, 10)
			if got := held(c); got != tc.want {
				t.Errorf("holds %q, want %q", got, tc.want)
			}
		})
	}
}

func TestBuilderServesManyAtOnce(t *testing.T) {
	builder := NewBuilder(4, 1<<20)
	b := load(t, "testdata/post")
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			c := vinje
			c.DisplayName = fmt.Sprint("place ", i%32)
			objects, err := builder.Build(b, c)
			if err != nil {
				t.Error(err)
			} else if !strings.Contains(written(t, objects), c.DisplayName) {
				t.Errorf("the result for %s is somebody else's", c.DisplayName)
			}
		})
	}
	wait.Wait()
}

func TestBuilderBuildsOneAtATime(t *testing.T) {
	builder := NewBuilder(4, 1<<20)
	b := load(t, "testdata/post")
	if _, err := builder.Build(b, vinje); err != nil {
		t.Fatal(err)
	}
	builder.kustomize.Lock() // somebody builds
	tokke := vinje
	tokke.DisplayName = "Tokke"
	done := make(chan error)
	go func() {
		_, err := builder.Build(b, tokke)
		done <- err
	}()
	if _, err := builder.Build(b, vinje); err != nil {
		t.Errorf("what is remembered has to be there while somebody builds: %v", err)
	}
	for range 20 { // long enough for a build that doesn't wait to end
		if _, err := NewBuilder(0, 0).Build(b, vinje); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case err := <-done:
		t.Fatalf("it was built while somebody else built: %v", err)
	default:
	}
	builder.kustomize.Unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func BenchmarkBuild(b *testing.B) {
	builder, bundle, c := NewBuilder(0, 0), load(b, "testdata/post"), vinje
	for b.Loop() {
		if _, err := builder.Build(bundle, c); err != nil {
			b.Fatal(err)
		}
	}
}
