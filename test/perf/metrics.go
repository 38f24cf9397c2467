package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// call is one sort of request to the API server.
type call struct {
	verb     string // apply is a server-side apply
	resource string // with its subresource, as municipalities/status
}

// write tells whether the call may change something.
func (c call) write() bool { return c.verb != "get" && c.verb != "list" }

// requests counts calls; watches and leases are left out.
type requests map[call]int

// minus is what came since an earlier count.
func (r requests) minus(earlier requests) requests {
	difference := requests{}
	for c, count := range r {
		if since := count - earlier[c]; since != 0 {
			difference[c] = since
		}
	}
	return difference
}

func (r requests) total() int { return r.reads() + r.writes() }

func (r requests) reads() int { return r.sum(func(c call) bool { return !c.write() }) }

func (r requests) writes() int { return r.sum(call.write) }

func (r requests) sum(counts func(call) bool) int {
	sum := 0
	for c, count := range r {
		if counts(c) {
			sum += count
		}
	}
	return sum
}

// sorted lists the calls, the most frequent first.
func (r requests) sorted() []call {
	return slices.SortedFunc(maps.Keys(r), func(a, b call) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), cmp.Compare(a.verb, b.verb), cmp.Compare(a.resource, b.resource))
	})
}

// work is what the reconciles of one controller came to.
type work struct {
	Reconciles int     `json:"reconciles"`
	Errors     int     `json:"errors"`
	Seconds    float64 `json:"seconds"`
}

// metrics are what the operator tells about itself.
type metrics struct {
	requests requests
	// work by controller.
	work map[string]work
	// queued is how many objects wait in all work queues.
	queued int
}

// parseMetrics reads the text format of Prometheus. It fails when the counter of requests
// is missing: zero requests would look like a very good operator.
func parseMetrics(text io.Reader) (metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return metrics{}, fmt.Errorf("parsing metrics: %w", err)
	}
	const counter = "allmenning_api_requests_total"
	if families[counter] == nil {
		return metrics{}, fmt.Errorf("the operator's metrics hold no %s", counter)
	}
	found := metrics{requests: requests{}, work: map[string]work{}}
	for _, m := range families[counter].GetMetric() {
		c := call{verb: label(m, "verb"), resource: label(m, "resource")}
		if c.verb != "watch" && c.resource != "leases" {
			found.requests[c] += int(m.GetCounter().GetValue())
		}
	}
	for _, m := range families["controller_runtime_reconcile_time_seconds"].GetMetric() {
		h := m.GetHistogram()
		found.work[label(m, "controller")] = work{Reconciles: int(h.GetSampleCount()), Seconds: h.GetSampleSum()}
	}
	for _, m := range families["controller_runtime_reconcile_errors_total"].GetMetric() {
		w := found.work[label(m, "controller")]
		w.Errors = int(m.GetCounter().GetValue())
		found.work[label(m, "controller")] = w
	}
	for _, m := range families["workqueue_depth"].GetMetric() {
		found.queued += int(m.GetGauge().GetValue())
	}
	return found, nil
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// workSince is the work between two looks, by controller; those that rested are left out.
func workSince(now, earlier map[string]work) map[string]work {
	difference := map[string]work{}
	for name, w := range now {
		before := earlier[name]
		if w.Reconciles != before.Reconciles {
			difference[name] = work{w.Reconciles - before.Reconciles, w.Errors - before.Errors, w.Seconds - before.Seconds}
		}
	}
	return difference
}
