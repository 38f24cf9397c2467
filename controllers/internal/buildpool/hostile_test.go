package buildpool_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/internal/bundle"
)

// hostileCount is how many are tried: `go test ./controllers/internal/buildpool -run Hostile -bundles 1000 -v` prints
// what docs/figures.md says.
var hostileCount = flag.Int("bundles", 40, "how many hostile bundles to try")

// hostile makes a bundle that wants more than its share, of a kind and size that the seed decides.
func hostile(seed uint64) (string, bundle.Bundle) {
	r := rand.New(rand.NewPCG(seed, 1))
	files := map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": settings}
	many := func(n int, each func(i int) string) string {
		var out strings.Builder
		for i := range n {
			out.WriteString(each(i))
		}
		return out.String()
	}
	objects := func(n int) string {
		return many(n, func(i int) string {
			return fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {a: x, seed: \"%d\"}\n", i, seed)
		})
	}
	aliases := func(levels, wide int) string {
		return fmt.Sprintf("a0: &a0 [%s]\n", strings.TrimSuffix(strings.Repeat("x, ", wide), ", ")) + many(levels, func(i int) string {
			return fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), wide), ", "))
		})
	}
	chart := func(template string) {
		delete(files, "kustomization.yaml")
		files["Chart.yaml"], files["templates/a.yaml"] = "apiVersion: v2\nname: a\nversion: 1.0.0\n", template
	}
	kinds := []struct {
		name string
		make func()
	}{
		{"aliases in a resource", func() { files["a.yaml"] = settings + aliases(2+r.IntN(8), 2+r.IntN(12)) }},
		{"aliases in the kustomization file", func() { files["kustomization.yaml"] += aliases(2+r.IntN(8), 2+r.IntN(12)) }},
		{"many nodes", func() { files["a.yaml"] = settings + "x: [" + strings.Repeat("a,", 1000+r.IntN(400_000)) + "]\n" }},
		{"deep nesting", func() {
			n := 100 + r.IntN(20_000)
			files["a.yaml"] = settings + "x: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n"
		}},
		{"patches for each object", func() {
			files["a.yaml"] = objects(50 + r.IntN(440))
			files["kustomization.yaml"] += "patches:\n" + strings.Repeat("- {patch: '[{\"op\": \"add\", \"path\": \"/data/b\", \"value\": \"x\"}]', target: {kind: ConfigMap}}\n", 10+r.IntN(3000))
		}},
		{"strategic merge patches", func() {
			files["a.yaml"] = objects(50 + r.IntN(440))
			files["p.yaml"] = settings + "data: {b: " + strings.Repeat("x", r.IntN(10_000)) + "}\n"
			files["kustomization.yaml"] += "patches:\n" + strings.Repeat("- {path: p.yaml, target: {name: 'c.*'}}\n", 10+r.IntN(500))
		}},
		{"replacements into each object", func() {
			files["a.yaml"] = objects(50 + r.IntN(440))
			files["kustomization.yaml"] += "replacements:\n" + strings.Repeat("- {sourceValue: x, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {create: true}}]}\n", 10+r.IntN(2000))
		}},
		{"replacements that double", func() {
			files["kustomization.yaml"] += "replacements:\n" + many(10+r.IntN(40), func(i int) string {
				return fmt.Sprintf("- {source: {kind: ConfigMap, name: settings, fieldPath: data.a}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '%d', index: 1}}]}\n", i)
			})
			files["a.yaml"] = settings + "data: {a: " + strings.Repeat("x", 1000) + "}\n"
		}},
		{"patches that copy", func() {
			files["kustomization.yaml"] += "patches:\n" + strings.Repeat("- {patch: '[{\"op\": \"copy\", \"from\": \"/data\", \"path\": \"/data/x\"}]', target: {kind: ConfigMap}}\n", 10+r.IntN(50))
			files["a.yaml"] = settings + "data: {a: " + strings.Repeat("x", 1000) + "}\n"
		}},
		{"folders that multiply", func() {
			levels := 3 + r.IntN(20)
			files["kustomization.yaml"] = "resources: [l0]\n"
			for i := range levels {
				files[fmt.Sprintf("l%d/kustomization.yaml", i)] = "resources: [left, right]\n"
				for _, side := range []string{"left", "right"} {
					files[fmt.Sprintf("l%d/%s/kustomization.yaml", i, side)] = fmt.Sprintf("namePrefix: %s-\nresources: [../../l%d]\n", side, i+1)
				}
			}
			files[fmt.Sprintf("l%d/kustomization.yaml", levels)], files[fmt.Sprintf("l%d/a.yaml", levels)] = "resources: [a.yaml]\n", settings
		}},
		{"generators of large files", func() {
			files["big"] = strings.Repeat("x", 1<<20)
			files["kustomization.yaml"] = "configMapGenerator:\n" + many(5+r.IntN(300), func(i int) string { return fmt.Sprintf("- {name: g%d, files: [big]}\n", i) })
		}},
		{"labels on everything", func() {
			files["a.yaml"] = objects(100 + r.IntN(390))
			files["kustomization.yaml"] += "commonLabels:\n" + many(50+r.IntN(500), func(i int) string { return fmt.Sprintf("  l%d: v\n", i) })
		}},
		{"vars that multiply", func() {
			files["a.yaml"] = objects(1+r.IntN(400)) + "---\n" + settings + "data: {a: " + strings.Repeat("x", 1+r.IntN(100_000)) + "}\n---\n" +
				"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, args: [&a '" + strings.Repeat("$(V)", 1+r.IntN(2000)) + "', " + strings.Repeat("*a, ", r.IntN(100)) + "x]}]}\n"
			files["kustomization.yaml"] += "vars: [{name: V, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]\n"
		}},
		{"vars in patches of each object", func() {
			files["a.yaml"] = objects(50+r.IntN(400)) + "---\n" + settings + "data: {a: " + strings.Repeat("x", 1+r.IntN(10_000)) + "}\n"
			files["c.yaml"] = "varReference: [{path: data, kind: ConfigMap}]\n"
			files["kustomization.yaml"] += "configurations: [c.yaml]\nvars: [{name: V, objref: {kind: ConfigMap, name: settings, apiVersion: v1}, fieldref: {fieldpath: data.a}}]\n" +
				"patches:\n- {patch: '[{\"op\": \"add\", \"path\": \"/data/b\", \"value\": \"" + strings.Repeat("$(V)", 1+r.IntN(200)) + "\"}]', target: {name: 'c.*'}}\n"
		}},
		{"transformers of kustomize's own", func() {
			files["a.yaml"] = objects(50 + r.IntN(440))
			files["kustomization.yaml"] += "transformers: [t.yaml]\n"
			files["t.yaml"] = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: a}\nlabels:\n" + many(1+r.IntN(50), func(i int) string { return fmt.Sprintf("  l%d: v\n", i) }) +
				"fieldSpecs:\n" + many(1+r.IntN(500), func(i int) string { return fmt.Sprintf("- {path: metadata/labels%d, create: true}\n", i) })
		}},
		{"a chart that repeats", func() { chart(fmt.Sprintf("{{ repeat %d \"xxxxxxxx\" }}", 1000+r.IntN(1_000_000_000))) }},
		{"a chart that counts", func() { chart(fmt.Sprintf("{{ range until %d }}x{{ end }}", 1000+r.IntN(1_000_000_000))) }},
		{"a chart that includes itself", func() {
			chart(fmt.Sprintf("{{ define \"a\" }}%s{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", strings.Repeat("{{ include \"a\" . }}", r.IntN(3))))
		}},
		{"a chart whose template calls itself", func() { chart("{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}") }},
		{"a chart that doubles", func() {
			chart("{{ $x := \"xxxxxxxx\" }}" + strings.Repeat("{{ $x = cat $x $x }}", 5+r.IntN(60)) + "{{ $x }}")
		}},
		{"a chart with tpl in tpl", func() {
			chart("{{ tpl .Values.t . }}")
			files["values.yaml"] = fmt.Sprintf("t: '{{ range until %d }}{{ tpl $.Values.t $ }}{{ end }}'\n", 1+r.IntN(100))
		}},
		{"a chart with deep values", func() {
			chart("a: {{ .Values | toYaml | quote }}")
			n := 100 + r.IntN(20_000)
			files["values.yaml"] = "x: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n"
		}},
		{"a chart with aliases in its values", func() {
			chart("a: {{ .Values | toYaml | quote }}")
			files["values.yaml"] = aliases(2+r.IntN(8), 2+r.IntN(12))
		}},
		{"a chart of nested branches", func() {
			n := 100 + r.IntN(50_000)
			chart(strings.Repeat("{{if 1}}", n) + strings.Repeat("{{end}}", n))
		}},
		{"a chart with a schema that leads back", func() {
			chart(settings)
			files["values.schema.json"] = `{"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}}}`
		}},
		{"a chart with an expensive key", func() {
			chart(fmt.Sprintf("{{ range until %d }}{{ derivePassword 1 \"long\" \"a\" \"b\" \"c\" }}{{ end }}", 1+r.IntN(1000)))
		}},
		{"noise", func() {
			raw := make([]byte, 100+r.IntN(10_000))
			for i := range raw {
				raw[i] = "abc:-[]{}&*!|>'\"%@`#, \n\t0123"[r.IntN(27)]
			}
			files["a.yaml"] = string(raw)
		}},
	}
	kind := kinds[r.IntN(len(kinds))]
	kind.make()
	return kind.name, folder(files)
}

