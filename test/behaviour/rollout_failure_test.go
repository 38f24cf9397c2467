package behaviour_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// came returns an error unless the last move of an installation came to this.
func came(i *v1alpha1.AppInstallation, outcome v1alpha1.MoveOutcome, parts ...string) error {
	if i.Spec.Move == nil || i.Spec.Move.Outcome != outcome {
		return errors.New("outcome is not " + string(outcome))
	}
	return holds(i.Annotations[v1alpha1.AnnotationFailure], parts...)
}

func TestABadVersionStopsInThePilotAndIsTakenBack(t *testing.T) {
	parallel(t)
	app := publish(t, unique("bad"), nil, files("bad", nil), broken("bad"), files("bad", nil))
	pilot, other, another := town(t, "pilot"), town(t, "other"), town(t, "another")
	n := introduced(t, app, inWaves(wave("pilot", pilot), wave("everyone")), pilot, other, another)
	ns := pilot.Name + "-prod"
	untouched := map[*v1alpha1.Municipality]*v1alpha1.AppInstallation{}
	objects := map[*v1alpha1.Municipality]map[string]identity{}
	for _, m := range []*v1alpha1.Municipality{other, another} {
		untouched[m] = read(t, appInstallation(m.Name+"-prod", app.Name))
		objects[m] = belongings(t, m.Name+"-prod", app.Name)
	}
	promote(t, app, "1.1.0")
	waits(t, ns, app.Name, "Deployment/bad")
	timeIsUp(t, n)
	bad := rolloutOf(n, app.Name, "1.1.0", 1)
	r := reaches(t, bad, v1alpha1.RolloutHalted, "halted", "in wave pilot", "1 of 1 members failed, and 0 may", pilot.Name+": prod was not healthy by", "promote another version", "attempt: 2", "spec.rollout.retries of Network "+n.Name)
	if err := isStalled(r.Status.Conditions, r.Generation, "halted", "in wave pilot"); err != nil {
		t.Error(err)
	}
	until(t, "the pilot is noted as gone back", bad, func(r *v1alpha1.Rollout) error {
		return noted(r.Status.FailedMembers, pilot, "Returned", "returned to 1.0.0", "Deployment/bad")
	})
	back := runs(t, ns, app.Name, "1.0.0")
	why := "returned to 1.0.0, as 1.1.0 failed"
	if err := errors.Join(came(back, v1alpha1.OutcomeReturned, why), holds(back.Annotations[v1alpha1.AnnotationDecision], why)); err != nil {
		t.Error(err)
	}
	planned(t, n, bad)
	stays(t, pilot, back)
	for m, before := range untouched {
		stays(t, m, before)
		if diff := cmp.Diff(objects[m], belongings(t, m.Name+"-prod", app.Name), cmp.AllowUnexported(identity{})); diff != "" {
			t.Errorf("what %s runs was touched:\n%s", m.Name, diff)
		}
	}

	recovers(t, n)
	promote(t, app, "1.2.0")
	reaches(t, rolloutOf(n, app.Name, "1.2.0", 1), v1alpha1.RolloutCompleted)
	r = reaches(t, bad, v1alpha1.RolloutSuperseded, "1.2.0, attempt 1, took its place")
	if r.Status.Failed != 1 {
		t.Errorf("the record reports %d failures, want that of the pilot", r.Status.Failed)
	}
	for _, m := range []*v1alpha1.Municipality{pilot, other, another} {
		runs(t, m.Name+"-prod", app.Name, "1.2.0")
	}
}

func TestAFailureWithinTheBudgetStopsNobodyElse(t *testing.T) {
	parallel(t)
	app := publish(t, unique("budget"), nil, files("budget", nil), touchy("budget"))
	unlucky, lucky := town(t, "unlucky"), town(t, "lucky")
	tolerant := wave("first", unlucky)
	tolerant.MaxFailures = new(intstr.FromString("100%"))
	n := introduced(t, app, inWaves(tolerant, wave("everyone")), unlucky, lucky)
	inTheWayOf(t, unlucky, app)
	promote(t, app, "1.1.0")
	stalls(t, unlucky.Name+"-prod", app.Name, "budget-own")
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Rollout.Waves[0].ProgressDeadline = lasting(soon) })
	r := reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted, "1/2 verified", "1 failed")
	if err := noted(r.Status.FailedMembers, unlucky, "Returned", "budget-own"); err != nil {
		t.Error(err)
	}
	runs(t, lucky.Name+"-prod", app.Name, "1.1.0")
	runs(t, unlucky.Name+"-prod", app.Name, "1.0.0")
}

func TestARetryIsAnAttemptOfItsOwn(t *testing.T) {
	parallel(t)
	app := publish(t, unique("retry"), nil, files("retry", nil), touchy("retry"))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	before := read(t, appInstallation(other.Name+"-prod", app.Name))
	fix := inTheWayOf(t, pilot, app)
	promote(t, app, "1.1.0")
	stalls(t, pilot.Name+"-prod", app.Name, "retry-own")
	timeIsUp(t, n)
	first := rolloutOf(n, app.Name, "1.1.0", 1)
	halted := reaches(t, first, v1alpha1.RolloutHalted, "retry-own")
	approve(t, n, first)
	runs(t, pilot.Name+"-prod", app.Name, "1.0.0")
	fix()
	recovers(t, n)
	planned(t, n, first)
	stays(t, other, before)

	edit(t, n, func(n *v1alpha1.Network) {
		n.Spec.Rollout.Retries = []v1alpha1.Retry{{App: app.Name, Digest: halted.Spec.Digest, Attempt: 2}}
	})
	second := rolloutOf(n, app.Name, "1.1.0", 2)
	awaitsApproval(t, second, "approvals[0] is for attempt 1, and this is attempt 2")
	reaches(t, first, v1alpha1.RolloutSuperseded, "1.1.0, attempt 2, took its place")
	runs(t, pilot.Name+"-prod", app.Name, "1.1.0")
	stays(t, other, before)
	approve(t, n, second)
	reaches(t, second, v1alpha1.RolloutCompleted)
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
}

