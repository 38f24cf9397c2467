package main

import (
	"math"
	"slices"
	"time"

	"github.com/allmenning/allmenning/test/operator"
)

// result holds the figures of one run. Those that this machine can't measure are nil.
type result struct {
	// N is how many municipalities there are, each with two environments.
	N int `json:"n"`
	// Apps in each environment.
	Apps          int `json:"apps"`
	Installations int `json:"installations"`
	// Own says that each installation has a namespace of its own.
	Own bool `json:"own,omitempty"`

	// Objects in a tenant's namespace before any app exists, the namespace included.
	ObjectsPerNamespace  float64 `json:"objectsPerNamespace"`
	RequestsPerNamespace float64 `json:"requestsPerNamespace"`
	NamespacesPerSecond  float64 `json:"namespacesPerSecond"`

	ObjectsPerInstallation  int     `json:"objectsPerInstallation"`
	RequestsPerInstallation float64 `json:"requestsPerInstallation"`
	DryRunsPerInstallation  float64 `json:"dryRunsPerInstallation"`
	InstallsPerSecond       float64 `json:"installsPerSecond"`
	FloorInstallsPerSecond  float64 `json:"floorInstallsPerSecond"`

	ObjectsPerUpgrade  int     `json:"objectsPerUpgrade"`
	RequestsPerUpgrade float64 `json:"requestsPerUpgrade"`
	DryRunsPerUpgrade  float64 `json:"dryRunsPerUpgrade"`
	UpgradesPerSecond  float64 `json:"upgradesPerSecond"`
	// WritesPerMove are the writes that the rollout itself costs for each installation that it
	// moves: its spec, and the Rollout with its status.
	WritesPerMove float64 `json:"writesPerMove"`
	// Planning is without a cluster, and the same whatever N is.
	Planning planning `json:"planning"`

	DriftP50Seconds  float64 `json:"driftP50Seconds"`
	DriftP99Seconds  float64 `json:"driftP99Seconds"`
	DriftMaxSeconds  float64 `json:"driftMaxSeconds"`
	RequestsPerDrift float64 `json:"requestsPerDrift"`
	// QuietP99Seconds is as DriftP99Seconds, while one tenant deletes an app's objects without end.
	QuietP99Seconds float64 `json:"quietP99Seconds"`
	// NoisyDeletions are how many objects that tenant found and deleted, and NoisySeconds for how long.
	NoisyDeletions          int     `json:"noisyDeletions"`
	NoisySeconds            float64 `json:"noisySeconds"`
	IdleRequestsPerMinute   float64 `json:"idleRequestsPerMinute"`
	RestartReads            int     `json:"restartReads"`
	RestartWrites           int     `json:"restartWrites"`
	ReadySeconds            float64 `json:"readySeconds"`
	RestartSeconds          float64 `json:"restartSeconds"`
	TenancySeconds          float64 `json:"tenancySeconds"`
	InstallationSeconds     float64 `json:"installationSeconds"`
	FloorSeconds            float64 `json:"floorSeconds"`
	UpgradeSeconds          float64 `json:"upgradeSeconds"`
	InstallsPerFloorInstall float64 `json:"installsPerFloorInstall"`

	// PeakMemoryMiB is the most that either process of the operator, before and after the
	// restart, held at once.
	PeakMemoryMiB *float64 `json:"peakMemoryMiB"`
	// CPUSeconds of the operator from its first start to the restart.
	CPUSeconds *float64 `json:"cpuSeconds"`
	// IdleCPU is the share of a core that the operator uses while nothing happens.
	IdleCPU *float64 `json:"idleCPU"`
	// EventMilliseconds is the operator's CPU for the status of one installation that changes.
	EventMilliseconds *float64 `json:"eventMilliseconds"`
	// LabelMilliseconds is the operator's CPU for one label of a municipality that changes.
	LabelMilliseconds *float64 `json:"labelMilliseconds"`

	Phases []phase `json:"phases"`
}

