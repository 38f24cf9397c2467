package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/allmenning/allmenning/test/operator"
)

// table is what a person reads: the bars first, then all other figures, then what each
// phase cost.
func table(r result) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d municipalities, %d namespaces, %d installations\n\n", r.N, r.N*environments, r.Installations)
	text.WriteString(barTable(r.bars()) + "\n")
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(format string, arguments ...any) { _, _ = fmt.Fprintf(columns, format+"\n", arguments...) } // a Builder never fails
	row("  objects per namespace\t%s", number(r.ObjectsPerNamespace))
	row("  objects per installation\t%d", r.ObjectsPerInstallation)
	row("  tenancy\t%.2f s\t%s namespaces/s", r.TenancySeconds, number(r.NamespacesPerSecond))
	row("  installation\t%.2f s\t%s installations/s\t%.0f %% of the floor, %s dry runs each", r.InstallationSeconds, number(r.InstallsPerSecond), 100*r.InstallsPerFloorInstall,
		number(r.DryRunsPerInstallation))
	row("  floor\t%.2f s\t%s installations/s", r.FloorSeconds, number(r.FloorInstallsPerSecond))
	row("  upgrade\t%.2f s\t%s installations/s\t%s requests and %s dry runs each, %d objects differ", r.UpgradeSeconds, number(r.UpgradesPerSecond), number(r.RequestsPerUpgrade),
		number(r.DryRunsPerUpgrade), r.ObjectsPerUpgrade)
	row("  plan for %d members\t%s ms\t%s ms with the verdicts on everybody", planMembers, number(r.Planning.Plan), number(r.Planning.Whole))
	row("  plan for %d members\t%s ms", manyMembers, number(r.Planning.Many))
	row("  drift back\tp50 %.3f s\tp99 %.3f s, max %.3f s\t%s requests each", r.DriftP50Seconds, r.DriftP99Seconds, r.DriftMaxSeconds, number(r.RequestsPerDrift))
	row("  noisy tenant\tp99 of the others %.3f s\t%d of its objects deleted in %.0f s", r.QuietP99Seconds, r.NoisyDeletions, r.NoisySeconds)
	row("  restart\t%.2f s\tready after %.2f s\t%d reads, %d writes", r.RestartSeconds, r.ReadySeconds, r.RestartReads, r.RestartWrites)
	row("  CPU of a status event\t%s ms", optional(r.EventMilliseconds))
	row("  operator's CPU until the restart\t%s s", optional(r.CPUSeconds))
	_ = columns.Flush() // a Builder never fails
	for _, p := range r.Phases {
		text.WriteString(p.table())
	}
	return text.String()
}

// barTable says of each bar what was measured, what is promised, and whether it is kept.
func barTable(bars []bar) string {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, b := range bars {
		_, _ = fmt.Fprintf(columns, "  %s\t%s\t%s\t%s\n", b.name, strings.TrimSpace(optional(b.got)+" "+b.unit), b.limit, b.verdict()) // a Builder never fails
	}
	_ = columns.Flush() // a Builder never fails
	return text.String()
}

func optional(f *float64) string {
	if f == nil {
		return "n/a"
	}
	return number(*f)
}

// table breaks a phase down: requests by verb, then by verb and resource, then where the
// time went.
func (p phase) table() string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n%s: %d %s, %d requests\n", p.Name, p.Count, p.Unit, p.total.Total())
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(format string, arguments ...any) { _, _ = fmt.Fprintf(columns, format+"\n", arguments...) } // a Builder never fails
	verbs := byVerb(p.total)
	for _, c := range verbs.Sorted() {
		row("  %s\t%d\t%.3f each", c.Verb, verbs[c], float64(verbs[c])/float64(p.Count))
		for _, of := range p.total.Sorted() {
			if of.Verb == c.Verb {
				row("    %s\t%d\t%.3f each", of.Resource, p.total[of], float64(p.total[of])/float64(p.Count))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Work)) {
		w := p.Work[name]
		row("  reconciles of %s\t%d\t%.1f ms each, %d errors", name, w.Reconciles, 1000*w.Seconds/float64(w.Reconciles), w.Errors)
	}
	for _, name := range slices.Sorted(maps.Keys(p.CPU)) {
		row("  CPU of %s\t%.2f s", name, p.CPU[name])
	}
	_ = columns.Flush() // a Builder never fails
	return text.String()
}

// byVerb adds up what resources there are.
func byVerb(r operator.Requests) operator.Requests {
	verbs := operator.Requests{}
	for c, count := range r {
		verbs[operator.Call{Verb: c.Verb}] += count
	}
	return verbs
}
