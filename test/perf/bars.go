package main

import "fmt"

// The bars. Each is a promise that the project makes.
const (
	extraPerNamespace    = 2   // requests beyond the objects written
	extraPerInstallation = 3   // requests beyond the objects written
	maxIdlePerMinute     = 2   // requests
	minShareOfFloor      = 0.5 // installations per second
	maxDriftSeconds      = 1   // at the 99th percentile
	maxMemoryMiB         = 400
	maxPlanMilliseconds  = 50 // for planMembers members
	// extraWritesPerMove is beyond the one write of each installation: a status at each step, of
	// which there is one a second at most.
	extraWritesPerMove = 0.1
)

// bar compares a figure with its promise.
type bar struct {
	name string
	got  *float64 // nil where this machine can't tell
	unit string
	// limit in words, as "at most 8".
	limit string
	ok    bool
}

func (r result) bars() []bar {
	return []bar{
		atMost("requests per namespace", "", &r.RequestsPerNamespace, r.ObjectsPerNamespace+extraPerNamespace),
		atMost("requests per installation", "", &r.RequestsPerInstallation, float64(r.ObjectsPerInstallation+extraPerInstallation)),
		atLeast("installations per second", "/s", r.InstallsPerSecond, r.FloorInstallsPerSecond*minShareOfFloor),
		atMost("rollout's writes per installation moved", "", &r.WritesPerMove, 1+extraWritesPerMove),
		below(fmt.Sprintf("plan for %d members", planMembers), "ms", &r.Planning.Plan, maxPlanMilliseconds),
		below("drift back, 99th percentile", "s", &r.DriftP99Seconds, maxDriftSeconds),
		atMost("idle requests per minute", "", &r.IdleRequestsPerMinute, maxIdlePerMinute),
		atMost("writes at restart", "", new(float64(r.RestartWrites)), 0),
		below("operator's peak memory", "MiB", r.PeakMemoryMiB, maxMemoryMiB),
	}
}

func atMost(name, unit string, got *float64, limit float64) bar {
	return bar{name, got, unit, "at most " + number(limit), got == nil || *got <= limit}
}

func below(name, unit string, got *float64, limit float64) bar {
	return bar{name, got, unit, "under " + number(limit), got == nil || *got < limit}
}

func atLeast(name, unit string, got, limit float64) bar {
	return bar{name, &got, unit, "at least " + number(limit), got >= limit}
}

// verdict is ok, MISSED, or n/a for a figure that this machine can't tell.
func (b bar) verdict() string {
	switch {
	case b.got == nil:
		return "n/a"
	case b.ok:
		return "ok"
	}
	return "MISSED"
}

func met(bars []bar) bool {
	for _, b := range bars {
		if !b.ok {
			return false
		}
	}
	return true
}

// number writes a figure with no more digits than mean something.
func number(f float64) string {
	switch {
	case f == float64(int(f)):
		return fmt.Sprintf("%d", int(f))
	case f < 10:
		return fmt.Sprintf("%.3f", f)
	}
	return fmt.Sprintf("%.1f", f)
}
