package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// checkFiles checks every field that names files which are no resources.
func (s *kustomizationScan) checkFiles(k *types.Kustomization) {
	for _, configuration := range k.Configurations {
		_, err := s.yamlFile("configurations", configuration)
		s.fault(err)
	}
	for _, g := range k.ConfigMapGenerator {
		s.checkGenerator("configMapGenerator", g.KvPairSources)
	}
	for _, g := range k.SecretGenerator {
		s.checkGenerator("secretGenerator", g.KvPairSources)
	}
	s.checkPatches(k)
}

func (s *kustomizationScan) checkGenerator(field string, sources types.KvPairSources) {
	for _, source := range sources.FileSources {
		key, file, found := strings.Cut(source, "=")
		if !found {
			key, file = "", source
		}
		content, err := s.content(field+".files", file)
		s.noteGenerated(key, file, content, false)
		s.generated += len(content)
		s.fault(err)
	}
	envs := sources.EnvSources
	if sources.EnvSource != "" {
		envs = append(envs[:len(envs):len(envs)], sources.EnvSource)
	}
	for _, env := range envs {
		content, err := s.content(field+".envs", env)
		s.noteGenerated("", env, content, true)
		s.generated += len(content)
		s.fault(err)
	}
}

func (s *kustomizationScan) checkPatches(k *types.Kustomization) {
	for _, patch := range slices.Concat(k.Patches, k.PatchesJson6902) { //nolint:staticcheck // deprecated, and bundles use it
		content := []byte(patch.Patch)
		if patch.Path != "" {
			var err error
			if content, err = s.content("patches.path", patch.Path); err != nil {
				s.fault(err)
				continue
			}
		}
		if err := s.checkPatch(content); err != nil {
			s.fault(fmt.Errorf("patches: %s: %w", patch.Path, err))
		}
	}

	for _, patch := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and bundles use it
		content := []byte(patch)
		if !isInline(string(patch)) {
			var err error
			if content, err = s.content("patchesStrategicMerge", string(patch)); err != nil {
				s.fault(err)
				continue
			}
		}
		if err := s.checkPatch(content); err != nil {
			s.fault(fmt.Errorf("patchesStrategicMerge: %w", err))
		}
	}
}

// isInline says whether an entry is YAML rather than a path. No URL holds a line break or starts
// with a bracket, so what counts as inline here is never fetched.
func isInline(entry string) bool {
	return strings.Contains(entry, "\n") || strings.HasPrefix(entry, "{")
}

// checkPatch parses a patch, and counts its operations. The operation copy is refused: forty of them, each
// doubling a field, are enough to use up any memory.
func (s *kustomizationScan) checkPatch(content []byte) error {
	documents, err := s.parse(content)
	if err != nil {
		return err
	}
	for _, document := range documents {
		s.steps++
		if document.Kind != yaml.SequenceNode {
			continue
		}
		s.steps += len(document.Content)
		if holdsCopy(document) {
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

func (s *kustomizationScan) yamlFile(field, entry string) ([]byte, error) {
	content, err := s.content(field, entry)
	if err != nil {
		return nil, err
	}
	if _, err := s.parse(content); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", field, entry, err)
	}
	return content, nil
}
