package country_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// strategies are one for the platform, and one for a network, that differ in every field.
func strategies() (platform, network v1alpha1.RolloutStrategy) {
	strategy := func(name string, n int32) v1alpha1.RolloutStrategy {
		hours := time.Duration(n) * time.Hour
		return v1alpha1.RolloutStrategy{
			Waves:            []v1alpha1.Wave{{Name: name}},
			MaxIntroductions: &n, Announcement: &metav1.Duration{Duration: hours},
			Windows:   []v1alpha1.Window{{Schedule: "0 0 * * *", Duration: metav1.Duration{Duration: hours}}},
			Freezes:   []v1alpha1.FreezePeriod{{From: metav1.NewTime(now.Add(hours)), Until: metav1.NewTime(now.Add(hours + time.Minute)), Reason: name}},
			Approvals: []v1alpha1.Approval{{App: name}}, Retries: []v1alpha1.Retry{{App: name}},
		}
	}
	return strategy("platform", 7), strategy("network", 2)
}

// TestStrategyOfANetwork takes each field in turn from the platform, where the network does
// not say it.
func TestStrategyOfANetwork(t *testing.T) {
	general, own := strategies()
	cases := []struct {
		reason string
		omit   func(*v1alpha1.RolloutStrategy)
		want   func(*v1alpha1.RolloutStrategy)
	}{
		{"the network says all", func(*v1alpha1.RolloutStrategy) {}, func(*v1alpha1.RolloutStrategy) {}},
		{"waves", func(s *v1alpha1.RolloutStrategy) { s.Waves = nil }, func(s *v1alpha1.RolloutStrategy) { s.Waves = general.Waves }},
		{"maxIntroductions", func(s *v1alpha1.RolloutStrategy) { s.MaxIntroductions = nil }, func(s *v1alpha1.RolloutStrategy) { s.MaxIntroductions = general.MaxIntroductions }},
		{"announcement", func(s *v1alpha1.RolloutStrategy) { s.Announcement = nil }, func(s *v1alpha1.RolloutStrategy) { s.Announcement = general.Announcement }},
		{"windows", func(s *v1alpha1.RolloutStrategy) { s.Windows = nil }, func(s *v1alpha1.RolloutStrategy) { s.Windows = general.Windows }},
		{"freezes", func(s *v1alpha1.RolloutStrategy) { s.Freezes = nil }, func(s *v1alpha1.RolloutStrategy) { s.Freezes = general.Freezes }},
		{"approvals are the network's own", func(s *v1alpha1.RolloutStrategy) { s.Approvals = nil }, func(s *v1alpha1.RolloutStrategy) { s.Approvals = nil }},
		{"retries are the network's own", func(s *v1alpha1.RolloutStrategy) { s.Retries = nil }, func(s *v1alpha1.RolloutStrategy) { s.Retries = nil }},
		{
			"a network that says nothing", func(s *v1alpha1.RolloutStrategy) { *s = v1alpha1.RolloutStrategy{} },
			func(s *v1alpha1.RolloutStrategy) { *s = general; s.Approvals, s.Retries = nil, nil },
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			said, want := own, own
			c.omit(&said)
			c.want(&want)
			o := world(func(o *country.Objects) { o.Platform.Rollout = &general }, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Rollout = &said }))
			compiled, _ := planner.Compile(&want)
			same(t, c.reason, introduction(t, o, "digi-tv").Input.Strategy, compiled)
		})
	}
}

func TestStrategyOfDirectAdoptersIsThePlatforms(t *testing.T) {
	general, own := strategies()
	o := world(func(o *country.Objects) { o.Platform.Rollout = &general }, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Rollout = &own }))
	compiled, _ := planner.Compile(&general)
	same(t, "with its approvals and retries", introduction(t, o, country.Direct).Input.Strategy, compiled)
}

func TestStrategyThatNobodySaid(t *testing.T) {
	compiled, _ := planner.Compile(nil)
	same(t, "one pilot and then the rest", introduction(t, world(), "digi-tv").Input.Strategy, compiled)
}

// same compares strategies by what they say; calendars by when they open next.
func same(t *testing.T, reason string, got, want planner.Strategy) {
	t.Helper()
	wave := func(s planner.Strategy) []string {
		var names []string
		for _, w := range s.Waves {
			names = append(names, w.Name)
		}
		return names
	}
	diff(t, reason, "waves", wave(got), wave(want))
	diff(t, reason, "maxIntroductions", got.MaxIntroductions, want.MaxIntroductions)
	diff(t, reason, "announcement", got.Announcement, want.Announcement)
	for _, hour := range []int{0, 1, 2, 3, 6, 7, 8, 12, 14, 19} {
		at := now.Add(time.Duration(hour) * time.Hour)
		diff(t, reason, "calendar at "+at.String(), got.Calendar.Open(at), want.Calendar.Open(at))
		diff(t, reason, "why, at "+at.String(), got.Calendar.Why(at), want.Calendar.Why(at))
	}
	diff(t, reason, "approvals", got.Approvals, want.Approvals)
	diff(t, reason, "retries", got.Retries, want.Retries)
}

