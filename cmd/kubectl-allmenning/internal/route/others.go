package route

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// httpProxy is what an HTTPProxy of Contour may hold.
type httpProxy struct {
	IngressClassName string `json:"ingressClassName"`
	VirtualHost      struct {
		FQDN string `json:"fqdn"`
		TLS  *struct {
			SecretName             string `json:"secretName"`
			MinimumProtocolVersion string `json:"minimumProtocolVersion"`
		} `json:"tls"`
	} `json:"virtualhost"`
	Routes []struct {
		Conditions []struct {
			Prefix string `json:"prefix"`
			Exact  string `json:"exact"`
		} `json:"conditions"`
		Services []struct {
			Name   string `json:"name"`
			Port   int32  `json:"port"`
			Weight any    `json:"weight"`
		} `json:"services"`
		RequestHeadersPolicy struct {
			Set []struct {
				Name  string `json:"name"`
				Value string `json:"value"`
			} `json:"set"`
		} `json:"requestHeadersPolicy"`
		EnableWebsockets   bool `json:"enableWebsockets"`
		PermitInsecure     bool `json:"permitInsecure"`
		TimeoutPolicy      any  `json:"timeoutPolicy"`
		RetryPolicy        any  `json:"retryPolicy"`
		LoadBalancerPolicy any  `json:"loadBalancerPolicy"`
	} `json:"routes"`
}

func readContour(o *unstructured.Unstructured, _ []*unstructured.Unstructured) (read, error) {
	var spec httpProxy
	if err := specAs(o, &spec); err != nil {
		return read{}, err
	}
	out := read{secure: spec.VirtualHost.TLS != nil}
	for _, r := range spec.Routes {
		if len(r.Services) != 1 || len(r.Conditions) > 1 {
			return out, fmt.Errorf("a route has %d Services and %d conditions, and an Ingress one of each", len(r.Services), len(r.Conditions))
		}
		for _, header := range r.RequestHeadersPolicy.Set {
			if !strings.HasPrefix(strings.ToLower(header.Name), "x-forwarded-") { // an ingress controller sets those itself
				return out, fmt.Errorf("an Ingress can't say the header %s", header.Name)
			}
		}
		e := entry{host: spec.VirtualHost.FQDN, service: r.Services[0].Name, port: intstr.FromInt32(r.Services[0].Port)}
		for _, c := range r.Conditions {
			if e.path = c.Prefix; c.Exact != "" {
				e.path, e.exact = c.Exact, true
			}
		}
		out.entries = append(out.entries, e)
	}
	return out, nil
}

// openShiftRoute is what a Route of OpenShift may hold.
type openShiftRoute struct {
	Host string `json:"host"`
	Path string `json:"path"`
	To   struct {
		Kind   string `json:"kind"`
		Name   string `json:"name"`
		Weight any    `json:"weight"`
	} `json:"to"`
	Port struct {
		TargetPort intstr.IntOrString `json:"targetPort"`
	} `json:"port"`
	TLS *struct {
		Termination string `json:"termination"`
		Insecure    string `json:"insecureEdgeTerminationPolicy"`
	} `json:"tls"`
	WildcardPolicy string `json:"wildcardPolicy"`
}

func readOpenShift(o *unstructured.Unstructured, _ []*unstructured.Unstructured) (read, error) {
	var spec openShiftRoute
	if err := specAs(o, &spec); err != nil {
		return read{}, err
	}
	for key := range o.GetAnnotations() {
		if setting, found := strings.CutPrefix(key, "haproxy.router.openshift.io/"); found && setting != "timeout" && setting != "balance" && setting != "disable_cookies" {
			return read{}, fmt.Errorf("an Ingress can't say the annotation %s", key)
		}
	}
	if spec.TLS != nil && spec.TLS.Termination != "edge" {
		return read{}, fmt.Errorf("an Ingress can't say the termination %s", spec.TLS.Termination)
	}
	if spec.WildcardPolicy != "" && spec.WildcardPolicy != "None" {
		return read{}, fmt.Errorf("an Ingress can't say the wildcard policy %s", spec.WildcardPolicy)
	}
	return read{entries: []entry{{host: spec.Host, path: spec.Path, service: spec.To.Name, port: spec.Port.TargetPort}}, secure: spec.TLS != nil}, nil
}
