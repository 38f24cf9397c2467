package rollout_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/installation"
	"github.com/allmenning/allmenning/internal/rollout"
)

// own is vinje, which pins svarut to 2.5.0 in test and prod, where 2.4.1 runs.
func own(changes ...func(*rollout.Own)) rollout.Own {
	o := rollout.Own{
		Municipality: "vinje", App: "svarut", Soak: rollout.DefaultSoak, ProgressDeadline: rollout.DefaultProgressDeadline, Now: now,
		Releases: map[v1alpha1.Release]rollout.Availability{before: rollout.Available, target: rollout.Available},
		Places:   []rollout.OwnPlace{ownPlace("test", v1alpha1.StageTest, has(before)), ownPlace("prod", v1alpha1.StageProduction, has(before))},
	}
	for _, c := range changes {
		c(&o)
	}
	return o
}

func ownPlace(environment string, stage v1alpha1.Stage, details ...func(*rollout.Place)) rollout.OwnPlace {
	p := rollout.OwnPlace{Place: rollout.Place{Environment: environment, Stage: stage}, Target: target}
	for _, d := range details {
		d(&p.Place)
	}
	return p
}

// self is the record of a move of the municipality's own.
func self(ago time.Duration) func(*rollout.Place) {
	return func(p *rollout.Place) {
		p.Installed.Stamp, p.Installed.LastVerified = &rollout.Stamp{Target: target, MovedAt: *at(-ago)}, &before
	}
}

