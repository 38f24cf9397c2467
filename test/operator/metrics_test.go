package operator

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const scraped = `# TYPE allmenning_api_requests_total counter
allmenning_api_requests_total{resource="namespaces",verb="apply"} 1.2e+03
allmenning_api_requests_total{resource="none",verb="get"} 2
allmenning_api_requests_total{resource="events",verb="create"} 3
allmenning_api_requests_total{resource="namespaces",verb="watch"} 40
allmenning_api_requests_total{resource="leases",verb="update"} 50
# TYPE controller_runtime_reconcile_time_seconds histogram
controller_runtime_reconcile_time_seconds_bucket{controller="network",le="+Inf"} 4
controller_runtime_reconcile_time_seconds_sum{controller="network"} 0.5
controller_runtime_reconcile_time_seconds_count{controller="network"} 4
# TYPE controller_runtime_reconcile_errors_total counter
controller_runtime_reconcile_errors_total{controller="network"} 1
# TYPE controller_runtime_active_workers gauge
controller_runtime_active_workers{controller="network"} 1
controller_runtime_active_workers{controller="rollout"} 4
# TYPE workqueue_depth gauge
workqueue_depth{name="network",priority="0"} 2
workqueue_depth{name="network",priority="-100"} 1
`

func TestParse(t *testing.T) {
	got, err := parse(strings.NewReader(scraped))
	if err != nil {
		t.Fatal(err)
	}
	want := Metrics{
		Requests: Requests{{"apply", "namespaces"}: 1200, {"get", "none"}: 2, {"create", "events"}: 3},
		Work:     map[string]Work{"network": {4, 1, 0.5}},
		Queued:   3,
		Active:   5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics without watches and leases (-want +got):\n%s", diff)
	}
	if _, err := parse(strings.NewReader("# TYPE up gauge\nup 1\n")); err == nil {
		t.Error("metrics without the counter of requests: got no error")
	}
}

func TestRequests(t *testing.T) {
	before := Requests{{"get", "none"}: 2, {"apply", "namespaces"}: 5}
	now := Requests{{"get", "none"}: 2, {"apply", "namespaces"}: 9, {"list", "pods"}: 1, {"create", "events"}: 1, {"create", "selfsubjectreviews"}: 1}
	got := now.Since(before)
	want := Requests{{"apply", "namespaces"}: 4, {"list", "pods"}: 1, {"create", "events"}: 1, {"create", "selfsubjectreviews"}: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what came since (-want +got):\n%s", diff)
	}
	if got.Reads() != 2 || got.Writes() != 5 || got.Total() != 7 {
		t.Errorf("%d reads, %d writes, %d in all; want 2, 5, 7", got.Reads(), got.Writes(), got.Total())
	}
	order := []Call{{"apply", "namespaces"}, {"create", "events"}, {"create", "selfsubjectreviews"}, {"list", "pods"}}
	if diff := cmp.Diff(order, got.Sorted()); diff != "" {
		t.Errorf("the most frequent first (-want +got):\n%s", diff)
	}
}
