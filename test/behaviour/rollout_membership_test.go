package behaviour_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestWhoJoinsInTheMiddleFirstGetsWhatWasCompletedLast(t *testing.T) {
	parallel(t)
	app := publish(t, unique("join"), nil, files("join", nil), files("join", nil))
	pilot, other, joiner := town(t, "pilot"), town(t, "other"), standing(t, town(t, "joiner"))
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r)
	joins(t, n, joiner)
	i := runs(t, joiner.Name+"-prod", app.Name, "1.0.0")
	if i.Spec.Move == nil || i.Spec.Move.Rollout != r.Name || i.Spec.Move.Wave != "" {
		t.Errorf("the record of its move is %+v, want one of %s without a wave", i.Spec.Move, r.Name)
	}
	if err := holds(i.Annotations[v1alpha1.AnnotationDecision], "completed last", r.Name); err != nil {
		t.Error(err)
	}
	awaitsApproval(t, counted(t, r, 3))
	approve(t, n, r)
	reaches(t, r, v1alpha1.RolloutCompleted, "3/3 verified")
	runs(t, joiner.Name+"-prod", app.Name, "1.1.0")
	t.Run("and afterwards what is completed by then", func(t *testing.T) {
		late := town(t, "late")
		joins(t, n, late)
		runs(t, late.Name+"-prod", app.Name, "1.1.0")
		reaches(t, r, v1alpha1.RolloutCompleted, "4/4 verified")
	})
}

// The leaver is one for whom a wave would wait for ever.
func TestWhoLeavesInTheMiddleIsRecordedAndBlocksNobody(t *testing.T) {
	parallel(t)
	app := publish(t, unique("part"), nil, files("part", nil), touchy("part"))
	leaver, stayer, other := town(t, "leaver"), town(t, "stayer"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", leaver, stayer), wave("everyone")), leaver, stayer, other)
	inTheWayOf(t, leaver, app)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	until(t, "the pilot waits for the leaver", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(phaseIs(r, v1alpha1.RolloutProgressing, "part-own"), expect("verified", r.Status.Verified, 1), expect("moving", r.Status.Moving, 1))
	})
	runs(t, other.Name+"-prod", app.Name, "1.0.0")
	edit(t, n, func(n *v1alpha1.Network) {
		n.Spec.Members.Names = []string{stayer.Name, other.Name}
		n.Spec.Rollout.Waves[0].Members.Names = []string{stayer.Name}
	})
	done := reaches(t, r, v1alpha1.RolloutCompleted, "2/2 verified")
	if done.Status.Left != 1 || done.Status.Members != 2 {
		t.Errorf("%d left and %d are members, want 1 and 2", done.Status.Left, done.Status.Members)
	}
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
	decidedBy(t, leaver.Name+"-prod", app.Name, "1.1.0", "", "", "neither a network nor the municipality asks for it")
}

func TestWhoDeclinesOrIsSuspendedInTheMiddleIsExcused(t *testing.T) {
	parallel(t)
	app := publish(t, unique("excuse"), nil, files("excuse", nil), files("excuse", nil))
	pilot, decliner, suspended, other := town(t, "pilot"), town(t, "decliner"), town(t, "still"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, decliner, suspended, other)
	before := read(t, appInstallation(suspended.Name+"-prod", app.Name))
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r)
	edit(t, decliner, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline, Reason: "own archive law"}))
	edit(t, suspended, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
	gone(t, appInstallation(decliner.Name+"-prod", app.Name))
	until(t, "both are excused", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(noted(r.Status.ExcusedMembers, decliner, "Declined", "own archive law"), noted(r.Status.ExcusedMembers, suspended, "Suspended"))
	})
	approve(t, n, r)
	reaches(t, r, v1alpha1.RolloutCompleted, "2/2 verified", "2 excused")
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
	absent(t, decliner.Name+"-prod", app.Name)
	stays(t, suspended, before)
	edit(t, suspended, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionNone })
	runs(t, suspended.Name+"-prod", app.Name, "1.1.0")
}

func TestAHoldThatRunsOutMovesByItself(t *testing.T) {
	parallel(t)
	app := publish(t, unique("hold"), nil, files("hold", nil), files("hold", nil))
	holder, other := town(t, "holder"), town(t, "other")
	n := introduced(t, app, inWaves(wave("everyone")), holder, other)
	end := metav1.NewTime(time.Now().Add(20 * time.Second))
	edit(t, holder, says(v1alpha1.AppDecision{Name: app.Name, Hold: &v1alpha1.Hold{Version: "1.0.0", Reason: "year-end closing", Until: &end}}))
	decidedBy(t, holder.Name+"-prod", app.Name, "1.0.0", v1alpha1.LevelMunicipality, holder.Name, "year-end closing")
	promote(t, app, "1.1.0")
	r := reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted, "1/1 verified", "1 excused")
	if err := noted(r.Status.ExcusedMembers, holder, "Held", "year-end closing"); err != nil {
		t.Error(err)
	}
	i := runs(t, holder.Name+"-prod", app.Name, "1.1.0")
	if i.Spec.Move == nil || i.Spec.Move.MovedAt.Time.Before(end.Truncate(time.Second)) {
		t.Errorf("its move is %+v, and it holds until %s", i.Spec.Move, end)
	}
	reaches(t, r, v1alpha1.RolloutCompleted, "2/2 verified")
}

