package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a file of YAML documents.
type File struct {
	// Name is its path, for messages.
	Name      string
	text      text
	documents []*yaml.Node
}

// Object is one Kubernetes object in a file.
type Object struct {
	APIVersion string
	Kind       string
	Name       string
	Namespace  string
	// Line in the file where it begins.
	Line int
	node *yaml.Node
}

// Parse reads the documents of a file. Errors name the file and the line, one for each document
// that is not YAML; the file is returned all the same, with the other documents.
func Parse(name string, data []byte) (*File, error) {
	f := &File{Name: name, text: newText(data)}
	documents, err := decode(f.text.body)
	if err == nil {
		f.documents = documents
		return f, nil
	}

	var faults []error
	for _, alone := range f.text.eachDocument() {
		documents, err := decode(alone)
		if err != nil {
			faults = append(faults, syntaxError(name, err))
			continue
		}
		f.documents = append(f.documents, documents...)
	}
	if len(faults) == 0 { // it is wrong as a whole alone
		faults = append(faults, syntaxError(name, err))
	}
	return f, errors.Join(faults...)
}

func decode(body []byte) ([]*yaml.Node, error) {
	var documents []*yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(body))
	for {
		var document yaml.Node
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, err
		}
		if len(document.Content) == 1 {
			documents = append(documents, document.Content[0])
		}
	}
}

// atLine is how the YAML library begins an error that has a line.
var atLine = regexp.MustCompile(`^yaml: line (\d+): `)

// syntaxError names the file and the line of an error as all other faults do.
func syntaxError(name string, err error) error {
	message := err.Error()
	if at := atLine.FindStringSubmatch(message); at != nil {
		line, _ := strconv.Atoi(at[1]) // digits
		return &FaultError{Place: Place{name, line}, Err: fmt.Errorf("not YAML: %s", message[len(at[0]):])}
	}
	return &FaultError{Place: Place{File: name}, Err: fmt.Errorf("not YAML: %s", strings.TrimPrefix(message, "yaml: "))}
}

// Objects are the Kubernetes objects of the file, those within a List included.
func (f *File) Objects() []Object {
	var all []Object
	for _, document := range f.documents {
		o := objectAt(document)
		items := child(document, "items")
		if !strings.HasSuffix(o.Kind, "List") || items == nil || items.Kind != yaml.SequenceNode {
			all = append(all, o)
			continue
		}
		for _, item := range items.Content {
			all = append(all, objectAt(item))
		}
	}
	return all
}

func objectAt(node *yaml.Node) Object {
	metadata := child(node, "metadata")
	return Object{
		APIVersion: scalarAt(node, "apiVersion"), Kind: scalarAt(node, "kind"),
		Name: scalarAt(metadata, "name"), Namespace: scalarAt(metadata, "namespace"),
		Line: node.Line, node: node,
	}
}

func scalarAt(node *yaml.Node, key string) string {
	if value := child(node, key); value != nil && value.Kind == yaml.ScalarNode {
		return value.Value
	}
	return ""
}

// child is the value of a key of a mapping, or nil.
func child(node *yaml.Node, key string) *yaml.Node {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// Content is the object as JSON would decode it: of a key that is repeated the last value
// counts. Repeats names those keys.
func (o Object) Content() (map[string]any, error) {
	content, err := contentOf(withoutRepeats(o.node))
	if err != nil {
		return nil, err
	}
	object, ok := content.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	return object, nil
}

// Edit returns the text of the file with edits of one of its objects.
func (f *File) Edit(kind, name string, edits ...Edit) ([]byte, error) {
	current := f
	for _, e := range edits {
		changed, err := current.edit(kind, name, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %s %s: %w", f.Name, kind, name, err)
		}
		current = changed
	}
	return current.text.bytes(), nil
}

func (f *File) edit(kind, name string, e Edit) (*File, error) {
	before := f.Objects()
	at := -1
	for i, o := range before {
		if o.Kind == kind && o.Name == name {
			at = i
		}
	}
	if at < 0 {
		return nil, errors.New("it is not in this file")
	}
	splices, err := f.text.splices(before[at].node, e)
	if err != nil {
		return nil, err
	}
	after, err := Parse(f.Name, f.text.with(splices))
	if err != nil {
		return nil, fmt.Errorf("%s can't be changed in place, change it by hand: %w", e, err)
	}
	if err := verify(before, after.Objects(), at, e); err != nil {
		return nil, err
	}
	return after, nil
}

// verify makes sure that only the edit was made, and nothing else.
func verify(before, after []Object, at int, e Edit) error {
	if len(before) != len(after) {
		return fmt.Errorf("%s can't be changed in place, change it by hand: other objects of the file would change", e)
	}
	for i := range before {
		was, err := contentOf(before[i].node)
		if err != nil {
			return err
		}
		is, err := contentOf(after[i].node)
		if err != nil {
			return err
		}
		if i == at {
			if was, err = e.apply(was, e.Path); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(was, is) {
			return fmt.Errorf("%s can't be changed in place, change it by hand: more than that would change", e)
		}
	}
	return nil
}

// AddDocument returns the text of the file with one more document at its end.
func (f *File) AddDocument(document []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Write(f.text.bytes())
	if len(f.text.body) > 0 && !bytes.HasSuffix(f.text.body, []byte("\n")) {
		b.WriteString(f.text.newline)
	}
	if len(f.documents) > 0 {
		b.WriteString("---" + f.text.newline)
	}
	b.Write(bytes.ReplaceAll(document, []byte("\n"), []byte(f.text.newline)))
	after, err := Parse(f.Name, b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: a document can't be added at its end, add it by hand: %w", f.Name, err)
	}
	if len(after.documents) != len(f.documents)+1 {
		return nil, fmt.Errorf("%s: a document can't be added at its end, add it by hand", f.Name)
	}
	return b.Bytes(), nil
}

// contentOf decodes a node. Times stay text, as in JSON, and whole numbers are int64.
func contentOf(node *yaml.Node) (any, error) {
	var content any
	if err := timesAsText(node, map[*yaml.Node]*yaml.Node{}).Decode(&content); err != nil {
		return nil, err
	}
	return normal(content)
}

// timesAsText is a copy of the node in which times are strings. Each node is copied once,
// however many aliases lead to it.
func timesAsText(node *yaml.Node, copies map[*yaml.Node]*yaml.Node) *yaml.Node {
	if node == nil || copies[node] != nil {
		return copies[node]
	}
	fresh := *node
	copies[node] = &fresh
	if fresh.Kind == yaml.ScalarNode && fresh.Tag == "!!timestamp" {
		fresh.Tag = "!!str"
	}
	fresh.Alias = timesAsText(node.Alias, copies)
	fresh.Content = make([]*yaml.Node, len(node.Content))
	for i, c := range node.Content {
		fresh.Content[i] = timesAsText(c, copies)
	}
	return &fresh
}

func normal(content any) (any, error) {
	switch v := content.(type) {
	case int:
		return int64(v), nil
	case []any:
		for i := range v {
			inner, err := normal(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = inner
		}
		return v, nil
	case map[string]any:
		for key := range v {
			inner, err := normal(v[key])
			if err != nil {
				return nil, err
			}
			v[key] = inner
		}
		return v, nil
	case map[any]any:
		return nil, errors.New("keys of an object must be text: put them in quotes")
	}

	return content, nil
}
