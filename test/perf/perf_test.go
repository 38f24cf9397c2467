package main

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/test/operator"
)

var update = flag.Bool("update", false, "write the golden file")

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 0, 100)
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i))
	}
	cases := []struct {
		reason  string
		values  []time.Duration
		percent float64
		want    time.Duration
	}{
		{"none", nil, 99, 0},
		{"one is every percentile", []time.Duration{7}, 1, 7},
		{"the median of an even number is the lower one", []time.Duration{4, 1, 3, 2}, 50, 2},
		{"of a hundred, one may be slower", hundred, 99, 99},
		{"all of them", hundred, 100, 100},
		{"of fewer than a hundred, the slowest counts", []time.Duration{9, 1, 2}, 99, 9},
	}
	for _, c := range cases {
		if got := percentile(c.values, c.percent); got != c.want {
			t.Errorf("%s: got %d, want %d", c.reason, got, c.want)
		}
	}
}

func TestProcess(t *testing.T) {
	seconds, known := parseStat("42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 9 0 100 1 2")
	if !known || seconds != 3 {
		t.Errorf("CPU is %v, %v; want 3 seconds", seconds, known)
	}
	if _, known := parseStat("nonsense"); known {
		t.Error("the CPU of nonsense is known")
	}
	peak, known := parseStatus("Name:\tmanager\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 10 kB\n")
	if !known || peak != 2 {
		t.Errorf("the peak is %v, %v; want 2 MiB", peak, known)
	}
	if _, known := parseStatus("Name:\tmanager\n"); known {
		t.Error("a peak is known that nobody reports")
	}
}

// good keeps every bar by a hair.
func good() result {
	return result{
		N: 50, Apps: 1, Installations: 100, ObjectsPerNamespace: 13, RequestsPerNamespace: 15, ObjectsPerInstallation: 5, RequestsPerInstallation: 8.6,
		InstallsPerSecond: 12, FloorInstallsPerSecond: 20, InstallsPerFloorInstall: 0.6, DriftP99Seconds: 0.999, QuietP99Seconds: 0.999, IdleRequestsPerMinute: 2,
		WritesPerMove: 1.1, Planning: planning{Plan: 49.9, Whole: 150, Many: 999}, PeakMemoryMiB: new(399.9), ReadySeconds: 29.9,
		IdleCPU: new(0.009), LabelMilliseconds: new(49.9), EventMilliseconds: new(4.0), UpgradeSeconds: 10,
	}
}

