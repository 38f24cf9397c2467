package overview

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/resolution"
)

const byIt = "digi-tv.svarut.2.5.0.1"

// promoted is digi-tv after its channel was moved to 2.5.0, with waves of its own: vinje first, then
// everybody else. Tokke runs 2.4.1, and so does fyresdal.
func promoted(rollouts ...v1alpha1.Rollout) *country.Objects {
	o := objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut"))
	n := &o.Networks[0]
	n.Spec.Apps[0].Channel = "pilot"
	n.Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		{Name: "first", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}, Soak: &metav1.Duration{Duration: 24 * time.Hour}},
		{Name: "everyone"},
	}}
	for _, r := range rollouts {
		by(o, r)
	}
	for _, name := range []string{"fyresdal", "tokke", "vinje"} {
		m := municipality(name)
		with(o, m, installation(m, "prod", "svarut", "2.4.1"), installation(m, "test", "svarut", "2.4.1"))
	}
	return o
}

func member(o *country.Objects, name string) *v1alpha1.Municipality {
	for _, m := range o.Municipalities {
		if m.Name == name {
			return m
		}
	}
	return nil
}

// put changes what is installed in an environment of a municipality; at no version, nothing is.
func put(o *country.Objects, name, environment, version string, change ...func(*v1alpha1.AppInstallation)) {
	place := resolution.Place{App: "svarut", Environment: environment}
	if version == "" {
		delete(o.Installations[name], place)
		return
	}
	o.Installations[name][place] = installation(member(o, name), environment, "svarut", version, change...)
}

func since(ago time.Duration) func(*v1alpha1.AppInstallation) {
	return func(i *v1alpha1.AppInstallation) { i.Status.HealthySince = new(metav1.NewTime(now.Add(-ago))) }
}

