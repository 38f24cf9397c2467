package bundle

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/podtemplate"
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
	if found := Scan(b); len(found) > 0 {
		t.Fatal(contract.Text(found))
	}
	withParameters := vinje
	withParameters.Parameters = map[string]any{"sender": "Vinje kommune: post", "mail": map[string]any{"retries": int64(5)}}
	for name, c := range map[string]Context{"defaults": vinje, "parameters": withParameters} {
		t.Run(name, func(t *testing.T) {
			built, err := Build(b, c)
			if err != nil {
				t.Fatal(err)
			}
			objects := built.Objects
			if len(built.Adjusted) > 0 {
				t.Errorf("it was made to fit: %v", built.Adjusted)
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

func TestBuildOverwritesOwnershipAndNarrowsWorkloads(t *testing.T) {
	built, err := Build(load(t, "testdata/post"), vinje)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range built.Objects {
		if object.GetNamespace() != "vinje-prod" || object.GetLabels()[v1alpha1.LabelApp] != "post" ||
			object.GetLabels()[v1alpha1.LabelManagedBy] != v1alpha1.ManagedBy ||
			object.GetLabels()[v1alpha1.LabelMunicipality] != "vinje" || object.GetLabels()[v1alpha1.LabelEnvironment] != "prod" {
			t.Errorf("%s: namespace %q, labels %v", contract.Name(object), object.GetNamespace(), object.GetLabels())
		}
		if path := podtemplate.Path(object.GroupVersionKind()); path != nil {
			selector, _, _ := unstructured.NestedStringMap(object.Object, "spec", "selector", "matchLabels")
			if object.GetKind() == "Deployment" && selector[v1alpha1.LabelApp] != "post" {
				t.Errorf("%s: the selector is not narrowed: %v", contract.Name(object), selector)
			}
			labels, _, _ := unstructured.NestedStringMap(object.Object, append(path, "metadata", "labels")...)
			if labels[v1alpha1.LabelApp] != "post" || labels[v1alpha1.LabelMunicipality] != "vinje" {
				t.Errorf("%s: labels of its pods: %v", contract.Name(object), labels)
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
		{"several namespaces", flat("resources: [a.yaml]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: kube-system}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: other}\ndata: {a: web.kube-system}"), nil,
			`ConfigMap/a: metadata.namespace: "kube-system": the objects of the bundle name several namespaces`},
		{"generateName", flat("resources: [a.yaml]", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: job, generateName: job-}"), nil, "Job/job: metadata.generateName: each apply would make another object"},
		{"no name", flat("resources: [a.yaml]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}"), nil, "missing metadata.name"},
		{"a name that a patch takes away", flat("resources: [a.yaml]\npatches: [{patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"\"}]', target: {kind: ConfigMap}}]", settings), nil, "missing metadata.name"},
		{"an object twice", flat("resources: [a.yaml]", settings+"---\n"+settings), nil, "ConfigMap"},
		{"too many objects", flat("resources: [a.yaml]", many.String()), nil, "builds to 501 objects, at most 500"},
		{"too large a result", flat("resources: [a.yaml]", settings+"data: {a: "+strings.Repeat("x", MaxRenderedBytes)+"}"), nil, "more than 1048576 bytes of JSON"},
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
			_, err := Build(tc.bundle, c)
			wantError(t, err, tc.want)
		})
	}
}

func TestBuildTurnsAPanicIntoAnError(t *testing.T) {
	// kustomize looks into a target without asking whether there is one.
	_, err := Build(flat("resources: [a.yaml]\nreplacements: [{sourceValue: x, targets: [null]}]", settings), vinje)
	wantError(t, err, "kustomize panicked")
	if _, err := Build(flat("resources: [a.yaml]", settings), vinje); err != nil {
		t.Errorf("building doesn't work after a panic: %v", err)
	}
}

func TestBuildHidesParametersInErrors(t *testing.T) {
	b := folderOf(map[string]string{"allmenning-context.yaml": contextFile, "a.yaml": settings,
		"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_token, options: {delimiter: '/', index: 7}}, targets: [{select: {name: settings}, fieldPaths: [data.x]}]}]"})
	c := vinje
	c.Parameters = map[string]any{"token": "hush-hush"}
	_, err := Build(b, c)
	wantError(t, err, "out of bounds for value (hidden)")
}

func TestContextFlattensParameters(t *testing.T) {
	c := Context{Parameters: map[string]any{
		"text": "a: b\n", "number": int64(3), "float": 2.5, "flag": true, "none": nil,
		"mail": map[string]any{"from": "x", "to": map[string]any{"cc": "y"}}, "list": []any{"a", int64(1)}}}
	got, _, err := c.data()
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
	built, err := Build(b, c)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, _ := unstructured.NestedString(built.Objects[0].Object, "data", "county"); got != "" {
		t.Errorf("the county is %q, want none", got)
	}
}

// built is what a bundle comes to for vinje.
func built(t *testing.T, b Bundle, c Context) Built {
	t.Helper()
	out, err := Build(b, c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTextsStayTexts(t *testing.T) {
	kustomization := `resources: [allmenning-context.yaml, a.yaml]
replacements:
- source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_v}
  targets:
  - {select: {name: settings}, fieldPaths: [data.created], options: {create: true}}
  - {select: {name: settings}, fieldPaths: [data.there]}
`
	for _, value := range []string{"0301", "2026-01-01", "null", "~", "1.10", "true", "no", "1e3", "0x1f", "", "a: b", "- x", "# no comment", "æøå", "two\nlines"} {
		t.Run(value, func(t *testing.T) {
			b := folderOf(map[string]string{"kustomization.yaml": kustomization, "allmenning-context.yaml": strings.Replace(contextFile, "a: b", "parameter_v: x", 1),
				"a.yaml": settings + "data: {there: x}\n"})
			c := vinje
			c.Parameters = map[string]any{"v": value}
			data, _, err := unstructured.NestedMap(built(t, b, c).Objects[0].Object, "data")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"there": value, "created": value}, data); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("a number stays a number", func(t *testing.T) {
		b := folderOf(map[string]string{
			"kustomization.yaml":      "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_replicas}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas], options: {create: true}}]}]",
			"allmenning-context.yaml": strings.Replace(contextFile, "a: b", `parameter_replicas: "1"`, 1), "a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {}}\n"})
		c := vinje
		c.Parameters = map[string]any{"replicas": int64(3)}
		if got, _, err := unstructured.NestedInt64(built(t, b, c).Objects[0].Object, "spec", "replicas"); err != nil || got != 3 {
			t.Errorf("replicas %d, %v, want 3", got, err)
		}
	})
}

func TestANamespaceThatIsNamedIsWarnedOf(t *testing.T) {
	b := flat("resources: [a.yaml]", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {url: 'http://db.shop.svc'}\n")
	if text := contract.Text(built(t, b, vinje).Warnings); !strings.Contains(text, "ConfigMap/settings: data.url: it names the namespace shop") {
		t.Errorf("it warns of %q", text)
	}
}

func TestAReplacementReadsWhatNoneWrites(t *testing.T) {
	b := folderOf(map[string]string{
		"kustomization.yaml": `resources: [a.yaml]
replacements:
- source: {kind: Deployment, name: gateway, fieldPath: "metadata.annotations.[example.org/image]"}
  targets: [{select: {kind: Deployment, name: gateway}, fieldPaths: ["spec.template.spec.containers.[name=gateway].image"]}]
`,
		"a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: gateway, annotations: {example.org/image: registry.example.org/gateway:3}}\n" +
			"spec: {template: {spec: {containers: [{name: gateway, image: x}]}}}\n"})
	if found := Scan(b); len(found) > 0 {
		t.Fatal(contract.Text(found))
	}
	containers, _, err := unstructured.NestedSlice(built(t, b, vinje).Objects[0].Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("%v, %v", containers, err)
	}
	if container, ok := containers[0].(map[string]any); !ok || container["image"] != "registry.example.org/gateway:3" {
		t.Errorf("container %v", containers[0])
	}
}

func TestFilesThatNothingUsesDontMatter(t *testing.T) {
	b := flat("resources: [a.yaml]", settings)
	for _, name := range []string{"Les meg æøå.md", "logo (1).png", "x@2x.png", "it's.txt", "v1+2.txt", "mappe æ/fil.yaml"} {
		b.Files[name] = []byte("x: [")
	}
	if found := Scan(b); len(found) > 0 {
		t.Fatal(contract.Text(found))
	}
	if objects := built(t, b, vinje).Objects; len(objects) != 1 {
		t.Errorf("%d objects, want 1", len(objects))
	}
	used := folderOf(map[string]string{"kustomization.yaml": "resources: [æ.yaml]", "æ.yaml": settings})
	wantError(t, errors.New(contract.Text(Scan(used))), "the name of a file that is used holds letters a to z")
}

func TestSelectorsMeanTheAppAlone(t *testing.T) {
	b := flat("resources: [a.yaml]", `apiVersion: v1
kind: Service
metadata: {name: redis}
spec: {selector: {app: redis}}
---
apiVersion: v1
kind: Service
metadata: {name: none}
spec: {ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: redis}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: redis}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis}
spec: {selector: {matchLabels: {app: redis}}, template: {metadata: {labels: {app: redis}}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: unselective}
spec: {template: {metadata: {labels: {app: redis}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: redis}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: redis}, maxReplicas: 3}
`)
	got := map[string]any{}
	for _, o := range built(t, b, vinje).Objects {
		selector, found, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "selector")
		if err != nil {
			t.Fatal(err)
		}
		if found {
			got[contract.Name(o)] = selector
		}
		if ignored := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]; (ignored == "spec.replicas") != (o.GetKind() == "Deployment") {
			t.Errorf("%s leaves %q to others", contract.Name(o), ignored)
		}
	}
	narrowed := map[string]any{"app": "redis", v1alpha1.LabelApp: "post"}
	want := map[string]any{
		"Service/redis": narrowed, "PodDisruptionBudget/redis": map[string]any{"matchLabels": narrowed},
		"Deployment/redis": map[string]any{"matchLabels": narrowed}, // of the StatefulSet that has none nothing is narrowed: it would mean every pod of the app
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("selectors (-want +got):\n%s", diff)
	}
}

func TestAJobThatRunsOnceForEachVersion(t *testing.T) {
	job := func(image, tenant string) string {
		c := vinje
		c.Namespace = tenant
		return built(t, flat("resources: [a.yaml]", "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {allmenning.dev/run-once: \"true\"}}\n"+
			"spec: {template: {spec: {containers: [{name: c, image: "+image+"}]}}}\n"), c).Objects[0].GetName()
	}
	first := job("x:1", "vinje-prod")
	if !strings.HasPrefix(first, "migrate-") || first != job("x:1", "vinje-prod") || first == job("x:2", "vinje-prod") || first == job("x:1", "tokke-prod") {
		t.Errorf("names %s, %s, %s, %s: want one for each content and place", first, job("x:1", "vinje-prod"), job("x:2", "vinje-prod"), job("x:1", "tokke-prod"))
	}
}

func BenchmarkBuild(b *testing.B) {
	bundle, c := load(b, "testdata/post"), vinje
	for b.Loop() {
		if _, err := Build(bundle, c); err != nil {
			b.Fatal(err)
		}
	}
}
