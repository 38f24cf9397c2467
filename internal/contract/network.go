package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// serviceRule: traffic comes in by the platform's ingress controller, and goes out by what the app
// declares.
func serviceRule(_ *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "", "Service") {
		return nil
	}
	service, found := typed[corev1.Service](o.Object, "")
	if service == nil {
		return found
	}
	spec := &service.Spec
	switch spec.Type {
	case corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer:
		found = append(found, write("spec.type", string(spec.Type)+" is not allowed: the quota for it is 0 in every tenant", "use ClusterIP, and an Ingress for what comes from outside", "ClusterIP")...)
	case corev1.ServiceTypeExternalName:
		found = append(found, one("spec.type", "ExternalName would bypass what versions[].requires.egress of the SharedApp declares", "use the name itself")...)
	case corev1.ServiceTypeClusterIP, "":
	}
	found = append(found, portsRule(spec)...)
	return append(found, addressesRule(spec)...)
}

// addressesRule: a Service has the address that the cluster gives it.
func addressesRule(spec *corev1.ServiceSpec) []Finding {
	var found []Finding
	if len(spec.ExternalIPs) > 0 {
		found = append(found, takeOut("spec.externalIPs", "it could catch the traffic of others", "take it out")...)
	}
	if spec.LoadBalancerIP != "" || len(spec.LoadBalancerSourceRanges) > 0 || spec.LoadBalancerClass != nil {
		found = append(found, one("spec.loadBalancerIP, loadBalancerSourceRanges, loadBalancerClass", "there are no load balancers for tenants", "take them out")...)
	}
	for _, address := range append([]string{spec.ClusterIP}, spec.ClusterIPs...) {
		if address != "" && address != corev1.ClusterIPNone {
			found = append(found, takeOut("spec.clusterIP", fmt.Sprintf("%s is one address, and each tenant needs its own", address), "take it out, or write None")...)
			break
		}
	}
	return found
}

// portsRule: a Service that is reached within the cluster alone has no node ports, and the API server refuses
// them.
func portsRule(spec *corev1.ServiceSpec) []Finding {
	var found []Finding
	for i, port := range spec.Ports {
		if port.NodePort != 0 {
			found = append(found, takeOut(fmt.Sprintf("spec.ports[%d].nodePort", i), "a Service of type ClusterIP has no node ports", "take it out")...)
		}
	}
	return found
}

// SampleDomain is the domain of the municipality that does not exist, for which each version is tried.
const SampleDomain = "eksempel.kommune.no"

// gatewayGroup is the group of the Gateway API.
const gatewayGroup = "gateway.networking.k8s.io"

// hostsRule: a tenant's routes are names of its own.
func hostsRule(w *whole, o *unstructured.Unstructured) []Finding {
	switch {
	case is(o, "networking.k8s.io", "Ingress"):
		return w.ingressHosts(o)
	case is(o, gatewayGroup, "HTTPRoute"), is(o, gatewayGroup, "GRPCRoute"), is(o, gatewayGroup, "TLSRoute"):
		return w.routeHosts(o)
	}
	return nil
}

// routeHosts judges the hosts of a route of the Gateway API: one that names none takes those of its Gateway, which all share.
func (w *whole) routeHosts(o *unstructured.Unstructured) []Finding {
	hosts, _, err := unstructured.NestedStringSlice(o.Object, "spec", "hostnames")
	if err != nil || len(hosts) == 0 {
		return w.host("spec.hostnames", "")
	}
	var found []Finding
	for i, host := range hosts {
		found = append(found, w.host(fmt.Sprintf("spec.hostnames[%d]", i), host)...)
	}
	return found
}

func (w *whole) ingressHosts(o *unstructured.Unstructured) []Finding {
	ingress, found := typed[networkingv1.Ingress](o.Object, "")
	if ingress == nil {
		return found
	}
	if ingress.Spec.DefaultBackend != nil {
		found = append(found, one("spec.defaultBackend", "it would catch the requests for every name that nobody else has", "write rules with a host")...)
	}
	for i, rule := range ingress.Spec.Rules {
		found = append(found, w.host(fmt.Sprintf("spec.rules[%d].host", i), rule.Host)...)
	}
	for i, tls := range ingress.Spec.TLS {
		for j, host := range tls.Hosts {
			found = append(found, w.host(fmt.Sprintf("spec.tls[%d].hosts[%d]", i, j), host)...)
		}
	}
	return found
}

func (w *whole) host(field, host string) []Finding {
	const fix = "make it of the municipality's domain, by a replacement that reads data.domain of allmenning-context.yaml"
	switch {
	case host == "":
		return one(field, "an empty host catches the requests for every name", fix)
	case strings.Contains(host, "*"):
		return one(field, fmt.Sprintf("%q catches the requests for names of others", host), fix)
	case slices.ContainsFunc(w.terms.Domains, func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }):
		return nil
	case len(w.terms.Domains) == 0:
		return one(field, fmt.Sprintf("%q is a name that nobody here owns: the municipality has no domain", host), "add the domain to spec.domains of the Municipality")
	}
	whose := "this municipality"
	if slices.Contains(w.terms.Domains, SampleDomain) {
		whose = "the municipality that does not exist, for which versions are tried"
	}
	return one(field, fmt.Sprintf("%q is not a name of %s, nor one that the Platform lists; its names are %s, and those below", host, whose, strings.Join(w.terms.Domains, ", ")), fix)
}

