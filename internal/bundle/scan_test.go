package bundle

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/allmenning/allmenning/internal/contract"
)

const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"

// contextFile is a context that a bundle may have.
const contextFile = `apiVersion: v1
kind: ConfigMap
metadata: {name: ctx, annotations: {config.kubernetes.io/local-config: "true"}}
data: {a: b}
`

func TestScanAccepts(t *testing.T) {
	for _, tc := range []struct {
		reason string
		files  map[string]string
	}{
		{"files and folders of its own", map[string]string{
			"kustomization.yaml": "resources: [a.yaml, ./base, overlays/x]", "a.yaml": settings,
			"base/kustomization.yml": "resources: [a.yaml]", "base/a.yaml": settings,
			"overlays/x/Kustomization": "resources: [../../common]", "common/kustomization.yaml": "resources: [a.yaml]", "common/a.yaml": settings}},
		{"inline and local patches", map[string]string{
			"kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}, {patch: '[{op: add, path: /data, value: {}}]', target: {kind: ConfigMap}}]\npatchesStrategicMerge: [p.yaml, '{kind: X}']",
			"a.yaml":             settings, "p.yaml": settings}},
		{"generators that read its own files", map[string]string{
			"kustomization.yaml": "configMapGenerator: [{name: a, files: [x, k=dir/y], envs: [e]}]\nsecretGenerator: [{name: a, env: e}]", "x": "", "dir/y": "", "e": ""}},
		{"replacements out of the context and out of names", map[string]string{
			"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: ctx, fieldPath: data.a}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.name]}]\n" +
				"- source: {kind: ConfigMap, name: settings}\n  targets: [{select: {name: x}, fieldPaths: [spec.a, metadata.annotations.b]}]\n- path: r.yaml\n- path: s.yaml",
			"r.yaml": "sourceValue: x\ntargets: [{select: {kind: Secret, name: x}}]", "s.yaml": "[{sourceValue: x, targets: [{select: {kind: Secret, name: x}}]}]",
			"allmenning-context.yaml": contextFile, "a.yaml": settings}},
		{"as many objects as may be, with the context beside them", map[string]string{
			"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]", "a.yaml": strings.Repeat("---\n"+settings, MaxObjects), "allmenning-context.yaml": contextFile}},
		{"vars that read fields of its own", map[string]string{
			"kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator: [{name: g, envs: [e]}]\nvars:\n- {name: A, objref: {kind: ConfigMap, name: settings, apiVersion: v1}}\n- {name: B, objref: {kind: ConfigMap, name: g, apiVersion: v1}, fieldref: {fieldpath: data.HOST}}",
			"a.yaml":             settings + "data: {x: 'at $(A), $(B)'}", "e": "HOST=example.org\n"}},
		{"parts of kustomize, in files and in place", map[string]string{
			"kustomization.yaml": "resources: [a.yaml]\ntransformers:\n- t.yaml\n- |-\n  apiVersion: builtin\n  kind: PrefixTransformer\n  metadata: {name: a}\n  prefix: a-\n  fieldSpecs: [{path: metadata/name}]\ngenerators: [g.yaml]", "a.yaml": settings,
			"t.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: a}\nlabels: {a: b}\nfieldSpecs: [{path: metadata/labels, create: true}]\n---\napiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: b}\npath: p.yaml\n",
			"p.yaml": settings, "g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: [p.yaml]\n"}},
		{"aliases that stay small", map[string]string{
			"kustomization.yaml": "resources: [a.yaml]", "a.yaml": "a: &a [1, 2]\nb: *a\nc: *a\n"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if found := Scan(folderOf(tc.files)); len(found) > 0 {
				t.Error(contract.Text(found))
			}
		})
	}
}

// bomb returns YAML whose aliases multiply.
func bomb() string {
	var out strings.Builder
	out.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return out.String()
}