func TestOwnMoves(t *testing.T) {
	places := func(test, prod rollout.OwnPlace) func(*rollout.Own) {
		return func(o *rollout.Own) { o.Places = []rollout.OwnPlace{test, prod} }
	}
	inTest := func(details ...func(*rollout.Place)) rollout.OwnPlace {
		return ownPlace("test", v1alpha1.StageTest, details...)
	}
	inProd := func(details ...func(*rollout.Place)) rollout.OwnPlace {
		return ownPlace("prod", v1alpha1.StageProduction, details...)
	}
	frozen, _ := calendar.New(nil, []v1alpha1.FreezePeriod{{From: *at(-time.Hour), Until: *at(time.Hour), Reason: "election"}})
	freeze := func(o *rollout.Own) { o.Calendar = frozen }
	immediate := func(o *rollout.Own) {
		for i := range o.Places {
			o.Places[i].Immediate = true
		}
	}
	byNetwork := func(wave string, ago time.Duration) func(*rollout.Place) {
		return func(p *rollout.Place) {
			p.Installed.Stamp = &rollout.Stamp{Name: rolloutName, Network: "digi-tv", Target: target, Wave: wave, MovedAt: *at(-ago)}
			p.Installed.LastVerified = &before
		}
	}
	recovers := func(ago time.Duration) func(*rollout.Place) {
		return func(p *rollout.Place) { p.Installed.FaultEnded = now.Add(-ago) }
	}
	catalogueLacks := func(p *rollout.Place) {
		p.Installed.Fault = installation.Fault{Blame: installation.BlameCatalogue, Code: v1alpha1.ReasonBundleMissing}
	}
	blocked := func(p *rollout.Place) { p.Installed.Blocked = true }
	fix := func(o *rollout.Own) {
		for i := range o.Places {
			o.Places[i].SecurityFix = true
		}
	}
	cases := []struct {
		reason string
		own    []func(*rollout.Own)
		moves  []string
	}{
		{"nor is its time over while the catalogue lacks what it needs", []func(*rollout.Own){places(inTest(unhealthy(target, 3*time.Hour), catalogueLacks, self(3*time.Hour)), inProd(has(before)))}, nil},
		{"its time begins when a fault of its own ends", []func(*rollout.Own){places(inTest(unhealthy(target, 3*time.Hour), recovers(time.Minute), self(3*time.Hour)), inProd(has(before)))}, nil},
		{"and it fails when that time is over", []func(*rollout.Own){places(inTest(unhealthy(target, 3*time.Hour), recovers(31*time.Minute), self(3*time.Hour)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"what nobody reports fails in time", []func(*rollout.Own){places(inTest(unseen(target), self(31*time.Minute)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"and not before", []func(*rollout.Own){places(inTest(unseen(target), self(29*time.Minute)), inProd(has(before)))}, nil},
		{"somebody deleted it, and it comes up again", []func(*rollout.Own){places(inTest(unseen(target), self(3*time.Hour), created(time.Minute)), inProd(has(before)))}, nil},
		{"and fails when it does not in time", []func(*rollout.Own){places(inTest(unseen(target), self(3*time.Hour), created(31*time.Minute)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"a spec that was touched while a person had to fix something", []func(*rollout.Own){places(inTest(unseen(target), blocked, self(3*time.Hour)), inProd(has(before)))}, nil},
		{"or while it was healthy", []func(*rollout.Own){places(inTest(unseen(target), func(p *rollout.Place) { p.Installed.HealthyBefore = now.Add(-10 * time.Minute) }, self(40*time.Minute)), inProd(has(before)))}, nil},
		{"a security fix does not soak", []func(*rollout.Own){places(inTest(healthy(target, time.Minute), self(2*time.Minute)), inProd(has(before))), fix}, []string{"vinje/prod Advance 2.5.0"}},
		{"the first stage first", nil, []string{"vinje/test Advance 2.5.0"}},
		{"the next when it has soaked", []func(*rollout.Own){places(inTest(healthy(target, time.Hour), self(2*time.Hour)), inProd(has(before)))}, []string{"vinje/prod Advance 2.5.0"}},
		{"and not before", []func(*rollout.Own){places(inTest(healthy(target, time.Minute), self(2*time.Hour)), inProd(has(before)))}, nil},
		{"not in the municipality's own freeze", []func(*rollout.Own){freeze}, nil},
		{"not while it is paused", []func(*rollout.Own){func(o *rollout.Own) { o.Paused = true }}, nil},
		{"not while it is suspended", []func(*rollout.Own){func(o *rollout.Own) { o.Suspended = true }}, nil},
		{"not while the platform is frozen", []func(*rollout.Own){func(o *rollout.Own) { o.Gates.Frozen = "frozen" }}, nil},
		{"not while the version is unavailable", []func(*rollout.Own){func(o *rollout.Own) { o.Releases[target] = rollout.Unavailable }}, nil},
		{"back when it fails, also in a freeze", []func(*rollout.Own){freeze, places(inTest(unhealthy(target, time.Hour), self(time.Hour)), inProd(has(before)))}, []string{"vinje/test Return 2.4.1"}},
		{"once, and then it holds", []func(*rollout.Own){places(inTest(has(before), self(time.Hour), outcome(v1alpha1.OutcomeReturned, "x")), inProd(has(before)))}, nil},
		{"what was there before is let be", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour)), inProd(unhealthy(target, time.Hour)))}, nil},
		{"a fault long after it was verified is one of today", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour), soakedOnce(2*time.Hour), self(9*time.Hour)), inProd(has(target)))}, nil},
		{"not while the stage before has a fault, which another brought there", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour)), inProd(has(before)))}, nil},
		{"what has soaked stays where the next stage fails", []func(*rollout.Own){places(inTest(healthy(target, 2*time.Hour), self(9*time.Hour)), inProd(unhealthy(target, time.Hour), self(time.Hour)))}, []string{"vinje/prod Return 2.4.1"}},
		{"what is verified in production stays where test has a fault today", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour), soakedOnce(2*time.Hour), self(9*time.Hour)), inProd(healthy(target, 5*time.Hour), self(9*time.Hour)))}, nil},
		{"at once, everywhere", []func(*rollout.Own){immediate, freeze}, []string{"vinje/test Advance 2.5.0", "vinje/prod Advance 2.5.0"}},
		{"and left there when it fails", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour), self(time.Hour)), inProd(has(target))), immediate}, nil},
		{"it left its network on the way: it returns when that fails", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour), byNetwork("pilot", time.Hour)), inProd(has(target)))}, []string{"vinje/test Return 2.4.1 wave pilot"}},
		{"it failed in its network, and the municipality asks for it by itself", []func(*rollout.Own){places(inTest(has(before), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeReturned, "x")), inProd(has(before)))}, []string{"vinje/test Advance 2.5.0"}},
		{"it failed in its network and could not return: the next stage waits", []func(*rollout.Own){places(inTest(unhealthy(target, time.Hour), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeStuck, "x"), never), inProd(has(before)))}, nil},
		{"until it has recovered", []func(*rollout.Own){places(inTest(healthy(target, time.Hour), byNetwork("pilot", time.Hour), outcome(v1alpha1.OutcomeStuck, "x")), inProd(has(before)))}, []string{"vinje/prod Advance 2.5.0"}},
		{"another version in each environment", []func(*rollout.Own){func(o *rollout.Own) { o.Places[1].Target = before }}, []string{"vinje/test Advance 2.5.0"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			step := rollout.PlanOwn(own(c.own...))
			diff(t, c.reason, "moves", moves(rollout.Step{Moves: step.Moves}), c.moves)
		})
	}
}

func TestOwnMovesSayWhatTheyWaitFor(t *testing.T) {
	step := rollout.PlanOwn(own(func(o *rollout.Own) {
		o.Places[0] = ownPlace("test", v1alpha1.StageTest, healthy(target, time.Minute), self(2*time.Hour))
	}))
	mentions(t, "the stage before", step.Waits["prod"].Message, "comes after stage Test, where test is healthy, and soaks until")
	diff(t, "when it is over", "again", step.Again, now.Add(59*time.Minute))
	step = rollout.PlanOwn(own())
	diff(t, "it passes on what was verified", "stamp", fmt.Sprint(*step.Moves[0].Stamp.Verified), fmt.Sprint(before))
	diff(t, "and names no rollout", "stamp", step.Moves[0].Stamp.Name, "")
}