func (r *result) addTenancy(p phase, objects int) {
	r.Phases = append(r.Phases, p)
	r.ObjectsPerNamespace = float64(objects) / float64(p.Count)
	r.RequestsPerNamespace = p.perUnit()
	r.NamespacesPerSecond = p.perSecond()
	r.TenancySeconds = p.Seconds
}

func (r *result) addInstallation(p phase) {
	r.Phases = append(r.Phases, p)
	r.ObjectsPerInstallation = objectsPerInstallation
	r.RequestsPerInstallation, r.DryRunsPerInstallation = p.perUnit(), p.triesPerUnit()
	r.InstallsPerSecond = p.perSecond()
	r.InstallationSeconds = p.Seconds
}

// ofRollouts are what a rollout writes: the installations, its own record, and events.
var ofRollouts = []string{"appinstallations", "rollouts", "rollouts/status", "events"}

func (r *result) addUpgrade(p phase) {
	r.Phases = append(r.Phases, p)
	r.ObjectsPerUpgrade = objectsPerUpgrade
	r.RequestsPerUpgrade, r.DryRunsPerUpgrade = p.perUnit(), p.triesPerUnit()
	r.UpgradesPerSecond = p.perSecond()
	r.UpgradeSeconds = p.Seconds
	moving := p.total.Sum(func(c operator.Call) bool {
		return c.Writes() && slices.Contains(ofRollouts, c.Resource)
	})
	r.WritesPerMove = float64(moving) / float64(p.Count)
}

func (r *result) addDrift(p phase, gone []time.Duration) {
	r.Phases = append(r.Phases, p)
	r.RequestsPerDrift = p.perUnit()
	r.DriftP50Seconds = percentile(gone, 50).Seconds()
	r.DriftP99Seconds = percentile(gone, 99).Seconds()
	r.DriftMaxSeconds = percentile(gone, 100).Seconds()
}

func (r *result) addNoise(p phase, deletions int, gone []time.Duration) {
	r.QuietP99Seconds = percentile(gone, 99).Seconds()
	r.NoisyDeletions, r.NoisySeconds = deletions, p.Seconds
	p.Seconds = 0 // how fast the bench deletes says nothing
	r.Phases = append(r.Phases, p)
}

func (r *result) addIdle(p phase, elapsed time.Duration) {
	r.Phases = append(r.Phases, p)
	r.IdleRequestsPerMinute = float64(p.total.Total()) / elapsed.Minutes()
	if used, known := p.CPU["operator"]; known {
		r.IdleCPU = new(used / elapsed.Seconds())
	}
}

func (r *result) addStatuses(p phase) {
	r.Phases = append(r.Phases, p)
	r.EventMilliseconds = perEvent(p, r.IdleCPU)
}

func (r *result) addLabels(p phase) {
	r.Phases = append(r.Phases, p)
	r.LabelMilliseconds = perEvent(p, r.IdleCPU)
}

func (r *result) addRestart(p phase) {
	r.Phases = append(r.Phases, p)
	r.RestartReads = p.total.Reads()
	r.RestartWrites = p.total.Writes()
	r.RestartSeconds = p.Seconds
}

func (r *result) addFloor(p phase) {
	r.Phases = append(r.Phases, p)
	r.FloorSeconds = p.Seconds
	r.FloorInstallsPerSecond = p.perSecond()
	r.InstallsPerFloorInstall = r.InstallsPerSecond / r.FloorInstallsPerSecond
}

// addProcess reads what the operator's first process has used, before it ends.
func (r *result) addProcess(pid int) {
	if seconds, known := cpuSeconds(pid); known {
		r.CPUSeconds = &seconds
	}
	r.addPeak(pid)
}

// addPeak takes a process's peak into account.
func (r *result) addPeak(pid int) {
	peak, known := peakMemoryMiB(pid)
	if known && (r.PeakMemoryMiB == nil || *r.PeakMemoryMiB < peak) {
		r.PeakMemoryMiB = &peak
	}
}

// percentile is the smallest of the values that is at least as great as that share of
// them, in percent; 0 of none.
func percentile(values []time.Duration, percent float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	rank := int(math.Ceil(percent / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
