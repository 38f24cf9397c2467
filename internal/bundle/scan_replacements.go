package bundle

import (
	"errors"
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	kyamlutils "sigs.k8s.io/kustomize/kyaml/utils"
	sigsyaml "sigs.k8s.io/yaml"
)

// source is what a replacement, or a var, reads of an object of the bundle; field is where the file says so.
type source struct {
	file, field, kind, name, path string
}

// target is what a replacement writes.
type target struct {
	file     string
	selector *types.Selector
	path     string
}

func (s *kustomizationScan) checkReplacements(k *types.Kustomization) {
	for i, field := range k.Replacements {
		replacements := []types.Replacement{field.Replacement}
		if field.Path != "" {
			content, err := s.yamlFile("replacements.path", field.Path)
			if err == nil {
				replacements, err = parseReplacements(content)
			}
			if err != nil {
				s.fault(fmt.Errorf("replacements: %s: %w", field.Path, err))
				continue
			}
		}
		for _, replacement := range replacements {
			if err := s.checkReplacement(replacement); err != nil {
				s.fault(fmt.Errorf("replacements[%d]: %w", i, err))
			}
		}
	}
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

// checkReplacement notes what a replacement reads and writes. Out of the context file it may read data
// alone, and nothing may be written there.
func (s *kustomizationScan) checkReplacement(r types.Replacement) error {
	if r.Source != nil {
		path := r.Source.FieldPath
		if path == "" {
			path = types.DefaultReplacementFieldPath
		}
		switch fromContext := s.contextName != "" && r.Source.Kind == "ConfigMap" && r.Source.Name == s.contextName; {
		case fromContext && !strings.HasPrefix(path, "data."):
			return fmt.Errorf("source.fieldPath: %q: of the ConfigMap in %s a replacement may read keys of data alone", path, ContextFile)
		case !fromContext:
			s.sources = append(s.sources, source{file: s.file, field: "replacements: source.fieldPath", kind: r.Source.Kind, name: r.Source.Name, path: path})
		}
	}
	for _, t := range r.Targets {
		if err := s.checkTarget(t); err != nil {
			return err
		}
	}
	return nil
}

func (s *kustomizationScan) checkTarget(t *types.TargetSelector) error {
	if t == nil || t.Select == nil {
		return errors.New("targets: each needs a select")
	}
	if s.selectsContext(t.Select) {
		return fmt.Errorf("targets.select: it selects %s, which is written by the operator; narrow it by kind and name", ContextFile)
	}
	paths := t.FieldPaths
	if len(paths) == 0 {
		paths = []string{types.DefaultReplacementFieldPath}
	}
	for _, path := range paths {
		s.steps++
		s.targets = append(s.targets, target{file: s.file, selector: t.Select, path: path})
	}
	return nil
}

// checkSources lets values flow one way: out of the context file, or out of a field of the bundle that no
// replacement writes. Were a target read again, a few replacements that each double a field would use up
// any memory. What a replacement could write is judged by kind and path alone, as names may change on the
// way.
func (s *scanner) checkSources() {
	for _, from := range s.sources {
		for _, to := range s.targets {
			if couldSelect(to.selector, from.kind, "") && overlap(from.path, to.path) {
				s.found(from.file, fmt.Errorf(
					"%s: %q of %s %s is written by a replacement in %s (%q), and what is written may not be read again; read it from %s, or from where the other replacement does",
					from.field, from.path, from.kind, from.name, to.file, to.path, ContextFile))
				break
			}
		}
	}
}

// selectsContext says whether a selector could reach the context, going by kind and name; all else
// only narrows it.
func (s *scanner) selectsContext(selector *types.Selector) bool {
	return s.contextName != "" && couldSelect(selector, "ConfigMap", s.contextName)
}

// couldSelect says whether a selector could mean an object of a kind and name; an empty one is any.
func couldSelect(selector *types.Selector, kind, name string) bool {
	narrowed := types.Selector{ResId: resid.ResId{Gvk: resid.Gvk{Kind: selector.Kind}, Name: selector.Name}}
	regex, err := types.NewSelectorRegex(&narrowed)
	if err != nil {
		return true
	}
	return (kind == "" || regex.MatchGvk(resid.Gvk{Kind: kind})) && (name == "" || regex.MatchName(name))
}

// overlap says whether two paths could mean the same field, or one a field within the other.
func overlap(a, b string) bool {
	as, bs := kyamlutils.SmarterPathSplitter(a, "."), kyamlutils.SmarterPathSplitter(b, ".")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] && !several(as[i]) && !several(bs[i]) {
			return false
		}
	}
	return true
}

// several says whether a step of a path could mean more than one field.
func several(step string) bool {
	if step == "*" {
		return true
	}
	// [name=web] means an item of a list; [example.org/image] is the key of a map.
	return strings.HasPrefix(step, "[") && strings.Contains(step, "=")
}
