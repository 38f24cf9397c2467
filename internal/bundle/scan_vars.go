package bundle

import (
	"bytes"
	"fmt"
	"path"
	"regexp"

	"sigs.k8s.io/kustomize/api/types"
	kyamlutils "sigs.k8s.io/kustomize/kyaml/utils"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// variable is one of the vars of a kustomization file: a field of an object of the bundle that is written, once all
// else is built, wherever a text holds $(name).
type variable struct {
	file, name string
	// key of the field that it reads, without what leads there.
	key string
}

// texts are what is known of the texts in the files that a bundle uses.
type texts struct {
	// mentions count $(name) by name, and longest are the bytes of the longest text under each key.
	mentions, longest map[string]int
}

func newTexts() texts { return texts{mentions: map[string]int{}, longest: map[string]int{}} }

// mention is how a text names a variable.
var mention = regexp.MustCompile(`\$\(([^()]*)\)`)

// read notes all texts below a node, aliases written out.
func (t texts) read(key string, node *yaml.Node) {
	if node.Alias != nil {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode {
		t.note(key, []byte(node.Value))
		return
	}
	for i, child := range node.Content {
		if node.Kind != yaml.MappingNode {
			t.read(key, child)
		} else if i%2 == 1 {
			t.read(textOf(node.Content[i-1]), child)
		}
	}
}

// note notes one text.
func (t texts) note(key string, text []byte) {
	t.longest[key] = max(t.longest[key], len(text))
	if !bytes.Contains(text, []byte("$(")) {
		return
	}
	for _, found := range mention.FindAllSubmatch(text, -1) {
		t.mentions[string(found[1])]++
	}
}

// checkVars notes what vars read. They keep the rules of replacements; only the context, whose values are the
// tenant's, is for replacements alone.
func (s *kustomizationScan) checkVars(k *types.Kustomization) {
	for i, v := range k.Vars { //nolint:staticcheck // deprecated, and bundles use it
		s.steps++
		if s.contextName != "" && v.ObjRef.Kind == "ConfigMap" && v.ObjRef.Name == s.contextName {
			s.fault(fmt.Errorf("vars[%d]: objref: a var may not read %s; use a replacement", i, ContextFile))
			continue
		}
		at := v.FieldRef.FieldPath
		if at == "" {
			at = types.DefaultReplacementFieldPath
		}
		steps := kyamlutils.SmarterPathSplitter(at, ".")
		s.variables = append(s.variables, variable{file: s.file, name: v.Name, key: steps[len(steps)-1]})
		s.sources = append(s.sources, source{file: s.file, field: fmt.Sprintf("vars[%d].fieldref.fieldpath", i), kind: v.ObjRef.Kind, name: v.ObjRef.Name, path: at})
	}
}

// checkVariables bounds what vars write: as often as a text names one in each object that there may be, with the
// longest value that the files have for it.
func (s *scanner) checkVariables() {
	written := 0
	for _, v := range s.variables {
		longest := 0
		// What a generator reads has no key of its own in the file, and a JSON patch names the key elsewhere.
		for _, key := range []string{v.key, "value", "literals", generatedKey} {
			longest = max(longest, s.texts.longest[key])
		}
		if written += s.texts.mentions[v.name] * max(s.costs["."], 1) * longest; written > MaxUnpackedBytes {
			s.found(v.file, fmt.Errorf("vars: %s may be written more often than fits into %d bytes; name it in fewer places, or use a replacement", v.name, MaxUnpackedBytes))
			return
		}
	}
}

// generatedKey is the key of texts that a generator reads out of a file with a line for each.
const generatedKey = "\x00lines"

// noteGenerated notes the texts of a file that a generator reads: whole under the key that it gets, or line by line.
func (s *scanner) noteGenerated(key, file string, content []byte, lines bool) {
	if !lines {
		if key == "" {
			key = path.Base(file)
		}
		s.texts.note(key, content)
		return
	}
	for line := range bytes.Lines(content) {
		s.texts.note(generatedKey, line)
	}
}
