package metrics

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// fixed gives a scrape what was measured before.
type fixed struct {
	series
	metrics []prometheus.Metric
}

func (f fixed) Describe(out chan<- *prometheus.Desc) {
	for _, d := range f.all() {
		out <- d
	}
}

func (f fixed) Collect(out chan<- prometheus.Metric) {
	for _, m := range f.metrics {
		out <- m
	}
}

// scraped is what Prometheus reads, a line for each series, as it writes them. A series that comes twice fails.
func scraped(t *testing.T, all *seen, now time.Time) []string {
	t.Helper()
	s := newSeries()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(fixed{s, s.measure(all, now)})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			lines = append(lines, fmt.Sprintf("%s{%s} %g", strings.TrimPrefix(family.GetName(), "allmenning_"), strings.Join(labels, ","), m.GetGauge().GetValue()))
		}
	}
	return lines
}

func ready(status metav1.ConditionStatus) []metav1.Condition {
	return []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status}}
}

func installation(version string, decided v1alpha1.Decider, conditions []metav1.Condition) v1alpha1.AppInstallation {
	in := v1alpha1.AppInstallation{}
	in.Spec.App, in.Spec.Version, in.Spec.DecidedBy, in.Status.Conditions = "svarut", version, decided, conditions
	return in
}

func TestMeasure(t *testing.T) {
	now := time.Date(2027, 1, 4, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }
	network := v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: "vest-telemark"}
	itself := v1alpha1.Decider{Level: v1alpha1.LevelMunicipality, Name: "vinje"}
	rollout := func(phase v1alpha1.RolloutPhase, waves ...v1alpha1.WaveStatus) *seen {
		r := v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "r", CreationTimestamp: *at(-time.Hour)}}
		r.Spec.App, r.Spec.Version, r.Spec.Network = "svarut", "2.4.1", "vest-telemark"
		r.Status = v1alpha1.RolloutStatus{Phase: phase, Verified: 3, Failed: 1, Waves: waves}
		return &seen{rollouts: v1alpha1.RolloutList{Items: []v1alpha1.Rollout{r}}}
	}
	of := `app="svarut"`
	r := `network="vest-telemark",%srollout="r",%sversion="2.4.1"`
	members := func() []string {
		var all []string
		for state, n := range map[string]int{"away": 0, "excused": 0, "failed": 1, "moving": 0, "verified": 3, "waiting": 0} {
			all = append(all, fmt.Sprintf("rollout_members{%s,"+r+"} %d", of, "", fmt.Sprintf("state=%q,", state), n))
		}
		return all
	}
	with := func(lines []string, more ...string) []string { return append(lines, more...) }
	municipality := func(decisions ...v1alpha1.AppDecision) *seen {
		m := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: "vinje"}}
		m.Spec.Apps = decisions
		return &seen{municipalities: v1alpha1.MunicipalityList{Items: []v1alpha1.Municipality{m}}}
	}

	for _, tc := range []struct {
		reason string
		all    *seen
		want   []string
	}{
		{"nothing is there, or nothing could be read", &seen{}, nil},
		{"installations by version, network and state", &seen{installations: v1alpha1.AppInstallationList{Items: []v1alpha1.AppInstallation{
			installation("2.4.0", network, ready(metav1.ConditionTrue)), installation("2.4.0", network, ready(metav1.ConditionTrue)),
			installation("2.4.0", itself, ready(metav1.ConditionTrue)), installation("2.4.1", network, nil),
		}}}, []string{
			`installations{` + of + `,network="",state="Ready",version="2.4.0"} 1`, `installations{` + of + `,network="vest-telemark",state="Ready",version="2.4.0"} 2`,
			`installations{` + of + `,network="vest-telemark",state="Unknown",version="2.4.1"} 1`,
			`objects{kind="AppInstallation",state="Ready"} 3`, `objects{kind="AppInstallation",state="Unknown"} 1`,
		}},
		{"a version that is withdrawn and runs, and one that is not available", &seen{
			apps: v1alpha1.SharedAppList{Items: []v1alpha1.SharedApp{{
				ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
				Spec:       v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{Version: "2.3.0", State: v1alpha1.VersionWithdrawn}, {Version: "2.4.0"}, {Version: "2.5.0"}}},
				Status:     v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{{Version: "2.3.0", Available: true}, {Version: "2.4.0", Available: true}, {Version: "2.5.0"}}},
			}}},
			installations: v1alpha1.AppInstallationList{Items: []v1alpha1.AppInstallation{
				installation("2.3.0", itself, ready(metav1.ConditionTrue)), installation("2.4.0", itself, ready(metav1.ConditionTrue)),
			}},
		}, []string{
			`installations{` + of + `,network="",state="Ready",version="2.3.0"} 1`, `installations{` + of + `,network="",state="Ready",version="2.4.0"} 1`,
			`objects{kind="AppInstallation",state="Ready"} 2`, `objects{kind="SharedApp",state="Unknown"} 1`,
			`versions{` + of + `,state="Available"} 1`, `versions{` + of + `,state="Unavailable"} 1`, `versions{` + of + `,state="Withdrawn"} 1`,
			`withdrawn_installations{` + of + `,version="2.3.0"} 1`,
		}},
		{
			"a rollout that goes on, and waits for an approval and for windows",
			rollout(v1alpha1.RolloutProgressing, v1alpha1.WaveStatus{Name: "pilot"},
				v1alpha1.WaveStatus{Name: "early", WaitsFor: "an approval", WaitingSince: at(-30 * time.Minute), Approval: v1alpha1.ApprovalWanting},
				v1alpha1.WaveStatus{Name: "all", WaitsFor: "wave early", WaitingSince: at(-time.Minute), Approval: v1alpha1.ApprovalGiven}),
			with(members(), `objects{kind="Rollout",state="Unknown"} 1`, fmt.Sprintf(`rollout_age_seconds{%s,`+r+`} 3600`, of, `phase="Progressing",`, ""),
				fmt.Sprintf(`wave_wait_seconds{%s,gate="approval",`+r+`,wave="early"} 1800`, of, "", ""), fmt.Sprintf(`wave_wait_seconds{%s,gate="other",`+r+`,wave="all"} 60`, of, "", "")),
		},
		{
			"a clock that went back makes no time negative", rollout(v1alpha1.RolloutHalted, v1alpha1.WaveStatus{Name: "all", WaitsFor: "a retry", WaitingSince: at(time.Hour)}),
			with(members(), `objects{kind="Rollout",state="Unknown"} 1`, fmt.Sprintf(`rollout_age_seconds{%s,`+r+`} 3600`, of, `phase="Halted",`, ""),
				fmt.Sprintf(`wave_wait_seconds{%s,gate="other",`+r+`,wave="all"} 0`, of, "", "")),
		},
		{"of one that is completed only its conditions count", rollout(v1alpha1.RolloutCompleted), []string{`objects{kind="Rollout",state="Unknown"} 1`}},
		{"one of which another took the place is history", rollout(v1alpha1.RolloutSuperseded), nil},
		{"as one whose version was withdrawn", rollout(v1alpha1.RolloutWithdrawn), nil},
		{
			"holds that end within 14 days, of an app and of one environment; not those that ended, end later, or never",
			municipality(
				v1alpha1.AppDecision{Name: "svarut", Hold: &v1alpha1.Hold{Until: at(time.Hour)}, Environments: []v1alpha1.EnvironmentDecision{{Name: "test", Hold: &v1alpha1.Hold{Until: at(14 * 24 * time.Hour)}}}},
				v1alpha1.AppDecision{Name: "ended", Hold: &v1alpha1.Hold{Until: at(-time.Second)}}, v1alpha1.AppDecision{Name: "later", Hold: &v1alpha1.Hold{Until: at(15 * 24 * time.Hour)}},
				v1alpha1.AppDecision{Name: "ever", Hold: &v1alpha1.Hold{}}, v1alpha1.AppDecision{Name: "none"},
			),
			[]string{
				fmt.Sprintf(`hold_end_timestamp_seconds{%s,environment="",municipality="vinje"} %g`, of, float64(at(time.Hour).Unix())),
				fmt.Sprintf(`hold_end_timestamp_seconds{%s,environment="test",municipality="vinje"} %g`, of, float64(at(14*24*time.Hour).Unix())),
				`objects{kind="Municipality",state="Unknown"} 1`,
			},
		},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := scraped(t, tc.all, now)
			slices.Sort(got)
			slices.Sort(tc.want)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestACountryHasFewSeries measures a country in the middle of rollouts of all its apps: 357 municipalities with thirty apps, in
