package country_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

const quotaFull = "AppInstallation vinje-prod/svarut can't be written: raise the ResourceQuota in namespace vinje-prod"

// refused is that the API server refused what was to be written at a place. What changes afterwards
// changes other objects than the write rested on.
func refused(municipality, environment string) change {
	return func(o *country.Objects) {
		place := resolution.Place{App: "svarut", Environment: environment}
		r := country.Compile(*o, now).Refused(world().Installations[municipality][place], quotaFull)
		o.Refused = map[string]map[resolution.Place]*country.Refusal{municipality: {place: r}}
		for _, installed := range o.Installations {
			for at, i := range installed {
				installed[at] = i.DeepCopy()
			}
		}
		for i, m := range o.Municipalities {
			o.Municipalities[i] = m.DeepCopy()
		}
	}
}

func TestRefusedPlaces(t *testing.T) {
	later := func(changes ...change) []change { return changes }
	cases := []struct {
		reason        string
		before, later []change
		refused       bool
	}{
		{"refused for good", nil, nil, true},
		{"where nothing is yet", later(nothingInstalled), nil, true},
		{"how the installation is doing does not matter", nil, later(atProd(starting)), true},
		{"the installation is another", nil, later(atProd(func(i *v1alpha1.AppInstallation) { i.Generation++ })), false},
		{"its labels are", nil, later(atProd(func(i *v1alpha1.AppInstallation) { i.Labels = map[string]string{"a": "b"} })), false},
		{"it is deleted", nil, later(nothingInstalled), false},
		{"it is made", later(nothingInstalled), later(install("vinje", "prod", before)), false},
		{"the municipality decides again", nil, later(onVinje(func(m *v1alpha1.Municipality) { m.Spec.DisplayName = "Vinje kommune" })), false},
		{"its labels change", nil, later(onVinje(func(m *v1alpha1.Municipality) { m.Labels[v1alpha1.LabelCounty] = "42" })), false},
		{"another version is promoted", nil, later(onApp(func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = other.Version })), false},
		{"the namespace is gone: that is no fault of the write", later(func(o *country.Objects) { o.Missing = map[string]bool{"vinje-prod": true} }), nil, false},
		{"the installation is on its way out", later(atProd(func(i *v1alpha1.AppInstallation) { i.DeletionTimestamp = &metav1.Time{Time: now} })), nil, false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			o := world(slices.Concat(c.before, []change{refused("vinje", "prod")}, c.later)...)
			row := country.Compile(o, now).Tenant("vinje").Row(resolution.Place{App: "svarut", Environment: "prod"})
			want := planner.Excuse{}
			if c.refused {
				want = planner.Excuse{Reason: v1alpha1.ReasonRefused, Message: quotaFull, Away: true}
				diff(t, c.reason, "state", row.Status.State, v1alpha1.AppBlocked)
				diff(t, c.reason, "message", row.Status.Message, quotaFull)
				diff(t, c.reason, "counted", row.Status.Counted, true)
			}
			if c.refused || row.Place.Excuse.Reason == v1alpha1.ReasonRefused {
				diff(t, c.reason, "excuse", row.Place.Excuse, want)
			}
		})
	}
}

func TestNobodyWaitsForARefusedWrite(t *testing.T) {
	oneAtATime := onNetwork("digi-tv", func(n *v1alpha1.Network) {
		n.Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "all", MaxConcurrent: new(intstr.FromInt32(1))}}}
	})
	failed := func(o *country.Objects) {
		install("tokke", "test", target, moved("all"))(o)
		starting(o.Installations["tokke"][resolution.Place{App: "svarut", Environment: "test"}])
	}
	cases := []struct {
		reason  string
		changes []change
		moves   []string
	}{
		{"the first goes first", nil, []string{"tokke-test Advance"}},
		{"refused, it leaves its slot to others", []change{refused("tokke", "test")}, []string{"vinje-test Advance"}},
		{"one that fails returns first", []change{failed}, []string{"tokke-test Return"}},
		{"others are not kept waiting by a return that is refused, and the failure counts", []change{failed, refused("tokke", "test")}, nil},
	}
	for _, c := range cases {
		step := introduction(t, world(append([]change{oneAtATime}, c.changes...)...), "digi-tv").Step
		var moves []string
		for _, m := range step.Moves {
			moves = append(moves, fmt.Sprintf("%s-%s %s", m.Municipality, m.Environment, m.Kind))
		}
		diff(t, c.reason, "moves", moves, c.moves)
		if len(c.changes) == 2 {
			mentions(t, c.reason, step.Status.FailedMembers[0].Message, "it returns when this can be written: "+quotaFull)
		}
	}
}

func TestTheAPIServerIsAskedAgain(t *testing.T) {
	o := world(refused("vinje", "prod"))
	place := resolution.Place{App: "svarut", Environment: "prod"}
	first := o.Refused["vinje"][place]
	cases := []struct {
		reason string
		after  time.Duration
		asks   int
		// pause until it is asked for the third time.
		pause time.Duration
	}{
		{"not at once", 5 * time.Second, 0, 10 * time.Second},
		{"after ten seconds", 10 * time.Second, 1, 10 * time.Second},
		{"then as long as it refuses", time.Minute, 1, time.Minute},
		{"never more seldom than every five minutes", time.Hour, 1, 5 * time.Minute},
	}
	for _, c := range cases {
		at := now.Add(c.after)
		all := country.Compile(o, at)
		todo := all.Consent(all.Tenant("vinje"))
		diff(t, c.reason, "asks", len(todo.Ask), c.asks)
		for _, i := range todo.Write {
			if i.Namespace == "vinje-prod" {
				t.Errorf("%s: it is written, and refused again: %+v", c.reason, i.Spec)
			}
		}
		if c.asks == 0 {
			diff(t, c.reason, "looks again", todo.Again, first.Again)
		}
		again := all.Refused(first.Want, quotaFull)
		diff(t, c.reason, "refused since", again.Since, now)
		diff(t, c.reason, "asked again", again.Again, at.Add(c.pause))
	}
}
