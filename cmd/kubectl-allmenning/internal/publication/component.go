package publication

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	sigsyaml "sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/route"
	"github.com/allmenning/allmenning/internal/bundle"
)

// corrections are the component that corrects a bundle: what it holds already, and what is added to it.
type corrections struct {
	content struct {
		APIVersion   string   `json:"apiVersion"`
		Kind         string   `json:"kind"`
		Resources    []string `json:"resources,omitempty"`
		Patches      []any    `json:"patches"`
		Replacements []any    `json:"replacements,omitempty"`
	}
	// files are the resources that are added, by their names in the folder.
	files   map[string][]byte
	changed bool
}

func readComponent(b bundle.Bundle) (*corrections, error) {
	c := &corrections{files: map[string][]byte{}}
	name := component + "/" + kustomizationFile
	if err := sigsyaml.Unmarshal(b.Files[name], &c.content); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.content.APIVersion, c.content.Kind = "kustomize.config.k8s.io/v1alpha1", "Component"
	return c, nil
}

func (c *corrections) write() ([]byte, error) { return sigsyaml.Marshal(c.content) }

// correct adds what corrects a finding; false where that needs a person, or is there already and does not help.
func (c *corrections) correct(f Located, report Report) (bool, error) {
	if f.Rule == "kind" && !f.Drop {
		replaced, err := c.replace(&f, report)
		if err != nil {
			return false, err
		}
		f.Drop = replaced
	}
	corrected := false
	for _, step := range stepsOf(f) {
		patch, replacement := corrects(step, report)
		if patch == nil || slices.ContainsFunc(c.content.Patches, func(known any) bool { return reflect.DeepEqual(known, any(patch)) }) {
			continue
		}
		c.content.Patches = append(c.content.Patches, patch)
		if replacement != nil {
			c.content.Replacements = append(c.content.Replacements, replacement)
		}
		corrected, c.changed = true, true
	}
	return corrected, nil
}

// replace puts an Ingress in the place of a route of another controller, where it says the same. It says whether the
// route may go then; so may a Middleware that changes nothing.
func (c *corrections) replace(f *Located, report Report) (bool, error) {
	for _, o := range report.Built.Objects {
		if o.GetKind()+"/"+o.GetName() != f.Object {
			continue
		}
		if route.Harmless(o) {
			return true, nil
		}
		if !route.Known(o) {
			continue
		}
		ingress, err := route.Ingress(o, report.Built.Objects)
		if err != nil || ingress == nil {
			return err == nil, nil //nolint:nilerr // the route stays, and stays refused
		}
		written, err := sigsyaml.Marshal(ingress)
		if err != nil {
			return false, err
		}
		name := "ingress-" + strings.ToLower(ingress.Name) + ".yaml"
		c.files[name] = written
		if !slices.Contains(c.content.Resources, name) {
			c.content.Resources = append(c.content.Resources, name)
		}
		return true, nil
	}
	return false, nil
}
