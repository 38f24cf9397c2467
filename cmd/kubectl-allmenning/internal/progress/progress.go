// Package progress shows rollouts as a table, and says what somebody who decides on one should
// know. It is pure.
package progress

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// Filter picks rollouts; what is empty picks all.
type Filter struct {
	Names   []string
	Network string
	App     string
	// Records shows also those that another took the place of.
	Records bool
}

// Pick returns the rollouts that a filter picks, those first that are under way, then by name.
func Pick(all []v1alpha1.Rollout, f Filter) []v1alpha1.Rollout {
	last := newest(all)
	var picked []v1alpha1.Rollout
	for i := range all {
		if r := &all[i]; f.picks(r, last[group(r)] == r) {
			picked = append(picked, *r)
		}
	}
	slices.SortFunc(picked, func(a, b v1alpha1.Rollout) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), cmp.Compare(a.Name, b.Name))
	})
	return picked
}

// picks says whether a rollout is asked for; isNewest says that none took its place.
func (f Filter) picks(r *v1alpha1.Rollout, isNewest bool) bool {
	switch {
	case len(f.Names) > 0 && !slices.Contains(f.Names, r.Name):
		return false
	case f.Network != "" && r.Spec.Network != f.Network:
		return false
	case f.App != "" && r.Spec.App != f.App:
		return false
	}
	return len(f.Names) > 0 || f.Records || isNewest || !atRest(r)
}

// newest finds the last rollout of each group and app.
func newest(all []v1alpha1.Rollout) map[string]*v1alpha1.Rollout {
	records := map[string][]*v1alpha1.Rollout{}
	for i := range all {
		records[group(&all[i])] = append(records[group(&all[i])], &all[i])
	}
	last := make(map[string]*v1alpha1.Rollout, len(records))
	for of, each := range records {
		last[of] = planner.Newest(each)
	}
	return last
}

func group(r *v1alpha1.Rollout) string {
	return strings.Join([]string{r.Spec.Network, r.Spec.Channel, r.Spec.App}, "/")
}

// atRest says whether nobody is to come in a rollout now: it has ended, or is completed and no joiner is
// on the way.
func atRest(r *v1alpha1.Rollout) bool {
	return planner.Ended(r) || r.Status.Phase == v1alpha1.RolloutCompleted
}

// rank puts first what a person should look at.
func rank(r *v1alpha1.Rollout) int {
	return slices.Index([]v1alpha1.RolloutPhase{
		v1alpha1.RolloutHalted, v1alpha1.RolloutProgressing, v1alpha1.RolloutPending, "",
		v1alpha1.RolloutCompleted, v1alpha1.RolloutWithdrawn, v1alpha1.RolloutSuperseded,
	}, r.Status.Phase)
}

// Strategies are those of groups, by the name of the network.
type Strategies func(network string) planner.Strategy

// Lines are the table, its heading first. With waves, those of a rollout are below it.
func Lines(rollouts []v1alpha1.Rollout, waves bool, strategies Strategies) []string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROLLOUT\tPHASE\tWAVE\tVERIFIED\tMOVING\tWAITING\tAWAY\tFAILED\tEXCUSED\tNEXT")
	for i := range rollouts {
		r, s := &rollouts[i], &rollouts[i].Status
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Name, phase(r), cmp.Or(s.Wave, "-"),
			cmp.Or(s.Progress, "-"), s.Moving, s.Waiting, s.Away, s.Failed, s.Excused, next(s.Next, s.NextAt))
		if waves {
			addWaves(table, s.Waves, strategies(r.Spec.Network))
		}
	}
	_ = table.Flush() // a strings.Builder takes everything
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// phase of a rollout; beside it that it brings a security fix, while that hurries it.
func phase(r *v1alpha1.Rollout) string {
	shown := cmp.Or(string(r.Status.Phase), "-")
	if r.Status.SecurityFix && !atRest(r) {
		shown += " (security fix)"
	}
	return shown
}

func addWaves(table *tabwriter.Writer, waves []v1alpha1.WaveStatus, strategy planner.Strategy) {
	for i := range waves {
		w := &waves[i]
		var when string
		switch {
		case w.State == v1alpha1.WaveHalted:
			when = w.WaitsFor
		case w.WaitsFor != "":
			when = "waits: " + w.WaitsFor
		case w.CompletedAt != nil:
			when = "done at " + stamp(w.CompletedAt)
		case w.StartedAt != nil:
			when = "began at " + stamp(w.StartedAt)
		}
		if stands := standIn(w, strategy); stands != "" {
			when = strings.TrimPrefix(when+"; "+stands, "; ")
		}
		fmt.Fprintf(table, "  %s\t%s\t\t%d/%d\t%d\t%d\t%d\t%d\t%d\t%s\n", w.Name, w.State,
			w.Verified, w.Members-w.Excused, w.Moving, w.Waiting, w.Away, w.Failed, w.Excused, when)
	}
}

// next adds the time to a text without one.
func next(text string, at *metav1.Time) string {
	if at == nil || strings.Contains(text, stamp(at)) {
		return text
	}
	return strings.TrimSpace(text + " at " + stamp(at))
}

func stamp(t *metav1.Time) string { return t.UTC().Format(time.RFC3339) }
