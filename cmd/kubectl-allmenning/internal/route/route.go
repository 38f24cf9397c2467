// Package route writes what leads requests to an app by another controller as an Ingress, where an Ingress says the
// same. What it can't say, such as who may come in, is never left out: such a route stays as it is.
//
//   - route.go: what all kinds have in common.
//   - traefik.go, gateway.go, istio.go, others.go: how each of them is read.
//   - middleware.go: what of Traefik changes no more than how fast, or by which scheme, an answer comes.
package route

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// entry is one way in.
type entry struct {
	host, path string
	exact      bool
	service    string
	port       intstr.IntOrString
}

// read is what was read of a route.
type read struct {
	entries []entry
	// secure says that the hosts have certificates, and redirects that all else it does is to send browsers to https.
	secure, redirects bool
}

// reader reads a route; the objects beside it are those of the bundle.
type reader func(o *unstructured.Unstructured, beside []*unstructured.Unstructured) (read, error)

// readerOf is how routes of a kind are read; nil where it is no kind of route that this package knows.
func readerOf(o *unstructured.Unstructured) reader {
	gvk := o.GroupVersionKind()
	switch gvk.Group + "/" + gvk.Kind {
	case "traefik.io/IngressRoute", "traefik.containo.us/IngressRoute":
		return readTraefik
	case "gateway.networking.k8s.io/HTTPRoute":
		return readGateway
	case "networking.istio.io/VirtualService":
		return readIstio
	case "projectcontour.io/HTTPProxy":
		return readContour
	case "route.openshift.io/Route":
		return readOpenShift
	}
	return nil
}

// Known says whether an object is a route of a kind that this package reads.
func Known(o *unstructured.Unstructured) bool { return readerOf(o) != nil }

// Ingress is a route as an Ingress. An error says what of it an Ingress can't say. It is nil, without an error, where
// the route does no more than send browsers to https, as an ingress controller does.
func Ingress(o *unstructured.Unstructured, beside []*unstructured.Unstructured) (*networkingv1.Ingress, error) {
	reads := readerOf(o)
	if reads == nil {
		return nil, errors.New("it is no route of a known kind")
	}
	found, err := reads(o, beside)
	switch {
	case err != nil:
		return nil, err
	case len(found.entries) == 0 && found.redirects:
		return nil, nil //nolint:nilnil // there is nothing to say
	case len(found.entries) == 0:
		return nil, errors.New("it leads nowhere")
	}
	for i := range found.entries {
		if err := found.entries[i].settle(beside); err != nil {
			return nil, err
		}
	}

	name := o.GetName()
	for named(beside, "Ingress", name) != nil {
		name += "-route"
	}
	return &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       specOf(found),
	}, nil
}

// specOf gathers the ways in by their hosts, in their order.
func specOf(found read) networkingv1.IngressSpec {
	var spec networkingv1.IngressSpec
	var hosts []string
	for _, e := range found.entries {
		if !slices.Contains(hosts, e.host) {
			hosts = append(hosts, e.host)
			spec.Rules = append(spec.Rules, networkingv1.IngressRule{Host: e.host,
				IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}})
		}
		at := &spec.Rules[slices.Index(hosts, e.host)].HTTP.Paths
		path := networkingv1.HTTPIngressPath{Path: e.path, PathType: e.pathType(), Backend: e.backend()}
		if !slices.ContainsFunc(*at, func(known networkingv1.HTTPIngressPath) bool {
			return known.Path == path.Path && *known.PathType == *path.PathType
		}) {
			*at = append(*at, path)
		}
	}
	if hosts = slices.DeleteFunc(hosts, func(host string) bool { return host == "" }); found.secure && len(hosts) > 0 {
		spec.TLS = []networkingv1.IngressTLS{{Hosts: hosts}}
	}
	return spec
}

func (e entry) pathType() *networkingv1.PathType {
	kind := networkingv1.PathTypePrefix
	if e.exact {
		kind = networkingv1.PathTypeExact
	}
	return &kind
}

func (e entry) backend() networkingv1.IngressBackend {
	port := networkingv1.ServiceBackendPort{Name: e.port.StrVal}
	if e.port.Type == intstr.Int {
		port = networkingv1.ServiceBackendPort{Number: e.port.IntVal}
	}
	return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: e.service, Port: port}}
}

// settle holds an entry against the Service that it leads to, which the bundle must bring: it may name no port where
// there is one alone, or the port of the pods.
func (e *entry) settle(beside []*unstructured.Unstructured) error {
	if e.path == "" {
		e.path = "/"
	}
	found := named(beside, "Service", e.service)
	if found == nil {
		return fmt.Errorf("the Service %q that it leads to is not in the bundle", e.service)
	}
	var service corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &service); err != nil {
		return fmt.Errorf("the Service %s can't be read: %w", e.service, err)
	}
	port := portOf(service.Spec.Ports, e.port)
	if port == nil {
		return fmt.Errorf("the Service %s has no port %s", e.service, e.port.String())
	}
	e.port = intstr.FromInt32(port.Port)
	return nil
}

// portOf is the port of a Service that a route means: by number, by name, or, where none of them is that, by the port of
// the pods; and the only one where the route names none. It is nil where there is no such port.
func portOf(ports []corev1.ServicePort, meant intstr.IntOrString) *corev1.ServicePort {
	none := meant == intstr.IntOrString{} || meant == intstr.FromString("")
	for i, p := range ports {
		if (none && len(ports) == 1) || meant == intstr.FromInt32(p.Port) || (p.Name != "" && meant == intstr.FromString(p.Name)) {
			return &ports[i]
		}
	}
	for i, p := range ports {
		if !none && meant == p.TargetPort {
			return &ports[i]
		}
	}
	return nil
}

// named is an object of the bundle.
func named(beside []*unstructured.Unstructured, kind, name string) *unstructured.Unstructured {
	for _, o := range beside {
		if o.GetKind() == kind && o.GetName() == name {
			return o
		}
	}
	return nil
}

// specAs reads the spec of a route. A field that is not in the type is one that an Ingress can't say.
func specAs(o *unstructured.Unstructured, into any) error {
	written, err := json.Marshal(o.Object["spec"])
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(written))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("an Ingress can't say all of it: %w", err)
	}
	return nil
}
