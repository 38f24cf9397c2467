package country_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

// records replaces the Rollouts that there are.
func records(all ...*v1alpha1.Rollout) change { return func(o *country.Objects) { o.Rollouts = all } }

func TestCourse(t *testing.T) {
	ends := metav1.NewTime(now.Add(-time.Minute))
	heir := func(o *country.Objects) {
		sor := network("digi-sor", "siljan")
		o.Networks = append(o.Networks, sor)
		o.Networks[0].Spec.Successor = "digi-sor"
	}
	cases := []struct {
		reason  string
		group   string
		changes []change
		want    []string
	}{
		{"what is asked for goes on", "digi-tv", nil, []string{"current " + running}},
		{"nothing was made yet", "digi-tv", []change{records()}, []string{"create " + running}},
		{"nothing was made yet for direct adopters", country.Direct, []change{records()}, []string{"create direct.svarut.stable.2.5.0.1"}},
		{"a promotion", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = other.Version })}, []string{"end " + running + " Superseded", "create digi-tv.svarut.2.6.0.1"}},
		{"nobody is a member: it begins when there is one", "digi-tv", []change{records(), onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{"nobody"} })}, nil},
		{"the version is withdrawn", "digi-tv", []change{onApp(func(a *v1alpha1.SharedApp) { a.Spec.Versions[1].State = v1alpha1.VersionWithdrawn })}, []string{"end " + running + " Withdrawn"}},
		{"a retry", "digi-tv", []change{
			records(record("digi-tv", "", "svarut", target, 1, v1alpha1.RolloutHalted)),
			onNetwork("digi-tv", func(n *v1alpha1.Network) {
				n.Spec.Rollout = &v1alpha1.RolloutStrategy{Retries: []v1alpha1.Retry{{App: "svarut", Digest: target.Digest, Attempt: 2}}}
			}),
		}, []string{"end " + running + " Superseded", "create digi-tv.svarut.2.5.0.2"}},
		{"the network is gone", "digi-tv", []change{func(o *country.Objects) { o.Networks = nil }}, []string{"end " + running + " Superseded"}},
		{"the network is being deleted", "digi-tv", []change{onNetwork("digi-tv", func(n *v1alpha1.Network) { n.DeletionTimestamp = &ends })}, []string{"end " + running + " Superseded"}},
		{"the network has ended", "digi-tv", []change{onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Ends = &ends })}, []string{"end " + running + " Superseded"}},
		{"the network was handed over", "digi-tv", []change{heir}, []string{"end " + running + " Superseded"}},
		{"and its successor begins", "digi-sor", []change{heir}, []string{"create digi-sor.svarut.2.5.0.1"}},
		{"the network asks for the app no longer", "digi-tv", []change{onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Apps = nil })}, []string{"end " + running + " Superseded"}},
		{"nobody follows the channel any longer", country.Direct, []change{func(o *country.Objects) { resident(o, "oslo").Spec.Apps = nil }}, []string{"end direct.svarut.stable.2.5.0.1 Superseded"}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			diff(t, c.reason, "course", course(introduction(t, world(c.changes...), c.group)), c.want)
		})
	}
}

func TestSuccessorCountsTheMembersItTakesOver(t *testing.T) {
	o := world(func(o *country.Objects) {
		o.Networks = append(o.Networks, network("digi-sor", "nobody"))
		o.Networks[0].Spec.Successor = "digi-sor"
		o.Rollouts = append(o.Rollouts, record("digi-sor", "", "svarut", target, 1, v1alpha1.RolloutPending))
	})
	diff(t, "none is newly installed", "places", places(introduction(t, o, "digi-sor").Input),
		[]string{"tokke/prod 2.4.1", "tokke/test 2.4.1", "vinje/prod 2.4.1", "vinje/test 2.4.1"})
}

func TestPlanMoves(t *testing.T) {
	intro := introduction(t, world(), "digi-tv")
	if len(intro.Step.Moves) != 1 || intro.Step.Moves[0].Municipality != "tokke" || intro.Step.Moves[0].Environment != "test" || intro.Step.Moves[0].To != target {
		t.Errorf("the pilot gets it first in test: %+v", intro.Step.Moves)
	}
}

