package manifest

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// steps are the parts of a field as the API server names it: spec.apps[0].name, and
// metadata.labels[a.b/c].
var steps = regexp.MustCompile(`[^.\[\]]+|\[[^\]]*\]`)

// LineOf is the line of the file on which a field stands. Of a field that is not there it is
// the line of the innermost one around it that is.
func (o Object) LineOf(field string) int {
	node, line := o.node, o.Line
	for _, step := range steps.FindAllString(field, -1) {
		if node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		at, value := into(node, strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"))
		if at == nil {
			break
		}
		node, line = value, at.Line
	}
	return line
}

// into is where a key or an index of a node stands, and its value; nil where there is none.
func into(node *yaml.Node, step string) (at, value *yaml.Node) {
	if node == nil {
		return nil, nil
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i], node.Content[i]
		}
	case yaml.AliasNode, yaml.DocumentNode, yaml.ScalarNode:
	}
	return nil, nil
}
