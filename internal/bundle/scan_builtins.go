package bundle

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// builtin is a part of kustomize that is written as an object of its own rather than as a field of the kustomization
// file: what of it is judged, with the names that kustomize reads.
type builtin struct {
	APIVersion  string         `json:"apiVersion"`
	Kind        string         `json:"kind"`
	Metadata    map[string]any `json:"metadata"`
	Labels      map[string]any `json:"labels"`
	Annotations map[string]any `json:"annotations"`
	FieldSpecs  []any          `json:"fieldSpecs"`
	Path        string         `json:"path"`
	Patch       string         `json:"patch"`
	Files       []string       `json:"files"`
	Envs        []string       `json:"envs"`
	Env         string         `json:"env"`
}

// builtins are the parts that a bundle may use, by the field that lists them, with what each may hold.
func builtins() map[string]map[string][]string {
	const generator = "files envs env literals behavior options name namespace type"
	all := map[string]map[string][]string{"generators": {}, "transformers": {}, "validators": {}}
	for _, part := range []struct{ field, kind, holds string }{
		{"generators", "ConfigMapGenerator", generator},
		{"generators", "SecretGenerator", generator},
		{"transformers", "AnnotationsTransformer", "annotations fieldSpecs"},
		{"transformers", "ImageTagTransformer", "imageTag fieldSpecs"},
		{"transformers", "LabelTransformer", "labels fieldSpecs"},
		{"transformers", "NamespaceTransformer", "fieldSpecs unsetOnly setRoleBindingSubjects"},
		{"transformers", "PatchTransformer", "path patch target options"},
		{"transformers", "PrefixTransformer", "prefix fieldSpecs"},
		{"transformers", "ReplicaCountTransformer", "replica fieldSpecs"},
		{"transformers", "SuffixTransformer", "suffix fieldSpecs"},
	} {
		all[part.field][part.kind] = strings.Fields("apiVersion kind metadata " + part.holds)
	}
	return all
}

// checkBuiltins checks the fields that may name plugins. Those are allowed that are a part of kustomize and do what a field
// of the kustomization file does, by the same rules. It returns how many objects they bring.
func (s *kustomizationScan) checkBuiltins(k *types.Kustomization) int {
	generated := 0
	for _, list := range []struct {
		field   string
		entries []string
	}{{"generators", k.Generators}, {"transformers", k.Transformers}, {"validators", k.Validators}} {
		for _, entry := range list.entries {
			parts, err := s.builtinsOf(list.field, entry)
			s.fault(err)
			for _, b := range parts {
				s.checkBuiltin(list.field, b)
			}
			if list.field == "generators" {
				generated += len(parts)
			}
		}
	}
	return generated
}

// builtinsOf reads one entry, which is a file or is written in place.
func (s *kustomizationScan) builtinsOf(field, entry string) ([]builtin, error) {
	content := []byte(entry)
	if !isInline(entry) {
		var err error
		if content, err = s.content(field, entry); err != nil {
			return nil, err
		}
	}
	documents, err := s.parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	var all []builtin
	for _, document := range documents {
		b, err := builtinOf(document, builtins()[field])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field, err)
		}
		all = append(all, b)
	}
	return all, nil
}

// builtinOf reads a part of kustomize. It may hold the fields that are known, in the letters that they have here: kustomize
// reads others too, and an annotation would make it run something else.
func builtinOf(document *yaml.Node, kinds map[string][]string) (builtin, error) {
	const plugin = "runs a plugin or function, which a bundle may not; write its result into the bundle"
	var b builtin
	text, err := yaml.String(document)
	if err != nil {
		return b, err
	}
	var fields map[string]any
	if err := sigsyaml.UnmarshalStrict([]byte(text), &fields); err != nil {
		return b, err
	}
	if err := sigsyaml.Unmarshal([]byte(text), &b); err != nil {
		return b, err
	}
	known, there := kinds[b.Kind]
	if b.APIVersion != "builtin" || !there {
		if len(kinds) == 0 {
			return b, errors.New(plugin)
		}
		return b, fmt.Errorf("%s. Of kustomize's own, which have apiVersion: builtin, these are allowed: %s", plugin, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	for name := range fields {
		if !slices.Contains(known, name) {
			return b, fmt.Errorf("%s: %q is none of its fields, which are %s", b.Kind, name, strings.Join(known, ", "))
		}
	}
	for name := range b.Metadata {
		if name != "name" && name != "namespace" {
			return b, fmt.Errorf("%s: metadata.%s could make it a plugin; take it out", b.Kind, name)
		}
	}
	return b, nil
}

// checkBuiltin counts what a part of kustomize does, and checks the files that it reads.
func (s *kustomizationScan) checkBuiltin(field string, b builtin) {
	switch b.Kind {
	case "ConfigMapGenerator", "SecretGenerator":
		s.checkGenerator(field, types.KvPairSources{FileSources: b.Files, EnvSources: b.Envs, EnvSource: b.Env})
	case "PatchTransformer":
		content := []byte(b.Patch)
		if b.Path != "" {
			var err error
			if content, err = s.content(field+".path", b.Path); err != nil {
				s.fault(err)
				return
			}
		}
		if err := s.checkPatch(content); err != nil {
			s.fault(fmt.Errorf("%s: %s: %w", field, b.Path, err))
		}
	default:
		s.steps += max(len(b.Labels)+len(b.Annotations), 1) * max(len(b.FieldSpecs), 1)
	}
}
