package outlook

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/review"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// few is how many names are shown where all are not asked for.
const few = 8

// Print writes an outlook for a terminal; with all, a line for each environment.
func Print(out io.Writer, o Outlook, all bool) {
	fmt.Fprintf(out, "%s %s in channel %s", o.App, o.Version, o.Channel)
	if o.Was != o.Version {
		fmt.Fprintf(out, ", where %s is now", o.Was)
	}
	fmt.Fprintf(out, "; asked at %s\n", stamp(&o.At))
	if o.SecurityFix {
		fmt.Fprintf(out, "It is %s.\n", planner.SecurityFix)
	}
	for _, fault := range review.Lines(o.Faults) {
		fmt.Fprintf(out, "Fault: %s\n", fault)
	}
	for _, note := range o.Notes {
		fmt.Fprintf(out, "Note: %s\n", note)
	}
	if len(o.Groups) == 0 {
		fmt.Fprintln(out, "\nNobody would get it: the version can't be had, or no network proposes the app in this channel to anybody, and nobody follows the channel directly.")
	}
	for i := range o.Groups {
		printGroup(out, &o.Groups[i], o.Channel, o.At, all)
	}
}

func printGroup(out io.Writer, g *Group, channel string, at time.Time, all bool) {
	who := "Network " + g.Name
	switch {
	case g.Name == country.Direct:
		who = "Those who follow channel " + g.Channel + " directly"
	case g.Channel != channel:
		who += ", which follows channel " + g.Channel
	}
	fmt.Fprintf(out, "\n%s: Rollout %s %s.\n", who, g.Rollout, course(g))
	printQueue(out, g.Queue)
	printEnd(out, g, at)
	for _, remark := range g.Remarks {
		fmt.Fprintf(out, "  %s.\n", remark)
	}
	printApprovals(out, g)
	printWalls(out, g.Walls)
	printDoors(out, g.Doors)
	printWaves(out, g)
	if all {
		printVisits(out, "WHEN", g.Visits, func(v *Visit) bool { return v.Reason == "" })
	}
	printPresent(out, g.Visits)
	printElsewhere(out, g.Elsewhere)
	printVisits(out, "BLOCKED", g.Visits, func(v *Visit) bool { return v.Reason != "" && v.Reason != planner.ReasonPresent })
}

// printEnd says when a rollout is completed, or what it waits for in the end, and what it does first.
// What waits in a queue from the beginning was said to.
func printEnd(out io.Writer, g *Group, at time.Time) {
	switch {
	case g.Over:
	case g.CompletedAt != nil:
		fmt.Fprintf(out, "  Completed at %s.\n", stamp(g.CompletedAt))
	case g.Next != "":
		fmt.Fprintf(out, "  Not completed, as far as was looked. In the end: %s.\n", g.Next)
	}
	if g.Now != "" && g.Now != g.Next && (g.Queue == nil || g.Queue.From.After(at)) {
		fmt.Fprintf(out, "  At first: %s.\n", g.Now)
	}
}

func printApprovals(out io.Writer, g *Group) {
	for _, a := range g.Approvals {
		from := ""
		if a.From != nil {
			from = " from " + stamp(a.From)
		}
		fmt.Fprintf(out, "  Wave %s waits for approval%s.\n", a.Wave, from)
	}
}

// course is what becomes of a rollout, behind its name.
func course(g *Group) string {
	switch {
	case g.New:
		return "would be made"
	case g.Over && g.CompletedAt != nil:
		return "was completed at " + stamp(g.CompletedAt)
	case g.Over:
		return "is completed"
	}
	return "goes on"
}

func printQueue(out io.Writer, q *Queue) {
	if q == nil {
		return
	}
	fmt.Fprintf(out, "  It waits in the queue behind %s: %s.\n", strings.Join(q.Behind, ", "), q.WaitsFor)
	fmt.Fprintf(out, "  The times below count from when its turn comes, as if that were %s.\n", stamp(&q.From))
}

// printWaves leaves out waves of a rollout that is over and that nobody is still to come in.
func printWaves(out io.Writer, g *Group) {
	waves := slices.Clone(g.Waves)
	if g.Over {
		waves = slices.DeleteFunc(waves, func(w Wave) bool { return len(w.Municipalities) == 0 })
	}
	if len(waves) == 0 {
		return
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  WAVE\tFIRST\tLAST\tMUNICIPALITIES")
	for _, w := range waves {
		fmt.Fprintf(table, "  %s\t%s\t%s\t%d%s\n", w.Name, stamp(w.First), stamp(w.Last), len(w.Municipalities), named(w.Municipalities))
	}
	flush(table)
}

func named(all []string) string {
	switch {
	case len(all) == 0:
		return ""
	case len(all) <= few:
		return ": " + strings.Join(all, ", ")
	}
	return ": " + strings.Join(all[:few], ", ") + ", ..."
}

func printPresent(out io.Writer, visits []Visit) {
	var have []string
	for _, v := range visits {
		if name := v.Municipality; v.Reason == planner.ReasonPresent && !slices.Contains(have, name) {
			have = append(have, name)
		}
	}
	if len(have) > 0 {
		noun := "municipalities have"
		if len(have) == 1 {
			noun = "municipality has"
		}
		fmt.Fprintf(out, "  %d %s it already%s\n", len(have), noun, named(have))
	}
}

func printElsewhere(out io.Writer, all []Elsewhere) {
	for i, e := range all {
		if i == few {
			fmt.Fprintf(out, "  and %d more, each decided on elsewhere\n", len(all)-few)
			return
		}
		fmt.Fprintf(out, "  %s is decided on by %s %s\n", e.Municipality, e.DecidedBy.Level, e.DecidedBy.Name)
	}
}

// printVisits writes a line for each place that is wanted.
func printVisits(out io.Writer, heading string, visits []Visit, wanted func(*Visit) bool) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	first := true
	for i := range visits {
		v := &visits[i]
		if !wanted(v) {
			continue
		}
		if first {
			fmt.Fprintf(table, "  %s\tMUNICIPALITY\tENVIRONMENT\tWAVE\n", heading)
			first = false
		}
		if v.Reason == "" {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", stamp(v.At), v.Municipality, v.Environment, v.Wave)
		} else {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", v.Reason, v.Municipality, v.Environment, v.Wave, v.Message)
		}
	}
	flush(table)
}

func flush(table *tabwriter.Writer) {
	_ = table.Flush() // what is said to a terminal may get lost
}

func stamp(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
