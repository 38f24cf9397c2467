// Package metrics measures what the operator does: the requests that it makes and
// how the objects of each kind are doing.
package metrics

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// Requests counts the requests that go to the API server, by verb and resource. It
// sits in the operator's own transport, so it sees events and leases too.
type Requests struct {
	count *prometheus.CounterVec
	parse *request.RequestInfoFactory
}

// NewRequests makes a counter and registers it. In a process that registered one before,
// as tests do that start the operator several times, both count together.
func NewRequests(registry prometheus.Registerer) (*Requests, error) {
	r := &Requests{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "allmenning_api_requests_total",
			Help: "Requests made to the API server, by verb (apply is a server-side apply patch, dry-run one that is only tried) and resource.",
		}, []string{"verb", "resource"}),
		parse: &request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")},
	}
	if err := register(registry, &r.count); err != nil {
		return nil, err
	}
	return r, nil
}

// Wrap makes a transport count what goes through it.
func (r *Requests) Wrap(next http.RoundTripper) http.RoundTripper {
	return counting{requests: r, next: next}
}

type counting struct {
	requests *Requests
	next     http.RoundTripper
}

// RoundTrip counts a request and sends it on.
func (c counting) RoundTrip(req *http.Request) (*http.Response, error) {
	verb, resource := strings.ToLower(req.Method), "none"
	if info, err := c.requests.parse.NewRequestInfo(req); err == nil && info.IsResourceRequest {
		verb, resource = info.Verb, info.Resource
		if info.Subresource != "" {
			resource += "/" + info.Subresource
		}
	}
	if strings.HasPrefix(req.Header.Get("Content-Type"), "application/apply-patch") {
		verb = "apply"
	}
	if req.URL.Query().Has("dryRun") {
		verb = "dry-run"
	}
	c.requests.count.WithLabelValues(verb, resource).Inc()
	return c.next.RoundTrip(req)
}
