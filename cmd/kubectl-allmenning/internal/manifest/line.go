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

// LineOf is the line of the file that a field is on. Of a field that is missing it is the line
// of the innermost one around it that is there.
func (o Object) LineOf(field string) int {
	line, _ := o.find(field)
	return line
}

// Has says whether the object has a field.
func (o Object) Has(field string) bool {
	_, whole := o.find(field)
	return whole
}

// find goes as far into a field as there is something, and says whether that is all the way.
func (o Object) find(field string) (line int, whole bool) {
	node, line := o.node, o.Line
	for _, step := range steps.FindAllString(field, -1) {
		if node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		at, value := into(node, strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"))
		if at == nil {
			return line, false
		}
		node, line = value, at.Line
	}
	return line, true
}

// into is where a key, an index, or an item of that name or version is in a node, and its
// value; nil where there is none.
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
		item := itemOf(node, step)
		return item, item
	case yaml.AliasNode, yaml.DocumentNode, yaml.ScalarNode:
	}
	return nil, nil
}

// itemOf is the item of a list with an index, or with that name or version; nil where there is none.
func itemOf(list *yaml.Node, step string) *yaml.Node {
	if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(list.Content) {
		return list.Content[i]
	}
	for _, item := range list.Content {
		if scalarAt(item, "name") == step || scalarAt(item, "version") == step {
			return item
		}
	}
	return nil
}

// Value is what a field holds, as JSON would decode it, and whether the object has it.
func (o Object) Value(field string) (value any, has bool) {
	node := o.node
	for _, step := range steps.FindAllString(field, -1) {
		if node != nil && node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		_, node = into(node, strings.TrimSuffix(strings.TrimPrefix(step, "["), "]"))
		if node == nil {
			return nil, false
		}
	}
	value, err := contentOf(withoutRepeats(node))
	return value, err == nil
}
