package operator

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Call is one sort of request to the API server.
type Call struct {
	// Verb is that of the API; apply is a server-side apply, and dry-run one that is only tried.
	Verb string
	// Resource with its subresource, as municipalities/status; none where the path is no resource.
	Resource string
}

// Writes says whether the call may change something. A review, such as who the caller is, is asked by creating it, and
// stored nowhere.
func (c Call) Writes() bool {
	return c.Verb != "get" && c.Verb != "list" && !c.Tries() && !strings.HasSuffix(c.Resource, "reviews")
}

// Tries says whether the call asks what the API server would say to a write.
func (c Call) Tries() bool { return c.Verb == "dry-run" }

// Requests counts calls; watches and leases, which only say that the operator is there, are
// left out.
type Requests map[Call]int

// Since is what came after an earlier count.
func (r Requests) Since(earlier Requests) Requests {
	difference := Requests{}
	for c, count := range r {
		if since := count - earlier[c]; since != 0 {
			difference[c] = since
		}
	}
	return difference
}

// Total counts all of them.
func (r Requests) Total() int { return r.Sum(func(Call) bool { return true }) }

// Reads counts those that change nothing.
func (r Requests) Reads() int { return r.Sum(func(c Call) bool { return !c.Writes() && !c.Tries() }) }

// Tries counts dry runs.
func (r Requests) Tries() int { return r.Sum(Call.Tries) }

// Writes counts those that may change something.
func (r Requests) Writes() int { return r.Sum(Call.Writes) }

// Sum counts those that are chosen.
func (r Requests) Sum(counts func(Call) bool) int {
	sum := 0
	for c, count := range r {
		if counts(c) {
			sum += count
		}
	}
	return sum
}

// Sorted lists the calls, the most frequent first.
func (r Requests) Sorted() []Call {
	return slices.SortedFunc(maps.Keys(r), func(a, b Call) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), cmp.Compare(a.Verb, b.Verb), cmp.Compare(a.Resource, b.Resource))
	})
}

// Work is what the reconciles of one controller came to.
type Work struct {
	Reconciles int     `json:"reconciles"`
	Errors     int     `json:"errors"`
	Seconds    float64 `json:"seconds"`
}

// Metrics are what the operator reports of itself.
type Metrics struct {
	Requests Requests
	// Work by controller.
	Work map[string]Work
	// Queued is how many objects wait in all work queues.
	Queued int
	// Active is how many are being worked on.
	Active int
}

// parse reads the text format of Prometheus. It fails when the counter of requests is
// missing: zero requests would look like a very good operator.
func parse(text io.Reader) (Metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return Metrics{}, fmt.Errorf("parsing metrics: %w", err)
	}
	const counter = "allmenning_api_requests_total"
	if families[counter] == nil {
		return Metrics{}, fmt.Errorf("the operator's metrics hold no %s", counter)
	}
	found := Metrics{Requests: Requests{}, Work: map[string]Work{}}
	for _, m := range families[counter].GetMetric() {
		c := Call{Verb: label(m, "verb"), Resource: label(m, "resource")}
		if c.Verb != "watch" && c.Resource != "leases" {
			found.Requests[c] += int(m.GetCounter().GetValue())
		}
	}
	for _, m := range families["controller_runtime_reconcile_time_seconds"].GetMetric() {
		h := m.GetHistogram()
		found.Work[label(m, "controller")] = Work{Reconciles: int(h.GetSampleCount()), Seconds: h.GetSampleSum()}
	}
	for _, m := range families["controller_runtime_reconcile_errors_total"].GetMetric() {
		w := found.Work[label(m, "controller")]
		w.Errors = int(m.GetCounter().GetValue())
		found.Work[label(m, "controller")] = w
	}
	found.Queued = gauges(families["workqueue_depth"])
	found.Active = gauges(families["controller_runtime_active_workers"])
	return found, nil
}

// gauges adds up a family.
func gauges(family *dto.MetricFamily) int {
	sum := 0
	for _, m := range family.GetMetric() {
		sum += int(m.GetGauge().GetValue())
	}
	return sum
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}
