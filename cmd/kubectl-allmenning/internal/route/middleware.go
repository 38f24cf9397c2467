package route

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Harmless says whether an object is a Middleware of Traefik without which an app answers the same requests in the same
// way: it sends browsers to https, compresses, tries again, or adds headers that only browsers read. One that says
// who may come in, how often, or under which path, is not.
func Harmless(o *unstructured.Unstructured) bool {
	gvk := o.GroupVersionKind()
	if gvk.Kind != "Middleware" || (gvk.Group != "traefik.io" && gvk.Group != "traefik.containo.us") {
		return false
	}
	spec, _, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil || len(spec) == 0 {
		return false
	}
	for key, value := range spec {
		switch key {
		case "redirectScheme", "compress", "retry", "circuitBreaker", "contentType":
		case "headers":
			if !harmlessHeaders(value) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// harmlessHeaders says whether headers are for browsers alone, and let no other site in.
func harmlessHeaders(value any) bool {
	headers, ok := value.(map[string]any)
	if !ok {
		return false
	}
	for key := range headers {
		switch {
		case strings.HasPrefix(key, "sts"), key == "forceSTSHeader", key == "frameDeny", key == "customFrameOptionsValue", key == "browserXssFilter",
			key == "contentTypeNosniff", key == "referrerPolicy", key == "permissionsPolicy", key == "sslRedirect":
		default:
			return false
		}
	}
	return true
}
