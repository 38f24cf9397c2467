package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

var (
	badOne  = promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.4.2"}
	goodOne = promotion{app: "svarut", channel: "stable", from: "2.4.1", to: "2.5.0"}
)

func record(version string, phase v1alpha1.RolloutPhase, waves ...v1alpha1.WaveStatus) v1alpha1.Rollout {
	return v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: "digi-tv.svarut." + version + ".1"},
		Spec:       v1alpha1.RolloutSpec{Network: "digi-tv", App: "svarut", Version: version},
		Status:     v1alpha1.RolloutStatus{Phase: phase, Waves: waves},
	}
}

func TestJudgeMove(t *testing.T) {
	tokke := v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "tokke"},
		Spec:       v1alpha1.MunicipalitySpec{Apps: []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Version: "2.4.1"}}}},
	}
	app := v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut", Generation: 2},
		Status:     v1alpha1.SharedAppStatus{Conditions: conditions(2)},
	}
	before := app
	before.Generation, before.Status.Conditions = 1, conditions(1)
	held := installation("tokke-prod", "tokke", "prod", "2.4.1", "2.4.1")
	cases := []struct {
		reason       string
		app          v1alpha1.SharedApp
		installation v1alpha1.AppInstallation
		phase        v1alpha1.RolloutPhase
		moved        int
		done         bool
	}{
		{"moved", app, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.5.0"), v1alpha1.RolloutCompleted, 1, true},
		{"not asked to yet", app, installation("vinje-prod", "vinje", "prod", "2.4.1", "2.4.1"), v1alpha1.RolloutCompleted, 0, false},
		{"asked to, not applied yet", app, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.4.1"), v1alpha1.RolloutCompleted, 0, false},
		{"its rollout soaks", app, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.5.0"), v1alpha1.RolloutProgressing, 1, false},
		{"the watch is behind the promotion", before, installation("vinje-prod", "vinje", "prod", "2.5.0", "2.5.0"), v1alpha1.RolloutCompleted, 1, false},
	}
	for _, c := range cases {
		seen := snapshot{
			municipalities: []v1alpha1.Municipality{vinje(), tokke},
			apps:           []v1alpha1.SharedApp{c.app},
			installations:  []v1alpha1.AppInstallation{c.installation, held},
			rollouts:       []v1alpha1.Rollout{record("2.5.0", c.phase)},
		}
		got, missing := judgeMove(seen, goodOne, 2, 1, time.Now())
		if got.moved != c.moved || got.wanted != 1 || got.stayed != 1 {
			t.Errorf("%s: got %+v, want %d of 1 moved, and one that stays", c.reason, got, c.moved)
		}
		if (len(missing) == 0) != c.done {
			t.Errorf("%s: missing is %q, want done %v", c.reason, missing, c.done)
		}
	}
}

func TestJudgeStop(t *testing.T) {
	well := installation("vinje-test", "vinje", "test", "2.4.1", "2.4.1")
	before := snapshot{installations: []v1alpha1.AppInstallation{well}}
	cases := []struct {
		reason       string
		installation v1alpha1.AppInstallation
		rollouts     []v1alpha1.Rollout
		done         bool
	}{
		{"halted, and back", well, []v1alpha1.Rollout{record("2.4.2", v1alpha1.RolloutHalted)}, true},
		{"halted, and not back yet", installation("vinje-test", "vinje", "test", "2.4.2", "2.4.2"), []v1alpha1.Rollout{record("2.4.2", v1alpha1.RolloutHalted)}, false},
		{"asked to go back, not applied yet", installation("vinje-test", "vinje", "test", "2.4.1", "2.4.2"), []v1alpha1.Rollout{record("2.4.2", v1alpha1.RolloutHalted)}, false},
		{"back, and not halted", well, []v1alpha1.Rollout{record("2.4.2", v1alpha1.RolloutProgressing)}, false},
		{"another version is halted", well, []v1alpha1.Rollout{record("2.4.3", v1alpha1.RolloutHalted)}, false},
		{"nothing has begun", well, nil, false},
	}
	for _, c := range cases {
		_, missing := judgeStop(snapshot{installations: []v1alpha1.AppInstallation{c.installation}, rollouts: c.rollouts}, before, badOne, 1)
		if (len(missing) == 0) != c.done {
			t.Errorf("%s: missing is %q, want done %v", c.reason, missing, c.done)
		}
	}
}

func TestReach(t *testing.T) {
	calm, pilot := installation("vinje-prod", "vinje", "prod", "2.4.1", "2.4.1"), installation("vinje-test", "vinje", "test", "2.4.1", "2.4.1")
	calm.Spec.Tenant.Stage, pilot.Spec.Tenant.Stage = v1alpha1.StageProduction, v1alpha1.StageTest
	other := calm
	other.Spec.App = "saksarkiv"
	before := snapshot{installations: []v1alpha1.AppInstallation{calm, pilot, other}}
	back := pilot
	back.Generation = 3 // there, and back
	got := reachOf(snapshot{installations: []v1alpha1.AppInstallation{calm, back, other}}, before, "svarut")
	if diff := cmp.Diff(reach{all: 2, touched: 1}, got, cmp.AllowUnexported(reach{})); diff != "" {
		t.Errorf("a pilot's test environment (-want +got):\n%s", diff)
	}
	calm.Generation = 2
	if got := reachOf(snapshot{installations: []v1alpha1.AppInstallation{calm}}, before, "svarut"); got.production != 1 {
		t.Errorf("production was touched, and is not counted: %+v", got)
	}
}

func TestJudgeGate(t *testing.T) {
	wave := func(name string, state v1alpha1.WaveState) v1alpha1.WaveStatus {
		return v1alpha1.WaveStatus{Name: name, State: state}
	}
	cases := []struct {
		reason   string
		rollouts []v1alpha1.Rollout
		done     bool
	}{
		{"not made yet", nil, false},
		{"pilots on the way", []v1alpha1.Rollout{record("2.5.0", v1alpha1.RolloutProgressing, wave("pilot", v1alpha1.WaveRunning), wave("everyone", v1alpha1.WaveWaiting))}, false},
		{"pilots done", []v1alpha1.Rollout{record("2.5.0", v1alpha1.RolloutProgressing, wave("pilot", v1alpha1.WaveDone), wave("everyone", v1alpha1.WaveWaiting))}, true},
		{"it did not wait", []v1alpha1.Rollout{record("2.5.0", v1alpha1.RolloutProgressing, wave("pilot", v1alpha1.WaveDone), wave("everyone", v1alpha1.WaveRunning))}, false},
	}
	for _, c := range cases {
		_, missing := judgeGate(snapshot{rollouts: c.rollouts}, "digi-tv.svarut.2.5.0.1", "everyone")
		if (len(missing) == 0) != c.done {
			t.Errorf("%s: missing is %q, want done %v", c.reason, missing, c.done)
		}
	}
}

func TestLayOut(t *testing.T) {
	table := metav1.Table{
		ColumnDefinitions: []metav1.TableColumnDefinition{{Name: "Name"}, {Name: "Excused", Priority: 1}, {Name: "Wave"}, {Name: "Next"}},
		Rows: []metav1.TableRow{
			{Cells: []any{"digi-tv.svarut.2.5.0.1", int64(3), "pilot", "waits"}},
			{Cells: []any{"digi-tv.kobo.1.0.0.1", int64(0), nil, ""}},
		},
	}
	want := "NAME                     WAVE    NEXT\ndigi-tv.svarut.2.5.0.1   pilot   waits\ndigi-tv.kobo.1.0.0.1             \n"
	if diff := cmp.Diff(want, layOut(table)); diff != "" {
		t.Errorf("without the columns of -o wide (-want +got):\n%s", diff)
	}
}

func TestWrap(t *testing.T) {
	cases := []struct {
		reason, line string
		want         []string
	}{
		{"short enough", "  prod  2.4.1", []string{"  prod  2.4.1"}},
		{"what follows is below the text", "  prod  one two three four", []string{"  prod  one two", "        three four"}},
		{"a continuation stays where it is", "        one two three four", []string{"        one two", "        three four"}},
		{"letters count, not bytes", "æøå æøå æøå æøå", []string{"æøå æøå æøå æøå"}},
		{"a long word is left whole", "  prod  sha256:4355a46b19d348dc", []string{"  prod  sha256:4355a46b19d348dc"}},
	}
	for _, c := range cases {
		if diff := cmp.Diff(c.want, wrap(c.line, 18)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.reason, diff)
		}
	}
}
