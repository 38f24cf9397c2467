package rollup

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// wave is a wave of a Rollout's status.
func wave(name string, state v1alpha1.WaveState, waitsFor string) v1alpha1.WaveStatus {
	return v1alpha1.WaveStatus{Name: name, State: state, WaitsFor: waitsFor}
}

// promoted is digi-tv after its channel was moved to 2.5.0, with waves of its own: vinje
// first, then everybody else.
func promoted(rollouts ...v1alpha1.Rollout) country {
	c := countryOf(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	c.networks[0].Spec.Apps[0].Channel = "pilot"
	c.networks[0].Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		{Name: "first", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}, Soak: &metav1.Duration{Duration: 24 * time.Hour}},
		{Name: "everyone"},
	}}
	c.rollouts = currentRollouts(rollouts)
	return c
}

func TestTurns(t *testing.T) {
	const approval = `approval of wave everyone: add {app: svarut} to spec.rollout.approvals of Network digi-tv`
	const byIt = "digi-tv.svarut.2.5.0.1"
	of := func(phase v1alpha1.RolloutPhase, waves ...v1alpha1.WaveStatus) country {
		return promoted(bringing("svarut", "2.5.0", phase, waves...))
	}
	running := of(v1alpha1.RolloutProgressing, wave("first", v1alpha1.WaveRunning, ""), wave("everyone", v1alpha1.WaveWaiting, "wave first"))
	last := of(v1alpha1.RolloutProgressing, wave("first", v1alpha1.WaveDone, ""), wave("everyone", v1alpha1.WaveRunning, ""))
	announced := of(v1alpha1.RolloutPending, wave("first", v1alpha1.WaveWaiting, "announced: the first wave begins at 2026-11-25T12:00:00Z at the earliest"), wave("everyone", v1alpha1.WaveWaiting, "wave first"))
	unplanned := announced
	unplanned.networks = []v1alpha1.Network{*announced.networks[0].DeepCopy()}
	unplanned.networks[0].Spec.Rollout = nil
	unplanned.rollouts = currentRollouts([]v1alpha1.Rollout{bringing("svarut", "2.5.0", v1alpha1.RolloutPending,
		wave("pilot", v1alpha1.WaveWaiting, ""), wave("everyone", v1alpha1.WaveWaiting, "wave pilot"))})
	urgent := running
	urgent.apps = map[string]*v1alpha1.SharedApp{"svarut": sharedApp("svarut")}
	urgent.apps["svarut"].Spec.Versions[2].SecurityFix = new(true)
	closedNow := func(m *v1alpha1.Municipality) {
		m.Spec.Freezes = []v1alpha1.FreezePeriod{{From: metav1.NewTime(now.Add(-time.Hour)), Until: tomorrow, Reason: "election"}}
	}
	requiring := last
	requiring.apps = map[string]*v1alpha1.SharedApp{"svarut": sharedApp("svarut")}
	requiring.apps["svarut"].Spec.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "kobo", Version: ">=1.2"}}}
	pending := func(m *v1alpha1.Municipality) { m.Status.ObservedGeneration = 4 }
	suspended := func(m *v1alpha1.Municipality) { m.Spec.Suspend = new(true) }
	since := func(ago time.Duration) func(*v1alpha1.AppInstallation) {
		return func(i *v1alpha1.AppInstallation) { i.Status.HealthySince = new(metav1.NewTime(now.Add(-ago))) }
	}
	step := moved(byIt, "first", "", "")
	cases := []struct {
		reason  string
		country country
		name    string
		test    []func(*v1alpha1.AppInstallation) // of the installation in test, which has 2.5.0; nil where it has 2.4.1
		change  func(*v1alpha1.Municipality)
		want    string
		again   time.Duration
	}{
		{"the Rollout is not made yet", promoted(), "tokke", nil, nil, "a Rollout of 2.5.0 to digi-tv is about to be made", 0},
		{"the Rollout brings another release", promoted(bringing("svarut", "2.4.9", v1alpha1.RolloutProgressing)), "tokke", nil, nil, "a Rollout of 2.5.0 to digi-tv is about to be made", 0},
		{"nothing was planned yet", of(""), "tokke", nil, nil, "Rollout " + byIt + " is about to begin", 0},
		{"announced: the first wave", announced, "vinje", nil, nil, "wave first of Rollout " + byIt + " waits: announced: the first wave begins at 2026-11-25T12:00:00Z at the earliest", 0},
		{"announced: a later wave", announced, "tokke", nil, nil, "wave everyone of Rollout " + byIt + " comes after wave first, which waits: announced: the first wave begins at 2026-11-25T12:00:00Z at the earliest", 0},
		{"with no waves given, anybody may be the pilot", unplanned, "tokke", nil, nil, "Rollout " + byIt + " begins with one member as its pilot, which may be this one; wave pilot is about to begin", 0},
		{"the wave before is under way", running, "tokke", nil, nil, "wave everyone of Rollout " + byIt + " comes after wave first, which is under way, and takes its members in turn", 0},
		{"its wave waits for approval", of(v1alpha1.RolloutProgressing, wave("first", v1alpha1.WaveDone, ""), wave("everyone", v1alpha1.WaveWaiting, approval)), "tokke", nil, nil,
			"wave everyone of Rollout " + byIt + " waits: " + approval, 0},
		{"its wave is under way", last, "tokke", nil, nil, "wave everyone of Rollout " + byIt + " is under way, and takes its members in turn", 0},
		{"its wave is under way, and its own freeze is not over", last, "tokke", nil, closedNow, "Municipality tokke: frozen until 2026-11-23T12:00:00Z: election", 24 * time.Hour},
		{"its wave is under way, and another app is wanting", requiring, "tokke", nil, nil, "environment prod: svarut requires kobo >=1.2, which is not installed there", 0},
		{"its wave is under way, and its environment is not ready", last, "tokke", nil, pending, "waits for environment prod to be ready", 0},
		{"its own freeze does not matter before its wave", running, "tokke", nil, closedNow, "wave everyone of Rollout " + byIt + " comes after wave first, which is under way, and takes its members in turn", 0},
		{"joined after all was done", of(v1alpha1.RolloutCompleted, wave("first", v1alpha1.WaveDone, ""), wave("everyone", v1alpha1.WaveDone, "")), "tokke", nil, nil,
			"wave everyone of Rollout " + byIt + " is done, and takes whoever is left in their turn", 0},
		{"halted", of(v1alpha1.RolloutHalted, wave("first", v1alpha1.WaveHalted, "a newer version, or a retry"), wave("everyone", v1alpha1.WaveWaiting, "wave first")), "tokke", nil, nil,
			"Rollout " + byIt + " is halted in wave first: nobody else is moved until a retry is asked for or another version is promoted", 0},
		{"suspended", running, "tokke", nil, suspended, "Municipality tokke is suspended: take its spec.suspend out", 0},
		{"test goes first, and is not well yet", running, "vinje", []func(*v1alpha1.AppInstallation){step, progressing}, nil, "comes after environment test, which must be well at 2.5.0 first", 0},
		{"test goes first, and soaks", running, "vinje", []func(*v1alpha1.AppInstallation){step, since(time.Hour)}, nil, "comes after environment test, which soaks until 2026-11-23T11:00:00Z", 23 * time.Hour},
		{"a security fix does not soak", urgent, "vinje", []func(*v1alpha1.AppInstallation){step, since(time.Hour)}, nil, "wave first of Rollout " + byIt + " is under way, and takes its members in turn", 0},
		{"test has soaked", running, "vinje", []func(*v1alpha1.AppInstallation){step, since(24 * time.Hour)}, nil, "wave first of Rollout " + byIt + " is under way, and takes its members in turn", 0},
		{"test failed", running, "vinje", []func(*v1alpha1.AppInstallation){moved(byIt, "first", v1alpha1.OutcomeStuck, "it stays"), progressing}, nil,
			"2.5.0 failed in environment test: it comes no further until a retry is asked for or another version is promoted", 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := municipality(tc.name)
			if tc.change != nil {
				tc.change(m)
			}
			test := installation(m, "test", "svarut", "2.4.1")
			if tc.test != nil {
				test = installation(m, "test", "svarut", "2.5.0", tc.test...)
			}
			who := tenant{m, installedAt(installation(m, "prod", "svarut", "2.4.1"), test)}
			places := placesOf(tc.country, who, now)
			days, _ := daysOf(m)
			turns{country: tc.country, tenant: who, days: days, now: now}.tell(places)
			if places[0].shown.State != v1alpha1.AppWaiting || places[0].shown.Environment != "prod" {
				t.Fatalf("%s in %s, want %s in prod", places[0].shown.State, places[0].shown.Environment, v1alpha1.AppWaiting)
			}
			if diff := cmp.Diff(tc.want, places[0].shown.Next); diff != "" {
				t.Errorf("next (-want +got):\n%s", diff)
			}
			var again time.Duration
			if due := tc.reason == "test has soaked" || tc.reason == "a security fix does not soak"; places[0].settled == due {
				t.Errorf("settled is %v: it is due in the moment when the place before has soaked, and only then", places[0].settled)
			}
			if !places[0].again.IsZero() {
				again = places[0].again.Sub(now)
			}
			if again != tc.again {
				t.Errorf("again in %v, want %v", again, tc.again)
			}
		})
	}
}