// TestWaits asks what svarut in production waits for, of the plan itself.
func TestWaits(t *testing.T) {
	step := moved("first", "", "")
	vinjeDone := func(o *country.Objects) {
		for _, environment := range []string{"prod", "test"} {
			put(o, "vinje", environment, "2.5.0", step, since(48*time.Hour))
		}
	}
	cases := []struct {
		reason   string
		rollouts []v1alpha1.Rollout
		name     string
		change   func(*country.Objects)
		want     string
	}{
		{"the Rollout is not made yet", nil, "tokke", func(*country.Objects) {}, "Waiting of rollout : a Rollout of 2.5.0 to digi-tv is about to be made"},
		{"the wave before goes first", some(bringing("svarut", "2.5.0", "")), "tokke", func(*country.Objects) {}, "Waiting of rollout " + byIt + ": wave first"},
		{"announced", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			o.Networks[0].Spec.Rollout.Announcement = &metav1.Duration{Duration: 4 * time.Hour}
		}, "Waiting of rollout " + byIt + ": announced: the first wave begins at 2026-11-22T15:00:00Z at the earliest; again in 3h0m0s"},
		{"paused", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) { o.Networks[0].Spec.Pause = new(true) },
			"Waiting of rollout " + byIt + ": Network digi-tv is paused (spec.pause)"},
		{"its wave waits for approval", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			vinjeDone(o)
			o.Networks[0].Spec.Rollout.Waves[1].RequireApproval = new(true)
		}, "Waiting of rollout " + byIt + `: approval of wave everyone: add {app: svarut, digest: "sha256:2.5.0", wave: everyone, attempt: 1} to spec.rollout.approvals of Network digi-tv`},
		{"its turn has come: it is not ready any longer", some(bringing("svarut", "2.5.0", "")), "vinje", func(o *country.Objects) { put(o, "vinje", "test", "2.5.0", step, since(48*time.Hour)) },
			"Progressing of rollout " + byIt + ": ; not settled"},
		{"its own freeze", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			vinjeDone(o)
			member(o, "tokke").Spec.Freezes = []v1alpha1.FreezePeriod{{From: metav1.NewTime(now.Add(-time.Hour)), Until: tomorrow, Reason: "election"}}
		}, "Waiting of rollout " + byIt + ": Municipality tokke: frozen until 2026-11-23T12:00:00Z: election; again in 23h30m0s"},
		{"suspended", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) { member(o, "tokke").Spec.Suspend = v1alpha1.SuspensionOperator },
			"Waiting of rollout " + byIt + ": the Municipality is suspended (spec.suspend)"},
		{"frozen, which only a platform operator ends", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) { member(o, "tokke").Spec.Suspend = v1alpha1.SuspensionFreeze },
			"Waiting of rollout " + byIt + ": the Municipality is frozen (spec.suspend: Freeze)"},
		{"test goes first, and soaks", some(bringing("svarut", "2.5.0", "")), "vinje", func(o *country.Objects) { put(o, "vinje", "test", "2.5.0", step, since(time.Hour)) },
			"Waiting of rollout " + byIt + ": comes after stage Test, where test is healthy, and soaks until 2026-11-23T11:00:00Z; again in 23h0m0s"},
		{"a security fix does not soak", some(bringing("svarut", "2.5.0", "")), "vinje", func(o *country.Objects) {
			o.Apps["svarut"].Spec.Versions[2].SecurityFix = new(true)
			put(o, "vinje", "test", "2.5.0", step, since(time.Minute))
		}, "Progressing of rollout " + byIt + ": ; not settled"},
		{"test failed, and with it the rollout", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			put(o, "vinje", "test", "2.5.0", moved("first", v1alpha1.OutcomeStuck, "it stays"), progressing)
		}, "Waiting of rollout " + byIt + ": the rollout is halted: nobody else is moved until a retry is asked for or another version is promoted"},
		{"it holds: nobody brings it anything", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			member(o, "tokke").Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Version: "2.4.1", Reason: "year-end"}}}
		}, "Held of rollout : "},
		{"it names its version, and is about to get it", some(bringing("svarut", "2.5.0", "")), "tokke", func(o *country.Objects) {
			member(o, "tokke").Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Decision: v1alpha1.DecisionAdopt, Version: "2.3.0"}}
			put(o, "tokke", "test", "2.3.0")
		}, "Progressing of rollout : ; not settled"},
	}
	for _, tc := range cases {
		o := promoted(tc.rollouts...)
		tc.change(o)
		seen := lookAt(t, o, tc.name)
		p := placeOf(seen, seen.tenant.Row(resolution.Place{App: "svarut", Environment: "prod"}))
		got := fmt.Sprintf("%s of rollout %s: %s", p.shown.State, p.shown.Rollout, p.shown.Next)
		if !p.again.IsZero() {
			got += fmt.Sprintf("; again in %s", p.again.Sub(now))
		}
		if !p.Settled {
			got += "; not settled"
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

// A plan is made again when somebody who asks has changed since, or a rollout has turned, and not
// for each change of anybody else.
func TestPlansAreMadeOnceForMany(t *testing.T) {
	o := promoted(bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing))
	model := country.NewModel()
	fill(model, o)
	model.Settle(now)
	kept := new(plans)
	revision := func() uint64 {
		c := model.Country()
		kept.waits(c, c.Tenant("tokke"))
		return kept.last["digi-tv"].revision
	}
	first := revision()
	if again := revision(); again != first {
		t.Error("planned again where nothing has changed")
	}

	others := func(version string) {
		model.SetInstallation("vinje", resolution.Place{App: "svarut", Environment: "test"}, installation(member(o, "vinje"), "test", "svarut", version))
	}
	others("2.4.1")
	model.Settle(now)
	if again := revision(); again != first {
		t.Error("planned again for tokke, as vinje has changed")
	}

	model.SetInstallation("tokke", resolution.Place{App: "svarut", Environment: "test"}, installation(member(o, "tokke"), "test", "svarut", "2.4.1", progressing))
	model.Settle(now)
	second := revision()
	if second == first {
		t.Error("not planned again where tokke has changed")
	}

	r := bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing, v1alpha1.WaveStatus{Name: "first", State: v1alpha1.WaveRunning})
	model.SetRollout(r.Name, &r)
	if changed := model.Settle(now); !changed.Municipalities["tokke"] || !changed.Networks["digi-tv"] || !changed.Apps["svarut"] {
		t.Errorf("who waits for a wave is not woken when it begins: %+v", changed)
	}
	if revision() == second {
		t.Error("not planned again where a wave has begun")
	}

	counts := r.DeepCopy()
	counts.Status.Verified, counts.Status.Next = 2, "wave first: 2/24 verified"
	model.SetRollout(counts.Name, counts)
	if changed := model.Settle(now); len(changed.Municipalities) > 0 {
		t.Errorf("counts of a rollout wake %v", changed.Municipalities)
	}
}

