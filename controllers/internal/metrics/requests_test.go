package metrics

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// counted are the requests of a registry, as "verb resource", with their number.
func counted(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			got[labels["verb"]+" "+labels["resource"]] += m.GetCounter().GetValue()
		}
	}
	return got
}

func send(t *testing.T, transport http.RoundTripper, method, path, contentType string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://kubernetes.default"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	answer, err := transport.RoundTrip(req)
	if answer != nil {
		if err := answer.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	return err
}

func answers(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func TestRequestsAreCounted(t *testing.T) {
	const applyYAML, merge = "application/apply-patch+yaml", "application/merge-patch+json"
	cases := []struct {
		reason, method, path, contentType, want string
	}{
		{"a read of one object", http.MethodGet, "/api/v1/namespaces/vinje-prod/configmaps/a", "", "get configmaps"},
		{"a list", http.MethodGet, "/apis/apps/v1/namespaces/vinje-prod/deployments?limit=1", "", "list deployments"},
		{"a list of the whole cluster", http.MethodGet, "/apis/allmenning.dev/v1alpha1/municipalities", "", "list municipalities"},
		{"a watch is none", http.MethodGet, "/apis/apps/v1/deployments?watch=true", "", "watch deployments"},
		{"a create", http.MethodPost, "/api/v1/namespaces/vinje-prod/configmaps", "", "create configmaps"},
		{"an event counts as what it is", http.MethodPost, "/apis/events.k8s.io/v1/namespaces/default/events", "", "create events"},
		{"a lease is counted apart", http.MethodPut, "/apis/coordination.k8s.io/v1/namespaces/allmenning-system/leases/manager", "", "update leases"},
		{"a server-side apply is no other patch", http.MethodPatch, "/apis/apps/v1/namespaces/vinje-prod/deployments/web?force=true", applyYAML, "apply deployments"},
		{"in whichever encoding", http.MethodPatch, "/api/v1/namespaces/vinje-prod/services/web", "application/apply-patch+cbor", "apply services"},
		{"a patch", http.MethodPatch, "/api/v1/namespaces/vinje-prod/configmaps/a", merge, "patch configmaps"},
		{"a status is a resource of its own", http.MethodPatch, "/apis/allmenning.dev/v1alpha1/municipalities/vinje/status", applyYAML, "apply municipalities/status"},
		{"a namespace is one, too", http.MethodPatch, "/api/v1/namespaces/vinje-prod", applyYAML, "apply namespaces"},
		{"one that is only tried is none", http.MethodPatch, "/api/v1/namespaces/vinje-prod/configmaps/a?dryRun=All&force=true", applyYAML, "dry-run configmaps"},
		{"a deletion", http.MethodDelete, "/api/v1/namespaces/vinje-prod", "", "delete namespaces"},
		{"what is no resource", http.MethodGet, "/version", "", "get none"},
		{"discovery", http.MethodGet, "/apis/apps/v1", "", "get none"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			registry := prometheus.NewRegistry()
			requests, err := NewRequests(registry)
			if err != nil {
				t.Fatal(err)
			}
			if err := send(t, requests.Wrap(roundTrip(answers)), tc.method, tc.path, tc.contentType); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]float64{tc.want: 1}, counted(t, registry)); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRequestsThatFailCount(t *testing.T) {
	registry := prometheus.NewRegistry()
	requests, err := NewRequests(registry)
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("connection refused")
	transport := requests.Wrap(roundTrip(func(*http.Request) (*http.Response, error) { return nil, refused }))
	if err := send(t, transport, http.MethodGet, "/api/v1/pods", ""); !errors.Is(err, refused) {
		t.Errorf("error %v, want it passed on", err)
	}
	if got := counted(t, registry)["list pods"]; got != 1 {
		t.Errorf("%v counted, want 1", got)
	}
}

func TestTwoOperatorsInOneProcessCountTogether(t *testing.T) {
	registry := prometheus.NewRegistry()
	for range 2 {
		requests, err := NewRequests(registry)
		if err != nil {
			t.Fatal(err)
		}
		if err := send(t, requests.Wrap(roundTrip(answers)), http.MethodGet, "/api/v1/pods", ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := counted(t, registry)["list pods"]; got != 2 {
		t.Errorf("%v counted, want 2", got)
	}
}