func TestRolloutOfAPlace(t *testing.T) {
	c := promoted(bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing))
	hold := &v1alpha1.Hold{Version: "2.4.1", Reason: "year-end"}
	cases := []struct {
		reason    string
		decision  v1alpha1.AppDecision
		installed string
		want      string
	}{
		{"one that waits is told who brings it", v1alpha1.AppDecision{}, "2.4.1", "digi-tv.svarut.2.5.0.1"},
		{"one that has it is told who brought it", v1alpha1.AppDecision{}, "2.5.0", "digi-tv.svarut.2.5.0.1"},
		{"one that holds gets it from nobody", v1alpha1.AppDecision{Hold: hold}, "2.4.1", ""},
		{"one that names its version brings it itself", v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0"}, "2.5.0", ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			tc.decision.Name = "svarut"
			m := municipality("tokke", tc.decision)
			places := placesOf(c, tenant{m, installedAt(installation(m, "prod", "svarut", tc.installed))}, now)
			if got := places[0].shown.Rollout; got != tc.want {
				t.Errorf("rollout %q, want %q", got, tc.want)
			}
		})
	}
}

func TestCurrentRollouts(t *testing.T) {
	old, completed, halted := bringing("svarut", "2.3.0", v1alpha1.RolloutSuperseded), bringing("kobo", "2.4.1", v1alpha1.RolloutCompleted), bringing("svarut", "2.4.1", v1alpha1.RolloutHalted)
	halted.CreationTimestamp = metav1.NewTime(now)
	gone := bringing("gone", "2.4.1", v1alpha1.RolloutWithdrawn)
	directly := bringing("svarut", "2.5.0", v1alpha1.RolloutPending)
	directly.Spec.Network, directly.Spec.Channel = "", "pilot"
	got := map[string]string{}
	for of, r := range currentRollouts([]v1alpha1.Rollout{old, completed, halted, gone, directly}) {
		got[of.app+" to "+of.group.String()] = r.Spec.Version + " " + string(r.Status.Phase)
	}
	want := map[string]string{
		"svarut to digi-tv":                          "2.4.1 Halted",
		"kobo to digi-tv":                            "2.4.1 Completed",
		"svarut to direct adopters of channel pilot": "2.5.0 Pending",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

// A country of members must not be written for each of them that gets ready.
func TestTurnsChanged(t *testing.T) {
	before := bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing, wave("first", v1alpha1.WaveRunning, ""))
	cases := []struct {
		reason string
		change func(*v1alpha1.Rollout)
		want   bool
	}{
		{"counts tell nobody anything", func(r *v1alpha1.Rollout) {
			r.Status.Waves[0].Verified, r.Status.Next = 1, "wave first: 1/24 verified"
		}, false},
		{"notes and times tell nobody anything", func(r *v1alpha1.Rollout) {
			r.Status.OnTheWay, r.Status.NextAt = []v1alpha1.MemberNote{{Name: "vinje", Reason: "Soaking"}}, &tomorrow
		}, false},
		{"a wave that begins", func(r *v1alpha1.Rollout) { r.Status.Waves[0].State = v1alpha1.WaveDone }, true},
		{"a wave that waits for something", func(r *v1alpha1.Rollout) { r.Status.Waves[0].WaitsFor = "Network digi-tv is paused (spec.pause)" }, true},
		{"another phase", func(r *v1alpha1.Rollout) { r.Status.Phase = v1alpha1.RolloutHalted }, true},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			after := before.DeepCopy()
			tc.change(after)
			if got := turnsChanged().Update(event.UpdateEvent{ObjectOld: &before, ObjectNew: after}); got != tc.want {
				t.Errorf("let through %v, want %v", got, tc.want)
			}
		})
	}
	for phase, want := range map[v1alpha1.RolloutPhase]bool{
		"": true, v1alpha1.RolloutHalted: true, v1alpha1.RolloutCompleted: false, v1alpha1.RolloutSuperseded: false, v1alpha1.RolloutWithdrawn: false,
	} {
		r := bringing("svarut", "2.5.0", phase)
		if got := turnsChanged().Create(event.CreateEvent{Object: &r}); got != want {
			t.Errorf("a first look at one that is %q: let through %v, want %v", phase, got, want)
		}
	}
}

func TestEnvironmentsChanged(t *testing.T) {
	pending := municipality("vinje")
	pending.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: 4, Environments: []v1alpha1.EnvironmentStatus{
		{Name: "prod", State: v1alpha1.EnvironmentPending}, {Name: "test", State: v1alpha1.EnvironmentReady},
	}}
	cases := []struct {
		reason string
		change func(*v1alpha1.Municipality)
		want   bool
	}{
		{"an environment that becomes ready", func(m *v1alpha1.Municipality) { m.Status.Environments[0].State = v1alpha1.EnvironmentReady }, true},
		{"one that is ready no longer", func(m *v1alpha1.Municipality) { m.Status.Environments[1].State = v1alpha1.EnvironmentFailed }, true},
		{"another message", func(m *v1alpha1.Municipality) { m.Status.Environments[0].Message = "waits for its namespace" }, false},
		{"what the rollup wrote itself", func(m *v1alpha1.Municipality) { m.Status.Running = "2/2" }, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			after := pending.DeepCopy()
			tc.change(after)
			if got := environmentsChanged().Update(event.UpdateEvent{ObjectOld: pending, ObjectNew: after}); got != tc.want {
				t.Errorf("let through %v, want %v", got, tc.want)
			}
		})
	}
}
