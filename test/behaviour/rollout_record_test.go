package behaviour_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestAChannelThatIsMovedBackIsOneMoreAttempt(t *testing.T) {
	parallel(t)
	app := publish(t, unique("goback"), nil, files("goback", nil), files("goback", nil))
	m := town(t, "vinje")
	n := introduced(t, app, inWaves(wave("everyone")), m)
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted)
	promote(t, app, "1.0.0")
	r := reaches(t, rolloutOf(n, app.Name, "1.0.0", 2), v1alpha1.RolloutCompleted)
	if r.Spec.Attempt != 2 || r.Spec.Completed == nil || r.Spec.Completed.Version != "1.1.0" {
		t.Errorf("spec is %+v, want attempt 2, after 1.1.0", r.Spec)
	}
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	if first := read(t, rolloutOf(n, app.Name, "1.0.0", 1)); first.Status.Phase != v1alpha1.RolloutCompleted {
		t.Errorf("the record of the first attempt says %s", first.Status.Phase)
	}
}

func TestAVersionThatIsWithdrawnInTheMiddleGoesToNobodyElse(t *testing.T) {
	parallel(t)
	app := publish(t, unique("recall"), nil, files("recall", nil), files("recall", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r)
	before := read(t, appInstallation(other.Name+"-prod", app.Name))
	edit(t, app, func(app *v1alpha1.SharedApp) { app.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })
	reaches(t, r, v1alpha1.RolloutWithdrawn, "1.1.0 was withdrawn")
	until(t, "the app says who runs it", app, func(app *v1alpha1.SharedApp) error {
		if !slices.Equal(app.Status.RunWithdrawn, []string{pilot.Name + "-prod"}) {
			return fmt.Errorf("it reports %v", app.Status.RunWithdrawn)
		}
		return nil
	})
	approve(t, n, r)
	joiner := town(t, "joiner")
	joins(t, n, joiner)
	reports(t, joiner, app.Name, "Blocked", "1.1.0", "withdrawn")
	absent(t, joiner.Name+"-prod", app.Name)
	stays(t, other, before)
	runs(t, pilot.Name+"-prod", app.Name, "1.1.0")

	promote(t, app, "1.0.0")
	back := rolloutOf(n, app.Name, "1.0.0", 2)
	awaitsApproval(t, back)
	runs(t, pilot.Name+"-prod", app.Name, "1.0.0")
	approve(t, n, back)
	reaches(t, back, v1alpha1.RolloutCompleted, "3/3 verified")
	stays(t, other, before)
}

// While the network is paused each promotion is a rollout that the next one supersedes.
func TestOnlyTheLastRecordsAreKept(t *testing.T) {
	parallel(t)
	app := publish(t, unique("archive"), nil, files("archive", nil), files("archive", nil), files("archive", nil))
	n := introduced(t, app, inWaves(wave("everyone")), town(t, "vinje"))
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = new(true) })
	const rounds = 8
	var current *v1alpha1.Rollout
	for attempt := range int32(rounds) {
		for _, to := range []string{"1.1.0", "1.2.0"} {
			promote(t, app, to)
			current = reaches(t, rolloutOf(n, app.Name, to, attempt+1), v1alpha1.RolloutPending, "paused")
		}
	}
	// Of records of one second none is the older one, so which of the oldest goes is open.
	eventually(t, "only the last are kept, beside the one that goes on and the last that was completed", func(ctx context.Context) error {
		all, err := records(ctx, app.Name)
		if err != nil {
			return err
		}
		kept := map[string]int{}
		for _, r := range all {
			kept[string(r.Status.Phase)]++
			if r.Status.Phase == v1alpha1.RolloutSuperseded && r.Spec.Attempt <= rounds-planner.KeepRecords/2-1 {
				return fmt.Errorf("%s is kept, and is older than the last ten", r.Name)
			}
		}
		if diff := cmp.Diff(map[string]int{"Completed": 1, "Superseded": planner.KeepRecords, "Pending": 1}, kept); diff != "" {
			return fmt.Errorf("kept are (-want +got):\n%s", diff)
		}
		return nil
	})
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = nil })
	reaches(t, current, v1alpha1.RolloutCompleted)
}

func TestARolloutIsARecordThatTheOperatorDoesNotRewrite(t *testing.T) {
	parallel(t)
	app := publish(t, unique("record"), nil, files("record", nil), files("record", nil))
	n := introduced(t, app, nil, town(t, "vinje"))
	deniesChange(t, asOperator(t), rolloutOf(n, app.Name, "1.0.0", 1), func(r *v1alpha1.Rollout) { r.Spec.Version = "1.1.0" },
		"a record and can't change", "spec.channels", "spec.rollout.retries")
}
