package appinstallation

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

// job is a Job of a phase; none is that of the rest.
func job(name, phase string) *unstructured.Unstructured {
	o := of(world(), "Job", name, map[string]any{})
	o.SetAPIVersion("batch/v1")
	if phase != "" {
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationPhase: phase})
	}
	return o
}

// ended sets how a Job in the world ended: Complete or Failed.
func ended(seen observed, name, how string) {
	live := seen.live[refOf(job(name, ""))]
	live.Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": how, "status": "True", "message": "it said so"}}}
}

func mustPlan(t *testing.T, seen observed, wanted ...*unstructured.Unstructured) planned {
	t.Helper()
	todo, err := plan(seen, rendered{objects: wanted})
	if err != nil {
		t.Fatal(err)
	}
	return todo
}

func TestPhasesFollowEachOther(t *testing.T) {
	web := deployment("web", map[string]any{"type": "Available", "status": "True"})
	wanted := []*unstructured.Unstructured{configMap("settings", "1"), job("migrate", v1alpha1.PhaseBefore), web, job("smoke", v1alpha1.PhaseAfter)}
	seen := world()
	steps := []struct {
		reason  string
		happens func()
		sends   []string
		state   condition.State
		applied bool
	}{
		{"configuration comes first, with the migration that needs it", func() {}, []string{"ConfigMap/settings", "Job/migrate"}, condition.Progressing, false},
		{"while that runs nothing else is changed", func() {}, nil, condition.Progressing, false},
		{"when it has succeeded the workload comes", func() { ended(seen, "migrate", "Complete") }, []string{"Deployment/web"}, condition.Progressing, false},
		{"when that is ready the smoke test runs", func() {}, []string{"Job/smoke"}, condition.Progressing, true},
		{"and gates health", func() { ended(seen, "smoke", "Complete") }, nil, condition.Ready, true},
	}
	for _, s := range steps {
		s.happens()
		todo := mustPlan(t, seen, wanted...)
		if diff := cmp.Diff(s.sends, sends(todo)); diff != "" {
			t.Fatalf("%s: sent (-want +got):\n%s", s.reason, diff)
		}
		got, outcome := status(seen, todo, executed(seen, todo), now)
		if outcome.State != s.state || (got.AppliedDigest == digest) != s.applied {
			t.Errorf("%s: %s (%s), applied %q, want %v and %v", s.reason, brief(&outcome), outcome.Message, got.AppliedDigest, s.state, s.applied)
		}
		seen = next(t, seen, todo)
		if live := seen.live[refOf(web)]; live != nil { // as its controller reports it
			live.SetGeneration(1)
			live.Object["status"] = web.Object["status"]
		}
	}
}

// TestADatabaseIsReadyBeforeTheMigration: without it, the Job waits for a workload that waits for the Job.
func TestADatabaseIsReadyBeforeTheMigration(t *testing.T) {
	ready := map[string]any{"type": "Available", "status": "True"}
	db, web := deployment("db", ready), deployment("web", ready)
	db.SetAnnotations(map[string]string{v1alpha1.AnnotationPhase: v1alpha1.PhaseBefore})
	seen := world()
	for _, s := range []struct {
		reason  string
		happens func()
		sends   []string
	}{
		{"what the migration needs comes first", func() {}, []string{"Deployment/db"}},
		{"while it is not ready the migration is not begun", func() {
			live := seen.live[refOf(db)]
			live.SetGeneration(1)
			delete(live.Object, "status")
		}, nil},
		{"when it is ready the migration runs", func() { seen.live[refOf(db)].Object["status"] = db.Object["status"] }, []string{"Job/migrate"}},
		{"and the rest comes last", func() { ended(seen, "migrate", "Complete") }, []string{"Deployment/web"}},
	} {
		s.happens()
		todo := mustPlan(t, seen, db, job("migrate", v1alpha1.PhaseBefore), web)
		if diff := cmp.Diff(s.sends, sends(todo)); diff != "" {
			t.Fatalf("%s: sent (-want +got):\n%s", s.reason, diff)
		}
		seen = next(t, seen, todo)
	}
}

func TestAMigrationThatFailsStopsTheRest(t *testing.T) {
	wanted := []*unstructured.Unstructured{job("migrate", v1alpha1.PhaseBefore), deployment("web")}
	seen := world()
	seen = next(t, seen, mustPlan(t, seen, wanted...))
	ended(seen, "migrate", "Failed")
	todo := mustPlan(t, seen, wanted...)
	_, outcome := status(seen, todo, executed(seen, todo), now)
	if len(sends(todo)) > 0 || brief(&outcome) != "Stalled Unhealthy" {
		t.Errorf("sends %v, %s: want nothing, and that the Job failed", sends(todo), brief(&outcome))
	}
}

