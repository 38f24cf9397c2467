package alerts_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
)

// series are those that a country has in which a bit of everything happens, for an hour.
const series = `
allmenning_objects{kind="Municipality",state="Stalled"} 1x60
allmenning_rollout_age_seconds{app="svarut",version="2.5.0",network="telemark",rollout="r",phase="Halted"} 0+60x60
allmenning_rollout_members{app="svarut",version="2.5.0",network="telemark",rollout="r",state="verified"} 3x60
allmenning_wave_wait_seconds{app="svarut",version="2.5.0",network="telemark",rollout="r",wave="early",gate="approval"} 0+60x60
allmenning_withdrawn_installations{app="svarut",version="2.3.0"} 12x60
allmenning_hold_end_timestamp_seconds{municipality="vinje",app="svarut",environment=""} 604800x60
allmenning_installations{app="svarut",version="2.4.0",network="",state="Progressing"} 2x60
allmenning_versions{app="svarut",state="Available"} 2x60
allmenning_drift_repairs_total{app="svarut"} 0+1x60
allmenning_build_seconds_bucket{result="success",le="1"} 0+1x60
allmenning_build_seconds_bucket{result="success",le="+Inf"} 0+1x60
allmenning_build_seconds_count{result="failure"} 0+1x60
allmenning_fetch_seconds_bucket{result="success",le="1"} 0+1x60
allmenning_fetch_seconds_bucket{result="success",le="+Inf"} 0+1x60
allmenning_fetch_seconds_count{result="failure"} 0+1x60
allmenning_apply_seconds_bucket{result="success",le="1"} 0+1x60
allmenning_apply_seconds_bucket{result="success",le="+Inf"} 0+1x60
allmenning_apply_seconds_count{result="failure"} 0+1x60
allmenning_api_requests_total{verb="apply",resource="deployments"} 0+1x60
controller_runtime_reconcile_errors_total{controller="rollout"} 0+1x60
leader_election_master_status{name="allmenning",pod="a"} 1x60
`

// dashboard is what is read of Grafana's form.
type dashboard struct {
	Panels []struct {
		Title   string `json:"title"`
		Type    string `json:"type"`
		Targets []struct {
			Expr string `json:"expr"`
		} `json:"targets"`
	} `json:"panels"`
}

// TestDashboard has Prometheus answer what each panel asks, and each shows something.
func TestDashboard(t *testing.T) {
	content, err := os.ReadFile(root + "/config/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(content, &d); err != nil {
		t.Fatal(err)
	}
	storage := promqltest.LoadedStorage(t, "load 1m"+series)
	defer storage.Close()
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)

	asked := 0
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			asked++
			expr := strings.NewReplacer("$__rate_interval", "5m", "$app", ".*").Replace(target.Expr)
			query, err := engine.NewInstantQuery(t.Context(), storage, nil, expr, time.Unix(0, 0).Add(30*time.Minute))
			if err != nil {
				t.Errorf("%s: %s: %v", p.Title, expr, err)
				continue
			}
			answer := query.Exec(t.Context())
			values, err := answer.Vector()
			if err != nil || len(values) == 0 {
				t.Errorf("%s: %s shows nothing: %v", p.Title, expr, err)
			}
			for _, v := range values {
				if v.F == 0 {
					t.Errorf("%s: %s is 0 where something happens", p.Title, expr)
				}
			}
			query.Close()
		}
	}
	if asked == 0 {
		t.Error("the dashboard has no panel that asks for anything")
	}
}
