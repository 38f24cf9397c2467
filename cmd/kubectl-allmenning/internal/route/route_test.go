package route

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const beside = `
- {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{name: http, port: 80, targetPort: 8080}]}}
- {apiVersion: v1, kind: Service, metadata: {name: api}, spec: {ports: [{name: http, port: 81}, {name: metrics, port: 9090}]}}
- {apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {name: https}, spec: {redirectScheme: {scheme: https}}}
- {apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {name: login}, spec: {basicAuth: {secret: users}}}
`

func objectsOf(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var contents []map[string]any
	if err := yaml.Unmarshal([]byte(text), &contents); err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for _, content := range contents {
		all = append(all, &unstructured.Unstructured{Object: content})
	}
	return all
}

func traefik(spec string) string {
	return "- {apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: a}, spec: " + spec + "}"
}

func gateway(spec string) string {
	return "- {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: " + spec + "}"
}

func istio(spec string) string {
	return "- {apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: a}, spec: " + spec + "}"
}

func contour(spec string) string {
	return "- {apiVersion: projectcontour.io/v1, kind: HTTPProxy, metadata: {name: a}, spec: " + spec + "}"
}

func openShift(spec string) string {
	return "- {apiVersion: route.openshift.io/v1, kind: Route, metadata: {name: a, annotations: {haproxy.router.openshift.io/timeout: 5m}}, spec: " + spec + "}"
}

