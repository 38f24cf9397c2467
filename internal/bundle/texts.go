package bundle

import (
	"fmt"

	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// keepTexts makes texts of the fields that a replacement created. kustomize gives such a field the value
// and no type, so that YAML would read 0301 as a number, 2026-01-01 as a time, and no as false. What was
// in a file has the type that it has there. A parameter that is a number or a truth value keeps its type.
func keepTexts(resources resmap.ResMap, c Context) {
	plain := map[string]bool{}
	plainValues(c.Parameters, plain)
	for _, resource := range resources.Resources() {
		keepText(resource.YNode(), plain)
	}
}

func keepText(node *yaml.Node, plain map[string]bool) {
	if node.Kind == yaml.ScalarNode && node.Tag == yaml.NodeTagEmpty && !plain[node.Value] {
		node.Tag = yaml.NodeTagString
		node.Style = yaml.DoubleQuotedStyle
	}
	for _, child := range node.Content {
		keepText(child, plain)
	}
}

// plainValues collects the numbers and truth values among parameters, as they are written.
func plainValues(value any, into map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for _, child := range value {
			plainValues(child, into)
		}
	case []any:
		for _, child := range value {
			plainValues(child, into)
		}
	case bool, int, int64, float64:
		into[fmt.Sprint(value)] = true
	}
}
