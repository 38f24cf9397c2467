package route

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// httpRoute is what an HTTPRoute of the Gateway API may hold.
type httpRoute struct {
	ParentRefs any             `json:"parentRefs"`
	Hostnames  []string        `json:"hostnames"`
	Rules      []httpRouteRule `json:"rules"`
}

type httpRouteRule struct {
	Name    string `json:"name"`
	Matches []struct {
		Path struct {
			Type  string `json:"type"`
			Value string `json:"value"`
		} `json:"path"`
	} `json:"matches"`
	Filters []struct {
		Type            string `json:"type"`
		RequestRedirect *struct {
			Scheme     string `json:"scheme"`
			StatusCode any    `json:"statusCode"`
			Port       any    `json:"port"`
		} `json:"requestRedirect"`
	} `json:"filters"`
	BackendRefs []struct {
		Group     string `json:"group"`
		Kind      string `json:"kind"`
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		Port      int32  `json:"port"`
		Weight    any    `json:"weight"`
	} `json:"backendRefs"`
	Timeouts any `json:"timeouts"`
}

func readGateway(o *unstructured.Unstructured, _ []*unstructured.Unstructured) (read, error) {
	var spec httpRoute
	if err := specAs(o, &spec); err != nil {
		return read{}, err
	}
	if len(spec.Hostnames) == 0 {
		spec.Hostnames = []string{""}
	}
	out := read{secure: true}
	for _, rule := range spec.Rules {
		entries, err := rule.entries()
		if err != nil {
			return out, err
		}
		out.redirects = out.redirects || len(entries) == 0
		for _, host := range spec.Hostnames {
			for _, e := range entries {
				e.host = host
				out.entries = append(out.entries, e)
			}
		}
	}
	return out, nil
}

// entries are the ways in of one rule, without the host; none where it only sends browsers to https.
func (r httpRouteRule) entries() ([]entry, error) {
	for _, f := range r.Filters {
		if f.RequestRedirect == nil || f.RequestRedirect.Scheme != "https" || len(r.BackendRefs) > 0 {
			return nil, fmt.Errorf("an Ingress can't say a filter of type %s", f.Type)
		}
	}
	if len(r.Filters) > 0 {
		return nil, nil
	}
	if len(r.BackendRefs) != 1 || (r.BackendRefs[0].Kind != "" && r.BackendRefs[0].Kind != "Service") {
		return nil, fmt.Errorf("a rule leads to %d backends, and to be an Ingress it must lead to one Service", len(r.BackendRefs))
	}
	return r.paths(entry{service: r.BackendRefs[0].Name, port: intstr.FromInt32(r.BackendRefs[0].Port)})
}

// paths are the ways in that lead where one does: one for each path that the rule matches, and one where it names none.
func (r httpRouteRule) paths(to entry) ([]entry, error) {
	if len(r.Matches) == 0 {
		return []entry{to}, nil
	}
	var all []entry
	for _, m := range r.Matches {
		e := to
		e.path = m.Path.Value
		switch m.Path.Type {
		case "", "PathPrefix":
		case "Exact":
			e.exact = true
		default:
			return nil, fmt.Errorf("an Ingress can't say a path of type %s", m.Path.Type)
		}
		all = append(all, e)
	}
	return all, nil
}
