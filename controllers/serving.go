package controllers

import (
	"fmt"
	"net"

	ctrl "sigs.k8s.io/controller-runtime"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/allmenning/allmenning/controllers/internal/metrics"
	"github.com/allmenning/allmenning/controllers/internal/pipelines"
	"github.com/allmenning/allmenning/controllers/snapshot"
	"github.com/allmenning/allmenning/internal/country"
)

// metricsOptions say how metrics are served.
func metricsOptions(o Options) metricsserver.Options {
	if o.OpenMetrics {
		return metricsserver.Options{BindAddress: o.MetricsAddress}
	}
	return metricsserver.Options{
		BindAddress: o.MetricsAddress, SecureServing: true, CertDir: o.MetricsCertificates, FilterProvider: metrics.NewAccess,
	}
}

// isLoopback says whether an address is reached from this machine alone, or from nowhere.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address == "0"
	}
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// addServing adds what is served: metrics, and answers to pipelines. It returns what measures the work of others.
func addServing(mgr ctrl.Manager, o Options, holder *snapshot.Holder) (*metrics.Work, error) {
	work, err := metrics.NewWork(ctrlmetrics.Registry)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	if err := mgr.Add(metrics.NewObjects(mgr.GetCache())); err != nil {
		return nil, fmt.Errorf("add the object counts: %w", err)
	}
	return work, addPipelines(mgr, o, holder)
}

// addPipelines adds what answers pipelines, beside the metrics and behind the same filter.
func addPipelines(mgr ctrl.Manager, o Options, holder *snapshot.Holder) error {
	if o.MetricsAddress == "0" {
		return nil
	}
	handler := pipelines.Handler{Country: func() *country.Country {
		if !snapshot.IsReady(holder) {
			return nil
		}
		return holder.Country()
	}}
	if err := mgr.AddMetricsServerExtraHandler(pipelines.Path, handler); err != nil {
		return fmt.Errorf("add the answers to pipelines: %w", err)
	}
	return nil
}
