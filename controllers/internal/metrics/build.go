package metrics

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/allmenning/allmenning/internal/provenance"
)

// newBuild is a metric that is always 1, and says in its labels what the operator was built from.
func newBuild(of provenance.Provenance) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "allmenning_build_info",
		Help:        "What the operator was built from: its version, the commit and when that was made, and the version of Go. It is always 1.",
		ConstLabels: prometheus.Labels{"version": of.Version, "commit": of.Commit, "date": of.Date, "go_version": of.Go},
	}, func() float64 { return 1 })
}

// RegisterBuild shows what the operator was built from. A process that registered it before, as tests do that start the
// operator several times, shows it once.
func RegisterBuild(registry prometheus.Registerer) error {
	err := registry.Register(newBuild(provenance.OfThisProgram()))
	if errors.As(err, &prometheus.AlreadyRegisteredError{}) {
		return nil
	}
	return err
}