func TestHostileBundles(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	limits := buildpool.DefaultLimits()
	p := pool(t, limits)
	quiet := func() time.Duration { // another app's build, as its context is new each time
		c := vinje()
		c.DisplayName = time.Now().String()
		began := time.Now()
		if _, err := p.Build(flat(settings), c); err != nil {
			t.Error(err)
		}
		return time.Since(began)
	}
	quiet()
	var worst, waited time.Duration
	var most, seed atomic.Int64
	var largest string // the bundle of which a worker held most
	done := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		before := map[int]int64{}
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
				for _, pid := range childrenOf(os.Getpid()) {
					held := anonymous(pid)
					if twice := min(held, before[pid]); twice > most.Load() { // in the moment in which a worker begins it shows its parent's
						name, _ := hostile(uint64(seed.Load()))
						largest = fmt.Sprintf("%s (seed %d)", name, seed.Load())
						most.Store(twice)
					}
					before[pid] = held
				}
			}
		}
	}()
	debug.FreeOSMemory() // what stays counts, and not what this test made the bundles of
	own := anonymous(os.Getpid())
	outcomes := map[string]int{}
	for i := range *hostileCount {
		seed.Store(int64(i))
		name, b := hostile(uint64(i))
		began := time.Now()
		_, err := p.Try(b, vinje())
		took := time.Since(began)
		worst = max(worst, took)
		var exceeded *buildpool.Exceeded
		var refused *bundle.RefusedError
		switch {
		case errors.As(err, &exceeded):
			outcomes["takes too much"]++
		case errors.As(err, &refused):
			outcomes["refused by the scan"]++
		case errors.Is(err, buildpool.ErrLost):
			t.Errorf("%s (seed %d): %v", name, i, err)
		case err != nil:
			outcomes["does not build"]++
		default:
			outcomes["builds"]++
		}
		if took > 4*limits.Time { // on a machine that has other things to do
			t.Errorf("%s (seed %d) took %s", name, i, took)
		}
		if i%10 == 0 {
			waited = max(waited, quiet())
		}
	}
	close(done)
	<-watching
	debug.FreeOSMemory()
	grew := anonymous(os.Getpid()) - own
	t.Logf("%d bundles: %v; the longest took %s, the largest worker held %d MiB at %s, this process grew by %d MiB, another app's build took at most %s",
		*hostileCount, outcomes, worst.Round(time.Millisecond), most.Load()>>20, largest, grew>>20, waited.Round(time.Millisecond))
	if most.Load() > workerMemory {
		t.Errorf("a worker held %d MiB, at %s", most.Load()>>20, largest)
	}
	if grew > ownMemory {
		t.Errorf("this process grew by %d MiB", grew>>20)
	}
	if waited > time.Second {
		t.Errorf("another app's build took %s", waited)
	}
}

// childrenOf are the workers that a process has started; none where they can't be read. A child that does not run its
// own program yet is none: until then it has the memory of its parent.
func childrenOf(pid int) []int {
	parent, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil
	}
	var all []int
	for word := range strings.FieldsSeq(string(content)) {
		child, err := strconv.Atoi(word)
		if err != nil {
			continue
		}
		if program, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", child)); err == nil && !bytes.Equal(program, parent) {
			all = append(all, child)
		}
	}
	return all
}

// anonymous is the memory that is a process's own, in bytes; 0 where it has ended.
func anonymous(pid int) int64 {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, "RssAnon:"); found {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}