// fill gives a model all objects.
func fill(m *country.Model, o *country.Objects) {
	for name, app := range o.Apps {
		m.SetApp(name, app)
	}
	for i := range o.Networks {
		m.SetNetwork(o.Networks[i].Name, &o.Networks[i])
	}
	for _, municipality := range o.Municipalities {
		m.SetMunicipality(municipality.Name, municipality)
		for place, i := range o.Installations[municipality.Name] {
			m.SetInstallation(municipality.Name, place, i)
		}
	}
	for _, r := range o.Rollouts {
		m.SetRollout(r.Name, r)
	}
}

// appsReadyOf is the overview's condition in one line.
func appsReadyOf(conditions []metav1.Condition) string {
	return fmt.Sprintf("%s %s: %s", conditions[0].Status, conditions[0].Reason, conditions[0].Message)
}

// goes has tokke on its way out.
func goes(o *country.Objects) { member(o, "tokke").DeletionTimestamp = &tomorrow }

// removing is an installation that is being uninstalled.
func removing(i *v1alpha1.AppInstallation) {
	progressing(i)
	i.Spec.State, i.Status.Conditions[0].Message = v1alpha1.InstallationAbsent, "svarut is being uninstalled"
}

func TestMunicipalityAppsReady(t *testing.T) {
	returned := moved("everyone", v1alpha1.OutcomeReturned, "went back to 2.4.1, as 2.5.0 failed")
	const halted = "the rollout is halted: nobody else is moved until a retry is asked for or another version is promoted"
	cases := []struct {
		reason string
		change func(*country.Objects)
		want   string
	}{
		{"who waits, and runs, is as it should be now", func(*country.Objects) {}, "2/2 True Ready: 2/2 apps running; 2 with another version to come"},
		{"who waits for a first version is not", func(o *country.Objects) {
			put(o, "tokke", "prod", "")
			put(o, "vinje", "test", "2.5.0", moved("first", v1alpha1.OutcomeStuck, "it stays"), progressing)
		}, "1/2 False AppsProgressing: 1/2 apps running; prod/svarut: " + halted + "; 1 with another version to come"},
		{"who went back is reported", func(o *country.Objects) { put(o, "tokke", "test", "2.4.1", returned) },
			"2/2 True Ready: 2/2 apps running; test/svarut went back to 2.4.1, as 2.5.0 failed; 1 with another version to come"},
		{"who went back and fails there", func(o *country.Objects) { put(o, "tokke", "test", "2.4.1", returned, failed) },
			"1/2 False AppsFailed: 1/2 apps running; test/svarut: parameters.sender: is required; 1 with another version to come"},
		{"windows that nobody can read, with the field", func(o *country.Objects) {
			member(o, "tokke").Spec.Windows = []v1alpha1.Window{{Schedule: "0 8 30 2 *", Duration: metav1.Duration{Duration: time.Hour}}}
		}, `2/2 False InvalidSpec: spec.windows[0].schedule: "0 8 30 2 *" never opens, as none of its months has such a day: correct the day of month or the month; no new version comes here until this is fixed; 2/2 apps running; 2 with another version to come`},
		{"a decision on what is not there, too", func(o *country.Objects) {
			member(o, "tokke").Spec.Apps = []v1alpha1.AppDecision{{Name: "svarutt", Decision: v1alpha1.DecisionDecline}}
		}, `2/2 False InvalidSpec: spec.apps[0].name: there is no SharedApp "svarutt": correct the name, or take the decision out until it is offered; 2/2 apps running; 2 with another version to come`},
		{"it is deleted, and its apps run until they are uninstalled", goes, "2/2 True Ready: 2/2 apps running; 2 with another version to come"},
		{"it is deleted, and one is being uninstalled, the other gone: nothing comes in its place", func(o *country.Objects) {
			goes(o)
			put(o, "tokke", "test", "")
			put(o, "tokke", "prod", "2.4.1", removing)
		}, "0/1 False AppsProgressing: 0/1 apps running; prod/svarut: svarut is being uninstalled"},
		{"it is deleted, and all are gone, where its environments are kept for their volumes", func(o *country.Objects) {
			goes(o)
			put(o, "tokke", "test", "")
			put(o, "tokke", "prod", "")
			m := member(o, "tokke")
			m.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: m.Generation, Environments: []v1alpha1.EnvironmentStatus{
				{Name: "prod", State: v1alpha1.EnvironmentRetained, Message: "it holds volumes"}, {Name: "test", State: v1alpha1.EnvironmentRetained, Message: "it holds volumes"},
			}}
		}, "0/0 True Ready: no apps"},
	}
	for _, tc := range cases {
		o := promoted(bringing("svarut", "2.5.0", v1alpha1.RolloutProgressing))
		tc.change(o)
		got := statusOf(t, o, "tokke")
		if diff := cmp.Diff(tc.want, got.Running+" "+appsReadyOf(got.Conditions)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

// some is a list.
func some(rollouts ...v1alpha1.Rollout) []v1alpha1.Rollout { return rollouts }

// The row of an AppInstallation that somebody deleted stays: consent writes it again from that where
// nothing else is known.
func TestDeletedByHand(t *testing.T) {
	o := objects()
	m := municipality("vinje")
	m.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: "2.3.0", State: v1alpha1.AppReady}}
	got := row(t, statusOf(t, with(o, m), "vinje"), "prod", "svarut")
	want := v1alpha1.MunicipalityApp{Name: "svarut", Environment: "prod", Version: "2.3.0", Wanted: "2.3.0", State: v1alpha1.AppProgressing, DecidedBy: got.DecidedBy, Message: "its AppInstallation was deleted: it is written again"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// It comes back at the version that it was asked to have, where that is the higher: nobody saw whether that was applied.
func TestDeletedByHandWhileItWasMoved(t *testing.T) {
	o := objects()
	m := municipality("vinje")
	m.Status.Apps = []v1alpha1.MunicipalityApp{{Name: "svarut", Environment: "prod", Version: "2.3.0", Asked: "2.4.1", State: v1alpha1.AppProgressing}}
	got := row(t, statusOf(t, with(o, m), "vinje"), "prod", "svarut")
	if diff := cmp.Diff("2.4.1", got.Version); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}

func TestAskedFor(t *testing.T) {
	m := municipality("vinje")
	cases := []struct {
		reason  string
		applied string
		change  func(*v1alpha1.AppInstallation)
		want    string
	}{
		{"it has what it is asked to have", "2.4.1", func(*v1alpha1.AppInstallation) {}, ""},
		{"it has another version still", "2.3.0", progressing, "2.4.1"},
		{"it has none yet", "", progressing, "2.4.1"},
		{"it is to go", "2.3.0", removing, ""},
	}
	for _, tc := range cases {
		i := installation(m, "prod", "svarut", "2.4.1", tc.change)
		i.Status.AppliedVersion = tc.applied
		got := row(t, statusOf(t, with(objects(network("digi-tv", v1alpha1.ObligationRecommended, "svarut")), municipality("vinje"), i), "vinje"), "prod", "svarut")
		if diff := cmp.Diff(tc.applied+" "+tc.want, got.Version+" "+got.Asked); diff != "" {
			t.Errorf("%s: version, and the one that is asked for (-want +got):\n%s", tc.reason, diff)
		}
	}
}