func TestWhatTheAppNoLongerHasGoesLast(t *testing.T) {
	old := installed(t, configMap("old", "1"))
	old.installation.Spec.Digest = "sha256:25"
	web := deployment("web", map[string]any{"type": "Available", "status": "True"})
	first := mustPlan(t, old, web)
	if len(first.prune) > 0 || len(first.stale) != 1 {
		t.Errorf("it prunes %v before the new is ready", prunes(first))
	}
	seen := next(t, old, first)
	unready := mustPlan(t, seen, web)
	seen.live[refOf(web)].Object["status"] = map[string]any{}
	if todo := mustPlan(t, seen, web); len(todo.prune) > 0 {
		t.Errorf("it prunes %v while the new is not ready; before %v", prunes(todo), prunes(unready))
	}
	seen.live[refOf(web)].SetGeneration(1)
	seen.live[refOf(web)].Object["status"] = web.Object["status"]
	if diff := cmp.Diff([]string{"ConfigMap/old"}, prunes(mustPlan(t, seen, web))); diff != "" {
		t.Errorf("pruned when the new is ready (-want +got):\n%s", diff)
	}
}

func TestAJobThatHasSucceededIsNotMadeAgain(t *testing.T) {
	migrate := job("migrate", "")
	succeeded := func() observed {
		seen := installed(t, migrate)
		ended(seen, "migrate", "Complete")
		return next(t, seen, mustPlan(t, seen, migrate))
	}
	seen := succeeded()
	delete(seen.live, refOf(migrate))
	todo := mustPlan(t, seen, migrate)
	got, outcome := status(seen, todo, executed(seen, todo), now)
	if len(sends(todo)) > 0 || outcome.State != condition.Ready || !got.Inventory[0].Done {
		t.Errorf("gone by its time to live: sends %v, %s, %+v", sends(todo), brief(&outcome), got.Inventory)
	}
	if after := next(t, seen, todo); len(sends(mustPlan(t, after, migrate))) > 0 {
		t.Error("it is made again in the pass after that")
	}

	changed := migrate.DeepCopy()
	changed.Object["spec"] = map[string]any{"template": map[string]any{}}
	if diff := cmp.Diff([]string{"Job/migrate"}, sends(mustPlan(t, seen, changed))); diff != "" {
		t.Errorf("another one of the same name runs (-want +got):\n%s", diff)
	}

	once := job("migrate-0a1b2c3d", "")
	once.SetAnnotations(map[string]string{v1alpha1.AnnotationRunOnce: "true"})
	ran := installed(t, once)
	ended(ran, once.GetName(), "Complete")
	ran = next(t, ran, mustPlan(t, ran, once))
	pulls := once.DeepCopy()
	pulls.Object["spec"] = map[string]any{"template": map[string]any{"spec": map[string]any{"imagePullSecrets": []any{map[string]any{"name": "login"}}}}}
	if got := sends(mustPlan(t, ran, pulls)); len(got) > 0 {
		t.Errorf("an image pull secret that came later changes %v, which has run", got)
	}

	early := installed(t, migrate)
	delete(early.live, refOf(migrate))
	if diff := cmp.Diff([]string{"Job/migrate"}, sends(mustPlan(t, early, migrate))); diff != "" {
		t.Errorf("one that was deleted before it had succeeded (-want +got):\n%s", diff)
	}
}

