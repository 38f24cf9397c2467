package main

import "fmt"

// The bars. Each is a promise that the project makes.
const (
	extraPerNamespace    = 2    // requests beyond the objects written
	extraPerOwn          = 16   // requests for a namespace of an installation's own
	maxIdlePerMinute     = 2    // requests
	maxIdleCPU           = 1    // percent of a core
	minShareOfFloor      = 0.6  // installations per second
	maxDriftSeconds      = 1    // at the 99th percentile
	maxReadySeconds      = 30   // after a start
	maxLabelMilliseconds = 50   // of CPU, for one changed label
	maxPlanMilliseconds  = 50   // for planMembers members
	maxManyMilliseconds  = 1000 // for manyMembers members
	// extraWritesPerMove is beyond the one write of each installation: a status at each step, of
	// which there is one a second at most.
	extraWritesPerMove = 0.1
)

// maxRequests is how many requests an installation may cost: its objects, the policy that walls it off from
// other apps, the AppInstallation and its status, and 0.3 for all that counts it. Where an environment has one app, the status of
// its Municipality alone is half a request.
func maxRequests(r result) float64 {
	const own, counts, other = 3, 0.3, 0.1
	most := float64(r.ObjectsPerInstallation) + own + max(counts, 1/float64(environments*r.Apps)+other)
	if r.Own {
		most += extraPerOwn
	}
	return most
}

// leastSpeed is how many installations a second are promised. The floor writes the objects of an installation, so
// it says nothing of installations that make a namespace as well.
func (r result) leastSpeed() float64 {
	if r.Own {
		return 0
	}
	return r.FloorInstallsPerSecond * minShareOfFloor
}

// maxMemoryMiB is 400 MiB for the country with one app, and 1.5 GiB with thirty.
func maxMemoryMiB(installations int) float64 {
	const free, each = 714, 56.0 / 1024
	return 400 + each*float64(max(installations-free, 0))
}

// bar compares a figure with its promise.
type bar struct {
	name string
	got  *float64 // nil where this machine can't measure it
	unit string
	// limit in words, as "at most 8".
	limit string
	ok    bool
}

func (r result) bars() []bar {
	return []bar{
		atMost("requests per namespace", "", &r.RequestsPerNamespace, r.ObjectsPerNamespace+extraPerNamespace),
		atMost("requests per installation", "", &r.RequestsPerInstallation, maxRequests(r)),
		atLeast("installations per second", "/s", r.InstallsPerSecond, r.leastSpeed()),
		atMost("rollout's writes per installation moved", "", &r.WritesPerMove, 1+extraWritesPerMove),
		below(fmt.Sprintf("plan for %d members", planMembers), "ms", &r.Planning.Plan, maxPlanMilliseconds),
		below(fmt.Sprintf("plan for %d members", manyMembers), "ms", &r.Planning.Many, maxManyMilliseconds),
		below("drift back, 99th percentile", "s", &r.DriftP99Seconds, maxDriftSeconds),
		below("drift back beside a noisy tenant, 99th percentile", "s", &r.QuietP99Seconds, maxDriftSeconds),
		atMost("idle requests per minute", "", &r.IdleRequestsPerMinute, maxIdlePerMinute),
		below("idle CPU", "% of a core", percent(r.IdleCPU), maxIdleCPU),
		below("CPU of a changed label", "ms", r.LabelMilliseconds, maxLabelMilliseconds),
		atMost("writes at restart", "", new(float64(r.RestartWrites)), 0),
		below("ready after a restart", "s", &r.ReadySeconds, maxReadySeconds),
		below("operator's peak memory", "MiB", r.PeakMemoryMiB, maxMemoryMiB(r.Installations)),
	}
}

func percent(share *float64) *float64 {
	if share == nil {
		return nil
	}
	return new(100 * *share)
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

// verdict is ok, MISSED, or n/a for a figure that this machine can't measure.
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
