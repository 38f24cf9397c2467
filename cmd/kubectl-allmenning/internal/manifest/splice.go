package manifest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// splices makes an edit of an object into changes of the text.
func (t text) splices(object *yaml.Node, e Edit) ([]splice, error) {
	found := []*yaml.Node{object}
	rest := e.Path
	for len(rest) > 0 {
		next, err := step(found[len(found)-1], rest[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e, err)
		}
		if next == nil {
			break
		}
		found, rest = append(found, next), rest[1:]
	}

	var s []splice
	var err error
	switch {
	case e.Append:
		s, err = t.add(object, found, rest, e.Value)
	case len(rest) > 0:
		err = errors.New("it is not there, so it can't be changed: add it by hand")
	default:
		s, err = t.replace(found[len(found)-1], e.Value)
	}

	if err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	return s, nil
}

// step goes one level down, to nil where that is not there yet.
func step(from *yaml.Node, s Step) (*yaml.Node, error) {
	if from.Kind == yaml.AliasNode {
		return nil, errors.New("it is an alias of another place in the file: change that place by hand")
	}
	if s.By == "" {
		return child(from, s.Key), nil
	}
	for _, item := range from.Content {
		if scalarAt(item, s.By) == s.Is {
			return item, nil
		}
	}
	return nil, fmt.Errorf("there is no item whose %s is %s", s.By, s.Is)
}

// replace writes another text or number in the place of one, with the same quotes.
func (t text) replace(n *yaml.Node, value any) ([]splice, error) {
	if n.Kind != yaml.ScalarNode || n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return nil, errUnplaced
	}
	from, err := t.start(n)
	if err != nil {
		return nil, err
	}
	to, err := t.end(n)
	if err != nil {
		return nil, err
	}
	written := scalar(value, n.Style)
	if from == to {
		written = " " + written
	}
	return []splice{{from: from, to: to, text: written}}, nil
}

// add appends to the list at the end of the path: found are the nodes on the way, and
// rest what is not there yet.
func (t text) add(object *yaml.Node, found []*yaml.Node, rest []Step, value any) ([]splice, error) {
	last := found[len(found)-1]
	switch {
	case last.Kind == yaml.AliasNode:
		return nil, errors.New("it is an alias of another place in the file: change that place by hand")
	case isHole(last):
		return t.fill(object, found, rest, value)
	case last.Style&yaml.FlowStyle != 0:
		return t.addToFlow(last, rest, value)
	case len(rest) == 0 && last.Kind == yaml.SequenceNode:
		return t.addToList(last, value)
	case len(rest) > 0 && last.Kind == yaml.MappingNode:
		at, err := t.end(last)
		if err != nil {
			return nil, err
		}
		indent := last.Column - 1
		written := block(rest, indent, indentsLists(object), flow(value, 0), t.newline)
		at = t.endOfBlock(at, indent)
		return []splice{{from: at, to: at, text: written}}, nil
	}
	return nil, errUnplaced
}

// isHole is true of null, [] and {}.
func isHole(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode {
		return n.Tag == "!!null"
	}
	return len(n.Content) == 0
}

// fill writes lines below a key that has nothing, or the value itself where the key
// is within brackets.
func (t text) fill(object *yaml.Node, found []*yaml.Node, rest []Step, value any) ([]splice, error) {
	hole := found[len(found)-1]
	from, err := t.start(hole)
	if err != nil {
		return nil, err
	}

	to, err := t.end(hole)
	if err != nil {
		return nil, err
	}
	if len(found) < 2 || found[len(found)-2].Kind != yaml.MappingNode {
		return nil, errUnplaced
	}

	around := found[len(found)-2]
	if around.Style&yaml.FlowStyle != 0 {
		written := nested(rest, true, value, keyStyle(around))
		if from == to {
			written = " " + written
		}
		return []splice{{from: from, to: to, text: written}}, nil
	}

	indent, indented := around.Column-1, indentsLists(object)
	if len(rest) > 0 || indented {
		indent += 2
	}

	for from > 0 && from < to && t.body[from-1] == ' ' {
		from--
	}

	end := t.endOfLine(t.lineOf(to))
	written := block(rest, indent, indented, flow(value, 0), t.newline)
	return []splice{{from: from, to: to}, {from: end, to: end, text: written}}, nil
}

// addToFlow writes behind the last part of what is in brackets.
func (t text) addToFlow(n *yaml.Node, rest []Step, value any) ([]splice, error) {
	last := n.Content[len(n.Content)-1]
	at, err := t.end(last)
	if err != nil {
		return nil, err
	}
	var written string
	switch {
	case n.Kind == yaml.SequenceNode && len(rest) == 0:
		written = flow(value, keyStyle(last))
	case n.Kind == yaml.MappingNode && len(rest) > 0:
		style := keyStyle(n)
		written = scalar(rest[0].Key, style) + ": " + nested(rest[1:], true, value, style)
	default:
		return nil, errUnplaced
	}
	return []splice{{from: at, to: at, text: ", " + written}}, nil
}

// keyStyle is how the first key of an object, or a text, is quoted.
func keyStyle(n *yaml.Node) yaml.Style {
	if n.Kind == yaml.MappingNode && len(n.Content) > 0 {
		return n.Content[0].Style & yaml.DoubleQuotedStyle
	}
	if n.Kind == yaml.ScalarNode {
		return n.Style
	}
	return 0
}

// addToList writes one more item below the last, in the way that the last is written.
func (t text) addToList(list *yaml.Node, value any) ([]splice, error) {
	last := list.Content[len(list.Content)-1]
	at, err := t.end(last)
	if err != nil {
		return nil, err
	}
	dash := list.Column - 1
	gap := 1
	if start, err := t.start(last); err == nil && t.lineOf(start) == last.Line-1 && last.Column-2-dash > 0 {
		gap = last.Column - 2 - dash
	}
	at = t.endOfBlock(at, dash)
	head := t.newline + strings.Repeat(" ", dash) + "-" + strings.Repeat(" ", gap)
	return []splice{{from: at, to: at, text: head + t.item(last, value, dash+1+gap)}}, nil
}

// item writes an item as its neighbour is written: on a line of its own, or with a line
// for each field.
func (t text) item(neighbour *yaml.Node, value any, indent int) string {
	fields, ok := value.([]Field)
	if !ok {
		return scalar(value, keyStyle(neighbour))
	}
	if neighbour.Kind != yaml.MappingNode || neighbour.Style&yaml.FlowStyle != 0 {
		return flow(value, keyStyle(neighbour))
	}
	lines := make([]string, len(fields))
	for i, f := range fields {
		lines[i] = f.Key + ": " + flow(f.Value, 0)
	}
	return strings.Join(lines, t.newline+strings.Repeat(" ", indent))
}

// indentsLists says whether lists stand further in than the key that they belong to, as
// the first list of the object does. Where there is none, they do not.
func indentsLists(object *yaml.Node) bool {
	indents, _ := firstList(object)
	return indents
}

func firstList(n *yaml.Node) (indents, found bool) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			if indents, found = firstList(c); found {
				return indents, true
			}
		}
		return false, false
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if value.Kind == yaml.SequenceNode && value.Style&yaml.FlowStyle == 0 && value.Line > key.Line {
			return value.Column > key.Column, true
		}
		if indents, found = firstList(value); found {
			return indents, true
		}
	}
	return false, false
}
