package buildpool_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/internal/bundle"
)

// serve is the argument with which the tests' own program is a worker.
const serve = "serve-builds"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serve {
		if err := buildpool.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) > 1 && os.Args[1] == serveTired {
		if err := runTired(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func pool(t *testing.T, limits buildpool.Limits) *buildpool.Pool {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := buildpool.New([]string{program, serve}, limits)
	t.Cleanup(p.Close)
	return p
}

// usual are the limits of an operator, with time for a busy machine under the race detector.
func usual() buildpool.Limits {
	limits := buildpool.DefaultLimits()
	limits.Time = time.Minute
	return limits
}

func folder(files map[string]string) bundle.Bundle {
	b := bundle.Bundle{Files: map[string][]byte{}}
	for name, content := range files {
		b.Files[name] = []byte(content)
	}
	b.Digest = bundle.DigestOf(b.Files)
	return b
}

const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"

func flat(resource string) bundle.Bundle {
	return folder(map[string]string{"kustomization.yaml": "resources: [a.yaml]", "a.yaml": resource})
}

func vinje() bundle.Context {
	return bundle.Context{Namespace: "vinje-prod", App: "post", Version: "2.4.1", Municipality: "vinje", Environment: "prod"}
}

func TestBuildsAndGivesCopies(t *testing.T) {
	p := pool(t, usual())
	b := flat(settings)
	first, err := p.Build(b, vinje())
	if err != nil {
		t.Fatal(err)
	}
	first.Objects[0].SetName("spoilt")
	b.Files = nil // another build would fail
	second, err := p.Build(b, vinje())
	if err != nil || second.Objects[0].GetName() != "settings" {
		t.Fatalf("it was not remembered, or can be spoilt: %v, %v", second.Objects, err)
	}
	if namespace := second.Objects[0].GetNamespace(); namespace != "vinje-prod" {
		t.Errorf("namespace %q", namespace)
	}
}

func TestANumberComesBackAsANumber(t *testing.T) {
	built, err := pool(t, usual()).Build(flat("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}\n"), vinje())
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := unstructured.NestedInt64(built.Objects[0].Object, "spec", "replicas"); err != nil || got != 3 {
		t.Errorf("replicas %d, %v", got, err)
	}
}

// TestParametersKeepTheirTypes: numbers come to a worker as JSON, of which Go makes floating-point numbers.
func TestParametersKeepTheirTypes(t *testing.T) {
	fields := map[string]string{"large": "parameter_large", "port": "parameter_port", "label": "parameter_label", "switch": "parameter_on", "word": "parameter_word", "municipality": "number", "half": "parameter_half", "default": "parameter_default"}
	var replacements strings.Builder
	for field, key := range fields {
		fmt.Fprintf(&replacements, "- {source: {kind: ConfigMap, name: ctx, fieldPath: data.%s}, targets: [{select: {name: settings}, fieldPaths: [data.%s, data.there], options: {create: true}}]}\n", key, field)
	}
	c := vinje()
	c.Number = "4036"
	c.Parameters = map[string]any{"large": int64(1_000_000), "port": int64(8080), "label": "8080", "on": true, "word": "true", "id": int64(4036), "half": 0.5}
	built, err := pool(t, usual()).Build(folder(map[string]string{
		"kustomization.yaml":      "resources: [allmenning-context.yaml, a.yaml]\nreplacements:\n" + replacements.String(),
		"a.yaml":                  settings + "data: {there: \"x\"}\n",
		"allmenning-context.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {parameter_default: \"8080\"}\n",
	}), c)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := unstructured.NestedMap(built.Objects[0].Object, "data")
	if err != nil {
		t.Fatal(err)
	}
	if there, ok := got["there"].(string); !ok || strings.ContainsAny(there, "\uE0A1\uE0A2") {
		t.Errorf("a text that was there is %q", got["there"])
	}
	delete(got, "there")
	want := map[string]any{"large": int64(1_000_000), "port": int64(8080), "label": "8080", "switch": true, "word": "true", "municipality": "4036", "half": 0.5, "default": "8080"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
}

func TestTryScansFirst(t *testing.T) {
	p := pool(t, usual())
	var refused *bundle.RefusedError
	_, err := p.Try(folder(map[string]string{"kustomization.yaml": "resources: ['https://example.org/a.yaml', b.yaml]"}), vinje())
	if !errors.As(err, &refused) || len(refused.Findings) != 2 {
		t.Errorf("%v, want two findings", err)
	}
	unscanned := folder(map[string]string{"kustomization.yaml": "resources: [a.yaml]\nvars: []\nhelmGlobals: {chartHome: x}", "a.yaml": settings})
	if _, err := p.Build(unscanned, vinje()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Try(unscanned, vinje()); !errors.As(err, &refused) {
		t.Errorf("%v: what was built without a scan passes for scanned", err)
	}
}

func TestAFaultOfTheBundleIsSaid(t *testing.T) {
	_, err := pool(t, usual()).Build(folder(map[string]string{"kustomization.yaml": "resources: [b.yaml]"}), vinje())
	if err == nil || !strings.Contains(err.Error(), "b.yaml") {
		t.Errorf("%v, want the file", err)
	}
}

// hungry is a few hundred bytes that aliases make a million nodes of.
func hungry() bundle.Bundle {
	var out strings.Builder
	out.WriteString(settings + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 6; i++ {
		fmt.Fprintf(&out, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return flat(out.String())
}

// slow takes many seconds: each of many patches is looked for in each of many objects.
func slow(salt string) bundle.Bundle {
	var objects, patches strings.Builder
	for i := range 480 {
		fmt.Fprintf(&objects, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c%d}\ndata: {a: %q}\n", i, salt)
	}
	for range 2000 {
		patches.WriteString("- {patch: '[{\"op\": \"add\", \"path\": \"/data/b\", \"value\": \"x\"}]', target: {kind: ConfigMap}}\n")
	}
	return folder(map[string]string{"kustomization.yaml": "resources: [a.yaml]\npatches:\n" + patches.String(), "a.yaml": objects.String()})
}

func TestTooMuchMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	if workerMemory > 1<<30 {
		t.Skip("with the race detector the collector works for minutes before ten times the memory is taken")
	}
	p := pool(t, usual())
	var exceeded *buildpool.Exceeded
	before := rss(t, os.Getpid())
	_, err := p.Build(hungry(), vinje())
	if !errors.As(err, &exceeded) || !strings.Contains(err.Error(), "224 MiB") {
		t.Fatalf("%v, want that it takes too much memory", err)
	}
	if grew := rss(t, os.Getpid()) - before; grew > 20<<20 {
		t.Errorf("the operator's own memory grew by %d MiB", grew>>20)
	}
	if _, err := p.Build(flat(settings), vinje()); err != nil {
		t.Errorf("the next bundle does not build: %v", err)
	}
}

func TestTooMuchTime(t *testing.T) {
	limits := buildpool.Limits{Memory: 224 << 20, Time: 300 * time.Millisecond}
	p := pool(t, limits)
	var exceeded *buildpool.Exceeded
	if _, err := p.Build(slow("a"), vinje()); !errors.As(err, &exceeded) || !strings.Contains(err.Error(), "300ms") {
		t.Fatalf("%v, want that it takes too long", err)
	}
	began := time.Now()
	if _, err := p.Build(slow("a"), vinje()); !errors.As(err, &exceeded) || time.Since(began) > limits.Time/2 {
		t.Errorf("%v after %s: it is built again", err, time.Since(began))
	}
}

func TestABundleThatExceedsForOneIsBuiltForOthers(t *testing.T) {
	p := pool(t, buildpool.Limits{Memory: 224 << 20, Time: 2 * time.Second})
	var targets []string
	for i := range 100 {
		targets = append(targets, fmt.Sprintf("data.key%d", i))
	}
	b, c := folder(map[string]string{
		"allmenning-context.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {parameter_text: x}\n",
		"a.yaml":                  settings,
		"kustomization.yaml": "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_text}, targets: [{select: {name: settings}, options: {create: true}, fieldPaths: [" +
			strings.Join(targets, ", ") + "]}]}]\n",
	}), vinje()
	var exceeded *buildpool.Exceeded
	for i := range 3 {
		c.Parameters = map[string]any{"text": strings.Repeat(fmt.Sprint(i), 2<<20)}
		if _, err := p.Build(b, c); !errors.As(err, &exceeded) {
			t.Fatalf("%v, want that it takes too much", err)
		}
	}
	c.Parameters = map[string]any{"text": "short"}
	if _, err := p.Build(b, c); err != nil {
		t.Errorf("a bundle that one tenant's values made too large is refused to another: %v", err)
	}
}

func TestASlowBundleLeavesAWorkerToOthers(t *testing.T) {
	p := pool(t, buildpool.Limits{Memory: 224 << 20, Time: time.Second})
	if _, err := p.Build(flat(settings+"data: {warm: up}\n"), vinje()); err != nil {
		t.Fatal(err)
	}
	var busy sync.WaitGroup
	for i := range 4 {
		c := vinje()
		c.Municipality = fmt.Sprint("place-", i)
		busy.Go(func() { _, _ = p.Build(slow("c"), c) })
	}
	deadline := time.Now().Add(2 * time.Second)
	if _, err := p.Build(flat(settings), vinje()); err != nil || time.Now().After(deadline) {
		t.Errorf("%v: another bundle waits for four builds of a slow one", err)
	}
	p.Close()
	busy.Wait()
}

func TestAWorkerThatIsKilledIsReplaced(t *testing.T) {
	p := pool(t, usual())
	if _, err := p.Build(flat(settings), vinje()); err != nil {
		t.Fatal(err)
	}
	for _, pid := range children(t) {
		if err := exec.Command("kill", "-9", strconv.Itoa(pid)).Run(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Build(flat(settings+"data: {a: b}\n"), vinje()); err != nil {
		t.Errorf("after somebody killed the worker: %v", err)
	}
}

func TestAProgramThatIsNoWorker(t *testing.T) {
	p := buildpool.New([]string{"/bin/true"}, usual())
	if _, err := p.Build(flat(settings), vinje()); !errors.Is(err, buildpool.ErrLost) {
		t.Errorf("%v, want that the worker was lost", err)
	}
}

func TestServesManyAtOnce(t *testing.T) {
	p := pool(t, usual())
	b := folder(map[string]string{
		"kustomization.yaml":      "resources: [allmenning-context.yaml, a.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.displayName}, targets: [{select: {name: settings}, fieldPaths: [data.name]}]}]",
		"a.yaml":                  settings + "data: {name: x}\n",
		"allmenning-context.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {displayName: x}\n",
	})
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			c := vinje()
			c.DisplayName = fmt.Sprint("place ", i%32)
			built, err := p.Build(b, c)
			if err != nil {
				t.Error(err)
				return
			}
			if name, _, _ := unstructured.NestedString(built.Objects[0].Object, "data", "name"); name != c.DisplayName {
				t.Errorf("%s got the objects of %s", c.DisplayName, name)
			}
		})
	}
	all.Wait()
}

// children are the processes that this one has started.
func children(t *testing.T) []int {
	t.Helper()
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(os.Getpid()), "-f", serve).Output()
	if err != nil {
		t.Fatalf("pgrep: %v", err)
	}
	var all []int
	for word := range strings.FieldsSeq(string(out)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return all
}

// rss is the memory that a process holds, in bytes.
func rss(t *testing.T, pid int) int64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(content))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
