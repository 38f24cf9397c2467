package country

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
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