// PlainAnnotations are those of Services and Ingresses that no controller of a cluster acts on in a way that reaches beyond the
// Ingress or Service itself. What changes how a proxy is configured as a whole, such as snippets, is not among them, nor what takes a
// share of the requests for another Ingress, as a canary does. Keys that end with a slash are prefixes. The policy
// tenant-network.allmenning.dev holds the same list.
func PlainAnnotations() []string {
	nginx := []string{
		"affinity", "affinity-mode", "app-root", "backend-protocol", "client-body-buffer-size",
		"connection-proxy-header", "cors-allow-credentials", "cors-allow-headers", "cors-allow-methods", "cors-allow-origin",
		"cors-expose-headers", "cors-max-age", "denylist-source-range", "enable-access-log", "enable-cors", "enable-rewrite-log",
		"force-ssl-redirect", "http2-push-preload", "limit-allowlist", "limit-burst-multiplier", "limit-connections", "limit-rate",
		"limit-rate-after", "limit-rpm", "limit-rps", "limit-whitelist", "load-balance",
		"preserve-trailing-slash", "proxy-body-size", "proxy-buffer-size", "proxy-buffering", "proxy-buffers-number",
		"proxy-busy-buffers-size", "proxy-connect-timeout", "proxy-cookie-path", "proxy-http-version", "proxy-max-temp-file-size",
		"proxy-next-upstream", "proxy-next-upstream-timeout", "proxy-next-upstream-tries", "proxy-read-timeout", "proxy-request-buffering",
		"proxy-send-timeout", "relative-redirects", "rewrite-target", "service-upstream", "session-cookie-change-on-failure",
		"session-cookie-conditional-samesite-none", "session-cookie-expires", "session-cookie-max-age", "session-cookie-name",
		"session-cookie-path", "session-cookie-samesite", "session-cookie-secure", "ssl-redirect",
		"use-regex", "websocket-services", "whitelist-source-range", "x-forwarded-prefix",
	}
	all := make([]string, 0, 64)
	all = append(all,
		"app.kubernetes.io/", "allmenning.dev/", "argocd.argoproj.io/", "config.kubernetes.io/", "helm.sh/", "internal.config.kubernetes.io/", "kompose.cmd", "kompose.version",
		"kubectl.kubernetes.io/", "kubernetes.io/description", "kubernetes.io/ingress.class", "kustomize.toolkit.fluxcd.io/", "meta.helm.sh/", "prometheus.io/",
		"service.kubernetes.io/topology-mode",
	)
	for _, name := range nginx {
		all = append(all, "nginx.ingress.kubernetes.io/"+name)
	}
	return all
}

// annotationsRule: an annotation can make an ingress controller or a load balancer do what no field says.
func annotationsRule(w *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "networking.k8s.io", "Ingress") && !is(o, "", "Service") {
		return nil
	}
	plain := PlainAnnotations()
	var found []Finding
	for _, key := range sortedKeys(o.GetAnnotations()) {
		if !strings.Contains(key, "/") || allowed(plain, key) || allowed(w.terms.Annotations, key) {
			continue
		}
		field, problem := "metadata.annotations["+key+"]", "it may make a controller do what no field says"
		if guards(key, o.GetAnnotations()[key]) {
			found = append(found, one(field, problem+", such as who may come in", "have the platform list it in spec.bundles.annotations of the Platform; take it out only where the app asks who comes in by itself")...)
			continue
		}
		found = append(found, takeOut(field, problem, "take it out, or have the platform list it in spec.bundles.annotations of the Platform")...)
	}
	return found
}

// guards says whether an annotation seems to say who may come in, as a login or a list of addresses does: an app without it may
// be open to everybody, so it is never taken out for the publisher. Of a snippet its text says so.
func guards(key, value string) bool {
	_, name, _ := strings.Cut(strings.ToLower(key), "/")
	if strings.Contains(name, "snippet") && bars.MatchString(value) {
		return true
	}
	return slices.ContainsFunc([]string{"auth", "allowlist", "whitelist", "denylist", "blacklist", "source-range", "cidr", "middleware", "modsecurity", "waf", "satisfy", "security-group", "mtls"},
		func(word string) bool { return strings.Contains(name, word) })
}

// bars finds in a snippet the statements of nginx and HAProxy by which a request may be turned away.
var bars = regexp.MustCompile(`(?im)(?:^|[;{}])\s*(?:return\s+[^2\s]|(?:allow|deny|auth_\w+|internal|satisfy|limit_except|ssl_verify\w+|secure_link\w*|access_by_lua\w*|rewrite_by_lua\w*|modsecurity\w*|secrule|http-request|tcp-request|acl)\b)`)
