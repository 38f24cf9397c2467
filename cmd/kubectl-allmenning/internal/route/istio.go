package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// virtualService is what a VirtualService of Istio may hold.
type virtualService struct {
	Hosts    []string `json:"hosts"`
	Gateways []string `json:"gateways"`
	ExportTo any      `json:"exportTo"`
	HTTP     []httpOf `json:"http"`
}

// httpOf is one route of a VirtualService.
type httpOf struct {
	Name  string `json:"name"`
	Match []struct {
		Name string `json:"name"`
		URI  struct {
			Prefix string `json:"prefix"`
			Exact  string `json:"exact"`
		} `json:"uri"`
	} `json:"match"`
	Route []struct {
		Destination struct {
			Host string `json:"host"`
			Port struct {
				Number int32 `json:"number"`
			} `json:"port"`
		} `json:"destination"`
		Weight any `json:"weight"`
	} `json:"route"`
	Timeout any `json:"timeout"`
	Retries any `json:"retries"`
}

func readIstio(o *unstructured.Unstructured, _ []*unstructured.Unstructured) (read, error) {
	var spec virtualService
	if err := specAs(o, &spec); err != nil {
		return read{}, err
	}
	if !slices.ContainsFunc(spec.Gateways, func(gateway string) bool { return gateway != "mesh" }) {
		return read{}, errors.New("it is about requests between pods")
	}
	var out read
	for _, r := range spec.HTTP {
		entries, err := r.entries()
		if err != nil {
			return out, err
		}
		for _, host := range spec.Hosts {
			for _, e := range entries {
				if e.host = host; host == "*" {
					e.host = ""
				}
				out.entries = append(out.entries, e)
			}
		}
	}
	return out, nil
}

// entries are the ways in of one route, without the host.
func (r httpOf) entries() ([]entry, error) {
	if len(r.Route) != 1 {
		return nil, fmt.Errorf("a route leads to %d destinations", len(r.Route))
	}
	to := r.Route[0].Destination
	service, _, _ := strings.Cut(to.Host, ".")
	e := entry{service: service}
	if to.Port.Number != 0 {
		e.port = intstr.FromInt32(to.Port.Number)
	}
	if len(r.Match) == 0 {
		return []entry{e}, nil
	}
	var all []entry
	for _, m := range r.Match {
		e.path, e.exact = m.URI.Prefix, false
		if m.URI.Exact != "" {
			e.path, e.exact = m.URI.Exact, true
		}
		all = append(all, e)
	}
	return all, nil
}
