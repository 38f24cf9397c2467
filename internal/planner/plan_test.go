package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// left adds municipalities that the rollout moved and that are gone.
func left(name, wave string, failed bool) change {
	return func(in *planner.Input) {
		l := planner.Left{Name: name, Wave: wave, Failed: failed}
		if !failed { // whose installation is there, and records the move
			l.Places = []planner.MemberPlace{{Environment: "prod", Stage: v1alpha1.StageProduction, Installed: &planner.Installed{
				Release: other, Current: true, HealthySince: now.Add(-time.Hour), Stamp: &planner.Stamp{Name: rolloutName, Wave: wave, MovedAt: *at(-2 * time.Hour)},
			}}}
		}
		in.Left = append(in.Left, l)
	}
}

func TestWhenAWaveIsDone(t *testing.T) {
	bears := func(name string, n int32, members ...string) v1alpha1.Wave {
		w := wave(name, members...)
		w.MaxFailures = number(n)
		return w
	}
	gone := away(v1alpha1.ReasonEnvironmentNotReady, "not ready")
	cases := []struct {
		reason string
		world  []change
		want   v1alpha1.WaveState
	}{
		{"all are verified", []change{waves(wave("one")), member("a", verified("one"))}, v1alpha1.WaveDone},
		{"all are verified or excused", []change{waves(wave("one")), member("a", verified("one")), member("b", prod(has(before), excused("Held", "x")))}, v1alpha1.WaveDone},
		{"all are excused", []change{waves(wave("zero", "z"), wave("one", "a"), wave("two")), member("z", verified("zero")), member("a", prod(has(before), excused("Held", "x"))), member("b")}, v1alpha1.WaveDone},
		{"all of the first wave are excused: somebody stands in", []change{waves(wave("one", "a"), wave("two")), member("a", prod(has(before), excused("Held", "x"))), member("b")}, v1alpha1.WaveWaiting},
		{"some failed within the budget", []change{waves(bears("one", 1)), member("a", verified("one")), member("b", returned("one"))}, v1alpha1.WaveDone},
		{"more failed than the budget bears", []change{waves(wave("one")), member("a", verified("one")), member("b", returned("one"))}, v1alpha1.WaveHalted},
		{"one waits", []change{waves(wave("one")), member("a", verified("one")), member("b")}, v1alpha1.WaveRunning},
		{"one is on its way", []change{waves(wave("one")), member("a", verified("one")), member("b", prod(unseen(target), moved("one", time.Minute)))}, v1alpha1.WaveRunning},
		{"one is away, and another is verified: nobody waits for ever", []change{waves(wave("one")), member("a", verified("one")), member("b", prod(gone))}, v1alpha1.WaveDone},
		{"absences alone make no wave done", []change{waves(wave("one", "a", "b"), wave("two")), member("a", prod(gone)), member("b", prod(has(before), excused("Held", "x")))}, v1alpha1.WaveWaiting},
		{"one whose windows are closed for long is away", []change{waves(wave("one")), member("a", verified("one")), member("b", weekdays, prod(has(before)))}, v1alpha1.WaveDone},
		{"one whose freeze ends shortly is waited for", []change{waves(wave("one")), member("a", verified("one")), member("b", shortly, prod(has(before)))}, v1alpha1.WaveWaiting},
		{"nobody is in it", []change{waves(wave("zero", "z"), wave("one", "x"), wave("two")), member("z", verified("zero")), member("a")}, v1alpha1.WaveDone},
		{"nobody is in the first", []change{waves(wave("one", "x"), wave("two")), member("a")}, v1alpha1.WaveWaiting},
		{"all are away, and the wave before had somebody verified", []change{waves(wave("zero", "z"), wave("one", "a"), wave("two")), member("z", verified("zero")), member("a", prod(gone))}, v1alpha1.WaveDone},
		{"the one before is not done", []change{waves(wave("zero", "z"), wave("one", "a"), wave("two")), member("z"), member("a", verified("one"))}, v1alpha1.WaveWaiting},
		{"it was done, and a joiner waits", []change{waves(wave("one")), done("one"), member("a", verified("one")), member("b")}, v1alpha1.WaveDone},
		{"it was done, and a member got unhealthy since", []change{waves(wave("one", "a"), wave("two")), done("one"), member("a", prod(unhealthy(target, 5*time.Minute), moved("one", 100*time.Minute)))}, v1alpha1.WaveDone},
		{"it was done, and a joiner failed: that halts it", []change{waves(wave("one", "a", "b"), wave("two")), done("one"), member("a", verified("one")), member("b", returned("one"))}, v1alpha1.WaveHalted},
		{"one that failed and left is counted still", []change{waves(wave("one", "a"), wave("two")), member("a", verified("one")), left("b", "one", true)}, v1alpha1.WaveHalted},
		{"and is in the budget like others", []change{waves(bears("one", 1, "a"), wave("two")), member("a", verified("one")), left("b", "one", true)}, v1alpha1.WaveDone},
		{"one that left before it failed is not", []change{waves(wave("one", "a"), wave("two")), member("a", verified("one")), left("b", "one", false)}, v1alpha1.WaveDone},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(c.world...)
			in.Gates.Frozen = "the platform is frozen" // it is counted all the same
			got := waveIn(t, planner.Plan(in), "one")
			if c.want == v1alpha1.WaveWaiting && got.State == v1alpha1.WaveRunning {
				got.State = v1alpha1.WaveWaiting // whether its first has begun is no matter here
			}
			if c.want == v1alpha1.WaveRunning && got.State == v1alpha1.WaveWaiting {
				got.State = v1alpha1.WaveRunning
			}
			diff(t, c.reason, "state of the wave", got.State, c.want)
		})
	}
}

