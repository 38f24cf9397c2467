package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/allmenning/allmenning/test/operator"
)

const (
	// settled is how long no request may come before a phase counts as over: status
	// that counts others is written up to a second late.
	settled = 3 * time.Second
	// rested is the same after a restart, when the operator has a country to look through.
	rested = 5 * time.Second
)

// meter reads what the operator and the processes around it have done so far.
type meter struct {
	home    *cluster
	program *operator.Process
	say     *progress
	// profiles is the folder for CPU profiles; empty where none are taken.
	profiles string
}

// reading is what a meter shows at one moment.
type reading struct {
	at      time.Time
	metrics operator.Metrics
	// cpu seconds by process.
	cpu map[string]float64
}

func (m meter) read(ctx context.Context) (reading, error) {
	metrics, err := m.program.Scrape(ctx)
	if err != nil {
		return reading{}, err
	}
	return reading{at: time.Now(), metrics: metrics, cpu: m.cpu()}, nil
}

func (m meter) cpu() map[string]float64 {
	seconds := m.home.cpu()
	if s, known := cpuSeconds(m.program.PID()); known {
		seconds["operator"] = s
	}
	return seconds
}

// cpu seconds of the control plane's processes, and of the bench itself.
func (c *cluster) cpu() map[string]float64 {
	pids := map[string]int{"bench": os.Getpid()}
	for _, part := range c.plane.Parts() {
		pids[part.Name] = part.PID
	}
	seconds := map[string]float64{}
	for name, pid := range pids {
		if s, known := cpuSeconds(pid); known {
			seconds[name] = s
		}
	}
	return seconds
}

// phase is what one phase cost.
type phase struct {
	Name string `json:"name"`
	// Unit names what Count counts: the things that the phase made or changed.
	Unit  string `json:"unit"`
	Count int    `json:"count"`
	// Seconds until all was as it should be; 0 where time is not the point.
	Seconds  float64                  `json:"seconds"`
	Requests []callCount              `json:"requests"`
	Work     map[string]operator.Work `json:"work"`
	// CPU seconds by process, until the operator was quiet again.
	CPU map[string]float64 `json:"cpu"`

	total operator.Requests
	// lasted is the time between the two readings.
	lasted time.Duration
}

// callCount is a line of a phase's requests.
type callCount struct {
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
}

// perUnit is how many requests a unit takes, without dry runs, and triesPerUnit how many of these.
func (p phase) perUnit() float64 {
	return float64(p.total.Total()-p.total.Tries()) / float64(p.Count)
}

func (p phase) triesPerUnit() float64 { return float64(p.total.Tries()) / float64(p.Count) }

func (p phase) perSecond() float64 { return float64(p.Count) / p.Seconds }

// job is what a phase does.
type job struct {
	name, unit string
	count      int
	// act returns when all is as it should be; its time is what counts.
	act func(context.Context) error
	// settle returns when everything that follows by itself has followed; its time does
	// not count, its requests do.
	settle func(context.Context) error
}

// measure runs one phase: the operator is quiet before it, and quiet again after it.
func (m meter) measure(ctx context.Context, j job) (phase, error) {
	before, err := m.awaitQuiet(ctx, settled)
	if err != nil {
		return phase{}, err
	}
	m.say.step("%s: %d %s", j.name, j.count, j.unit)
	began, profile := time.Now(), m.profile(ctx, j.name)
	if err := j.act(ctx); err != nil {
		return phase{}, fmt.Errorf("%s: %w", j.name, err)
	}
	elapsed := time.Since(began)
	if err := profile(); err != nil {
		return phase{}, fmt.Errorf("%s: %w", j.name, err)
	}
	m.say.step("  done in %.2f s; waiting for the operator to be quiet", elapsed.Seconds())
	if err := j.settle(ctx); err != nil {
		return phase{}, fmt.Errorf("%s: %w", j.name, err)
	}
	after, err := m.awaitQuiet(ctx, settled)
	if err != nil {
		return phase{}, fmt.Errorf("%s: %w", j.name, err)
	}
	return newPhase(j.name, j.unit, j.count, elapsed, before, after), nil
}

func newPhase(name, unit string, count int, elapsed time.Duration, before, after reading) phase {
	p := phase{
		Name: name, Unit: unit, Count: count, Seconds: elapsed.Seconds(), Requests: []callCount{}, CPU: map[string]float64{},
		Work: workSince(after.metrics.Work, before.metrics.Work), total: after.metrics.Requests.Since(before.metrics.Requests),
		lasted: after.at.Sub(before.at),
	}
	for _, c := range p.total.Sorted() {
		p.Requests = append(p.Requests, callCount{c.Verb, c.Resource, p.total[c]})
	}
	for _, name := range slices.Sorted(maps.Keys(after.cpu)) {
		p.CPU[name] = after.cpu[name] - before.cpu[name]
	}
	return p
}

// awaitQuiet waits until the queues are empty and no request has come for that long.
func (m meter) awaitQuiet(ctx context.Context, pause time.Duration) (reading, error) {
	var last reading
	count, since := -1, time.Now()
	err := wait.PollUntilContextTimeout(ctx, 250*time.Millisecond, 5*time.Minute, true, func(ctx context.Context) (bool, error) {
		now, err := m.read(ctx)
		if err != nil {
			return false, err
		}
		if total := now.metrics.Requests.Total(); total != count || now.metrics.Queued != 0 {
			count, since = total, time.Now()
		}
		last = now
		return time.Since(since) >= pause, nil
	})
	if err != nil {
		return last, fmt.Errorf("waiting for the operator to be quiet (%d requests so far, %d objects queued): %w",
			last.metrics.Requests.Total(), last.metrics.Queued, err)
	}
	return last, nil
}

// workSince is the work between two looks, by controller; those that rested are left out.
func workSince(now, earlier map[string]operator.Work) map[string]operator.Work {
	difference := map[string]operator.Work{}
	for name, w := range now {
		before := earlier[name]
		if w.Reconciles != before.Reconciles {
			difference[name] = operator.Work{
				Reconciles: w.Reconciles - before.Reconciles, Errors: w.Errors - before.Errors, Seconds: w.Seconds - before.Seconds,
			}
		}
	}
	return difference
}
