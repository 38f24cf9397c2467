package metrics

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/allmenning/allmenning/internal/provenance"
)

func TestBuild(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(newBuild(provenance.Provenance{Version: "1.2.3", Commit: "d2d09c9", Date: "2026-12-01T03:00:00Z", Go: "go1.26.8"}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 1 || families[0].GetName() != "allmenning_build_info" || families[0].GetMetric()[0].GetGauge().GetValue() != 1 {
		t.Fatalf("there is %v", families)
	}
	got := map[string]string{}
	for _, l := range families[0].GetMetric()[0].GetLabel() {
		got[l.GetName()] = l.GetValue()
	}
	want := map[string]string{"version": "1.2.3", "commit": "d2d09c9", "date": "2026-12-01T03:00:00Z", "go_version": "go1.26.8"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestRegisterBuildAgain(t *testing.T) {
	registry := prometheus.NewRegistry()
	for range 2 {
		if err := RegisterBuild(registry); err != nil {
			t.Errorf("a process that starts the operator twice: %v", err)
		}
	}
}