func TestBars(t *testing.T) {
	cases := []struct {
		reason string
		change func(*result)
		missed string
	}{
		{"all kept", func(*result) {}, ""},
		{"a request too many per namespace", func(r *result) { r.RequestsPerNamespace = 15.01 }, "requests per namespace"},
		{"a request too many per installation", func(r *result) { r.RequestsPerInstallation = 8.61 }, "requests per installation"},
		{"with more apps a Municipality's status serves more of them", func(r *result) { r.Apps = 10 }, "requests per installation"},
		{"which is the bar of every larger size", func(r *result) { r.Apps, r.RequestsPerInstallation = 10, 8.3 }, ""},
		{"a namespace of its own costs more", func(r *result) { r.Own, r.RequestsPerInstallation = true, 24.6 }, ""},
		{"and not more than that", func(r *result) { r.Own, r.RequestsPerInstallation = true, 24.61 }, "requests per installation"},
		{"which the floor does not have, so no share of its speed is promised", func(r *result) { r.Own, r.InstallsPerSecond = true, 1 }, ""},
		{"less than six tenths of the floor", func(r *result) { r.InstallsPerSecond = 11.99 }, "installations per second"},
		{"a write too many per move", func(r *result) { r.WritesPerMove = 1.11 }, "rollout's writes per installation moved"},
		{"a slow plan", func(r *result) { r.Planning.Plan = 50 }, "plan for 10000 members"},
		{"a slow plan for a million", func(r *result) { r.Planning.Many = 1000 }, "plan for 1000000 members"},
		{"busy while idle", func(r *result) { r.IdleCPU = new(0.01) }, "idle CPU"},
		{"an expensive label", func(r *result) { r.LabelMilliseconds = new(50.0) }, "CPU of a changed label"},
		{"ready too late", func(r *result) { r.ReadySeconds = 30 }, "ready after a restart"},
		{"drift of a second", func(r *result) { r.DriftP99Seconds = 1 }, "drift back, 99th percentile"},
		{"one tenant slows the others", func(r *result) { r.QuietP99Seconds = 1 }, "drift back beside a noisy tenant, 99th percentile"},
		{"restless", func(r *result) { r.IdleRequestsPerMinute = 2.1 }, "idle requests per minute"},
		{"a single write at restart", func(r *result) { r.RestartWrites = 1 }, "writes at restart"},
		{"too large", func(r *result) { r.PeakMemoryMiB = new(400.0) }, "operator's peak memory"},
		{"a country with thirty apps has room", func(r *result) { r.Installations, r.PeakMemoryMiB = 21_420, new(1530.0) }, ""},
		{"and a limit", func(r *result) { r.Installations, r.PeakMemoryMiB = 21_420, new(1536.0) }, "operator's peak memory"},
		{"what nobody can measure is not missed", func(r *result) { r.PeakMemoryMiB = nil }, ""},
	}
	for _, c := range cases {
		r := good()
		c.change(&r)
		missed := ""
		for _, b := range r.bars() {
			if b.verdict() == "MISSED" {
				missed += b.name
			}
		}
		if missed != c.missed || met(r.bars()) != (c.missed == "") {
			t.Errorf("%s: missed is %q, want %q", c.reason, missed, c.missed)
		}
	}
}

// The plan that is measured is a plan: somebody moves by it.
func TestPlan(t *testing.T) {
	const many = 2 * planMembers
	p, err := plan(many)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d members: %.1f ms, with verdicts %.1f ms; %d members: %.1f ms", planMembers, p.Plan, p.Whole, many, p.Many)
	if p.Plan <= 0 || p.Whole <= 0 || p.Many <= 0 { // which is the quickest depends on the machine's other work
		t.Errorf("the planner alone takes %v ms, all of it %v ms, with many members %v ms", p.Plan, p.Whole, p.Many)
	}
}

func TestTable(t *testing.T) {
	r := good()
	r.IdleRequestsPerMinute, r.PeakMemoryMiB = 6, nil
	before := reading{metrics: operator.Metrics{Requests: operator.Requests{{Verb: "get", Resource: "none"}: 2}}, cpu: map[string]float64{"operator": 1}}
	after := reading{
		metrics: operator.Metrics{
			Requests: operator.Requests{
				{Verb: "get", Resource: "none"}: 2, {Verb: "apply", Resource: "configmaps"}: 100,
				{Verb: "apply", Resource: "services"}: 100, {Verb: "create", Resource: "events"}: 10,
			},
			Work: map[string]operator.Work{"appinstallation": {Reconciles: 200, Seconds: 1}},
		},
		cpu: map[string]float64{"operator": 3.5},
	}
	r.addUpgrade(newPhase("upgrade", "installations", 100, 4*time.Second, before, after))
	checkGolden(t, "table.txt", table(r))
}

func TestGrowth(t *testing.T) {
	calls := func(creates, counts int) []phase {
		return []phase{{Name: "installation", Requests: []callCount{{"apply", "appinstallations", creates}, {"apply", "networks/status", counts}}}}
	}
	small, large := good(), good()
	small.Phases = calls(100, 4)
	large.Apps, large.Installations = 30, 3000
	large.InstallsPerSecond, large.EventMilliseconds, large.UpgradeSeconds = 10.2, new(6.0), 11.5
	large.Phases = calls(3000, 90)
	checkGolden(t, "growth.txt", growthTable([]result{small, large}))
	cases := []struct {
		reason string
		change func(*result)
		missed string
	}{
		{"all kept", func(*result) {}, ""},
		{"slower", func(r *result) { r.InstallsPerSecond = 10.1 }, "installations per second, of the smallest"},
		{"events that cost more", func(r *result) { r.EventMilliseconds = new(6.1) }, "CPU of a status event, by the smallest"},
		{"a promotion that other apps slow down", func(r *result) { r.UpgradeSeconds = 11.6 }, "promoting one app, by the smallest"},
		{"a promotion to more municipalities may take longer", func(r *result) { r.N, r.UpgradeSeconds = 51, 20 }, ""},
	}
	for _, c := range cases {
		r := large
		c.change(&r)
		missed := ""
		for _, b := range growthBars([]result{small, r}) {
			if b.verdict() == "MISSED" {
				missed += b.name
			}
		}
		if missed != c.missed {
			t.Errorf("%s: missed is %q, want %q", c.reason, missed, c.missed)
		}
	}
}

