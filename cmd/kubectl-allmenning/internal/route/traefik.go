package route

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// ingressRoute is what an IngressRoute of Traefik may hold.
type ingressRoute struct {
	EntryPoints []string `json:"entryPoints"`
	Routes      []rule   `json:"routes"`
	TLS         *struct {
		SecretName   string `json:"secretName"`
		CertResolver string `json:"certResolver"`
		Domains      any    `json:"domains"`
	} `json:"tls"`
}

// rule is one route of an IngressRoute.
type rule struct {
	Kind        string `json:"kind"`
	Match       string `json:"match"`
	Priority    any    `json:"priority"`
	Syntax      string `json:"syntax"`
	Middlewares []struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"middlewares"`
	Services []struct {
		Kind           string             `json:"kind"`
		Name           string             `json:"name"`
		Namespace      string             `json:"namespace"`
		Port           intstr.IntOrString `json:"port"`
		PassHostHeader *bool              `json:"passHostHeader"`
		Scheme         string             `json:"scheme"`
		Weight         any                `json:"weight"`
	} `json:"services"`
}

func readTraefik(o *unstructured.Unstructured, beside []*unstructured.Unstructured) (read, error) {
	var spec ingressRoute
	if err := specAs(o, &spec); err != nil {
		return read{}, err
	}
	out := read{secure: spec.TLS != nil}
	for _, r := range spec.Routes {
		if err := r.plain(beside); err != nil {
			return out, err
		}
		entries, err := matched(r.Match)
		if err != nil {
			return out, err
		}
		for _, e := range entries {
			e.service, e.port = r.Services[0].Name, r.Services[0].Port
			out.entries = append(out.entries, e)
		}
	}
	return out, nil
}

// plain says what of a rule, beside what it matches, an Ingress can't say.
func (r rule) plain(beside []*unstructured.Unstructured) error {
	for _, m := range r.Middlewares {
		if found := named(beside, "Middleware", m.Name); found == nil || !Harmless(found) {
			return fmt.Errorf("an Ingress can't say what the Middleware %s does", m.Name)
		}
	}
	if len(r.Services) != 1 {
		return fmt.Errorf("a route leads to %d Services", len(r.Services))
	}
	s := r.Services[0]
	if (s.Kind != "" && s.Kind != "Service") || (s.Scheme != "" && s.Scheme != "http") || (s.PassHostHeader != nil && !*s.PassHostHeader) {
		return fmt.Errorf("an Ingress can't say how requests get to %s", s.Name)
	}
	return nil
}

var (
	matcher  = regexp.MustCompile(`^(Host|PathPrefix|Path)\(([^()]*)\)$`)
	argument = regexp.MustCompile("^[`\"]([^`\"]+)[`\"]$")
)

// matched are the hosts and paths of a rule: Host(`a`) && PathPrefix(`/b`), with || between several of one.
func matched(rule string) ([]entry, error) {
	hosts, paths := []entry{{}}, []entry{{}}
	seen := map[bool]bool{}
	for part := range strings.SplitSeq(rule, "&&") {
		alternatives, err := alternativesOf(part)
		if err != nil {
			return nil, fmt.Errorf("the match %q: %w", rule, err)
		}
		isHost := alternatives[0].host != ""
		if seen[isHost] {
			return nil, fmt.Errorf("the match %q has two of a kind", rule)
		}
		if seen[isHost] = true; isHost {
			hosts = alternatives
		} else {
			paths = alternatives
		}
	}
	var all []entry
	for _, h := range hosts {
		for _, p := range paths {
			all = append(all, entry{host: h.host, path: p.path, exact: p.exact})
		}
	}
	return all, nil
}

// alternativesOf are the hosts, or the paths, of one part of a rule.
func alternativesOf(part string) ([]entry, error) {
	part = strings.TrimSpace(part)
	if strings.HasPrefix(part, "(") && strings.HasSuffix(part, ")") {
		part = part[1 : len(part)-1]
	}
	var all []entry
	for term := range strings.SplitSeq(part, "||") {
		found := matcher.FindStringSubmatch(strings.TrimSpace(term))
		if found == nil {
			return nil, fmt.Errorf("an Ingress can't say %s", strings.TrimSpace(term))
		}
		for text := range strings.SplitSeq(found[2], ",") {
			value := argument.FindStringSubmatch(strings.TrimSpace(text))
			if value == nil {
				return nil, fmt.Errorf("%s is no text", text)
			}
			if found[1] == "Host" {
				all = append(all, entry{host: value[1]})
			} else {
				all = append(all, entry{path: value[1], exact: found[1] == "Path"})
			}
		}
	}
	if slices.ContainsFunc(all, func(e entry) bool { return (e.host == "") != (all[0].host == "") }) {
		return nil, fmt.Errorf("hosts and paths are alternatives of each other in %s", part)
	}
	return all, nil
}
