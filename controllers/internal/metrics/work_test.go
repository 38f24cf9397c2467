package metrics

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// TestWork measures in two operators of one process, which count together.
func TestWork(t *testing.T) {
	registry := prometheus.NewRegistry()
	first, err := NewWork(registry)
	if err != nil {
		t.Fatal(err)
	}
	second, err := NewWork(registry)
	if err != nil {
		t.Fatal(err)
	}
	first.Repaired("svarut")
	second.Repaired("svarut")
	second.Fetched(time.Second, errors.New("429 Too Many Requests"))
	second.Built(time.Second, nil)
	second.Applied(time.Second, nil)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			label := m.GetLabel()[0].GetValue()
			got[family.GetName()+" "+label] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	want := map[string]float64{
		"allmenning_drift_repairs_total svarut": 2, "allmenning_build_seconds success": 1, "allmenning_fetch_seconds failure": 1, "allmenning_apply_seconds success": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var none *Work
	none.Repaired("svarut")
	none.Built(time.Second, nil)
	none.Fetched(time.Second, nil)
	none.Applied(time.Second, nil)
}