// A run of one size takes the place of an earlier one, and leaves those of other sizes.
func TestPlaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	results, err := read(path)
	if err != nil || results != nil {
		t.Fatalf("no file: got %v, %v", results, err)
	}
	for _, r := range []result{{N: 2, Apps: 3, Installations: 12}, {N: 2, Apps: 1, Installations: 4}, {N: 2, Apps: 3, Installations: 12, InstallsPerSecond: 7}} {
		results = placed(results, r)
	}
	if err := write(path, results); err != nil {
		t.Fatal(err)
	}
	got, err := read(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []result{{N: 2, Apps: 1, Installations: 4}, {N: 2, Apps: 3, Installations: 12, InstallsPerSecond: 7}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(phase{})); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestPerEvent(t *testing.T) {
	p := phase{Count: 10, CPU: map[string]float64{"operator": 0.5}, lasted: 20 * time.Second}
	if got := perEvent(p, new(0.01)); got == nil || math.Abs(*got-30) > 1e-9 {
		t.Errorf("got %v, want 30 ms: half a second without the fifth that passes anyway", got)
	}
	if got := perEvent(p, nil); got != nil {
		t.Errorf("got %v where it is not known what passes anyway", *got)
	}
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
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
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}

func TestConditions(t *testing.T) {
	cases := []struct {
		reason, object string
		ready, current bool
	}{
		{"no conditions yet", `{kind: Municipality, metadata: {generation: 1}, status: {observedGeneration: -1}}`, false, false},
		{"not seen by its controller", `{kind: PodDisruptionBudget, apiVersion: policy/v1, metadata: {generation: 1}}`, false, false},
		{"seen by its controller", `{kind: PodDisruptionBudget, apiVersion: policy/v1, metadata: {generation: 1}, status: {observedGeneration: 1}}`, false, true},
		{"Ready is about this generation", `{kind: Municipality, metadata: {generation: 2}, status: {observedGeneration: 2, conditions: [{type: Ready, status: "True", observedGeneration: 2}]}}`, true, true},
		{"Ready is about an earlier generation", `{kind: Municipality, metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: Ready, status: "True", observedGeneration: 1}]}}`, false, false},
	}
	for _, c := range cases {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(c.object), &object.Object); err != nil {
			t.Fatal(err)
		}
		object.Object = unstructuredNumbers(t, object)
		if got := ready(object); got != c.ready {
			t.Errorf("%s: ready is %v", c.reason, got)
		}
		if got := current(object); got != c.current {
			t.Errorf("%s: current is %v", c.reason, got)
		}
	}
}

// unstructuredNumbers reads the object again as the API machinery does, with whole numbers.
func unstructuredNumbers(t *testing.T, object *unstructured.Unstructured) map[string]any {
	t.Helper()
	content, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	read := &unstructured.Unstructured{}
	if err := read.UnmarshalJSON(content); err != nil {
		t.Fatal(err)
	}
	return read.Object
}

func TestWithFacts(t *testing.T) {
	got, err := withFacts([]byte("kind: ConfigMap\ndata: {number: \"9999\", keep: x}\n"), map[string]any{"number": "4036"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("data:\n  keep: x\n  number: \"4036\"\nkind: ConfigMap\n", string(got)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}
