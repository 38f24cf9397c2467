package contract

import (
	"strings"
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestServices(t *testing.T) {
	const bundle = `
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web, component: api}}, spec: {containers: [{name: c, image: i, ports: [{name: https, containerPort: 8443}]}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: payroll}, spec: {selector: {app: web}, ports: [{name: a, port: 443, targetPort: https}, {name: b, port: 80, targetPort: 8080}, {name: c, port: 53, protocol: UDP}]}}
`
	port := func(port, target int32, protocol v1alpha1.Protocol) v1alpha1.HostedPort {
		return v1alpha1.HostedPort{Port: port, TargetPort: target, Protocol: protocol}
	}
	service := func(name string, labels map[string]string, ports ...v1alpha1.HostedPort) v1alpha1.HostedService {
		return v1alpha1.HostedService{Name: name, PodLabels: labels, Ports: ports}
	}
	for _, tc := range []struct {
		reason string
		has    v1alpha1.HostedService
		want   string // empty where the bundle has it
	}{
		{"a port by its name", service("payroll", nil, port(443, 8443, "")), ""},
		{"by its number", service("payroll", nil, port(80, 8080, "TCP")), ""},
		{"a target that is the port", service("payroll", nil, port(53, 0, "UDP")), ""},
		{"labels of its pods", service("payroll", map[string]string{"component": "api"}, port(443, 8443, "")), ""},
		{"another name", service("lonn", nil, port(443, 8443, "")), "Service/lonn: the bundle has no Service of this name; correct services[lonn] of the version"},
		{"a port that it does not have", service("payroll", nil, port(444, 8443, "")), "no port 444 of TCP"},
		{"one of another protocol", service("payroll", nil, port(443, 8443, "UDP")), "no port 443 of UDP"},
		{"another target", service("payroll", nil, port(443, 443, "")), "leads to port 8443 of the pods, and targetPort is 443"},
		{"a target that is left out, and is another", service("payroll", nil, port(80, 0, "")), "leads to port 8080 of the pods, and targetPort is 80"},
		{"labels of no pods", service("payroll", map[string]string{"component": "db"}, port(443, 8443, "")), "none of its pods has all of podLabels"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := Text(Services(parse(t, bundle), []v1alpha1.HostedService{tc.has}))
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
