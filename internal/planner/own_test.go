package planner_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/planner"
)

// own is vinje, which pins svarut to 2.5.0 in test and prod, where 2.4.1 runs.
func own(changes ...func(*planner.OwnInput)) planner.OwnInput {
	o := planner.OwnInput{
		Municipality: "vinje", App: "svarut", Soak: planner.DefaultSoak, ProgressDeadline: planner.DefaultProgressDeadline, Now: now,
		Releases: map[v1alpha1.Release]planner.Availability{before: planner.Available, target: planner.Available},
		Places:   []planner.OwnPlace{ownPlace("test", v1alpha1.StageTest, has(before)), ownPlace("prod", v1alpha1.StageProduction, has(before))},
	}
	for _, c := range changes {
		c(&o)
	}
	return o
}

func ownPlace(environment string, stage v1alpha1.Stage, details ...func(*planner.MemberPlace)) planner.OwnPlace {
	p := planner.OwnPlace{MemberPlace: planner.MemberPlace{Environment: environment, Stage: stage}, Target: target}
	for _, d := range details {
		d(&p.MemberPlace)
	}
	return p
}

// self is the record of a move of the municipality's own.
func self(ago time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) {
		p.Installed.Stamp, p.Installed.LastVerified = &planner.Stamp{Target: target, MovedAt: *at(-ago)}, &before
	}
}