// A hold where nothing is installed yet asks for the version that it names.
func TestAHoldBringsTheVersionThatItNames(t *testing.T) {
	parallel(t)
	app := publish(t, unique("keep"), func(app *v1alpha1.SharedApp) { app.Spec.Channels[0].Version = "1.1.0" }, files("keep", nil), files("keep", nil))
	m := town(t, "vinje", says(v1alpha1.AppDecision{Name: app.Name, Hold: &v1alpha1.Hold{Version: "1.0.0", Reason: "as in the contract"}}))
	n := proposes(t, "net", app.Name, nil, m)
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	until(t, "the rollout excuses it", rolloutOf(n, app.Name, "1.1.0", 1), func(r *v1alpha1.Rollout) error {
		return noted(r.Status.ExcusedMembers, m, "Held", "as in the contract")
	})
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestDirectAdoptersOfAChannelAreAGroupOfTheirOwn(t *testing.T) {
	parallel(t)
	app := publish(t, unique("direct"), nil, files("direct", nil), files("direct", nil))
	first, second, member := town(t, "oslo", adopts(app.Name)), town(t, "bo", adopts(app.Name)), town(t, "member")
	n := introduced(t, app, inWaves(approvedFirst(wave("everyone"))), member)
	reaches(t, directRollout(app.Name, "stable", "1.0.0", 1), v1alpha1.RolloutCompleted, "2/2 verified")
	promote(t, app, "1.1.0")
	r := reaches(t, directRollout(app.Name, "stable", "1.1.0", 1), v1alpha1.RolloutCompleted, "2/2 verified")
	if r.Spec.Network != "" || r.Spec.Channel != "stable" {
		t.Errorf("it is the rollout of network %q, channel %q", r.Spec.Network, r.Spec.Channel)
	}
	for _, m := range []*v1alpha1.Municipality{first, second} {
		runs(t, m.Name+"-prod", app.Name, "1.1.0")
	}
	reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutPending, "approval of wave everyone")
	runs(t, member.Name+"-prod", app.Name, "1.0.0")
}

func TestASuccessorTakesMembersOverAndTouchesNothing(t *testing.T) {
	parallel(t)
	app := publish(t, unique("heir"), nil, files("heir", nil), files("heir", nil))
	inherited, own := town(t, "inherited"), town(t, "own")
	old := introduced(t, app, nil, inherited)
	heir := introduced(t, app, inWaves(wave("everyone")), own)
	ns := inherited.Name + "-prod"
	objects, web := belongings(t, ns, app.Name), read(t, at(&appsv1.Deployment{}, ns, "heir"))
	before := read(t, appInstallation(ns, app.Name))
	edit(t, old, func(n *v1alpha1.Network) { n.Spec.Successor = heir.Name })
	decidedBy(t, ns, app.Name, "1.0.0", v1alpha1.LevelNetwork, heir.Name)
	reaches(t, counted(t, rolloutOf(heir, app.Name, "1.0.0", 1), 2), v1alpha1.RolloutCompleted, "2/2 verified")
	after := runs(t, ns, app.Name, "1.0.0")
	if diff := cmp.Diff(before.Spec.Move, after.Spec.Move); diff != "" || after.UID != before.UID {
		t.Errorf("it was moved (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(objects, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("what it runs was touched:\n%s", diff)
	}
	if now := read(t, web); now.Generation != web.Generation || now.UID != web.UID {
		t.Errorf("the Deployment was rolled out again: generation %d after %d", now.Generation, web.Generation)
	}
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(heir, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted, "2/2 verified")
	decidedBy(t, ns, app.Name, "1.1.0", v1alpha1.LevelNetwork, heir.Name)
}

func TestANetworkThatIsDeletedInTheMiddleLeavesEverybodyWhereTheyAre(t *testing.T) {
	parallel(t)
	app := publish(t, unique("orphan"), nil, files("orphan", nil), files("orphan", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	awaitsApproval(t, r)
	objects := map[string]map[string]identity{}
	for _, m := range []*v1alpha1.Municipality{pilot, other} {
		objects[m.Name] = belongings(t, m.Name+"-prod", app.Name)
	}
	remove(t, read(t, n))
	reaches(t, r, v1alpha1.RolloutSuperseded, "nobody in the group asks for the app")
	decidedBy(t, pilot.Name+"-prod", app.Name, "1.1.0", "", "")
	decidedBy(t, other.Name+"-prod", app.Name, "1.0.0", "", "")
	for name, before := range objects {
		if diff := cmp.Diff(before, belongings(t, name+"-prod", app.Name), cmp.AllowUnexported(identity{})); diff != "" {
			t.Errorf("what %s runs was touched:\n%s", name, diff)
		}
	}
}

// A Municipality that is deleted, and retained, leaves the rollout; so does one that is merged.
func TestAMunicipalityThatIsDeletedInTheMiddleBlocksNobody(t *testing.T) {
	parallel(t)
	app := publish(t, unique("merged"), nil, files("merged", nil), touchy("merged"))
	merged, other := town(t, "merged"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", merged), wave("everyone")), merged, other)
	put(t, configMap(merged.Name+"-prod", "merged-own")) // in the way of its app
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	until(t, "the pilot is on its way", r, func(r *v1alpha1.Rollout) error { return expect("moving", r.Status.Moving, 1) })
	remove(t, read(t, merged))
	done := reaches(t, r, v1alpha1.RolloutCompleted, "1/1 verified")
	if done.Status.Left != 1 {
		t.Errorf("%d left, want the one that was moved and deleted", done.Status.Left)
	}
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
}
