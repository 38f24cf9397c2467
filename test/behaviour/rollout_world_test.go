package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// broken is a bundle that is applied and never gets healthy: no node runs its pod.
func broken(app string) map[string]string {
	return files(app, map[string]string{"web.yaml": strings.Replace(files(app, nil)["web.yaml"], "replicas: 0", "replicas: 1", 1)})
}

// touchy is a bundle that the API server refuses where the greeting is no label: in its ConfigMap
// <app>-own it is one. That is the version's fault, and nobody else's.
func touchy(app string) map[string]string {
	all := files(app, map[string]string{"own.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP-own, labels: {greeting: x}}\n"})
	all["kustomization.yaml"] += "- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_greeting}\n" +
		"  targets: [{select: {kind: ConfigMap, name: " + app + "-own}, fieldPaths: [metadata.labels.greeting]}]\n"
	return all
}

// inTheWayOf gives a greeting that a touchy bundle can't have. What it returns takes it back.
func inTheWayOf(t *testing.T, m *v1alpha1.Municipality, app *v1alpha1.SharedApp) func() {
	t.Helper()
	greets := v1alpha1.AppDecision{Name: app.Name}
	with(`{"greeting":"no label!"}`)(&greets)
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Apps = append(m.Spec.Apps, greets) })
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	return func() { edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil }) }
}

// wave of some members, or of everybody else: all of them at once, with a short soak and
// as much time as a busy machine may need.
func wave(name string, members ...*v1alpha1.Municipality) v1alpha1.Wave {
	w := v1alpha1.Wave{
		Name: name, Soak: lasting(time.Second), ProgressDeadline: lasting(10 * time.Minute),
		MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromInt32(0)),
	}
	for _, m := range members {
		if w.Members == nil {
			w.Members = &v1alpha1.WaveMembers{}
		}
		w.Members.Names = append(w.Members.Names, m.Name)
	}
	return w
}

func lasting(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

// approvedFirst is a wave that waits for an approval.
func approvedFirst(w v1alpha1.Wave) v1alpha1.Wave {
	w.RequireApproval = new(true)
	return w
}

// pilotThenApproved is the strategy of most tests: a pilot, and then everybody, when
// somebody has approved. Until then a rollout waits in its middle.
func pilotThenApproved(pilots ...*v1alpha1.Municipality) *v1alpha1.RolloutStrategy {
	return inWaves(wave("pilot", pilots...), approvedFirst(wave("everyone")))
}

func inWaves(waves ...v1alpha1.Wave) *v1alpha1.RolloutStrategy {
	return &v1alpha1.RolloutStrategy{Waves: waves}
}

// introduced makes a network whose members have 1.0.0 of an app, and a strategy for what
// comes after it.
func introduced(t *testing.T, app *v1alpha1.SharedApp, strategy *v1alpha1.RolloutStrategy, members ...*v1alpha1.Municipality) *v1alpha1.Network {
	t.Helper()
	n := proposes(t, "net", app.Name, nil, members...)
	for _, m := range members {
		runs(t, m.Name+"-prod", app.Name, "1.0.0")
	}
	reaches(t, rolloutOf(n, app.Name, "1.0.0", 1), v1alpha1.RolloutCompleted)
	return edit(t, n, func(n *v1alpha1.Network) { n.Spec.Rollout = strategy })
}

// soon is a deadline that a version which never gets healthy does not keep.
const soon = 2 * time.Second

// timeIsUp gives members no more time to get healthy. Tests first wait until a member is
// seen to be unhealthy, so that it fails for that reason and not for a machine that is busy.
func timeIsUp(t *testing.T, n *v1alpha1.Network) {
	t.Helper()
	deadline(t, n, soon)
}

// recovers gives them time again.
func recovers(t *testing.T, n *v1alpha1.Network) {
	t.Helper()
	deadline(t, n, 10*time.Minute)
}

func deadline(t *testing.T, n *v1alpha1.Network, d time.Duration) {
	t.Helper()
	edit(t, n, func(n *v1alpha1.Network) {
		for i := range n.Spec.Rollout.Waves {
			n.Spec.Rollout.Waves[i].ProgressDeadline = lasting(d)
		}
	})
}

func rolloutOf(n *v1alpha1.Network, app, version string, attempt int32) *v1alpha1.Rollout {
	return at(&v1alpha1.Rollout{}, "", fmt.Sprintf("%s.%s.%s.%d", n.Name, app, version, attempt))
}

func directRollout(app, channel, version string, attempt int32) *v1alpha1.Rollout {
	return at(&v1alpha1.Rollout{}, "", fmt.Sprintf("direct.%s.%s.%s.%d", app, channel, version, attempt))
}

// phaseIs returns an error unless a rollout is in a phase, and its status says so with
// these words, be it in short (status.next) or in full.
func phaseIs(r *v1alpha1.Rollout, phase v1alpha1.RolloutPhase, parts ...string) error {
	if r.Status.Phase != phase {
		return fmt.Errorf("phase is %q, want %s: %s", r.Status.Phase, phase, r.Status.Next)
	}
	said := []string{r.Status.Next}
	for _, c := range r.Status.Conditions {
		said = append(said, c.Message)
	}
	for _, w := range r.Status.Waves {
		said = append(said, w.WaitsFor)
	}
	for _, note := range slices.Concat(r.Status.OnTheWay, r.Status.FailedMembers, r.Status.ExcusedMembers) {
		said = append(said, note.Name+": "+note.Message)
	}
	return holds(strings.Join(said, "\n"), parts...)
}

// reaches waits until a rollout is in a phase, and its status says so with these words.
func reaches(t *testing.T, r *v1alpha1.Rollout, phase v1alpha1.RolloutPhase, parts ...string) *v1alpha1.Rollout {
	t.Helper()
	return until(t, "Rollout "+r.Name+" is "+string(phase), r, func(r *v1alpha1.Rollout) error { return phaseIs(r, phase, parts...) })
}

// awaitsApproval waits until a rollout waits before wave everyone.
func awaitsApproval(t *testing.T, r *v1alpha1.Rollout, parts ...string) *v1alpha1.Rollout {
	t.Helper()
	return until(t, "Rollout "+r.Name+" awaits an approval", r, func(r *v1alpha1.Rollout) error {
		return errors.Join(holds(r.Status.Next, "approval of wave everyone"), phaseIs(r, v1alpha1.RolloutProgressing, parts...))
	})
}

// approve lets wave everyone of a rollout begin. Changes adjust what is approved.
func approve(t *testing.T, n *v1alpha1.Network, r *v1alpha1.Rollout, changes ...func(*v1alpha1.Approval)) {
	t.Helper()
	spec := read(t, r).Spec
	a := v1alpha1.Approval{App: spec.App, Digest: spec.Digest, Wave: "everyone", Attempt: spec.Attempt}
	for _, change := range changes {
		change(&a)
	}
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Rollout.Approvals = append(n.Spec.Rollout.Approvals, a) })
}