func TestOwnMoves(t *testing.T) {
	places := func(test, prod planner.OwnPlace) func(*planner.OwnInput) {
		return func(o *planner.OwnInput) { o.Places = []planner.OwnPlace{test, prod} }
	}
	inTest := func(details ...func(*planner.MemberPlace)) planner.OwnPlace {
		return ownPlace("test", v1alpha1.StageTest, details...)
	}
	inProd := func(details ...func(*planner.MemberPlace)) planner.OwnPlace {
		return ownPlace("prod", v1alpha1.StageProduction, details...)
	}
	frozen, _ := calendar.New(nil, []v1alpha1.FreezePeriod{{From: *at(-time.Hour), Until: *at(time.Hour), Reason: "election"}})
	freeze := func(o *planner.OwnInput) { o.Calendar = frozen }
	immediate := func(o *planner.OwnInput) {
		for i := range o.Places {
			o.Places[i].Immediate = true
		}
	}
	byNetwork := func(wave string, ago time.Duration) func(*planner.MemberPlace) {
		return func(p *planner.MemberPlace) {
			p.Installed.Stamp = &planner.Stamp{Name: rolloutName, Network: "digi-tv", Target: target, Wave: wave, MovedAt: *at(-ago)}
			p.Installed.LastVerified = &before
		}
	}
	recovers := func(ago time.Duration) func(*planner.MemberPlace) {
		return func(p *planner.MemberPlace) { p.Installed.FaultEnded = now.Add(-ago) }
	}
	catalogueLacks := func(p *planner.MemberPlace) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameCatalogue, Code: v1alpha1.ReasonBundleMissing}
	}
	blocked := func(p *planner.MemberPlace) { p.Installed.Blocked = true }
	blank := func(p *planner.MemberPlace) { p.Installed.Blank = true }
	applied := func(ago time.Duration) func(*planner.MemberPlace) {
		return func(p *planner.MemberPlace) { p.Installed.Applied = now.Add(-ago) }
	}
	fix := func(o *planner.OwnInput) {
		for i := range o.Places {
			o.Places[i].SecurityFix = true
		}
	}
	cases := []struct {
		reason string
		own    []func(*planner.OwnInput)
		moves  []string
	}{
		{"nor is its time over while the catalogue lacks what it needs", []func(*planner.OwnInput){places(inTest(unhealthy(target, 3*time.Hour), catalogueLacks, self(3*time.Hour)), inProd(has(before)))}, nil},
		{"its time begins when a fault of its own ends", []func(*planner.OwnInput){places(inTest(unhealthy(target, 3*time.Hour), recovers(time.Minute), self(3*time.Hour)), inProd(has(before)))}, nil},
		{"and it fails when that time is over", []func(*planner.OwnInput){places(inTest(unhealthy(target, 3*time.Hour), recovers(31*time.Minute), self(3*time.Hour)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"what nobody reports fails in time", []func(*planner.OwnInput){places(inTest(unseen(target), self(31*time.Minute)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"and not before", []func(*planner.OwnInput){places(inTest(unseen(target), self(29*time.Minute)), inProd(has(before)))}, nil},
		{"somebody deleted it, and it comes up again", []func(*planner.OwnInput){places(inTest(unseen(target), self(3*time.Hour), created(time.Minute)), inProd(has(before)))}, nil},
		{"and fails when it does not in time", []func(*planner.OwnInput){places(inTest(unseen(target), self(3*time.Hour), created(31*time.Minute)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"a spec that was touched while a person had to fix something", []func(*planner.OwnInput){places(inTest(unseen(target), blocked, self(3*time.Hour)), inProd(has(before)))}, nil},
		{"or while it was healthy", []func(*planner.OwnInput){places(inTest(unseen(target), func(p *planner.MemberPlace) { p.Installed.HealthyBefore = now.Add(-10 * time.Minute) }, self(40*time.Minute)), inProd(has(before)))}, nil},
		{"what has no status lost it, and does not fail by that", []func(*planner.OwnInput){places(inTest(unseen(target), blank, self(3*time.Hour)), inProd(has(before)))}, nil},
		{"nor does it as it comes up and is short of its time since", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Minute), soakedOnce(10*time.Minute), applied(20*time.Minute), self(9*time.Hour)), inProd(has(before)))}, nil},
		{"what comes and goes fails when that lasts too long", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Minute), soakedOnce(10*time.Minute), applied(4*time.Hour), self(9*time.Hour)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"a security fix does not soak", []func(*planner.OwnInput){places(inTest(healthy(target, time.Minute), self(2*time.Minute)), inProd(has(before))), fix}, []string{"vinje/prod Advance 2.5.0"}},
		{"the first stage first", nil, []string{"vinje/test Advance 2.5.0"}},
		{"the next when it has soaked", []func(*planner.OwnInput){places(inTest(healthy(target, time.Hour), self(2*time.Hour)), inProd(has(before)))}, []string{"vinje/prod Advance 2.5.0"}},
		{"and not before", []func(*planner.OwnInput){places(inTest(healthy(target, time.Minute), self(2*time.Hour)), inProd(has(before)))}, nil},
		{"not in the municipality's own freeze", []func(*planner.OwnInput){freeze}, nil},
		{"not while it is paused", []func(*planner.OwnInput){func(o *planner.OwnInput) { o.Paused = true }}, nil},
		{"not while it is suspended", []func(*planner.OwnInput){func(o *planner.OwnInput) { o.Suspended = true }}, nil},
		{"not while the platform is frozen", []func(*planner.OwnInput){func(o *planner.OwnInput) { o.Gates.Frozen = "frozen" }}, nil},
		{"not while the version is unavailable", []func(*planner.OwnInput){func(o *planner.OwnInput) { o.Releases[target] = planner.Unavailable }}, nil},
		{"back when it fails, also in a freeze", []func(*planner.OwnInput){freeze, places(inTest(unhealthy(target, time.Hour), self(time.Hour)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"once, and then it holds", []func(*planner.OwnInput){places(inTest(has(before), self(time.Hour), outcome(v1alpha1.OutcomeReturned, "x")), inProd(has(before)))}, nil},
		{"what was there before is let be", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour)), inProd(unhealthy(target, time.Hour)))}, nil},
		{"a fault long after it was verified is one of today", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour), soakedOnce(2*time.Hour), self(9*time.Hour)), inProd(has(target)))}, nil},
		{"not while the stage before has a fault, which another brought there", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour)), inProd(has(before)))}, nil},
		{"what has soaked stays where the next stage fails", []func(*planner.OwnInput){places(inTest(healthy(target, 2*time.Hour), self(9*time.Hour)), inProd(unhealthy(target, time.Hour), self(time.Hour)))}, []string{"vinje/prod Return 2.4.1"}},
		{"what is verified in production stays where test has a fault today", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour), soakedOnce(2*time.Hour), self(9*time.Hour)), inProd(healthy(target, 5*time.Hour), self(9*time.Hour)))}, nil},
		{"at once, everywhere", []func(*planner.OwnInput){immediate, freeze}, []string{"vinje/test Advance 2.5.0", "vinje/prod Advance 2.5.0"}},
		{"and left there when it fails", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour), self(time.Hour)), inProd(has(target))), immediate}, nil},
		{"it left its network on the way: it returns when that fails", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour), byNetwork("pilot", time.Hour)), inProd(has(target)))}, []string{"vinje/test Return 2.4.1 wave pilot"}},
		{"it failed in its network, and the municipality asks for it by itself", []func(*planner.OwnInput){places(inTest(has(before), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeReturned, "x")), inProd(has(before)))}, []string{"vinje/test Advance 2.5.0"}},
		{"it failed in its network and could not return: the next stage waits", []func(*planner.OwnInput){places(inTest(unhealthy(target, time.Hour), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeStuck, "x"), never), inProd(has(before)))}, nil},
		{"until it has recovered", []func(*planner.OwnInput){places(inTest(healthy(target, time.Hour), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeStuck, "x")), inProd(has(before)))}, []string{"vinje/prod Advance 2.5.0"}},
		{"another version in each environment", []func(*planner.OwnInput){func(o *planner.OwnInput) { o.Places[1].Target = before }}, []string{"vinje/test Advance 2.5.0"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := planner.PlanOwn(own(c.own...))
			diff(t, c.reason, "moves", moves(planner.Step{Moves: step.Moves}), c.moves)
		})
	}
}