func TestPlanWaitsForNoVersionThatLeftTheCatalogue(t *testing.T) {
	failed := func(o *country.Objects) {
		install("vinje", "test", target, moved("pilot"))(o)
		i := o.Installations["vinje"][resolution.Place{App: "svarut", Environment: "test"}]
		i.Status.HealthySince, i.Status.Conditions[0].Status = nil, metav1.ConditionFalse
		i.Spec.Move.MovedAt = metav1.NewTime(now.Add(-10 * time.Hour))
	}
	cases := []struct {
		reason string
		app    func(*v1alpha1.SharedApp)
		want   []planner.MoveKind
	}{
		{"what it returns to is there", func(*v1alpha1.SharedApp) {}, []planner.MoveKind{planner.Return}},
		{"it is to be fetched again", func(a *v1alpha1.SharedApp) { a.Status.Versions[0].Available = false }, nil},
		{"it is to be checked again", func(a *v1alpha1.SharedApp) { a.Status.Versions = a.Status.Versions[1:] }, nil},
		{"it left the spec, and the status remembers its digest", func(a *v1alpha1.SharedApp) {
			a.Spec.Versions, a.Status.Versions[0].Available = a.Spec.Versions[1:], false
		}, []planner.MoveKind{planner.Hold}},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			var kinds []planner.MoveKind
			for _, move := range introduction(t, world(failed, onApp(c.app)), "digi-tv").Step.Moves {
				kinds = append(kinds, move.Kind)
			}
			diff(t, c.reason, "moves", kinds, c.want)
		})
	}
}

func TestPlanBringsNoLowerVersionForWhatWasDeleted(t *testing.T) {
	failed := moved("pilot")
	failed.Outcome = v1alpha1.OutcomeReturned
	halted := record("digi-tv", "", "svarut", target, 1, v1alpha1.RolloutHalted)
	halted.Spec.Completed = &before
	o := world(records(halted), install("vinje", "test", before, failed), install("tokke", "prod", target, moved("pilot")), removed("tokke", "prod"), func(o *country.Objects) {
		tokke := resident(o, "tokke")
		tokke.Spec.Environments = tokke.Spec.Environments[:1]
		delete(o.Installations["tokke"], resolution.Place{App: "svarut", Environment: "test"})
	})
	for _, move := range introduction(t, o, "digi-tv").Step.Moves {
		if move.Municipality == "tokke" {
			t.Errorf("2.5.0 runs there still, and the group would bring %s (%s)", move.To.Version, move.Kind)
		}
	}
}

func TestPlanCarriesOnlySoManyAtOnce(t *testing.T) {
	one, five := int32(1), int32(5)
	o := world(func(o *country.Objects) {
		o.Apps["kobo"] = app("kobo")
		n := &o.Networks[0]
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{MaxIntroductions: &one}
		kobo := n.Spec.Apps[0]
		kobo.Name, kobo.Priority = "kobo", &five
		n.Spec.Apps = append(n.Spec.Apps, kobo)
		o.Rollouts = append(o.Rollouts, record("digi-tv", "", "kobo", target, 1, v1alpha1.RolloutPending))
	})
	plan := country.Compile(o, now).Plan("digi-tv")
	diff(t, "sorted by app", "apps", []string{plan.Introductions[0].App, plan.Introductions[1].App}, []string{"kobo", "svarut"})
	diff(t, "the one of greater priority begins", "begins", []bool{plan.Introductions[0].Step.Begins, plan.Introductions[1].Step.Begins}, []bool{true, false})
	mentions(t, "the other sees why not", plan.Introductions[1].Step.Status.Next, "number 1 in the queue")
}

func TestPlanAgain(t *testing.T) {
	at := func(hours int) *metav1.Time { return new(metav1.NewTime(now.Add(time.Duration(hours) * time.Hour))) }
	hold := func(name string) change {
		return decides(name, v1alpha1.AppDecision{Name: "svarut", Hold: &v1alpha1.Hold{Version: "2.4.1", Reason: "x", Until: at(3)}})
	}
	cases := []struct {
		reason  string
		changes []change
		want    time.Time
	}{
		{"nothing changes by itself", nil, time.Time{}},
		{"a hold of a member runs out", []change{hold("vinje")}, now.Add(3 * time.Hour)},
		{"the first of two deferrals ends", []change{decides("vinje", v1alpha1.AppDecision{Name: "svarut", Decision: v1alpha1.DecisionDefer, Until: at(9), Environments: []v1alpha1.EnvironmentDecision{
			{Name: "test", Decision: v1alpha1.DecisionDefer, Until: at(4)},
		}})}, now.Add(4 * time.Hour)},
		{"the network ends", []change{onNetwork("digi-tv", func(n *v1alpha1.Network) { n.Spec.Ends = at(2) }), hold("vinje")}, now.Add(2 * time.Hour)},
		{"the announcement is over", []change{onNetwork("digi-tv", func(n *v1alpha1.Network) {
			n.Spec.Rollout = &v1alpha1.RolloutStrategy{Announcement: &metav1.Duration{Duration: 5 * time.Hour}}
		})}, now.Add(4 * time.Hour)},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			all := country.Compile(world(c.changes...), now)
			diff(t, c.reason, "again", earliest(all.Plan("digi-tv").Again, all.Next), c.want)
		})
	}
}

// earliest of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