func TestFailureOfALeaverWhoseWaveIsGoneCountsInTheLast(t *testing.T) {
	step := planner.Plan(world(waves(wave("one", "a"), wave("two")), member("a"), left("b", "zero", true)))
	diff(t, "it is in no wave that there is", "state", waveIn(t, step, "two").State, v1alpha1.WaveHalted)
	diff(t, "nobody else is moved", "moves", len(step.Moves), 0)
	_, note := noted(step.Status, "b")
	diff(t, "it is listed", "code", note.Reason, "Left")
}

func TestWhatIsDoneStaysSoWhenWavesAreEdited(t *testing.T) {
	step := planner.Plan(world(waves(wave("one", "a"), wave("between", "b"), wave("two")), done("one"), member("a"), member("b"), member("c", verified("two"))))
	diff(t, "one was done, also without a verified member now", "state", waveIn(t, step, "one").State, v1alpha1.WaveDone)
	diff(t, "the new wave begins, and the one that was done takes its joiner", "moves", moves(step), []string{"a/prod Advance 2.5.0 wave one", "b/prod Advance 2.5.0 wave between"})
}

func TestWaveWithoutAnybodyToMoveIsNotDoneForGood(t *testing.T) {
	held := member("a", prod(has(before), excused("Held", "x")))
	in := world(waves(wave("one", "a"), wave("two")), held, member("b"), announced)
	in.Rollout.Status = planner.Plan(in).Status
	in.Now = now.Add(time.Hour) // the announcement is over, and so is the hold
	in.Members[0].Places[0].Excuse = planner.Excuse{}
	diff(t, "who takes part by then goes first", "moves", moves(planner.Plan(in)), []string{"a/prod Advance 2.5.0 wave one"})
}

func TestWhenARolloutIsCompleted(t *testing.T) {
	cases := []struct {
		reason string
		world  []change
		want   v1alpha1.RolloutPhase
	}{
		{"nobody is a member", []change{waves(wave("one"))}, v1alpha1.RolloutPending},
		{"nobody was moved", []change{member("a")}, v1alpha1.RolloutPending},
		{"one is on its way", []change{waves(wave("one")), member("a", prod(unseen(target), moved("one", time.Minute)))}, v1alpha1.RolloutProgressing},
		{"all are excused: that is no success", []change{waves(wave("one")), member("a", prod(has(before), excused("Held", "x")))}, v1alpha1.RolloutPending},
		{"the last wave is done, with one at the version", []change{waves(wave("one")), member("a", verified("one")), member("b", prod(has(before), excused("Held", "x")))}, v1alpha1.RolloutCompleted},
		{"it was completed, and a joiner waits: it is under way again", []change{waves(wave("one")), completed, done("one"), member("b")}, v1alpha1.RolloutProgressing},
		{"it was completed, and one that is away is to come", []change{waves(wave("one")), completed, done("one"), member("a", verified("one")), member("b", prod(away(v1alpha1.ReasonEnvironmentNotReady, "x")))}, v1alpha1.RolloutCompleted},
		{"somebody is on the way, who joined a wave that was done", []change{
			waves(wave("one", "a"), wave("two")), done("one"), member("a", prod(unseen(target), moved("one", time.Minute))), member("b", verified("two")),
		}, v1alpha1.RolloutProgressing},
		{"more failed than may", []change{waves(wave("one")), member("a", returned("one")), member("b")}, v1alpha1.RolloutHalted},
		{"who had the version may fail too", []change{waves(wave("one")), member("a", prod(unhealthy(target, 2*time.Hour)))}, v1alpha1.RolloutHalted},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(c.world...)
			in.Gates.Frozen = "the platform is frozen"
			status := planner.Plan(in).Status
			diff(t, c.reason, "phase", status.Phase, c.want)
			diff(t, c.reason, "completedAt is there when it is completed, and stays", status.CompletedAt != nil, c.want == v1alpha1.RolloutCompleted || in.Rollout.Status.CompletedAt != nil)
		})
	}
}

