package contract

import (
	"strings"
	"testing"
)

func TestRoutes(t *testing.T) {
	on := func(annotations, path string) string {
		return "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {" + annotations + "}}, spec: {rules: [{host: post.vinje.kommune.no, http: {paths: [{path: '" + path + "', pathType: Prefix}]}}]}}"
	}
	const regex, rewrite, root = "nginx.ingress.kubernetes.io/use-regex: 'true'", "nginx.ingress.kubernetes.io/rewrite-target: /$2", "nginx.ingress.kubernetes.io/app-root: /home"
	route := func(match string) string {
		return gatewayRoute("hostnames: [www.vinje.kommune.no, post.vinje.kommune.no], rules: [{matches: [" + match + "]}]")
	}
	for _, tc := range []struct {
		reason, has, comes string
		takes              string // field of the second that does; empty where none does
	}{
		{"one host and path", on("", "/"), on("", "/"), "spec.rules[0].http.paths[0]"},
		{"a path may end with a slash", on("", "/a"), on("", "/a/"), "spec.rules[0].http.paths[0]"},
		{"another path of the host", on("", "/a"), on("", "/b"), ""},
		{"a path below", on("", "/"), on("", "/b"), ""},
		{"another host", on("", "/"), strings.Replace(on("", "/"), "post.", "www.", 1), ""},
		{"a host is the same in capitals", on("", "/"), strings.Replace(on("", "/"), "post.", "POST.", 1), "spec.rules[0].http.paths[0]"},
		{"an expression that fits the path", on("", "/login"), on(regex, "/(login|logout)"), "spec.rules[0].http.paths[0]"},
		{"one that fits every path", on("", "/login"), on(rewrite, "/.*"), "spec.rules[0].http.paths[0]"},
		{"one that can't be read here", on("", "/login"), on(regex, "/(?!x)"), "spec.rules[0].http.paths[0]"},
		{"two that are rewritten, below paths of their own", on(rewrite, "/a(/|$)(.*)"), on(rewrite, "/b(/|$)(.*)"), ""},
		{"two that are rewritten, below the same", on(rewrite, "/a(/|$)(.*)"), on(rewrite, "/a/(.*)"), "spec.rules[0].http.paths[0]"},
		{"a path that was rewritten", on(rewrite, "/a(/|$)(.*)"), on("", "/a"), "spec.rules[0].http.paths[0]"},
		{"no expression without the annotation", on("", "/login"), on("", "/.*"), ""},
		{"the root of the host, beside a path of its own", on("", "/"), on(root, "/b"), "metadata.annotations[nginx.ingress.kubernetes.io/app-root]"},
		{"a rule without paths", on("", "/"), ingress("{rules: [{host: post.vinje.kommune.no}]}"), "spec.rules[0]"},
		{"a route of the Gateway API", on("", "/a"), route("{path: {type: PathPrefix, value: /a}}"), "spec.rules[0]"},
		{"one of all paths", on("", "/"), route(""), "spec.rules[0]"},
		{"one of some requests for the path", on("", "/a"), route("{path: {value: /a}, headers: [{name: x, value: y}]}"), "spec.rules[0]"},
		{"one of another path", on("", "/a"), route("{path: {value: /b}}"), ""},
		{"one that an expression fits", on("", "/a"), route("{path: {type: RegularExpression, value: '/[a-c]'}}"), "spec.rules[0]"},
		{"one that is not of HTTP", on("", "/"), strings.Replace(route("{sni: x}"), "HTTPRoute", "TLSRoute", 1), "spec.rules[0]"},
		{"what is no route", on("", "/"), "{apiVersion: v1, kind: Service, metadata: {name: a}}", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := ""
			for _, r := range Routes(parse(t, tc.comes)[0]) {
				for _, other := range Routes(parse(t, tc.has)[0]) {
					if r.Takes(other) {
						got = r.Field
					}
				}
			}
			if got != tc.takes {
				t.Errorf("%q takes requests, want %q", got, tc.takes)
			}
		})
	}
}