// twenty networks and two versions, half of them not ready, and a hold for each municipality that ends soon.
func TestACountryHasFewSeries(t *testing.T) {
	now := time.Now()
	all := &seen{}
	for m := range 357 {
		one := v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("m%d", m)}}
		one.Spec.Apps = []v1alpha1.AppDecision{{Name: "app-0", Hold: &v1alpha1.Hold{Until: new(metav1.NewTime(now.Add(time.Hour)))}}}
		all.municipalities.Items = append(all.municipalities.Items, one)
		for app := range 30 {
			in := v1alpha1.AppInstallation{}
			in.Spec.App, in.Spec.Version = fmt.Sprintf("app-%d", app), fmt.Sprintf("2.%d.0", m%2)
			in.Spec.DecidedBy = v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: fmt.Sprintf("network-%d", m%20)}
			if m/20%2 == 0 {
				in.Status.Conditions = ready(metav1.ConditionTrue)
			}
			all.installations.Items = append(all.installations.Items, in)
		}
	}
	for network := range 20 {
		for app := range 4 { // a network introduces so many at once
			r := v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("network-%d.app-%d", network, app), CreationTimestamp: metav1.NewTime(now)}}
			r.Status.Phase = v1alpha1.RolloutProgressing
			for wave := range 4 {
				r.Status.Waves = append(r.Status.Waves, v1alpha1.WaveStatus{Name: fmt.Sprint(wave), WaitsFor: "a gate", WaitingSince: new(metav1.NewTime(now))})
			}
			all.rollouts.Items = append(all.rollouts.Items, r)
		}
	}
	if got := len(scraped(t, all, now)); got > 5000 {
		t.Errorf("%d series, at most 5,000", got)
	} else {
		t.Logf("%d series", got)
	}
}
