package contract

import (
	"fmt"
	"regexp"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Route is a host and a path that an Ingress, or a route of the Gateway API, takes the requests for.
type Route struct {
	// Field of the object that says so.
	Field string
	// Host of the requests, and Path that they begin with, which is a regular expression where pattern is set.
	Host, Path string

	pattern *regexp.Regexp
}

// Takes says whether a route takes requests that another one has, of the same host: those of the same path, or of one that its
// regular expression fits.
func (r Route) Takes(other Route) bool {
	if !strings.EqualFold(r.Host, other.Host) {
		return false
	}
	plain := other.plain()
	if r.pattern != nil {
		return r.Path == other.Path || r.pattern.MatchString(plain) || r.pattern.MatchString(strings.TrimSuffix(plain, "/")+"/")
	}
	return strings.EqualFold(r.Path, plain)
}

// plain is the path as far as it is no regular expression.
func (r Route) plain() string {
	if r.pattern == nil {
		return r.Path
	}
	return normal(r.Path[:strings.IndexAny(r.Path+"$", `\.+*?()|[]{}^$`)])
}

// normal is a path without the slash at its end, which means the same.
func normal(path string) string { return "/" + strings.Trim(path, "/") }

// Routes are those of an object; none where it has none, or can't be read.
func Routes(o *unstructured.Unstructured) []Route {
	switch {
	case is(o, "networking.k8s.io", "Ingress"):
		return ingressRoutes(o)
	case is(o, gatewayGroup, "HTTPRoute"), is(o, gatewayGroup, "GRPCRoute"), is(o, gatewayGroup, "TLSRoute"):
		return gatewayRoutes(o)
	}
	return nil
}

// ingressRoutes are those of an Ingress, as ingress-nginx reads its annotations: with the first two paths are regular expressions, and
// the third answers for the root of the host, whatever the paths are.
func ingressRoutes(o *unstructured.Unstructured) []Route {
	const useRegex, rewrite, appRoot = "nginx.ingress.kubernetes.io/use-regex", "nginx.ingress.kubernetes.io/rewrite-target", "nginx.ingress.kubernetes.io/app-root"
	ingress, _ := typed[networkingv1.Ingress](o.Object, "")
	if ingress == nil {
		return nil
	}
	isRegex := ingress.Annotations[useRegex] == "true" || ingress.Annotations[rewrite] != ""
	var all []Route
	for i, rule := range ingress.Spec.Rules {
		if ingress.Annotations[appRoot] != "" {
			all = append(all, routeOf("metadata.annotations["+appRoot+"]", rule.Host, "/", false))
		}
		if rule.HTTP == nil {
			all = append(all, routeOf(fmt.Sprintf("spec.rules[%d]", i), rule.Host, "/", false))
			continue
		}
		for j, path := range rule.HTTP.Paths {
			all = append(all, routeOf(fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j), rule.Host, path.Path, isRegex))
		}
	}
	return all
}

// gatewayRoutes are those of a route of the Gateway API. One that is not of HTTP has its hosts as a whole.
func gatewayRoutes(o *unstructured.Unstructured) []Route {
	hosts, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "hostnames")
	rules, _, _ := unstructured.NestedSlice(o.Object, "spec", "rules")
	var all []Route
	for i, rule := range rules {
		fields, _ := rule.(map[string]any)
		matches, _, _ := unstructured.NestedSlice(fields, "matches")
		if len(matches) == 0 || !is(o, gatewayGroup, "HTTPRoute") {
			matches = []any{nil}
		}
		for _, match := range matches {
			condition, _ := match.(map[string]any)
			path, _, _ := unstructured.NestedString(condition, "path", "value")
			kind, _, _ := unstructured.NestedString(condition, "path", "type")
			for _, host := range hosts {
				all = append(all, routeOf(fmt.Sprintf("spec.rules[%d]", i), host, path, kind == "RegularExpression"))
			}
		}
	}
	return all
}

// routeOf is a route. A regular expression that can't be read here, as proxies know more of them, fits every path.
func routeOf(field, host, path string, isRegex bool) Route {
	if !isRegex {
		return Route{Field: field, Host: host, Path: normal(path)}
	}
	pattern, err := regexp.Compile("(?i)^" + path)
	if err != nil {
		pattern = regexp.MustCompile("^")
	}
	return Route{Field: field, Host: host, Path: path, pattern: pattern}
}
