package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
)

// deaths is how often the operator is killed in the middle of one rollout.
const deaths = 20

// A version whose pods never get ready is offered to the whole country, and then a good one;
// and once more both, while the operator is killed again and again.
func TestARolloutStopsWhatIsBadAndBringsWhatIsGood(t *testing.T) {
	w := newWorld(t)
	first := w.start(t, "")
	n := found(t, w)
	quiet(t, first)

	bad := n.offerBad(t, "1.0.0", "1.1.0", func() {})
	before := scrape(t, first)
	good := n.offerGood(t, "1.1.0", "1.2.0", func() {})
	countWrites(t, scrape(t, first), before)
	quiet(t, first)
	stop(t, first)

	g := newGate(t, w)
	last := func() { w.start(t, g.kubeconfig) }
	badKilled := n.offerBad(t, "1.2.0", "1.3.0", func() { killAmid(t, w, g, 2, 9, 19); last() }) // the move, and the return of those that failed: often of all at once
	if diff := cmp.Diff(bad, badKilled); diff != "" {
		t.Errorf("a bad version comes to another end where the operator is killed (-undisturbed +killed):\n%s", diff)
	}
	goodKilled := n.offerGood(t, "1.3.0", "1.4.0", func() { killAmid(t, w, g, deaths/2); last() })
	if diff := cmp.Diff(good, goodKilled); diff != "" {
		t.Errorf("a good version comes to another end where the operator is killed (-undisturbed +killed):\n%s", diff)
	}
}

// offerBad promotes a version that nobody can run. It must touch at most the test
// environments of the pilots, and take these back.
func (n nation) offerBad(t *testing.T, before, target string, meanwhile func()) ending {
	t.Helper()
	revisions := n.revisions(t)
	n.promote(t, "post", target)
	meanwhile()
	within(t, long, "the bad version is stopped, and taken back", func(ctx context.Context) error {
		if err := n.ended(ctx, target, v1alpha1.RolloutHalted); err != nil {
			return err
		}
		return n.at(ctx, before)
	})
	if touched := n.touched(revisions, n.revisions(t)); len(touched) > 0 {
		t.Errorf("%s touched what is not the pilots' test: %d objects, such as %s", target, len(touched), touched[0])
	}
	r, err := n.rollout(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if !meta.IsStatusConditionTrue(r.Status.Conditions, v1alpha1.ConditionStalled) {
		t.Errorf("the Rollout is not Stalled: %+v", r.Status.Conditions)
	}
	if where := "in wave pilot 5 of 5 members failed, and 0 may"; !strings.Contains(r.Status.Next, where) {
		t.Errorf("it says %q, which does not contain %q", r.Status.Next, where)
	}
	for _, m := range r.Status.FailedMembers {
		for _, why := range []string{"returned to " + before, "Deployment/post"} {
			if !strings.Contains(m.Message, why) {
				t.Errorf("of %s it says %q, which does not contain %q", m.Name, m.Message, why)
			}
		}
	}
	e := n.endingOf(t, before, target)
	if e.Failed != pilots || e.Waves["pilot"] != v1alpha1.WaveHalted || e.Waves["everyone"] != v1alpha1.WaveWaiting {
		t.Errorf("it ended otherwise: %+v", e)
	}
	// Who brought a bystander the version before is another Rollout each time.
	e.Installed = count(e.Installed, func(key string) bool { return strings.Contains(key, "target") })
	return e
}

// offerGood promotes a version that everybody can run, and expects it at every member.
func (n nation) offerGood(t *testing.T, before, target string, meanwhile func()) ending {
	t.Helper()
	n.promote(t, "post", target)
	meanwhile()
	within(t, long, "the good version comes to everybody", func(ctx context.Context) error {
		if err := n.ended(ctx, target, v1alpha1.RolloutCompleted); err != nil {
			return err
		}
		return n.at(ctx, target)
	})
	if err := n.ended(t.Context(), before, v1alpha1.RolloutSuperseded); err != nil {
		t.Errorf("what was halted before: %v", err)
	}
	r, err := n.rollout(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Status.Waves) != 2 || r.Status.Waves[0].CompletedAt == nil || r.Status.Waves[1].StartedAt == nil ||
		r.Status.Waves[1].StartedAt.Before(r.Status.Waves[0].CompletedAt) {
		t.Errorf("the second wave did not wait for the first: %+v", r.Status.Waves)
	}
	e := n.endingOf(t, before, target)
	if e.Verified != everybody || e.Failed != 0 || e.Moving != 0 {
		t.Errorf("it ended otherwise: %+v", e)
	}
	return e
}

func count(all map[string]int, wanted func(string) bool) map[string]int {
	some := map[string]int{}
	for key, n := range all {
		if wanted(key) {
			some[key] = n
		}
	}
	return some
}

// killAmid starts the operator and kills it, again and again: as a rule soon after it has
// moved a member, or a second later where there is none to move. Some lives, named by their
// number, last until a member is moved, however long that takes: it is the return of one that
// failed. Deadlines begin again with each life. At least so many kills must come after a move.
func killAmid(t *testing.T, w *world, g *gate, least int, patient ...int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, deaths))
	atWork := 0
	for life := range deaths {
		moved := g.moved.Load()
		o := w.start(t, g.kubeconfig)
		limit, rest := 3*time.Second, time.Duration(random.IntN(600))*time.Millisecond
		if slices.Contains(patient, life) {
			limit, rest = time.Minute, time.Duration(random.IntN(5))*time.Millisecond
		}
		await(t, limit, func() bool { return g.moved.Load() > moved })
		// The moment of death is what is tested: here time passes, and nothing is waited for.
		<-time.After(rest)
		o.Kill()
		if g.moved.Load() > moved {
			atWork++
		}
	}
	t.Logf("of %d kills %d met it after it had moved somebody", deaths, atWork)
	if atWork < least {
		t.Errorf("too few of the kills mattered: %d, want at least %d", atWork, least)
	}
}

func scrape(t *testing.T, o *operator.Process) operator.Metrics {
	t.Helper()
	metrics, err := o.Scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// countWrites checks what moving everybody has cost: one write for each environment, one for
// the Rollout, and at most one status for each step.
func countWrites(t *testing.T, now, before operator.Metrics) {
	t.Helper()
	since := now.Requests.Since(before.Requests)
	steps := now.Work["rollout"].Reconciles - before.Work["rollout"].Reconciles
	of := func(resource string) int {
		return since.Sum(func(c operator.Call) bool { return c.Writes() && c.Resource == resource })
	}
	t.Logf("moving %d environments of %d members: %d writes of AppInstallations, %d of Rollouts, %d of their status in %d steps",
		environments, everybody, of("appinstallations"), of("rollouts"), of("rollouts/status"), steps)
	want := fmt.Sprintf("%d and 1", environments)
	if got := fmt.Sprintf("%d and %d", of("appinstallations"), of("rollouts")); got != want {
		t.Errorf("writes of AppInstallations and Rollouts: got %s, want %s", got, want)
	}
	if of("rollouts/status") > steps {
		t.Errorf("%d writes of status in %d steps", of("rollouts/status"), steps)
	}
}
