package manifest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Repeat is a key that is there more than once in a mapping.
type Repeat struct {
	Field string
	// Line of the repetition.
	Line int
}

// Repeats are the keys of the object that are repeated, by line.
func (o Object) Repeats() []Repeat {
	var all []Repeat
	repeatsIn(o.node, "", map[*yaml.Node]bool{}, &all)
	slices.SortStableFunc(all, func(a, b Repeat) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// repeatsIn looks into each node once, however many aliases lead to it.
func repeatsIn(node *yaml.Node, field string, visited map[*yaml.Node]bool, all *[]Repeat) {
	if node == nil || visited[node] {
		return
	}
	visited[node] = true
	repeatsIn(node.Alias, field, visited, all)

	switch node.Kind {
	case yaml.MappingNode:
		seen := map[string]bool{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key := node.Content[i]
			at := fieldOf(field, key.Value)
			if seen[key.Value] && key.Value != "<<" {
				*all = append(*all, Repeat{Field: at, Line: key.Line})
			}
			seen[key.Value] = true
			repeatsIn(node.Content[i+1], at, visited, all)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			repeatsIn(item, fmt.Sprintf("%s[%d]", field, i), visited, all)
		}
	case yaml.AliasNode, yaml.DocumentNode, yaml.ScalarNode:
	}
}

// plainKey is a key that needs no brackets in the name of a field.
var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func fieldOf(parent, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return parent + "[" + key + "]"
	case parent == "":
		return key
	}
	return parent + "." + key
}

// withoutRepeats is a copy of the node in which of a repeated key only the last is there.
func withoutRepeats(node *yaml.Node) *yaml.Node {
	return deduplicated(node, map[*yaml.Node]*yaml.Node{})
}

func deduplicated(node *yaml.Node, copies map[*yaml.Node]*yaml.Node) *yaml.Node {
	if node == nil || copies[node] != nil {
		return copies[node]
	}
	fresh := *node
	copies[node] = &fresh
	fresh.Alias = deduplicated(node.Alias, copies)
	fresh.Content = nil
	for i, c := range node.Content {
		if node.Kind == yaml.MappingNode && repeatedLater(node, i-i%2) {
			continue
		}
		fresh.Content = append(fresh.Content, deduplicated(c, copies))
	}
	return &fresh
}

// repeatedLater says whether the key at an index of a mapping comes again.
func repeatedLater(mapping *yaml.Node, key int) bool {
	if mapping.Content[key].Value == "<<" {
		return false
	}
	for i := key + 2; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == mapping.Content[key].Value {
			return true
		}
	}
	return false
}