func TestUntried(t *testing.T) {
	same, own := configMap("same", "1"), configMap("own", "vinje")
	sample := func(o *unstructured.Unstructured, value string) *unstructured.Unstructured {
		o = o.DeepCopy()
		o.SetNamespace("eksempel-prod")
		labels := o.GetLabels()
		labels[v1alpha1.LabelMunicipality] = "eksempel"
		o.SetLabels(labels)
		o.Object["data"] = map[string]any{"key": value}
		return o
	}
	wanted := rendered{objects: []*unstructured.Unstructured{same, own}, sample: []*unstructured.Unstructured{sample(same, "1"), sample(own, "eksempel")}}
	names := func(seen observed) []string {
		todo, err := plan(seen, wanted)
		if err != nil {
			t.Fatal(err)
		}
		objects, _ := untried(seen, wanted, todo)
		var all []string
		for _, o := range objects {
			all = append(all, refOf(o).String())
		}
		return all
	}
	upgraded := installed(t, configMap("same", "0"), own)
	upgraded.installation.Spec.Digest = "sha256:25"
	drifted := installed(t, same, own)
	delete(drifted.live, refOf(own))
	half := installed(t, own)
	half.installation.Status.AppliedDigest = ""
	delete(half.live, refOf(own))
	cases := []struct {
		reason string
		seen   observed
		want   []string
	}{
		{"what is as in the sample was tried in the catalogue", world(), []string{"ConfigMap/own"}},
		{"what changes something that is there is tried", upgraded, []string{"ConfigMap/same"}},
		{"what is applied is corrected without", drifted, nil},
		{"what a parameter changes is tried", installed(t, same, configMap("own", "seljord")), []string{"ConfigMap/own"}},
		{"what a parameter makes newly is tried", installed(t, same), []string{"ConfigMap/own"}},
		{"what was sent in that form before the version was applied is not tried again", half, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, names(tc.seen)); diff != "" {
				t.Errorf("tried (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBrakes(t *testing.T) {
	var b brakes
	noisy := installed(t, configMap("a", "1"))
	delete(noisy.live, refOf(configMap("a", "")))
	todo := mustPlan(t, noisy, configMap("a", "1"))
	allowed := 0
	for b.wait(noisy, todo, now) == 0 {
		allowed++
	}
	if allowed != burst {
		t.Errorf("%d corrections at once, want %d", allowed, burst)
	}
	if wait := b.wait(noisy, todo, now); wait <= 0 || wait > pace {
		t.Errorf("the next waits %s, want up to %s", wait, pace)
	}
	if wait := b.wait(noisy, todo, now.Add(pace)); wait != 0 {
		t.Errorf("after %s it still waits %s", pace, wait)
	}
	quiet := noisy
	quiet.installation.UID = "quiet"
	if wait := b.wait(quiet, todo, now); wait != 0 {
		t.Errorf("another installation waits %s", wait)
	}
	next := noisy
	next.installation.Spec.Digest = "sha256:25"
	if wait := b.wait(next, todo, now); wait == 0 {
		t.Error("with a version on its way there is no brake")
	}
}

// TestParametersComeInPhasesToo: a change of parameters makes other objects of a version that is applied, and its
// migration comes before its workloads; what only drifted is corrected meanwhile.
func TestParametersComeInPhasesToo(t *testing.T) {
	with := func(o *unstructured.Unstructured, value string) *unstructured.Unstructured {
		o = o.DeepCopy()
		_ = unstructured.SetNestedField(o.Object, value, "spec", "parameter") // nothing is in the way
		return o
	}
	migrate, web, other := job("migrate", v1alpha1.PhaseBefore), deployment("web"), deployment("other")
	seen := installed(t, migrate, web, other)
	ended(seen, "migrate", "Complete")
	seen = next(t, seen, mustPlan(t, seen, migrate, web, other))
	delete(seen.live, refOf(other))
	todo := mustPlan(t, seen, with(migrate, "b"), with(web, "b"), other)
	if diff := cmp.Diff([]string{"Job/migrate", "Deployment/other"}, sends(todo)); diff != "" {
		t.Fatalf("sent first (-want +got):\n%s", diff)
	}
	seen = next(t, seen, todo)
	if got := sends(mustPlan(t, seen, with(migrate, "b"), with(web, "b"), other)); len(got) > 0 {
		t.Errorf("sent %v while the migration runs", got)
	}
	ended(seen, "migrate", "Complete")
	if diff := cmp.Diff([]string{"Deployment/web"}, sends(mustPlan(t, seen, with(migrate, "b"), with(web, "b"), other))); diff != "" {
		t.Errorf("sent when it has succeeded (-want +got):\n%s", diff)
	}
}

// TestASuspendedMigrationIsNotDone waits for one that has not run.
func TestASuspendedMigrationIsNotDone(t *testing.T) {
	migrate := job("migrate", v1alpha1.PhaseBefore)
	_ = unstructured.SetNestedField(migrate.Object, true, "spec", "suspend") // nothing is in the way
	seen := world()
	seen = next(t, seen, mustPlan(t, seen, migrate, deployment("web")))
	seen.live[refOf(migrate)].Object["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Suspended", "status": "True"}}}
	if got := sends(mustPlan(t, seen, migrate, deployment("web"))); len(got) > 0 {
		t.Errorf("sent %v", got)
	}
}

// TestAClaimMayWaitForItsFirstPod: nothing mounts it yet, so that nothing waits for it.
func TestAClaimMayWaitForItsFirstPod(t *testing.T) {
	claim := of(world(), claimKind, "spare", map[string]any{})
	pending := func(seen observed) { seen.live[refOf(claim)].Object["status"] = map[string]any{"phase": "Pending"} }
	smoke := job("smoke", v1alpha1.PhaseAfter)
	seen := world()
	seen = next(t, seen, mustPlan(t, seen, claim))
	pending(seen)
	if diff := cmp.Diff([]string{"Job/smoke"}, sends(mustPlan(t, seen, claim, smoke))); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}

	old := installed(t, configMap("old", "1"), claim)
	pending(old)
	if diff := cmp.Diff([]string{"ConfigMap/old"}, prunes(mustPlan(t, old, claim))); diff != "" {
		t.Errorf("pruned (-want +got):\n%s", diff)
	}
}
