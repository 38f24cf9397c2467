package publication

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/contract"
)

// component is the folder of the kustomize component that corrects a bundle.
const component = "allmenning"

// Fixed is what corrects a bundle.
type Fixed struct {
	// Files to write, by name.
	Files map[string][]byte
	// Corrected are the findings that they answer.
	Corrected []Located
}

// Fix writes what can be corrected without a person's decision: a kustomization file where there is none, and a
// component with patches, which the kustomization uses. What is there stays as it is, but for two lists of the
// kustomization file.
func Fix(b bundle.Bundle, report Report) (Fixed, error) {
	out := Fixed{Files: map[string][]byte{}}
	if !hasKustomization(b) {
		b = withKustomization(b)
		out.Files[kustomizationFile] = b.Files[kustomizationFile]
		missing := slices.IndexFunc(report.Findings, func(f Located) bool { return f.Rule == "files" && f.Object == kustomizationFile })
		if missing >= 0 {
			out.Corrected = append(out.Corrected, report.Findings[missing])
		}
	}

	c, err := readComponent(b)
	if err != nil {
		return out, err
	}
	for _, f := range report.Findings {
		taken, err := c.correct(f, report)
		if err != nil {
			return out, err
		}
		if taken {
			out.Corrected = append(out.Corrected, f)
		}
	}
	if !c.changed {
		return out, nil
	}
	if out.Files[component+"/"+kustomizationFile], err = c.write(); err != nil {
		return out, err
	}
	for name, content := range c.files {
		out.Files[component+"/"+name] = content
	}
	return out, out.use(b, len(c.content.Replacements) > 0)
}

// stepsOf are the finding once for each operation of its patch: some need a strategic merge patch, and some,
// which are about items of lists, a JSON patch.
func stepsOf(f Located) []Located {
	if len(f.Patch) < 2 {
		return []Located{f}
	}
	all := make([]Located, 0, len(f.Patch))
	for _, operation := range f.Patch {
		f.Patch = []contract.Operation{operation}
		all = append(all, f)
	}
	return all
}

