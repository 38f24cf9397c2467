package planner_test

import (
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// counts of one member in the status of the only wave.
type counts struct{ Waiting, Away, Moving, Verified, Failed, Excused int32 }

func countsOf(s v1alpha1.RolloutStatus) counts {
	return counts{s.Waiting, s.Away, s.Moving, s.Verified, s.Failed, s.Excused}
}

// TestStanding shows how one member stands while the platform is frozen, so that the step
// itself changes nothing.
func TestStanding(t *testing.T) {
	waits, gone, goes, ok, bad, out := counts{Waiting: 1}, counts{Away: 1}, counts{Moving: 1}, counts{Verified: 1}, counts{Failed: 1}, counts{Excused: 1}
	hold := excused("Held", "held at 2.4.1: year-end")
	pending := away(v1alpha1.ReasonEnvironmentNotReady, "environment prod is not ready")
	cases := []struct {
		reason  string
		member  change
		counts  counts
		list    string
		code    string
		message string
	}{
		{"nothing moved it yet", member("vinje"), waits, "", "", ""},
		{"nothing is installed yet", member("vinje", prod()), waits, "", "", ""},
		{"moved, and not observed", member("vinje", prod(unseen(target), moved("all", time.Minute))), goes, "onTheWay", v1alpha1.ReasonInstalling, "prod: not observed yet"},
		{"moved, and not healthy yet", member("vinje", prod(unhealthy(target, time.Minute), moved("all", 2*time.Minute))), goes, "onTheWay", v1alpha1.ReasonUnhealthy, "prod: Deployment web: 0/1 ready"},
		{"healthy, and soaking", member("vinje", prod(healthy(target, 59*time.Minute), moved("all", 62*time.Minute))), goes, "onTheWay", v1alpha1.ReasonSoaking, "prod is healthy, and soaks until 2026-11-22T12:01:00Z"},
		{"healthy for the soak", member("vinje", prod(healthy(target, time.Hour), moved("all", 62*time.Minute))), ok, "", "", ""},
		{"had the version before, and was healthy", member("vinje", prod(has(target))), ok, "", "", ""},
		{"has another digest, however healthy", member("vinje", prod(has(v1alpha1.Release{Version: target.Version, Digest: "sha256:other"}))), waits, "", "", ""},
		{"test is verified, and prod has not begun, by nobody's move", member("vinje", test(has(target)), prod(has(before))), waits, "", "", ""},
		{"test is verified, and prod comes next", member("vinje", test(healthy(target, time.Hour), moved("all", 2*time.Hour)), prod(has(before))), goes, "onTheWay", v1alpha1.ReasonNextStage, ""},
		{"test soaks, and prod waits", member("vinje", test(healthy(target, time.Minute), moved("all", time.Hour)), prod(has(before))), goes, "onTheWay", v1alpha1.ReasonSoaking, "test is healthy"},
		{"what is unhealthy is named before what soaks", member("vinje", prod(healthy(target, time.Minute), moved("all", time.Hour)), in("prod2", v1alpha1.StageProduction, []func(*planner.MemberPlace){unhealthy(target, time.Minute), moved("all", time.Hour)})), goes, "onTheWay", v1alpha1.ReasonUnhealthy, "prod2: "},
		{"has it in part within one stage, by nobody's move", member("vinje", in("qa", v1alpha1.StageTest, []func(*planner.MemberPlace){healthy(target, time.Minute)}), test(has(before))), waits, "", "", ""},
		{"both are verified", member("vinje", test(has(target)), prod(has(target))), ok, "", "", ""},
		{"unhealthy past its deadline", member("vinje", prod(unhealthy(target, 30*time.Minute), moved("all", time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "prod was not healthy by 2026-11-22T12:00:00Z: Deployment web: 0/1 ready"},
		{"unhealthy past its deadline, and an environment before takes part by now", member("vinje", test(has(before)), prod(unhealthy(target, 30*time.Minute), moved("all", time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "prod was not healthy by 2026-11-22T12:00:00Z"},
		{"not healthy yet, and an environment before takes part by now", member("vinje", test(has(before)), prod(unhealthy(target, time.Minute), moved("all", time.Hour))), goes, "onTheWay", v1alpha1.ReasonNextStage, ""},
		{"never observed past its deadline", member("vinje", prod(unseen(target), moved("all", time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "not observed yet"},
		{"comes and goes, and is never healthy for the soak", member("vinje", prod(unhealthy(target, time.Minute), moved("all", 3*time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "comes and goes"},
		{"somebody deleted it, and it comes up again", member("vinje", prod(unhealthy(target, time.Minute), moved("all", 3*time.Hour), created(5*time.Minute))), goes, "onTheWay", v1alpha1.ReasonUnhealthy, "prod: "},
		{"came and went, and is given the time to soak", member("vinje", prod(healthy(target, time.Minute), moved("all", 3*time.Hour))), goes, "onTheWay", v1alpha1.ReasonSoaking, ""},
		{"has soaked, and is healthy again after a short fault", member("vinje", prod(healthy(target, time.Minute), moved("all", 9*time.Hour), soakedOnce(time.Hour))), ok, "", "", ""},
		{"has soaked, and has a short fault", member("vinje", prod(unhealthy(target, time.Minute), moved("all", 9*time.Hour), soakedOnce(time.Hour))), goes, "onTheWay", v1alpha1.ReasonUnhealthy, ""},
		{"has soaked, and is unhealthy past the deadline", member("vinje", prod(unhealthy(target, 30*time.Minute), moved("all", 9*time.Hour), soakedOnce(time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "was not healthy by"},
		{"had the version before, and is unhealthy since the rollout began", member("vinje", prod(unhealthy(target, 2*time.Hour))), bad, "failed", v1alpha1.ReasonUnhealthy, "was not healthy by"},
		{"went back", member("vinje", returned("all")), bad, "failed", "Returned", "went back to 2.4.1"},
		{"went back, and holds it since: that is no way out", member("vinje", returned("all"), suspended), bad, "failed", "Returned", ""},
		{"could not go back, and is unhealthy", member("vinje", prod(unhealthy(target, time.Minute), moved("all", time.Hour), outcome("Stuck", "stays"))), bad, "failed", "Stuck", "stays"},
		{"could not go back, and has been healthy for the soak since", member("vinje", prod(healthy(target, time.Hour), moved("all", 2*time.Hour), outcome("Stuck", "stays"))), ok, "", "", ""},
		{"could not go back, has been healthy for the soak since, and its spec was touched", member("vinje", prod(unseen(target), moved("all", 20*time.Minute), outcome("Stuck", "stays"), func(p *planner.MemberPlace) {
			p.Installed.HealthyBefore = now.Add(-time.Hour)
		})), goes, "onTheWay", v1alpha1.ReasonInstalling, ""},
		{"could not go back, and is healthy for a minute", member("vinje", prod(healthy(target, time.Minute), moved("all", 2*time.Hour), outcome("Stuck", "stays"))), bad, "failed", "Stuck", ""},
		{"failed in an earlier rollout, which this one puts right", member("vinje", prod(has(before), func(p *planner.MemberPlace) {
			p.Installed.Stamp = &planner.Stamp{Name: "digi-tv.svarut.2.4.9.1", Outcome: "Returned"}
		})), waits, "", "", ""},
		{"held", member("vinje", prod(has(before), hold)), out, "excused", "Held", "year-end"},
		{"held on its way", member("vinje", prod(unseen(target), moved("all", time.Minute), hold)), out, "excused", "Held", "year-end"},
		{"held in prod, and verified in test", member("vinje", test(has(target)), prod(has(before), hold)), ok, "", "", ""},
		{"held in test, and waits in prod", member("vinje", test(has(before), hold), prod(has(before))), waits, "", "", ""},
		{"held everywhere", member("vinje", test(has(before), hold), prod(has(before), hold)), out, "excused", "Held", ""},
		{"suspended", member("vinje", suspended), out, "excused", v1alpha1.ReasonSuspended, "spec.suspend"},
		{"frozen", member("vinje", suspended, func(m *planner.Member) { m.Frozen = true }), out, "excused", v1alpha1.ReasonSuspended, "the Municipality is frozen (spec.suspend: Freeze)"},
		{"suspended, with a place that holds", member("vinje", suspended, prod(has(before), hold)), out, "excused", v1alpha1.ReasonSuspended, ""},
		{"away", member("vinje", prod(pending)), gone, "onTheWay", v1alpha1.ReasonEnvironmentNotReady, "not ready"},
		{"away in one place, and may move in the other", member("vinje", prod(pending), in("prod2", v1alpha1.StageProduction, nil)), waits, "", "", ""},
		{"away in prod, and verified in test", member("vinje", test(has(target)), prod(pending)), gone, "onTheWay", v1alpha1.ReasonEnvironmentNotReady, ""},
		{"away, and has the version and is healthy there", member("vinje", prod(has(target), pending)), ok, "", "", ""},
		{"outside its own windows for long", member("vinje", weekdays, prod(has(before))), gone, "onTheWay", v1alpha1.ReasonWindow, "Municipality vinje: outside the windows"},
		{"frozen for less than its deadline", member("vinje", shortly, prod(has(before))), waits, "onTheWay", v1alpha1.ReasonWindow, "election"},
		{"soaks outside its own windows", member("vinje", weekdays, prod(healthy(target, time.Minute), moved("all", time.Hour))), goes, "onTheWay", v1alpha1.ReasonSoaking, ""},
		{"its next stage is outside its own windows", member("vinje", weekdays, test(healthy(target, time.Hour), moved("all", 2*time.Hour)), prod(has(before))), gone, "onTheWay", v1alpha1.ReasonWindow, ""},
		{"its next stage comes shortly", member("vinje", shortly, test(healthy(target, time.Hour), moved("all", 2*time.Hour)), prod(has(before))), goes, "onTheWay", v1alpha1.ReasonWindow, ""},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), c.member)
			in.Gates.Frozen = "the platform is frozen"
			step := planner.Plan(in)
			if len(step.Moves) > 0 {
				t.Errorf("moves while frozen: %v", moves(step))
			}
			diff(t, c.reason, "counts", countsOf(step.Status), c.counts)
			list, note := noted(step.Status, "vinje")
			diff(t, c.reason, "list and code", []string{list, note.Reason}, []string{c.list, c.code})
			mentions(t, c.reason, note.Message, c.message)
		})
	}
}

func TestDeadlines(t *testing.T) {
	cases := []struct {
		reason string
		change change
		failed int32
		again  time.Time
	}{
		{"counts from the move while nothing was observed", member("vinje", prod(unseen(target), moved("all", 29*time.Minute))), 0, now.Add(time.Minute)},
		{"counts from when it got unhealthy", member("vinje", prod(unhealthy(target, 10*time.Minute), moved("all", 50*time.Minute))), 0, now.Add(20 * time.Minute)},
		{"a move after it was unhealthy counts", member("vinje", prod(unhealthy(target, 10*time.Hour), moved("all", time.Minute))), 0, now.Add(29 * time.Minute)},
		{"one that had the version has as long from when the rollout was made", member("vinje", prod(unhealthy(target, 40*time.Hour))), 1, time.Time{}},
		{"one that comes and goes has twice deadline and soak", member("vinje", prod(unhealthy(target, time.Minute), moved("all", 179*time.Minute))), 0, now.Add(time.Minute)},
		{"one that soaks is looked at when it has", member("vinje", prod(healthy(target, 50*time.Minute), moved("all", time.Hour))), 0, now.Add(10 * time.Minute)},
		{"one that could not go back, and is healthy again, is looked at when it has soaked", member("vinje", prod(healthy(target, 50*time.Minute), moved("all", 5*time.Hour), outcome("Stuck", "stays"))), 1, now.Add(10 * time.Minute)},
		{"one that failed is not looked at again and again", member("vinje", prod(unseen(target), moved("all", time.Hour))), 1, time.Time{}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), c.change)
			in.Gates.Frozen = "the platform is frozen"
			step := planner.Plan(in)
			diff(t, c.reason, "failed", step.Status.Failed, c.failed)
			diff(t, c.reason, "again", step.Again, c.again)
		})
	}
}

func TestWatchingDelaysDeadlines(t *testing.T) {
	in := world(waves(wave("all")), member("vinje", prod(unseen(target), moved("all", 5*time.Hour))))
	in.Outages = planner.Outages{{Until: now.Add(-time.Minute)}}
	step := planner.Plan(in)
	diff(t, "what nobody looked at can't have failed", "failed", step.Status.Failed, int32(0))
	diff(t, "the deadline counts from when somebody looked", "again", step.Again, now.Add(29*time.Minute))
}

func TestWhatNobodyNotedIsNews(t *testing.T) {
	in := world(waves(wave("all")), member("vinje", prod(unseen(target), moved("all", 5*time.Hour))), func(in *planner.Input) {
		in.Rollout.Status.Memory = []v1alpha1.MemberMemory{}
	})
	step := planner.Plan(in)
	diff(t, "a status that was lost is no failure of the version", "moves", moves(step), []string(nil))
	in.Rollout.Status, in.Now = step.Status, now.Add(planner.DefaultProgressDeadline)
	diff(t, "it fails when its time has passed since", "moves", moves(planner.Plan(in)), []string{"vinje/prod Return 2.4.1 wave all"})
}

// TestFailureOutlivesTheInstallation has a status that lists vinje as failed, and no record on
// an installation.
func TestFailureOutlivesTheInstallation(t *testing.T) {
	decline := excused("Declined", "another one")
	cases := []struct {
		reason string
		place  []func(*planner.MemberPlace)
		failed int32
	}{
		{"it declined the app, and nothing is there", []func(*planner.MemberPlace){decline}, 1},
		{"it declined the app, which is about to go", []func(*planner.MemberPlace){healthy(target, 5*time.Hour), decline}, 1},
		{"it has the version, which this rollout found, and has recovered; it is excused now", []func(*planner.MemberPlace){
			healthy(target, 5*time.Hour), moved("", 9*time.Hour), outcome(v1alpha1.OutcomeStuck, "2.5.0 failed"), excused("ParameterMissing", "orgno is missing"),
		}, 0},
		{"it has not recovered", []func(*planner.MemberPlace){
			unhealthy(target, 5*time.Hour), moved("", 9*time.Hour), outcome(v1alpha1.OutcomeStuck, "2.5.0 failed"), excused("ParameterMissing", "orgno is missing"),
		}, 1},
		{"it has the version by its own decision, takes part again, and is healthy", []func(*planner.MemberPlace){healthy(target, 5*time.Hour)}, 0},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			in := world(waves(wave("all")), member("vinje", prod(c.place...)), func(in *planner.Input) {
				in.Rollout.Status.Memory = []v1alpha1.MemberMemory{{Name: "vinje", Wave: "all", Reason: "Failed", Since: at(0)}}
			})
			diff(t, c.reason, "failed", planner.Plan(in).Status.Failed, c.failed)
		})
	}
}