func TestStatusCanBeLost(t *testing.T) {
	in := world(waves(wave("one", "a"), wave("two")), done("one"), member("a", verified("one")), member("b", prod(unseen(target), moved("two", time.Minute))), member("c"))
	whole := planner.Plan(in)
	in.Rollout.Status = v1alpha1.RolloutStatus{ObservedGeneration: -1}
	lost := planner.Plan(in)
	diff(t, "moves rest on what the installations report", "moves", moves(lost), moves(whole))
	diff(t, "and so do counts", "counts", countsOf(lost.Status), countsOf(whole.Status))
	diff(t, "it has begun", "phase", lost.Status.Phase, v1alpha1.RolloutProgressing)
}

func TestBeginsAndCarried(t *testing.T) {
	cases := []struct {
		reason          string
		world           []change
		begins, carried bool
	}{
		{"its first member is moved", []change{member("a")}, true, false},
		{"nobody may be moved", []change{member("a"), gates(planner.Gates{Paused: "paused"})}, false, false},
		{"it is under way", []change{waves(wave("one")), member("a", prod(unseen(target), moved("one", time.Minute)))}, false, true},
		{"it is halted", []change{waves(wave("one")), member("a", returned("one"))}, false, false},
		{"it is completed", []change{waves(wave("one")), completed, done("one"), member("a", verified("one"))}, false, false},
		{"all whom it moved left", []change{waves(wave("one")), left("x", "one", false), member("a")}, false, true},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.Plan(world(c.world...))
			diff(t, c.reason, "begins, carried", []bool{step.Begins, step.Carried}, []bool{c.begins, c.carried})
		})
	}
}

func TestPlanChangesNothingOfItsInput(t *testing.T) {
	in := world(done("one"), member("a", prod(unseen(target), moved("pilot", time.Hour))), member("b"))
	rolloutBefore := in.Rollout.DeepCopy()
	stamp := *in.Members[0].Places[0].Installed.Stamp
	first := planner.Plan(in)
	diff(t, "the Rollout is the observer's", "rollout", in.Rollout, rolloutBefore)
	diff(t, "the stamp is the observer's", "stamp", *in.Members[0].Places[0].Installed.Stamp, stamp)
	diff(t, "and the same again gives the same", "step", planner.Plan(in), first)
}

func TestTimesAreInSeconds(t *testing.T) {
	in := world(member("a"))
	in.Now = now.Add(123 * time.Millisecond)
	step := planner.Plan(in)
	diff(t, "as the API server keeps them", "movedAt", step.Moves[0].Stamp.MovedAt, metav1.NewTime(now))
}

// TestItHasBegunWhenSomebodyWasMoved has a step that moves the first member, which the API server may
// refuse.
func TestItHasBegunWhenSomebodyWasMoved(t *testing.T) {
	in := world(waves(wave("one")), member("a"))
	step := planner.Plan(in)
	diff(t, "one is to be moved", "moves", moves(step), []string{"a/prod Advance 2.5.0 wave one"})
	diff(t, "it may be refused", "startedAt", step.Status.StartedAt, (*metav1.Time)(nil))

	in.Rollout.Status = step.Status
	gates(planner.Gates{Pilots: planner.Gate{WaitsFor: "pilot network x"}})(&in)
	diff(t, "it was refused: all gates of the first member are before it still", "moves", moves(planner.Plan(in)), []string(nil))

	in.Members[0].Places[0].Installed = &planner.Installed{Release: target, Stamp: &step.Moves[0].Stamp}
	in.Now = now.Add(time.Minute)
	status := planner.Plan(in).Status
	diff(t, "it was moved", "startedAt", []*metav1.Time{status.StartedAt, status.Waves[0].StartedAt}, []*metav1.Time{at(0), at(0)})
}