// use has the kustomization use the component, and the context file where values come out of it.
func (f Fixed) use(b bundle.Bundle, reads bool) error {
	name := rootKustomization(b)
	root, err := yaml.Parse(string(b.Files[name]))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := appendTo(root, "components", component); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if _, there := b.Files[bundle.ContextFile]; reads && !there {
		f.Files[bundle.ContextFile] = []byte(contextFile)
		if err := appendTo(root, "resources", bundle.ContextFile); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := root.String()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.Files[name] = []byte(text)
	return nil
}

// contextFile is the file that the operator writes the facts of the tenant into; see docs/bundles.md.
const contextFile = `# The facts of the tenant. At install the operator puts the tenant's own in their place.
apiVersion: v1
kind: ConfigMap
metadata:
  name: allmenning-context
  annotations:
    config.kubernetes.io/local-config: "true"
data:
  domain: eksempel.kommune.no
`

func appendTo(root *yaml.RNode, field, value string) error {
	if yaml.IsMissingOrNull(root) {
		return errors.New("it is empty")
	}
	if there := root.Field(field); there != nil && yaml.IsMissingOrNull(there.Value) { // nothing but comments
		if err := root.PipeE(yaml.Clear(field)); err != nil {
			return err
		}
	}
	list, err := root.Pipe(yaml.LookupCreate(yaml.SequenceNode, field))
	if err != nil {
		return err
	}
	items, err := list.Elements()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(items, func(item *yaml.RNode) bool { return yaml.GetValue(item) == value }) {
		return nil
	}
	return list.PipeE(yaml.Append(yaml.NewStringRNode(value).YNode()))
}

// corrects returns a patch for what a finding is about, and the replacement that goes with it; nil where a person
// must decide.
func corrects(f Located, report Report) (patch map[string]any, replacement any) {
	kind, name, _ := strings.Cut(f.Object, "/")
	if f.Source != "" {
		name = f.Source
	}
	target := map[string]any{"kind": kind, "name": name}
	switch {
	case f.Warning, f.Rule == "files":
		return nil, nil
	case f.Rule == "ingress-hosts" && (strings.HasPrefix(f.Field, "spec.rules") || strings.HasPrefix(f.Field, "spec.tls")):
		return hostPatch(f, target, name)
	case f.Rule == "ingress-hosts" && f.Field == "spec.defaultBackend":
		return backendPatch(f, report, target, name)
	}
	text := patchText(f, report, kind, name)
	if text == "" {
		return nil, nil
	}
	return map[string]any{"target": target, "patch": text}, nil
}

// patchText is what takes a problem away, as kustomize reads it; empty where a person must decide.
func patchText(f Located, report Report, kind, name string) string {
	if f.Drop {
		return fmt.Sprintf("$patch: delete\napiVersion: %s\nkind: %s\nmetadata: {name: %s}\n", apiVersionOf(f.Object, report), kind, name)
	}
	if len(f.Patch) == 0 {
		return ""
	}
	// kustomize does not take an annotation out that a strategic merge patch has as null.
	exact := f.Patch[0].Op == "remove" && (f.Written || strings.HasPrefix(f.Patch[0].Path, "/metadata/annotations/"))
	if merge := mergePatch(f, report, kind, name); merge != "" && !exact {
		return merge
	}
	written, err := json.Marshal(f.Patch)
	if err != nil {
		return "" // it came out of JSON
	}
	return string(written)
}

// hostPatch makes a host of the municipality's domain: the first label of the name that is there, or the
// object's name, and the domain behind it.
func hostPatch(f Located, target map[string]any, name string) (map[string]any, any) {
	label := name
	if begun, rest, found := strings.Cut(between(f.Problem), "."); found && begun != "*" && rest != "" {
		label = begun
	}
	pointer := "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(f.Field)
	operation := []contract.Operation{{Op: "add", Path: pointer, Value: strings.ToLower(label) + ".domain"}}
	if strings.Contains(f.Field, "hosts[") {
		operation[0].Op = "replace"
	}
	written, err := json.Marshal(operation)
	if err != nil {
		return nil, nil
	}
	return map[string]any{"target": target, "patch": string(written)}, domainIn(target, strings.NewReplacer("[", ".", "]", "").Replace(f.Field))
}

// domainIn is a replacement that puts the municipality's domain behind the first label of a host.
func domainIn(target map[string]any, field string) any {
	return map[string]any{
		"source": map[string]any{"kind": "ConfigMap", "name": "allmenning-context", "fieldPath": "data.domain"},
		"targets": []any{map[string]any{"select": target, "fieldPaths": []string{field},
			"options": map[string]any{"delimiter": ".", "index": 1}}},
	}
}

// backendPatch makes of a default backend a rule for one host, where it is all that the Ingress has: beside rules, it
// answers for paths and names that they leave.
func backendPatch(f Located, report Report, target map[string]any, name string) (map[string]any, any) {
	for _, o := range report.Built.Objects {
		spec, ok := o.Object["spec"].(map[string]any)
		if contract.Name(o) != f.Object || !ok || spec["rules"] != nil {
			continue
		}
		path := map[string]any{"path": "/", "pathType": "Prefix", "backend": spec["defaultBackend"]}
		written, err := json.Marshal([]contract.Operation{
			{Op: "add", Path: "/spec/rules", Value: []any{map[string]any{"host": strings.ToLower(name) + ".domain", "http": map[string]any{"paths": []any{path}}}}},
			{Op: "remove", Path: "/spec/defaultBackend"},
		})
		if err != nil {
			return nil, nil
		}
		return map[string]any{"target": target, "patch": string(written)}, domainIn(target, "spec.rules.0.host")
	}
	return nil, nil
}

// between is what a text quotes first.
func between(text string) string {
	if found := quoted.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// mergePatch writes a patch as a strategic merge patch, which needs no parents to be there; empty where it is
// about an item of a list.
func mergePatch(f Located, report Report, kind, name string) string {
	content := map[string]any{"apiVersion": apiVersionOf(f.Object, report), "kind": kind, "metadata": map[string]any{"name": name}}
	for _, operation := range f.Patch {
		at := content
		steps := strings.Split(strings.TrimPrefix(operation.Path, "/"), "/")
		for i, step := range steps {
			step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
			if step != "" && strings.Trim(step, "0123456789") == "" {
				return ""
			}
			if i == len(steps)-1 {
				at[step] = operation.Value // none takes the field out
				continue
			}
			below, ok := at[step].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[step] = below
			}
			at = below
		}
	}
	written, err := sigsyaml.Marshal(content)
	if err != nil {
		return ""
	}
	return string(written)
}

func apiVersionOf(object string, report Report) string {
	for _, o := range report.Built.Objects {
		if contract.Name(o) == object {
			return o.GetAPIVersion()
		}
	}
	return "v1"
}

// Names are the names of files, in their order.
func (f Fixed) Names() []string { return slices.Sorted(maps.Keys(f.Files)) }