// TestStrategyAtFault reports each fault to the owner of the field, who alone can fix it.
func TestStrategyAtFault(t *testing.T) {
	window := []v1alpha1.Window{{Schedule: "at eight", Duration: metav1.Duration{Duration: time.Hour}}}
	freeze := []v1alpha1.FreezePeriod{{From: metav1.NewTime(now), Until: metav1.NewTime(now), Reason: "never"}}
	wave := []v1alpha1.Wave{{Name: "pilot", Members: &v1alpha1.WaveMembers{Selector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "lies", Operator: "Near"}},
	}}}, {Name: "everyone"}}
	all := &v1alpha1.RolloutStrategy{Waves: wave, Windows: window, Freezes: freeze}
	const (
		badWave   = "spec.rollout.waves[0].members.selector of "
		badWindow = "spec.rollout.windows[0].schedule of "
		badFreeze = "spec.rollout.freezes[0].until of "
	)
	cases := []struct {
		reason       string
		general, own *v1alpha1.RolloutStrategy
		want         []string
		direct       bool // whether those who take apps directly are concerned as well
	}{
		{"the network says all", nil, all, []string{badWave + "Network digi-tv", badWindow + "Network digi-tv", badFreeze + "Network digi-tv"}, false},
		{"the network says nothing", all, nil, []string{badWave + "Platform default", badWindow + "Platform default", badFreeze + "Platform default"}, true},
		{
			"windows of the network, waves and freezes of the platform", all, &v1alpha1.RolloutStrategy{Windows: window},
			[]string{badWave + "Platform default", badWindow + "Network digi-tv", badFreeze + "Platform default"}, true,
		},
		{
			"waves and freezes of the network, windows of the platform", all, &v1alpha1.RolloutStrategy{Waves: wave, Freezes: freeze},
			[]string{badWave + "Network digi-tv", badWindow + "Platform default", badFreeze + "Network digi-tv"}, true,
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			o := world(func(o *country.Objects) { o.Platform.Rollout = c.general }, onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Rollout = c.own }))
			intro := introduction(t, o, "digi-tv")
			for _, want := range c.want {
				mentions(t, c.reason, intro.Input.Gates.Fault, want)
			}
			diff(t, "nobody is moved", "moves", len(intro.Step.Moves), 0)
			direct := introduction(t, o, country.Direct).Input.Gates.Fault
			diff(t, "direct adopters are concerned by the platform's alone", "fault", direct != "", c.direct)
			if c.direct {
				mentions(t, c.reason, direct, badWindow+"Platform default")
			}
		})
	}
}

func TestGates(t *testing.T) {
	cases := []struct {
		reason string
		change change
		gate   func(planner.Gates) string
		want   string
	}{
		{"the platform is frozen", func(o *country.Objects) { o.Platform.Freeze = new(true) }, func(g planner.Gates) string { return g.Frozen }, "spec.freeze of Platform default"},
		{"the platform is suspended", func(o *country.Objects) { o.Platform.Suspend = new(true) }, func(g planner.Gates) string { return g.Suspended }, "Platform default is suspended"},
		{"the network is suspended", onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Suspend = new(true) }), func(g planner.Gates) string { return g.Suspended }, "Network digi-tv is suspended"},
		{"the app is suspended", onApp(func(a *v1alpha1.SharedApp) { a.Spec.Suspend = new(true) }), func(g planner.Gates) string { return g.Suspended }, "SharedApp svarut is suspended"},
		{"the network is paused", onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Pause = new(true) }), func(g planner.Gates) string { return g.Paused }, "Network digi-tv is paused"},
		{"the app is paused", onApp(func(a *v1alpha1.SharedApp) { a.Spec.Pause = new(true) }), func(g planner.Gates) string { return g.Paused }, "SharedApp svarut is paused"},
		{"pilot networks come first", onApp(func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = []string{"rogaland"} }), func(g planner.Gates) string { return g.Pilots.WaitsFor }, "pilot network rogaland"},
		{"the bundle is not available", onApp(func(a *v1alpha1.SharedApp) { a.Status.Versions[1].Available = false }), func(g planner.Gates) string { return g.Unavailable }, "version 2.5.0 of SharedApp svarut is not available"},
		{"the channel is gone", onApp(func(a *v1alpha1.SharedApp) { a.Spec.Channels = nil }), func(g planner.Gates) string { return g.Unavailable }, `has no channel "stable"`},
		{"the app is gone", func(o *country.Objects) { o.Apps = nil }, func(g planner.Gates) string { return g.Unavailable }, `there is no SharedApp "svarut"`},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			intro := introduction(t, world(c.change), "digi-tv")
			got := c.gate(intro.Input.Gates)
			if got == "" {
				t.Errorf("%s: the gate is open", c.reason)
			}
			mentions(t, c.reason, got, c.want)
			diff(t, c.reason, "moves", len(intro.Step.Moves), 0)
		})
	}
	diff(t, "with nothing of this, all are open", "gates", introduction(t, world(), "digi-tv").Input.Gates, planner.Gates{})
}

func TestAvailabilityAndSecurityFix(t *testing.T) {
	o := world(onApp(func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[0].State, a.Spec.Versions[1].SecurityFix = v1alpha1.VersionWithdrawn, new(true)
		a.Status.Versions[2].Available = false
	}))
	in := introduction(t, o, "digi-tv").Input
	diff(t, "what is withdrawn, available, and not available", "releases", in.Releases, map[v1alpha1.Release]planner.Availability{
		before: planner.Withdrawn, target: planner.Available, other: planner.Unavailable,
	})
	diff(t, "a security fix", "securityFix", in.SecurityFix, true)
	diff(t, "any other version", "securityFix", introduction(t, world(), "digi-tv").Input.SecurityFix, false)
}