// stays checks that a town is asked to have a version, and that no rollout has touched
// what it has.
func stays(t *testing.T, m *v1alpha1.Municipality, before *v1alpha1.AppInstallation) {
	t.Helper()
	i := read(t, before)
	if i.UID != before.UID || i.Generation != before.Generation {
		t.Errorf("%s was touched: generation %d after %d, version %s, rollout %+v", m.Name, i.Generation, before.Generation, i.Spec.Version, i.Spec.Move)
	}
}

// version names a version that a municipality takes and stays at.
func version(v string) func(*v1alpha1.AppDecision) {
	return func(d *v1alpha1.AppDecision) { d.Version = v }
}

// joins makes towns members of a network.
func joins(t *testing.T, n *v1alpha1.Network, towns ...*v1alpha1.Municipality) {
	t.Helper()
	edit(t, n, func(n *v1alpha1.Network) {
		for _, m := range towns {
			n.Spec.Members.Names = append(n.Spec.Members.Names, m.Name)
		}
	})
}

// counted waits until a rollout has been planned with so many members.
func counted(t *testing.T, r *v1alpha1.Rollout, members int32) *v1alpha1.Rollout {
	t.Helper()
	return until(t, fmt.Sprintf("Rollout %s counts %d members", r.Name, members), r, func(r *v1alpha1.Rollout) error {
		return expect("members", r.Status.Members, members)
	})
}

// noted finds the note on a town in a list of a rollout's status.
func noted(notes []v1alpha1.MemberNote, m *v1alpha1.Municipality, code string, parts ...string) error {
	for _, note := range notes {
		if note.Name == m.Name && note.Reason == code {
			return holds(note.Message, parts...)
		}
	}
	return fmt.Errorf("no note %s on %s: %+v", code, m.Name, notes)
}

// planned waits until the rollouts of a network were planned again: a town that joins it
// is counted. What did not move by then, did not move for a reason.
func planned(t *testing.T, n *v1alpha1.Network, r *v1alpha1.Rollout) *v1alpha1.Rollout {
	t.Helper()
	before := read(t, r).Status.Members
	joins(t, n, town(t, "witness"))
	return counted(t, r, before+1)
}

// records are the rollouts of an app.
func records(ctx context.Context, app string) ([]v1alpha1.Rollout, error) {
	var all v1alpha1.RolloutList
	if err := admin.List(ctx, &all); err != nil {
		return nil, err
	}
	var found []v1alpha1.Rollout
	for _, r := range all.Items {
		if r.Spec.App == app {
			found = append(found, r)
		}
	}
	return found, nil
}
