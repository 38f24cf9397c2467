package metrics

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Work measures how long the operator takes for what it does, and how often it puts back what others changed. A nil Work
// measures nothing.
type Work struct {
	builds, fetches, applies *prometheus.HistogramVec
	repairs                  *prometheus.CounterVec
}

// NewWork makes the metrics and registers them. In a process that registered them before, as tests do that start the operator
// several times, all count together.
func NewWork(registry prometheus.Registerer) (*Work, error) {
	took := func(name, help string, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "allmenning_" + name, Help: help, Buckets: buckets}, []string{"result"})
	}
	w := &Work{
		builds:  took("build_seconds", "How long it took to build a bundle, waiting for a worker included, by result: success or failure.", 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
		fetches: took("fetch_seconds", "How long it took to fetch a bundle from a registry, by result: success or failure.", 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
		applies: took("apply_seconds", "How long it took to write what an installation lacked, by result: success or failure.", 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
		repairs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "allmenning_drift_repairs_total", Help: "Objects of an app that somebody else changed or deleted, and that were put back.",
		}, []string{"app"}),
	}
	return w, errors.Join(
		register(registry, &w.builds), register(registry, &w.fetches), register(registry, &w.applies), register(registry, &w.repairs),
	)
}

// register registers a collector, or takes the one that was registered before.
func register[C prometheus.Collector](registry prometheus.Registerer, c *C) error {
	err := registry.Register(*c)
	var known prometheus.AlreadyRegisteredError
	if !errors.As(err, &known) {
		return err
	}
	before, ok := known.ExistingCollector.(C)
	if !ok {
		return err
	}
	*c = before
	return nil
}

// Built measures a build.
func (w *Work) Built(took time.Duration, err error) {
	if w != nil {
		w.builds.WithLabelValues(result(err)).Observe(took.Seconds())
	}
}

// Fetched measures a fetch.
func (w *Work) Fetched(took time.Duration, err error) {
	if w != nil {
		w.fetches.WithLabelValues(result(err)).Observe(took.Seconds())
	}
}

// Applied measures a pass over an installation in which something was written.
func (w *Work) Applied(took time.Duration, err error) {
	if w != nil {
		w.applies.WithLabelValues(result(err)).Observe(took.Seconds())
	}
}

// Repaired counts an object of an app that was put back.
func (w *Work) Repaired(app string) {
	if w != nil {
		w.repairs.WithLabelValues(app).Inc()
	}
}

func result(err error) string {
	if err != nil {
		return "failure"
	}
	return "success"
}
