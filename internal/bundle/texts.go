package bundle

import (
	"strings"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// textMark begins a text of ContextFile that is written as a number or truth value among the parameters is. kustomize gives a field that a
// replacement creates the value and no type, so that nothing else tells the two apart. Its letters are those of an area for private use.
const textMark = "\uE0A1\uE0A2"

// markTexts marks the texts among data that are written as numbers or truth values are, which are those of the keys in plain.
func markTexts(data map[string]string, plain map[string]bool) {
	values := plainValues(data, plain)
	for key, text := range data {
		if values[text] && !plain[key] {
			data[key] = textMark + text
		}
	}
}

func plainValues(data map[string]string, plain map[string]bool) map[string]bool {
	values := make(map[string]bool, len(plain))
	for key := range plain {
		values[data[key]] = true
	}
	return values
}

// withoutMarks is a text as it was before texts were marked.
func withoutMarks(text string) string { return strings.ReplaceAll(text, textMark, "") }

// keepTexts makes texts of the fields that a replacement created. kustomize gives such a field the value
// and no type, so that YAML would read 0301 as a number, 2026-01-01 as a time, and no as false. What was
// in a file has the type that it has there. A parameter that is a number or a truth value keeps its type.
func keepTexts(resources resmap.ResMap, c Context) {
	data, plain, err := c.data()
	if err != nil {
		data, plain = nil, nil // then there is no ContextFile, of which a replacement could read
	}
	values := plainValues(data, plain)
	for _, resource := range resources.Resources() {
		keepText(resource.YNode(), values)
	}
}

func keepText(node *yaml.Node, plain map[string]bool) {
	if node.Kind == yaml.ScalarNode {
		text := withoutMarks(node.Value)
		if node.Tag == yaml.NodeTagEmpty && (text != node.Value || !plain[text]) {
			node.Tag = yaml.NodeTagString
			node.Style = yaml.DoubleQuotedStyle
		}
		node.Value = text
	}
	for _, child := range node.Content {
		keepText(child, plain)
	}
}
