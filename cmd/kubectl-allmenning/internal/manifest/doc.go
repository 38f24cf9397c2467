// Package manifest changes single values in YAML files and leaves every other byte as
// it is: comments, blank lines, the order of keys, quotes, and how lists are indented.
//
// A YAML library that reads a file and writes it again keeps none of these for sure.
// So a file is parsed only to learn where things are, and the change is made to its
// text. Afterwards the new text is parsed too: it must say what the old one said, with
// the change and nothing else, or the edit is refused.
//
//   - file.go: a file, its documents, and the objects in them.
//   - fault.go: something wrong, and where. line.go: the line of a field. repeat.go: keys that are there twice.
//   - edit.go: what may be changed, as a value, and what it means.
//   - splice.go: the same change, made to text.
//   - position.go: where a node of a document begins and ends.
//   - render.go: how a new value is written.
package manifest