func TestOwnMovesSayWhatTheyWaitFor(t *testing.T) {
	step := planner.PlanOwn(own(func(o *planner.OwnInput) {
		o.Places[0] = ownPlace("test", v1alpha1.StageTest, healthy(target, time.Minute), self(2*time.Hour))
	}))
	mentions(t, "the stage before", step.Waits["prod"].Message, "comes after stage Test, where test is healthy, and soaks until")
	diff(t, "when it is over", "again", step.Again, now.Add(59*time.Minute))
	step = planner.PlanOwn(own())
	diff(t, "it passes on what was verified", "stamp", fmt.Sprint(*step.Moves[0].Stamp.Verified), fmt.Sprint(before))
	diff(t, "and names no rollout", "stamp", step.Moves[0].Stamp.Name, "")
}

// TestTheSameTimeCounts holds a municipality's own move and a rollout's to one rule: the time in which
// something else kept the version from running is not the version's. Of an own move there is no memory, so
// what ended is on the installation; a rollout goes by that too.
func TestTheSameTimeCounts(t *testing.T) {
	missing := away(v1alpha1.ReasonEnvironmentNotReady, "environment test is not there yet")
	reported := func(p *planner.MemberPlace) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameMember, Code: v1alpha1.ReasonEnvironmentNotReady}
	}
	ended := func(ago time.Duration) func(*planner.MemberPlace) {
		return func(p *planner.MemberPlace) { p.Installed.FaultEnded = now.Add(-ago) }
	}
	blocked := func(p *planner.MemberPlace) { p.Installed.Blocked = true }
	refused := away(v1alpha1.ReasonRefused, "the API server refuses other parameters")
	cases := []struct {
		reason   string
		test     []func(*planner.MemberPlace)
		goesBack bool
	}{
		{"its environment is not there", []func(*planner.MemberPlace){missing}, false},
		{"it is there again, and the installation has not been looked at since", []func(*planner.MemberPlace){reported}, false},
		{"it has been there again for less than the deadline", []func(*planner.MemberPlace){ended(29 * time.Minute)}, false},
		{"it has been there again for as long as the deadline", []func(*planner.MemberPlace){ended(30 * time.Minute)}, true},
		{"it is suspended no longer, and has not been looked at since", []func(*planner.MemberPlace){blocked}, false},
		{"nor has it where its spec was touched", []func(*planner.MemberPlace){unseen(target), blocked}, false},
		{"a write is refused after the version was applied, and so is the way back", []func(*planner.MemberPlace){refused}, false},
		{"nothing was in the way", nil, true},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			details := append([]func(*planner.MemberPlace){unhealthy(target, 3*time.Hour)}, c.test...)
			byRollout := world(waves(wave("all")), member("vinje", test(append(details, moved("all", 3*time.Hour))...)))
			byItself := own(func(o *planner.OwnInput) {
				o.Places = []planner.OwnPlace{ownPlace("test", v1alpha1.StageTest, append(details, self(3*time.Hour))...)}
			})
			diff(t, c.reason, "a rollout's move goes back", len(planner.Plan(byRollout).Moves) > 0, c.goesBack)
			diff(t, c.reason, "an own move goes back", len(planner.PlanOwn(byItself).Moves) > 0, c.goesBack)
		})
	}
}
