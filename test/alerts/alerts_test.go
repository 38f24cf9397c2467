// Package alerts_test lets Prometheus evaluate config/monitoring/alerts.yaml over series that are written down here.
package alerts_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

const (
	root = "../.."
	file = root + "/config/monitoring/alerts.yaml"
)

func alerts(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(file, false, model.UTF8Validation)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var all []rulefmt.Rule
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// firing are the alerts that fire after a time, each as its name and what it says.
func firing(t *testing.T, series string, after time.Duration) []string {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load 1m\n"+series)
	defer storage.Close()
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	var all []string
	for _, a := range alerts(t) {
		expr, err := parser.ParseExpr(a.Expr)
		if err != nil {
			t.Fatal(err)
		}
		rule := rules.NewAlertingRule(a.Alert, expr, time.Duration(a.For), 0, labels.FromMap(a.Labels), labels.FromMap(a.Annotations),
			labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
		for at := time.Duration(0); at <= after; at += time.Minute {
			if _, err := rule.Eval(t.Context(), 0, time.Unix(0, 0).Add(at), rules.EngineQueryFunc(engine, storage), &url.URL{}, 0); err != nil {
				t.Fatalf("%s: %v", a.Alert, err)
			}
		}
		for _, active := range rule.ActiveAlerts() {
			if active.State == rules.StateFiring {
				all = append(all, a.Alert+": "+active.Annotations.Get("summary"))
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestAlerts(t *testing.T) {
	// leads is there in each case that is about something else.
	const leads = `leader_election_master_status{name="allmenning",pod="a"} 1x6000` + "\n" + `leader_election_master_status{name="allmenning",pod="b"} 0x6000` + "\n"
	of := func(more string) string {
		return `{app="svarut",version="2.5.0",network="telemark",rollout="telemark.svarut.2.5.0.1",` + more + `}`
	}
	for _, tc := range []struct {
		reason, series string
		after          time.Duration
		want           []string
	}{
		{"all is well", `allmenning_objects{kind="Municipality",state="Ready"} 357x60
allmenning_installations{app="svarut",version="2.4.0",network="",state="Ready"} 357x60`, time.Hour, nil},
		{"a rollout is halted", "allmenning_rollout_age_seconds" + of(`phase="Halted"`) + " 0+60x60", 16 * time.Minute,
			[]string{"AllmenningRolloutHalted: svarut 2.5.0 is halted in telemark: more members failed than may"}},
		{"it was for some minutes", "allmenning_rollout_age_seconds" + of(`phase="Halted"`) + " 0+60x5 stale", 30 * time.Minute, nil},
		{"of those who follow a channel by themselves", `allmenning_rollout_age_seconds{app="svarut",version="2.5.0",network="",rollout="r",phase="Halted"} 0+60x60`, 16 * time.Minute,
			[]string{"AllmenningRolloutHalted: svarut 2.5.0 is halted: more members failed than may"}},
		{"one that goes on", "allmenning_rollout_age_seconds" + of(`phase="Progressing"`) + " 0+60x60", 16 * time.Minute, nil},
		{"an approval is waited for since three days", "allmenning_wave_wait_seconds" + of(`wave="early",gate="approval"`) + " 259000+60x60", 10 * time.Minute,
			[]string{"AllmenningApprovalWaiting: wave early of svarut 2.5.0 in telemark has waited for its approval for 3d 0h 6m 40s"}},
		{"or since a day", "allmenning_wave_wait_seconds" + of(`wave="early",gate="approval"`) + " 86400+60x60", 10 * time.Minute, nil},
		{"another gate is somebody else's", "allmenning_wave_wait_seconds" + of(`wave="early",gate="other"`) + " 600000+60x60", 10 * time.Minute, nil},
		{"a withdrawn version runs for a day", `allmenning_withdrawn_installations{app="svarut",version="2.3.0"} 12x3000`, 25 * time.Hour,
			[]string{"AllmenningWithdrawnVersionInUse: 12 environments run svarut 2.3.0, which is withdrawn"}},
		{"or since this morning", `allmenning_withdrawn_installations{app="svarut",version="2.3.0"} 12x3000`, 5 * time.Hour, nil},
		{"a hold ends in two days", `allmenning_hold_end_timestamp_seconds{municipality="vinje",app="svarut",environment="test"} 172800x60`, 0,
			[]string{"AllmenningHoldEnds: the hold of vinje on svarut in test ends in 2d 0h 0m 0s"}},
		{"or in a week", `allmenning_hold_end_timestamp_seconds{municipality="vinje",app="svarut",environment=""} 604800x60`, 0, nil},
		{"a version can't be fetched", `allmenning_versions{app="svarut",state="Unavailable"} 1x120`, 61 * time.Minute,
			[]string{"AllmenningVersionUnavailable: 1 versions of svarut are not available: they can't be fetched, or are refused"}},
		{"or is being checked", `allmenning_versions{app="svarut",state="Unavailable"} 1x10 stale`, 61 * time.Minute, nil},
		{"what is not ready, and what is suspended", `allmenning_installations{app="svarut",version="2.4.0",network="",state="Progressing"} 2x120
allmenning_installations{app="svarut",version="2.4.0",network="",state="Stalled"} 1x120
allmenning_installations{app="svarut",version="2.4.0",network="",state="Suspended"} 7x120`, 61 * time.Minute,
			[]string{"AllmenningInstallationsNotReady: 3 environments have svarut 2.4.0, and it has not been ready there for an hour"}},
		{"somebody has to change something", `allmenning_objects{kind="Municipality",state="Stalled"} 2x60`, 31 * time.Minute,
			[]string{"AllmenningStalled: 2 objects of kind Municipality are stalled: they wait for somebody to change something"}},
		{"a quota is nearly used, and another is not", `kube_resourcequota{namespace="vinje-prod",resourcequota="allmenning",resource="pods",type="used"} 19x120
kube_resourcequota{namespace="vinje-prod",resourcequota="allmenning",resource="pods",type="hard"} 20x120
kube_resourcequota{namespace="vinje-test",resourcequota="allmenning",resource="pods",type="used"} 2x120
kube_resourcequota{namespace="vinje-test",resourcequota="allmenning",resource="pods",type="hard"} 20x120
kube_resourcequota{namespace="vinje-test",resourcequota="allmenning",resource="count/jobs",type="used"} 0x120
kube_resourcequota{namespace="vinje-test",resourcequota="allmenning",resource="count/jobs",type="hard"} 0x120`, 61 * time.Minute,
			[]string{"AllmenningQuotaNearItsEnd: vinje-prod has used 95% of its pods"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := firing(t, leads+tc.series+"\n", tc.after); !slices.Equal(got, tc.want) {
				t.Errorf("%q fire, want %q", got, tc.want)
			}
		})
	}
	noLeader := []string{"AllmenningNoLeader: no operator leads, so nothing is installed, moved or repaired; what runs goes on"}
	for reason, series := range map[string]string{
		"two operators, of which none leads": strings.Replace(leads, `"a"} 1x`, `"a"} 0x`, 1), "no operator at all": `up{job="other"} 1x60` + "\n",
	} {
		t.Run(reason, func(t *testing.T) {
			if got := firing(t, series, 6*time.Minute); !slices.Equal(got, noLeader) {
				t.Errorf("%q fire, want %q", got, noLeader)
			}
		})
	}
	t.Run("another operator takes over within a minute", func(t *testing.T) {
		series := `leader_election_master_status{name="allmenning",pod="a"} 1x3 0x60` + "\n" + `leader_election_master_status{name="allmenning",pod="b"} 0x4 1x60` + "\n"
		if got := firing(t, series, 20*time.Minute); len(got) > 0 {
			t.Errorf("%q fire", got)
		}
	})
}

// TestEachAlertIsWhole asks each for its runbook, its severity, and cases above.
func TestEachAlertIsWhole(t *testing.T) {
	pages, err := os.ReadFile(root + "/docs/runbooks.md")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile("alerts_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range alerts(t) {
		names = append(names, a.Alert)
		if want := "https://github.com/allmenning/allmenning/blob/main/docs/runbooks.md#" + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s: its runbook is %q, want %q", a.Alert, a.Annotations["runbook_url"], want)
		}
		if !slices.Contains([]string{"info", "warning", "critical"}, a.Labels["severity"]) {
			t.Errorf("%s: severity %q", a.Alert, a.Labels["severity"])
		}
		if !strings.Contains(string(cases), a.Alert+": ") {
			t.Errorf("%s: no case makes it fire", a.Alert)
		}
	}
	var titles []string
	for _, found := range regexp.MustCompile(`(?m)^## (\S+)$`).FindAllStringSubmatch(string(pages), -1) {
		titles = append(titles, found[1])
	}
	if !slices.Equal(titles, names) {
		t.Errorf("the runbooks are of %q, the alerts are %q", titles, names)
	}
}

// TestQueriesInTheDocumentation parses what the documentation has people ask.
func TestQueriesInTheDocumentation(t *testing.T) {
	content, err := os.ReadFile(root + "/docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```promql\n(.*?)```").FindSubmatch(content)
	if block == nil {
		t.Fatal("docs/operations.md has no queries")
	}
	for line := range strings.Lines(string(block[1])) {
		if _, err := parser.ParseExpr(line); err != nil {
			t.Error(fmt.Errorf("%q: %w", strings.TrimSpace(line), err))
		}
	}
}
