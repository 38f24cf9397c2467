package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// holdNotice is how long before its end a hold is measured: who holds has that long to find out what comes then.
const holdNotice = 14 * 24 * time.Hour

// series are what is measured of the objects. None has a municipality as a label but the holds that end soon, so that
// a country of 357 municipalities with thirty apps comes to some thousand series.
type series struct {
	objects, installations, withdrawn, versions, rolloutAge, rolloutMembers, waveWait, holdEnds *prometheus.Desc
}

func newSeries() series {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("allmenning_"+name, help, labels, nil)
	}
	return series{
		objects: desc("objects", "Objects by kind and state: Ready, Progressing, Stalled, Suspended or Unknown.", "kind", "state"),
		installations: desc("installations",
			"Installations of an app by version, the network that decided it (empty: the nation or the municipality itself) and state.", "app", "version", "network", "state"),
		withdrawn: desc("withdrawn_installations", "Installations of a version that is withdrawn.", "app", "version"),
		versions:  desc("versions", "Versions of an app by state: Available, Unavailable or Withdrawn.", "app", "state"),
		rolloutAge: desc("rollout_age_seconds", "Seconds since a rollout was made that is Pending, Progressing or Halted.",
			"rollout", "app", "version", "network", "phase"),
		rolloutMembers: desc("rollout_members", "Members of such a rollout by state: verified, moving, waiting, away, excused or failed.",
			"rollout", "app", "version", "network", "state"),
		waveWait: desc("wave_wait_seconds", "Seconds that a wave of such a rollout has waited for an approval, or for another gate.",
			"rollout", "app", "version", "network", "wave", "gate"),
		holdEnds: desc("hold_end_timestamp_seconds", "When a hold ends that ends within 14 days, in seconds since 1970; environment is empty where it is for all.",
			"municipality", "app", "environment"),
	}
}

func (s series) all() []*prometheus.Desc {
	return []*prometheus.Desc{s.objects, s.installations, s.withdrawn, s.versions, s.rolloutAge, s.rolloutMembers, s.waveWait, s.holdEnds}
}

// gauges collects values of gauges.
type gauges []prometheus.Metric

func (g *gauges) add(desc *prometheus.Desc, value float64, labels ...string) {
	*g = append(*g, prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...))
}

// measure is what the objects say at a time.
func (s series) measure(all *seen, now time.Time) []prometheus.Metric {
	var g gauges
	s.countObjects(&g, all)
	s.countInstallations(&g, all)
	s.countVersions(&g, all)
	for i := range all.rollouts.Items {
		s.measureRollout(&g, &all.rollouts.Items[i], now)
	}
	for i := range all.municipalities.Items {
		s.measureHolds(&g, &all.municipalities.Items[i], now)
	}
	return g
}

func (s series) countObjects(g *gauges, all *seen) {
	for kind, conditions := range all.conditions() {
		counts := map[string]int{}
		for _, c := range conditions {
			counts[stateOf(c)]++
		}
		for state, n := range counts {
			g.add(s.objects, float64(n), kind, state)
		}
	}
}

func (s series) countInstallations(g *gauges, all *seen) {
	type version struct{ app, version string }
	type installed struct {
		version
		network, state string
	}
	apps := make(catalogue.Apps, len(all.apps.Items))
	for i := range all.apps.Items {
		apps[all.apps.Items[i].Name] = catalogue.Compile(&all.apps.Items[i])
	}

	counts, inUse := map[installed]int{}, map[version]int{}
	for i := range all.installations.Items {
		in := &all.installations.Items[i]
		v := version{in.Spec.App, in.Spec.Version}
		network := ""
		if in.Spec.DecidedBy.Level == v1alpha1.LevelNetwork {
			network = in.Spec.DecidedBy.Name
		}
		counts[installed{v, network, stateOf(in.Status.Conditions)}]++
		if apps.Of(v.app).IsWithdrawn(v.version) {
			inUse[v]++
		}
	}
	for k, n := range counts {
		g.add(s.installations, float64(n), k.app, k.version.version, k.network, k.state)
	}
	for v, n := range inUse {
		g.add(s.withdrawn, float64(n), v.app, v.version)
	}
}

func (s series) countVersions(g *gauges, all *seen) {
	for i := range all.apps.Items {
		app := &all.apps.Items[i]
		available, unavailable, withdrawn := catalogue.Compile(app).Releases()
		for state, releases := range map[string][]v1alpha1.Release{"Available": available, "Unavailable": unavailable, "Withdrawn": withdrawn} {
			if n := len(releases); n > 0 {
				g.add(s.versions, float64(n), app.Name, state)
			}
		}
	}
}

// measureRollout measures a rollout that has not ended.
func (s series) measureRollout(g *gauges, r *v1alpha1.Rollout, now time.Time) {
	status := &r.Status
	switch status.Phase {
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing, v1alpha1.RolloutHalted:
	default:
		return
	}
	labels := func(more ...string) []string {
		return append([]string{r.Name, r.Spec.App, r.Spec.Version, r.Spec.Network}, more...)
	}
	g.add(s.rolloutAge, since(r.CreationTimestamp, now), labels(string(status.Phase))...)
	for _, m := range []struct {
		state string
		count int32
	}{
		{"verified", status.Verified},
		{"moving", status.Moving},
		{"waiting", status.Waiting},
		{"away", status.Away},
		{"excused", status.Excused},
		{"failed", status.Failed},
	} {
		g.add(s.rolloutMembers, float64(m.count), labels(m.state)...)
	}
	for i := range status.Waves {
		w := &status.Waves[i]
		if w.WaitsFor == "" || w.WaitingSince == nil {
			continue
		}
		gate := "other"
		if w.Approval == v1alpha1.ApprovalWanting {
			gate = "approval"
		}
		g.add(s.waveWait, since(*w.WaitingSince, now), labels(w.Name, gate)...)
	}
}

// since is how long ago something was; a clock that went back makes it no less than nothing.
func since(then metav1.Time, now time.Time) float64 { return max(0, now.Sub(then.Time).Seconds()) }

func (s series) measureHolds(g *gauges, m *v1alpha1.Municipality, now time.Time) {
	add := func(h *v1alpha1.Hold, app, environment string) {
		if h != nil && h.Until != nil && now.Before(h.Until.Time) && h.Until.Sub(now) <= holdNotice {
			g.add(s.holdEnds, float64(h.Until.Unix()), m.Name, app, environment)
		}
	}
	for i := range m.Spec.Apps {
		decision := &m.Spec.Apps[i]
		add(decision.Hold, decision.Name, "")
		for j := range decision.Environments {
			add(decision.Environments[j].Hold, decision.Name, decision.Environments[j].Name)
		}
	}
}
