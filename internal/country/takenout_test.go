package country

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// testLeaves takes the environment test out of vinje's spec, which deletes it.
func testLeaves(s *given) {
	withoutTest(s)
	deletes(s)
	leaves("test")(s)
}

// TestUninstalledWhenNothingWaitsForIt shows when what is installed in an environment that is deleted goes: it is the only
// record of a version that production is to get.
func TestUninstalledWhenNothingWaitsForIt(t *testing.T) {
	all := func(changes ...func(*given)) given { return world(append([]func(*given){everywhere}, changes...)...) }
	in23 := func(s *given) { runs(inTest, before, 9*time.Hour)(s); runs(prod, before, 9*time.Hour)(s) }
	keeps := []string{"vinje-test/svarut Present 2.4.1"}
	cases := []struct {
		reason string
		seen   given
		want   []string
	}{
		{"what it named fails in test: that stays", all(in23, runs(inTest, pinned, 0, moves("", "")), named, testLeaves), keeps},
		{"and while it soaks", all(in23, runs(inTest, pinned, time.Minute, moves("", "")), named, testLeaves), keeps},
		{"and while the version can't be had", all(in23, runs(inTest, pinned, time.Minute, moves("", "")), named, testLeaves, func(s *given) {
			s.apps["svarut"].Status.Versions[1].Available = false
		}), []string{"vinje-prod/svarut Present 2.3.0", keeps[0]}},
		{"it goes when it has soaked", all(in23, runs(inTest, pinned, 2*time.Hour, moves("", "")), named, testLeaves), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Absent 2.4.1"}},
		{"when the municipality names another version", all(in23, runs(inTest, pinned, 0, moves("", "")), testLeaves,
			says(v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt, Version: "2.5.0"})), []string{"vinje-prod/svarut Present 2.5.0", "vinje-test/svarut Absent 2.4.1"}},
		{"when production has it", all(runs(inTest, pinned, 0, moves("", "")), runs(prod, pinned, time.Hour, moves("", "")), named, testLeaves), []string{"vinje-prod/svarut Present 2.4.1", "vinje-test/svarut Absent 2.4.1"}},
		{"when all of the municipality goes", all(in23, runs(inTest, pinned, 0, moves("", "")), named, testLeaves, deleted), []string{"vinje-test/svarut Absent 2.4.1"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			country, vinje := c.seen.observe()
			var got []string
			for _, i := range country.Consent(vinje).Write {
				got = append(got, i.Namespace+"/"+i.Name+" "+string(i.Spec.State)+" "+i.Spec.Version)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: writes (-want +got):\n%s", c.reason, diff)
			}
		})
	}
}

// TestUninstalledWhenItsRolloutRemembers shows the same of what a network's Rollout brought: it goes when the
// Rollout remembers that the version was not verified there, and the consent of its municipality is woken then.
func TestUninstalledWhenItsRolloutRemembers(t *testing.T) {
	seen := func(healthy time.Duration) given {
		return world(everywhere, runs(inTest, pinned, healthy, moves("digi-tv", "")), runs(prod, before, 9*time.Hour), testLeaves)
	}
	rollout := func(memory ...v1alpha1.MemberMemory) *v1alpha1.Rollout {
		spec := v1alpha1.RolloutSpec{Network: "digi-tv", App: "svarut", Version: pinned.Version, Digest: pinned.Digest, Attempt: 1, Sequence: 1}
		return &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: planner.Name(spec), CreationTimestamp: moment(-4 * time.Hour)}, Spec: spec,
			Status: v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutProgressing, Memory: memory}}
	}
	since := moment(0)
	remembered := rollout(v1alpha1.MemberMemory{Name: "vinje", Reason: v1alpha1.MemoryTakenOut, Since: &since})
	cases := []struct {
		reason string
		seen   given
		record *v1alpha1.Rollout
		goes   bool
	}{
		{"it soaks, and the Rollout has not looked yet", seen(time.Minute), rollout(), false},
		{"the Rollout remembers it", seen(time.Minute), remembered, true},
		{"it has soaked", seen(2 * time.Hour), rollout(), true},
		{"there is no such Rollout any longer", seen(time.Minute), nil, true},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			o := c.seen.objects()
			if c.record != nil {
				o.Rollouts = []*v1alpha1.Rollout{c.record}
			}
			country := Compile(o, now)
			goes := false
			for _, i := range country.Consent(country.Tenant("vinje")).Write {
				goes = goes || (i.Namespace == "vinje-test" && i.Spec.State == v1alpha1.InstallationAbsent)
			}
			if goes != c.goes {
				t.Errorf("%s: it is uninstalled: %v, want %v", c.reason, goes, c.goes)
			}
		})
	}

	m, o := NewModel(), seen(time.Minute).objects()
	o.Rollouts = []*v1alpha1.Rollout{rollout()}
	o.fill(m)
	m.Settle(now)
	m.SetRollout(remembered.Name, remembered)
	if !m.Settle(now).Decisions["vinje"] {
		t.Error("vinje is not looked at when the Rollout remembers it")
	}
}