// manyNodes returns YAML whose aliases are a few thousand letters and a million nodes.
func manyNodes() string {
	var out strings.Builder
	out.WriteString("a0: &a0 [" + strings.TrimSuffix(strings.Repeat("'',", 100), ",") + "]\n")
	for i := 1; i < 4; i++ {
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 20), ", "))
	}
	return out.String()
}

// multiplying returns folders that each use the one below under two prefixes.
func multiplying(levels int, last string) map[string]string {
	files := map[string]string{"kustomization.yaml": "resources: [l0]", fmt.Sprintf("l%d/kustomization.yaml", levels): last, fmt.Sprintf("l%d/a.yaml", levels): settings}
	for i := range levels {
		files[fmt.Sprintf("l%d/kustomization.yaml", i)] = "resources: [left, right]"
		for _, side := range []string{"left", "right"} {
			files[fmt.Sprintf("l%d/%s/kustomization.yaml", i, side)] = fmt.Sprintf("namePrefix: %s-\nresources: [../../l%d]", side, i+1)
		}
	}
	return files
}

func TestScanRefuses(t *testing.T) {
	one := func(kustomization string) map[string]string {
		return map[string]string{"kustomization.yaml": kustomization, "a.yaml": settings, "allmenning-context.yaml": contextFile}
	}
	for _, tc := range []struct {
		reason string
		files  map[string]string
		want   []string
	}{
		{"no kustomization file", map[string]string{"a.yaml": settings}, []string{"kustomization.yaml: missing at the root"}},
		{"two kustomization files", map[string]string{"kustomization.yaml": "{}", "Kustomization": "{}"}, []string{"keep one of them"}},
		{"invalid YAML in the kustomization file", one("resources: ["), []string{"kustomization.yaml: invalid YAML"}},
		{"invalid YAML in a resource", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": "a: b: c"}, []string{"resources: b.yaml: invalid YAML"}},
		{"a field that kustomize doesn't know", one("resouces: [a.yaml]"), []string{"kustomization.yaml", `unknown field "resouces"`}},
		{"another kind", one("kind: ConfigMap"), []string{"kind should be"}},
		{"a remote base", one("resources: ['https://github.com/org/repo?ref=v1']"), []string{"kustomization.yaml: resources", "is remote", "copy the file"}},
		{"a Git base without a scheme", map[string]string{"kustomization.yaml": "resources: [github.com/org/repo]", "github.com/org/repo/kustomization.yaml": "{}"}, []string{"is remote"}},
		{"a Git base over ssh", one("bases: ['git@example.org:org/repo.git']"), []string{"bases", "is remote"}},
		{"a remote file that also lies in the bundle", map[string]string{"kustomization.yaml": "resources: ['https://x/a.yaml']", "https:/x/a.yaml": settings}, []string{"is remote"}},
		{"a remote component", one("components: ['https://x/y']"), []string{"components", "is remote"}},
		{"a remote patch", one("patches: [{path: 'https://x/p.yaml'}]"), []string{"patches.path", "is remote"}},
		{"a remote strategic merge patch", one("patchesStrategicMerge: ['https://x/p.yaml']"), []string{"patchesStrategicMerge", "is remote"}},
		{"a remote JSON patch", one("patchesJson6902: [{path: 'http://x/p.yaml', target: {kind: X}}]"), []string{"is remote"}},
		{"a remote file in a generator", one("configMapGenerator: [{name: a, files: ['k=https://x/y']}]"), []string{"configMapGenerator.files", "is remote"}},
		{"a remote replacement", one("replacements: [{path: 'https://x/y'}]"), []string{"replacements.path", "is remote"}},
		{"a remote configuration", one("configurations: ['https://x/y']"), []string{"configurations", "is remote"}},
		{"an absolute path", one("resources: [/etc/a.yaml]"), []string{`"/etc/a.yaml" is an absolute path`}},
		{"a path that leads out", one("resources: [../a.yaml]"), []string{`"../a.yaml" leads out of the bundle`}},
		{"env outside", one("secretGenerator: [{name: a, env: ../../etc/env}]"), []string{"secretGenerator.envs", "leads out"}},
		{"a file of another folder", map[string]string{"kustomization.yaml": "resources: [x]", "x/kustomization.yaml": "resources: [../a.yaml]", "a.yaml": settings}, []string{"x/kustomization.yaml", "outside the folder"}},
		{"a file that isn't there", one("resources: [b.yaml]"), []string{`"b.yaml" is not in the bundle`}},
		{"a folder without kustomization", map[string]string{"kustomization.yaml": "resources: [x]", "x/a.yaml": settings}, []string{"x/kustomization.yaml: missing"}},
		{"a plugin that generates", one("generators: [a.yaml]"), []string{"kustomization.yaml: generators: runs a plugin", "ConfigMapGenerator, SecretGenerator"}},
		{"a plugin that transforms", one("transformers: [a.yaml]"), []string{"transformers: runs a plugin"}},
		{"a plugin in other letters", one("Transformers: [a.yaml]"), []string{"transformers: runs a plugin"}},
		{"a plugin that validates", one("validators: [a.yaml]"), []string{"validators: runs a plugin"}},
		{"a plugin in a base", map[string]string{"kustomization.yaml": "resources: [x]", "x/kustomization.yaml": "transformers: [t.yaml]", "x/t.yaml": settings}, []string{"x/kustomization.yaml: transformers: runs a plugin"}},
		{"Helm", one("helmCharts: [{name: a}]"), []string{"helmCharts: runs Helm"}},
		{"Helm, globally", one("helmGlobals: {chartHome: x}"), []string{"helmGlobals: runs Helm"}},
		{"Helm, as it was", one("helmChartInflationGenerator: [{chartName: a}]"), []string{"helmChartInflationGenerator: runs Helm"}},
		{"another schema", one("openapi: {path: a.yaml}"), []string{"openapi: replaces"}},
		{"definitions", one("crds: [a.yaml]"), []string{"crds: changes"}},
		{"a plugin written in place", one("transformers: ['{apiVersion: example.org/v1, kind: Wheel, metadata: {name: a}}']"), []string{"transformers: runs a plugin"}},
		{"a plugin by an annotation", one("transformers: ['{apiVersion: builtin, kind: LabelTransformer, metadata: {name: a, annotations: {config.kubernetes.io/function: x}}}']"), []string{"metadata.annotations could make it a plugin"}},
		{"Helm as a part of kustomize", one("generators: ['{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: a}}']"), []string{"generators: runs a plugin"}},
		{"a remote patch of a transformer", one("transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, path: \"https://x/p.yaml\"}']"), []string{"transformers.path", "is remote"}},
		{"a remote patch in other letters", one("transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, Path: \"https://x/p.yaml\"}']"), []string{`"Path" is none of its fields`}},
		{"a remote patch by a merge key", one("transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, <<: {path: \"https://x/p.yaml\"}}']"), []string{"transformers.path", "is remote"}},
		{"a transformer that copies", one("transformers: ['{apiVersion: builtin, kind: PatchTransformer, metadata: {name: a}, patch: \"[{op: copy, from: /data, path: /data/x}]\", target: {kind: ConfigMap}}']"), []string{"op copy is not allowed"}},
		{"a generator that reads a remote file", one("generators: ['{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: a}, files: [\"https://x/y\"]}']"), []string{"generators.files", "is remote"}},
		{"a transformer in a folder", map[string]string{"kustomization.yaml": "transformers: [x]", "x/kustomization.yaml": "{}"}, []string{`transformers: "x" is not in the bundle`}},
		{"labels of a transformer for each of many objects", map[string]string{"kustomization.yaml": "resources: [b.yaml]\ntransformers: [t.yaml]", "b.yaml": strings.Repeat("---\na: b\n", 400),
			"t.yaml": "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: a}\nlabels: {a: b, c: d}\nfieldSpecs:\n" + strings.Repeat("- {path: metadata/labels, create: true}\n", 60)}, []string{"at most 20000 are allowed"}},
		{"a var of the context", one("vars: [{name: A, objref: {kind: ConfigMap, name: ctx, apiVersion: v1}, fieldref: {fieldpath: data.a}}]"), []string{"vars[0]: objref: a var may not read allmenning-context.yaml"}},
		{"a var that reads what a replacement writes", one("vars: [{name: A, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]\nreplacements: [{sourceValue: x, targets: [{select: {kind: ConfigMap, name: settings}, fieldPaths: [data.a]}]}]"),
			[]string{`vars[0].fieldref.fieldpath: "data.a" of ConfigMap settings is written by a replacement`}},
		{"a var that is named too often", map[string]string{"kustomization.yaml": "resources: [b.yaml]\nvars: [{name: A, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]",
			"b.yaml": settings + "data: {a: " + strings.Repeat("x", 10_000) + ", b: " + strings.Repeat("$(A)", 1000) + "}"}, []string{"vars: A may be written more often"}},
		{"a var that is named in aliases", map[string]string{"kustomization.yaml": "resources: [b.yaml]\nvars: [{name: A, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]",
			"b.yaml": settings + "data: {a: " + strings.Repeat("x", 10_000) + ", b: &b " + strings.Repeat("$(A)", 10) + "}\nx: [" + strings.Repeat("*b, ", 100) + "*b]\n"}, []string{"vars: A may be written more often"}},
		{"a var whose value a generator reads", map[string]string{"kustomization.yaml": "configMapGenerator: [{name: settings, files: [a=big]}]\nresources: [b.yaml]\nvars: [{name: A, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]",
			"big": strings.Repeat("x", 10_000), "b.yaml": "a: " + strings.Repeat("$(A)", 1000)}, []string{"vars: A may be written more often"}},
		{"kustomize's own managed-by", one("buildMetadata: [managedByLabel]"), []string{"buildMetadata"}},
		{"a folder within itself", map[string]string{"kustomization.yaml": "resources: [x]", "x/kustomization.yaml": "resources: [../x]"}, []string{"leads back to itself"}},
		{"folders that multiply", multiplying(20, "resources: [a.yaml]"), []string{"more than 500 objects"}},
		{"folders that multiply and hold nothing", multiplying(20, "namePrefix: a"), []string{"more than 500 objects"}},
		{"100,000 documents", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": strings.Repeat("---\n"+settings, 100_000)}, []string{"resources: b.yaml: more than 500 objects"}},
		{"100,000 items of a list", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": "kind: List\nitems:\n" + strings.Repeat("- {kind: A}\n", 100_000)}, []string{"more than 500 objects"}},
		{"too many objects over several files", map[string]string{"kustomization.yaml": "resources: [b.yaml, c.yaml]", "b.yaml": strings.Repeat("---\na: b\n", 300), "c.yaml": strings.Repeat("---\na: b\n", 300)}, []string{"more than 500 objects"}},
		{"an alias bomb in a resource", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": bomb()}, []string{"b.yaml: YAML aliases blow"}},
		{"an alias bomb in the kustomization file", one(bomb()), []string{"YAML aliases blow"}},
		{"an alias bomb in a patch", map[string]string{"kustomization.yaml": "patches: [{path: b.yaml}]", "b.yaml": bomb()}, []string{"YAML aliases blow"}},
		{"an alias to what surrounds it", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": "a: &a {b: *a}"}, []string{"b.yaml"}},
		{"a patch that copies", one("patches: [{patch: '[{op: copy, from: /data, path: /data/x}]', target: {kind: ConfigMap}}]"), []string{"op copy is not allowed"}},
		{"a patch that copies by a merge key", one("patches: [{patch: '[{<<: {op: copy}, from: /data, path: /data/x}]', target: {kind: ConfigMap}}]"), []string{"op copy is not allowed"}},
		{"a replacement that reads what it writes", one("replacements: [{source: {kind: ConfigMap, name: settings, fieldPath: data}, targets: [{select: {kind: ConfigMap, name: settings}, fieldPaths: [data.x]}]}]"), []string{"kustomization.yaml: replacements: source.fieldPath", `"data" of ConfigMap settings is written by a replacement`}},
		{"two replacements that double each other's field", one("replacements: [{source: {kind: ConfigMap, name: settings, fieldPath: data.a}, targets: [{select: {kind: Secret, name: x}, fieldPaths: [data.b]}]}, " +
			"{source: {kind: Secret, name: x, fieldPath: data.b}, targets: [{select: {kind: ConfigMap, name: other}, fieldPaths: ['data.*']}]}]"), []string{`"data.a" of ConfigMap settings`, `"data.b" of Secret x`}},
		{"a replacement of the whole context", one("replacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data}, targets: [{select: {name: settings}}]}]"), []string{"source.fieldPath"}},
		{"patches for each of many objects", map[string]string{"kustomization.yaml": "resources: [b.yaml]\npatches:\n" + strings.Repeat("- {patch: '[{op: add, path: /data, value: {}}]', target: {kind: X}}\n", 200), "b.yaml": strings.Repeat("---\na: b\n", 400)}, []string{"at most 20000 are allowed"}},
		{"aliases that make many nodes of few letters", map[string]string{"kustomization.yaml": "resources: [b.yaml]", "b.yaml": manyNodes()}, []string{"YAML nodes with aliases written out, at most 100000"}},
		{"two faults in two files", map[string]string{"kustomization.yaml": "resources: [b.yaml, x]\nopenapi: {path: a.yaml}", "x/kustomization.yaml": "transformers: [t.yaml]"},
			[]string{`"b.yaml" is not in the bundle`, "openapi: replaces", "x/kustomization.yaml: transformers"}},
		{"a replacement into the context", one("replacements: [{sourceValue: x, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x]}]}]"), []string{"targets.select: it selects allmenning-context.yaml"}},
		{"a name out of names", one("replacements: [{source: {kind: ConfigMap, name: settings}, targets: [{select: {name: x}, fieldPaths: ['*.name']}]}]"), []string{`"metadata.name" of ConfigMap settings is written`}},
		{"an empty target", one("replacements: [{sourceValue: x, targets: [null]}]"), []string{"each needs a select"}},
		{"a context that would be installed", map[string]string{"kustomization.yaml": "{}", "allmenning-context.yaml": settings}, []string{"allmenning-context.yaml: metadata.annotations"}},
		{"a context of another kind", map[string]string{"kustomization.yaml": "{}", "allmenning-context.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}"}, []string{"it must hold a v1 ConfigMap"}},
		{"a context with two documents", map[string]string{"kustomization.yaml": "{}", "allmenning-context.yaml": contextFile + "---\n" + contextFile}, []string{"2 YAML documents"}},
		{"a context without a name", map[string]string{"kustomization.yaml": "{}", "allmenning-context.yaml": "apiVersion: v1\nkind: ConfigMap"}, []string{"metadata.name: missing"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			start := time.Now()
			err := errors.New(contract.Text(Scan(folderOf(tc.files))))
			for _, want := range tc.want {
				wantError(t, err, want)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("refused after %s; it has to be fast", took)
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add("resources: [a.yaml, base]", settings, "resources: [../a.yaml]")
	f.Add("replacements: [{path: a.yaml}]\npatches: [{path: a.yaml}]", "[{op: copy}]", "{}")
	f.Add("configMapGenerator: [{files: [a.yaml]}]", bomb(), "resources: [..]")
	f.Add("components: ['base/']", "kind: List\nitems: [{items: [1]}]", "kind: Component")
	f.Fuzz(func(_ *testing.T, kustomization, resource, base string) {
		b := folderOf(map[string]string{"kustomization.yaml": kustomization, "a.yaml": resource, "base/kustomization.yaml": base})
		done := make(chan struct{})
		go func() {
			defer close(done)
			// What passes the scan may still not build, but never brings the process down or to a halt.
			if len(Scan(b)) == 0 {
				_, _ = Build(b, Context{Namespace: "n", App: "a", Municipality: "m", Environment: "e"})
			}
		}()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			panic("it takes more than 20 seconds")
		}
	})
}
