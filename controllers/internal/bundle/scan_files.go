package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// checkFiles checks every field that names files which are no resources.
func (s *scanner) checkFiles(dir string, k *types.Kustomization) error {
	for _, configuration := range k.Configurations {
		if _, err := s.yamlFile(dir, "configurations", configuration); err != nil {
			return err
		}
	}
	for _, g := range k.ConfigMapGenerator {
		if err := s.checkGenerator(dir, "configMapGenerator", g.KvPairSources); err != nil {
			return err
		}
	}
	for _, g := range k.SecretGenerator {
		if err := s.checkGenerator(dir, "secretGenerator", g.KvPairSources); err != nil {
			return err
		}
	}
	return s.checkPatches(dir, k)
}

func (s *scanner) checkGenerator(dir, field string, sources types.KvPairSources) error {
	for _, source := range sources.FileSources {
		file := source
		if _, after, found := strings.Cut(source, "="); found {
			file = after
		}
		if _, err := s.file(dir, field+".files", file); err != nil {
			return err
		}
	}
	envs := sources.EnvSources
	if sources.EnvSource != "" {
		envs = append(envs[:len(envs):len(envs)], sources.EnvSource)
	}
	for _, env := range envs {
		if _, err := s.file(dir, field+".envs", env); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) checkPatches(dir string, k *types.Kustomization) error {
	patches := slices.Concat(k.Patches, k.PatchesJson6902) //nolint:staticcheck // deprecated, and bundles use it
	for _, patch := range patches {
		content := []byte(patch.Patch)
		if patch.Path != "" {
			var err error
			if content, err = s.file(dir, "patches.path", patch.Path); err != nil {
				return err
			}
		}
		if err := checkPatch(content); err != nil {
			return fmt.Errorf("patches: %s: %w", patch.Path, err)
		}
	}

	for _, patch := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and bundles use it
		content := []byte(patch)
		if !isInline(string(patch)) {
			var err error
			if content, err = s.file(dir, "patchesStrategicMerge", string(patch)); err != nil {
				return err
			}
		}
		if err := checkPatch(content); err != nil {
			return fmt.Errorf("patchesStrategicMerge: %w", err)
		}
	}
	return nil
}

// isInline says whether an entry is YAML rather than a path. No URL holds a line break or starts
// with a bracket, so what counts as inline here is never fetched.
func isInline(entry string) bool {
	return strings.Contains(entry, "\n") || strings.HasPrefix(entry, "{")
}

// checkPatch parses a patch. The operation copy is refused: forty of them, each doubling a field,
// are enough to use up any memory.
func checkPatch(content []byte) error {
	documents, err := parseYAML(content)
	if err != nil {
		return err
	}
	for _, document := range documents {
		if document.Kind == yaml.SequenceNode && holdsCopy(document) {
			return errors.New("op copy is not allowed; write the value with op add")
		}
	}
	return nil
}

// holdsCopy looks for the pair "op: copy" anywhere in a JSON patch, as YAML has several ways to bring
// a field into a mapping.
func holdsCopy(node *yaml.Node) bool {
	for i, child := range node.Content {
		isValue := node.Kind == yaml.MappingNode && i%2 == 1
		if isValue && textOf(node.Content[i-1]) == "op" && textOf(child) == "copy" {
			return true
		}
		if holdsCopy(child) {
			return true
		}
	}
	return false
}

func textOf(node *yaml.Node) string {
	if node.Alias != nil {
		return node.Alias.Value
	}
	return node.Value
}

func (s *scanner) yamlFile(dir, field, entry string) ([]byte, error) {
	content, err := s.file(dir, field, entry)
	if err != nil {
		return nil, err
	}
	if _, err := parseYAML(content); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", field, entry, err)
	}
	return content, nil
}

func (s *scanner) checkReplacements(dir string, k *types.Kustomization) error {
	for i, field := range k.Replacements {
		replacements := []types.Replacement{field.Replacement}
		if field.Path != "" {
			content, err := s.yamlFile(dir, "replacements.path", field.Path)
			if err != nil {
				return err
			}
			if replacements, err = parseReplacements(content); err != nil {
				return fmt.Errorf("replacements: %s: %w", field.Path, err)
			}
		}
		for _, replacement := range replacements {
			if err := s.checkReplacement(replacement); err != nil {
				return fmt.Errorf("replacements[%d]: %w", i, err)
			}
		}
	}
	return nil
}

// parseReplacements reads a file that holds one replacement or a list of them.
func parseReplacements(content []byte) ([]types.Replacement, error) {
	var many []types.Replacement
	if err := sigsyaml.Unmarshal(content, &many); err == nil {
		return many, nil
	}
	var one types.Replacement
	if err := sigsyaml.Unmarshal(content, &one); err != nil {
		return nil, err
	}
	return []types.Replacement{one}, nil
}

// checkReplacement lets values flow one way: out of the context file, or out of an object's name, to
// somewhere that no replacement reads. Were a target read again, a few replacements that each double
// a field would use up any memory.
func (s *scanner) checkReplacement(r types.Replacement) error {
	fromContext := r.SourceValue != nil
	if r.Source != nil {
		fromContext = s.contextName != "" && r.Source.Kind == "ConfigMap" && r.Source.Name == s.contextName &&
			strings.HasPrefix(r.Source.FieldPath, "data.")
		if !fromContext && r.Source.FieldPath != "" && r.Source.FieldPath != types.DefaultReplacementFieldPath {
			return fmt.Errorf("source.fieldPath: %q: a replacement may read data of the ConfigMap in %s, or metadata.name of any object", r.Source.FieldPath, ContextFile)
		}
	}
	for _, target := range r.Targets {
		if err := s.checkTarget(target, fromContext); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) checkTarget(target *types.TargetSelector, fromContext bool) error {
	if target == nil || target.Select == nil {
		return errors.New("targets: each needs a select")
	}
	if s.selectsContext(target.Select) {
		return fmt.Errorf("targets.select: it selects %s, which is written by the operator; narrow it by kind and name", ContextFile)
	}
	if fromContext {
		return nil
	}
	for _, field := range target.FieldPaths {
		if mayBeName(field) {
			return fmt.Errorf("targets.fieldPaths: %q: a name may not be made of another object's name; make it from %s", field, ContextFile)
		}
	}
	if len(target.FieldPaths) == 0 {
		return errors.New("targets.fieldPaths: missing")
	}
	return nil
}

// selectsContext says whether a selector could reach the context, going by kind and name; all else
// only narrows it.
func (s *scanner) selectsContext(selector *types.Selector) bool {
	if s.contextName == "" {
		return false
	}
	narrowed := types.Selector{ResId: resid.ResId{Gvk: resid.Gvk{Kind: selector.Kind}, Name: selector.Name}}
	regex, err := types.NewSelectorRegex(&narrowed)
	if err != nil {
		return true
	}
	return regex.MatchGvk(resid.Gvk{Kind: "ConfigMap"}) && regex.MatchName(s.contextName)
}

// mayBeName says whether a field path could reach metadata.name.
func mayBeName(field string) bool {
	first, rest, _ := strings.Cut(field, ".")
	if first != "metadata" {
		return strings.ContainsAny(first, "*[")
	}
	return !strings.HasPrefix(rest, "annotations.") && !strings.HasPrefix(rest, "labels.") &&
		!strings.HasPrefix(rest, "annotations[") && !strings.HasPrefix(rest, "labels[")
}
