package bundle

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// errTooMany says that a bundle brings more than an installation may hold.
var errTooMany = fmt.Errorf("more than %d objects or YAML documents; split the app", MaxObjects)

// parseYAML returns the documents of a file, and fails on the first that is not YAML, that is beyond
// the limit, or that grows beyond MaxUnpackedBytes when its aliases are written out.
func parseYAML(content []byte) ([]*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	var documents []*yaml.Node
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("invalid YAML: %w", err)
		}
		if len(documents) == MaxObjects {
			return nil, errTooMany
		}
		sizes := expansion{}
		if size := sizes.of(&document); size > MaxUnpackedBytes {
			return nil, fmt.Errorf("YAML aliases blow the file up beyond %d bytes; write the values out", MaxUnpackedBytes)
		}
		if len(document.Content) == 1 {
			documents = append(documents, document.Content[0])
		}
	}
}

// expansion remembers how large nodes are with their aliases written out. A node that is being
// measured counts as larger than allowed, so that an alias to what surrounds it is refused too.
type expansion map[*yaml.Node]int

const tooLarge = MaxUnpackedBytes + 1

func (e expansion) of(node *yaml.Node) int {
	if size, known := e[node]; known {
		return size
	}
	e[node] = tooLarge
	size := 1 + len(node.Value)
	if node.Alias != nil {
		size += e.of(node.Alias)
	}
	for _, child := range node.Content {
		if size += e.of(child); size > MaxUnpackedBytes {
			size = tooLarge
			break
		}
	}
	e[node] = min(size, tooLarge)
	return e[node]
}

// countObjects counts the objects of a document; the items of a List are objects of their own.
func countObjects(document *yaml.Node) int {
	items := fieldOf(document, "items")
	if items == nil || items.Kind != yaml.SequenceNode {
		return 1
	}
	count := 0
	for _, item := range items.Content {
		count += countObjects(item)
	}
	return count
}

// fieldOf returns a field of a mapping, looking through an alias, or nil.
func fieldOf(node *yaml.Node, name string) *yaml.Node {
	if node.Alias != nil {
		node = node.Alias
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name {
			value := node.Content[i+1]
			if value.Alias != nil {
				return value.Alias
			}
			return value
		}
	}
	return nil
}
