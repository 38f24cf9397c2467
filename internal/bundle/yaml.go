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

// parseYAML returns the documents of a file with the number of their nodes, aliases written out. It fails
// on the first that is not YAML, that is beyond the limit, or that grows beyond MaxUnpackedBytes when its
// aliases are written out.
func parseYAML(content []byte) (documents []*yaml.Node, nodes int, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nodes, nil
		}
		if err != nil {
			return nil, nodes, fmt.Errorf("invalid YAML: %w", err)
		}
		if len(documents) == MaxObjects {
			return nil, nodes, errTooMany
		}
		size := expansion{}.of(&document)
		if size.bytes > MaxUnpackedBytes {
			return nil, nodes, fmt.Errorf("YAML aliases blow the file up beyond %d bytes; write the values out", MaxUnpackedBytes)
		}
		nodes += size.nodes
		if len(document.Content) == 1 {
			documents = append(documents, document.Content[0])
		}
	}
}

// expansion remembers how large nodes are with their aliases written out. A node that is being
// measured counts as larger than allowed, so that an alias to what surrounds it is refused too.
type expansion map[*yaml.Node]extent

// extent is how large a node is.
type extent struct{ bytes, nodes int }

func (e expansion) of(node *yaml.Node) extent {
	if size, known := e[node]; known {
		return size
	}
	tooLarge := extent{bytes: MaxUnpackedBytes + 1, nodes: MaxNodes + 1}
	e[node] = tooLarge
	size := extent{bytes: 1 + len(node.Value), nodes: 1}
	children := node.Content
	if node.Alias != nil {
		children = []*yaml.Node{node.Alias}
	}
	for _, child := range children {
		of := e.of(child)
		size.bytes += of.bytes
		size.nodes += of.nodes
		if size.bytes > MaxUnpackedBytes {
			size = tooLarge
			break
		}
	}
	e[node] = size
	return size
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