func TestAFirstIntroductionThatFailsStaysAsItIs(t *testing.T) {
	parallel(t)
	app := publish(t, unique("novel"), nil, broken("novel"))
	pilot, other := town(t, "pilot"), standing(t, town(t, "other"))
	n := proposes(t, "net", app.Name, func(n *v1alpha1.Network) {
		n.Spec.Rollout = inWaves(wave("pilot", pilot), wave("everyone"))
	}, pilot, other)
	waits(t, pilot.Name+"-prod", app.Name, "Deployment/novel")
	timeIsUp(t, n)
	r := rolloutOf(n, app.Name, "1.0.0", 1)
	reaches(t, r, v1alpha1.RolloutHalted, "halted", "in wave pilot")
	held := until(t, "the pilot is held", appInstallation(pilot.Name+"-prod", app.Name), func(i *v1alpha1.AppInstallation) error {
		return came(i, v1alpha1.OutcomeStuck, "stays as it is, as no version was verified here before")
	})
	if held.Spec.Version != "1.0.0" || held.Spec.State != v1alpha1.InstallationPresent {
		t.Errorf("it is asked to have %s, %s", held.Spec.Version, held.Spec.State)
	}
	until(t, "the rollout reports it", r, func(r *v1alpha1.Rollout) error { return noted(r.Status.FailedMembers, pilot, "Stuck") })
	planned(t, n, r)
	stays(t, pilot, held)
	absent(t, other.Name+"-prod", app.Name)
	if len(belongings(t, pilot.Name+"-prod", app.Name)) == 0 {
		t.Error("what was applied is gone")
	}
}

// A member that fails in the middle of a pause goes back all the same.
func TestWhoFailsGoesBackAlsoWhileItsNetworkIsPaused(t *testing.T) {
	parallel(t)
	app := publish(t, unique("rest"), nil, files("rest", nil), broken("rest"))
	m := town(t, "pilot")
	n := introduced(t, app, inWaves(wave("everyone")), m)
	promote(t, app, "1.1.0")
	r := rolloutOf(n, app.Name, "1.1.0", 1)
	waits(t, m.Name+"-prod", app.Name, "Deployment/rest")
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = new(true) })
	timeIsUp(t, n)
	reaches(t, r, v1alpha1.RolloutHalted, "halted", "in wave everyone")
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestALostRolloutGoesOn(t *testing.T) {
	for _, tc := range []struct {
		reason string
		lose   func(t *testing.T, r *v1alpha1.Rollout)
	}{
		{"its status", func(t *testing.T, r *v1alpha1.Rollout) {
			t.Helper()
			patch := client.RawPatch(types.JSONPatchType, []byte(`[{"op":"replace","path":"/status","value":{"observedGeneration":-1}}]`))
			if err := admin.Status().Patch(t.Context(), read(t, r), patch); err != nil {
				t.Fatal(err)
			}
		}},
		{"all of it", func(t *testing.T, r *v1alpha1.Rollout) {
			t.Helper()
			lost := read(t, r)
			remove(t, read(t, r))
			until(t, "it is made again", r, func(again *v1alpha1.Rollout) error {
				if again.UID == lost.UID {
					return errors.New("still the old one")
				}
				if diff := cmp.Diff(lost.Spec, again.Spec); diff != "" {
					return errors.New("(-lost +again):\n" + diff)
				}
				return nil
			})
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			parallel(t)
			app := publish(t, unique("lostr"), nil, files("lostr", nil), files("lostr", nil))
			pilot, other := town(t, "pilot"), town(t, "other")
			n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
			promote(t, app, "1.1.0")
			r := rolloutOf(n, app.Name, "1.1.0", 1)
			before := awaitsApproval(t, r)
			moved, waits := read(t, appInstallation(pilot.Name+"-prod", app.Name)), read(t, appInstallation(other.Name+"-prod", app.Name))
			tc.lose(t, r)
			after := awaitsApproval(t, r)
			if diff := cmp.Diff(standingOf(before), standingOf(after)); diff != "" {
				t.Errorf("what the rollout says (-before +after):\n%s", diff)
			}
			stays(t, pilot, moved)
			stays(t, other, waits)
			approve(t, n, r)
			reaches(t, r, v1alpha1.RolloutCompleted, "2/2 verified")
			stays(t, pilot, moved)
		})
	}
}

// standingOf a rollout, without the times, which may be those of the second look.
func standingOf(r *v1alpha1.Rollout) v1alpha1.RolloutStatus {
	s := *r.Status.DeepCopy()
	s.Conditions, s.StartedAt = nil, nil
	for i := range s.Waves {
		s.Waves[i].StartedAt, s.Waves[i].CompletedAt, s.Waves[i].WaitingSince = nil, nil, nil
	}
	return s
}
