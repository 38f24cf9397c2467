package main

import (
	"fmt"
	"maps"
	"strings"
	"text/tabwriter"

	"github.com/allmenning/allmenning/test/operator"
)

// What may not grow with the country, from the smallest size to the largest.
const (
	minShareOfSmallest = 0.85 // installations per second
	maxEventGrowth     = 1.5  // CPU of a status event
	maxUpgradeGrowth   = 1.15 // promoting one app of many, by promoting the only one
)

// growthBars compare the largest size with the smallest. Promotions are compared where as many
// installations move: among the sizes of as many municipalities.
func growthBars(results []result) []bar {
	smallest, largest := results[0], results[len(results)-1]
	bars := []bar{atLeast("installations per second, of the smallest", "", largest.InstallsPerSecond/smallest.InstallsPerSecond, minShareOfSmallest)}
	if smallest.EventMilliseconds != nil && largest.EventMilliseconds != nil && *smallest.EventMilliseconds > 0 {
		bars = append(bars, atMost("CPU of a status event, by the smallest", "", new(*largest.EventMilliseconds / *smallest.EventMilliseconds), maxEventGrowth))
	}
	if smallest.N == largest.N {
		bars = append(bars, atMost("promoting one app, by the smallest", "", new(largest.UpgradeSeconds/smallest.UpgradeSeconds), maxUpgradeGrowth))
	}
	return bars
}

// growthTable has a column for each size.
func growthTable(results []result) string {
	var text strings.Builder
	text.WriteString("Growth\n\n")
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, figure func(result) string) {
		_, _ = fmt.Fprint(columns, name, "\t") // a Builder never fails
		for _, r := range results {
			_, _ = fmt.Fprint(columns, figure(r), "\t")
		}
		_, _ = fmt.Fprintln(columns)
	}
	row("installations", func(r result) string { return fmt.Sprint(r.Installations) })
	row("municipalities", func(r result) string { return fmt.Sprint(r.N) })
	row("apps", func(r result) string { return fmt.Sprint(r.Apps) })
	row("installations a second", func(r result) string { return number(r.InstallsPerSecond) })
	row("floor, installations a second", func(r result) string { return number(r.FloorInstallsPerSecond) })
	row("share of the floor, %", func(r result) string { return number(100 * r.InstallsPerFloorInstall) })
	row("requests per installation", func(r result) string { return number(r.RequestsPerInstallation) })
	for _, c := range callsOf(results, "installation") {
		row("of them "+c.Verb+" "+c.Resource, func(r result) string { return number(r.perInstallation(c)) })
	}
	row("promoting one app, s", func(r result) string { return number(r.UpgradeSeconds) })
	row("CPU of a status event, ms", func(r result) string { return optional(r.EventMilliseconds) })
	row("CPU of a changed label, ms", func(r result) string { return optional(r.LabelMilliseconds) })
	row("idle CPU, % of a core", func(r result) string { return optional(percent(r.IdleCPU)) })
	row("peak memory, MiB", func(r result) string { return optional(r.PeakMemoryMiB) })
	row("writes at restart", func(r result) string { return fmt.Sprint(r.RestartWrites) })
	row("ready after a restart, s", func(r result) string { return number(r.ReadySeconds) })
	row("all looked at after a restart, s", func(r result) string { return number(r.RestartSeconds) })
	_ = columns.Flush() // a Builder never fails
	text.WriteByte('\n')
	text.WriteString(barTable(growthBars(results)))
	return text.String()
}

// callsOf are the calls of a phase, of all results together, the most frequent first.
func callsOf(results []result, name string) []operator.Call {
	all := operator.Requests{}
	for _, r := range results {
		maps.Copy(all, r.calls(name))
	}
	return all.Sorted()
}

// calls of one phase.
func (r result) calls(name string) operator.Requests {
	calls := operator.Requests{}
	for _, p := range r.Phases {
		if p.Name == name {
			for _, c := range p.Requests {
				calls[operator.Call{Verb: c.Verb, Resource: c.Resource}] = c.Count
			}
		}
	}
	return calls
}

func (r result) perInstallation(c operator.Call) float64 {
	return float64(r.calls("installation")[c]) / float64(r.Installations)
}