// TestIngress holds for each kind what becomes an Ingress, and what stays as it is: an error begins the want.
func TestIngress(t *testing.T) {
	const toWeb, toAPI = "{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}", "{path: /api, pathType: Prefix, backend: {service: {name: api, port: {number: 81}}}}"
	for _, tc := range []struct{ reason, route, want string }{
		{"hosts and paths of Traefik", traefik("{tls: {}, routes: [{match: 'Host(`a.no`, `b.no`) && PathPrefix(`/api`)', services: [{name: api, port: http}]}, {match: Host(`a.no`), kind: Rule, middlewares: [{name: https}], services: [{name: web, port: 80}]}]}"),
			"{rules: [{host: a.no, http: {paths: [" + toAPI + ", " + toWeb + "]}}, {host: b.no, http: {paths: [" + toAPI + "]}}], tls: [{hosts: [a.no, b.no]}]}"},
		{"alternatives", traefik("{routes: [{match: '(Host(`a.no`) || Host(`b.no`))', services: [{name: web, port: 80}]}]}"), "{rules: [{host: a.no, http: {paths: [" + toWeb + "]}}, {host: b.no, http: {paths: [" + toWeb + "]}}]}"},
		{"who may come in is not left out", traefik("{routes: [{match: Host(`a.no`), middlewares: [{name: login}], services: [{name: web, port: 80}]}]}"), "error: what the Middleware login does"},
		{"nor what is not in the bundle", traefik("{routes: [{match: Host(`a.no`), middlewares: [{name: elsewhere}], services: [{name: web, port: 80}]}]}"), "error: what the Middleware elsewhere does"},
		{"nor from where", traefik("{routes: [{match: 'Host(`a.no`) && ClientIP(`192.0.2.1`)', services: [{name: web, port: 80}]}]}"), "error: an Ingress can't say ClientIP"},
		{"nor what is not on the list of fields", traefik("{tls: {options: {name: mutual}}, routes: [{match: Host(`a.no`), services: [{name: web, port: 80}]}]}"), `error: unknown field "options"`},
		{"hosts or paths", traefik("{routes: [{match: 'Host(`a.no`) || PathPrefix(`/x`)', services: [{name: web, port: 80}]}]}"), "error: alternatives of each other"},
		{"a Service that is not the app's", traefik("{routes: [{match: Host(`a.no`), services: [{name: other, port: 80}]}]}"), `error: the Service "other"`},
		{"what is no Service", traefik("{routes: [{match: Host(`a.no`), services: [{name: api@internal, kind: TraefikService}]}]}"), "error: how requests get to api@internal"},
		{"two Services by weight", traefik("{routes: [{match: Host(`a.no`), services: [{name: web, port: 80, weight: 1}, {name: api, port: 81, weight: 9}]}]}"), "error: a route leads to 2 Services"},
		{"the Gateway API", gateway("{parentRefs: [{name: g}], hostnames: [a.no], rules: [{matches: [{path: {type: Exact, value: /}}], backendRefs: [{name: web, port: 80}]}]}"),
			"{rules: [{host: a.no, http: {paths: [{path: /, pathType: Exact, backend: {service: {name: web, port: {number: 80}}}}]}}], tls: [{hosts: [a.no]}]}"},
		{"a host that the gateway has", gateway("{rules: [{backendRefs: [{name: web, port: 80}]}]}"), "{rules: [{http: {paths: [" + toWeb + "]}}]}"},
		{"no more than https", gateway("{hostnames: [a.no], rules: [{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}]}"), "none"},
		{"a header to match", gateway("{rules: [{matches: [{headers: [{name: x, value: z}]}], backendRefs: [{name: web, port: 80}]}]}"), `error: unknown field "headers"`},
		{"a path that is rewritten", gateway("{rules: [{filters: [{type: URLRewrite}], backendRefs: [{name: web, port: 80}]}]}"), "error: a filter of type URLRewrite"},
		{"Istio, with one port", istio("{hosts: ['*'], gateways: [g], http: [{match: [{uri: {prefix: /}}], route: [{destination: {host: web.shop.svc.cluster.local}}]}]}"), "{rules: [{http: {paths: [" + toWeb + "]}}]}"},
		{"which of two ports", istio("{hosts: ['*'], gateways: [g], http: [{route: [{destination: {host: api}}]}]}"), "error: the Service api has no port"},
		{"between pods", istio("{hosts: [web], http: [{route: [{destination: {host: web}}]}]}"), "error: requests between pods"},
		{"a part of the requests", istio("{hosts: [a.no], gateways: [g], http: [{mirror: {host: api}, route: [{destination: {host: web}}]}]}"), `error: unknown field "mirror"`},
		{"Contour", contour("{virtualhost: {fqdn: a.no, tls: {secretName: x}}, routes: [{conditions: [{prefix: /api}], services: [{name: api, port: 81}]}]}"), "{rules: [{host: a.no, http: {paths: [" + toAPI + "]}}], tls: [{hosts: [a.no]}]}"},
		{"headers that an ingress controller sets itself", contour("{virtualhost: {fqdn: a.no}, routes: [{requestHeadersPolicy: {set: [{name: X-Forwarded-Proto, value: https}]}, services: [{name: web, port: 80}]}]}"), "{rules: [{host: a.no, http: {paths: [" + toWeb + "]}}]}"},
		{"another header", contour("{virtualhost: {fqdn: a.no}, routes: [{requestHeadersPolicy: {set: [{name: Authorization, value: x}]}, services: [{name: web, port: 80}]}]}"), "error: the header Authorization"},
		{"who may come in by Contour", contour("{virtualhost: {fqdn: a.no, authorization: {}}, routes: []}"), `error: unknown field "authorization"`},
		{"OpenShift, by the port of the pods", openShift("{host: a.no, to: {kind: Service, name: web}, port: {targetPort: 8080}, tls: {termination: edge}}"), "{rules: [{host: a.no, http: {paths: [" + toWeb + "]}}], tls: [{hosts: [a.no]}]}"},
		{"what only the app can decrypt", openShift("{host: a.no, to: {kind: Service, name: web}, tls: {termination: passthrough}}"), "error: the termination passthrough"},
		{"a route to nowhere", traefik("{}"), "error: it leads nowhere"},
		{"another kind", "- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "error: no route of a known kind"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := objectsOf(t, tc.route+beside)
			got, err := Ingress(objects[0], objects)
			if wrong, fails := strings.CutPrefix(tc.want, "error: "); fails {
				if err == nil || !strings.Contains(err.Error(), wrong) {
					t.Errorf("%v, %v, want an error with %q", got, err, wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == "none" {
				if got != nil {
					t.Errorf("%v, want none", got)
				}
				return
			}
			var want map[string]any
			if err := yaml.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			written, err := yaml.Marshal(got.Spec)
			if err != nil {
				t.Fatal(err)
			}
			var is map[string]any
			if err := yaml.Unmarshal(written, &is); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, is); diff != "" {
				t.Errorf("the Ingress differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHarmless(t *testing.T) {
	for spec, want := range map[string]bool{
		"{compress: {}}": true,
		"{headers: {stsSeconds: 1, frameDeny: true}}":           true,
		"{headers: {accessControlAllowOriginList: ['*']}}":      false,
		"{redirectScheme: {scheme: https}, ipAllowList: {}}":    false,
		"{stripPrefix: {prefixes: [/a]}}":                       false,
		"{}":                                                    false,
		"{rateLimit: {average: 1}}":                             false,
		"{headers: {customRequestHeaders: {Authorization: x}}}": false,
	} {
		o := objectsOf(t, "- {apiVersion: traefik.io/v1alpha1, kind: Middleware, metadata: {name: a}, spec: "+spec+"}")[0]
		if got := Harmless(o); got != want {
			t.Errorf("%s: harmless %v, want %v", spec, got, want)
		}
	}
}
