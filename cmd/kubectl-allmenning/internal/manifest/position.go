package manifest

import (
	"bytes"
	"errors"
	"slices"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// text is what a file holds, with the places where its lines begin.
type text struct {
	mark    []byte
	body    []byte
	lines   []int
	newline string
}

func newText(data []byte) text {
	t := text{body: data, newline: "\n"}
	if bytes.HasPrefix(data, byteOrderMark) {
		t.mark, t.body = data[:len(byteOrderMark)], data[len(byteOrderMark):]
	}
	if bytes.Contains(t.body, []byte("\r\n")) {
		t.newline = "\r\n"
	}
	t.lines = []int{0}
	for i, b := range t.body {
		if b == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

func (t text) bytes() []byte { return slices.Concat(t.mark, t.body) }

// eachDocument is the text once for each of its documents, with all other lines emptied, so
// that lines keep their numbers. Documents of nothing but comments are left out.
func (t text) eachDocument() [][]byte {
	var begins []int
	for number := range t.lines {
		if number == 0 || isMarker(t.line(number)) {
			begins = append(begins, number)
		}
	}

	var all [][]byte
	for i, first := range begins {
		from, to := t.lines[first], len(t.body)
		if i+1 < len(begins) {
			to = t.lines[begins[i+1]]
		}
		if holdsSomething(t.body[from:to]) {
			all = append(all, append(bytes.Repeat([]byte("\n"), first), t.body[from:to]...))
		}
	}
	return all
}

// isMarker says whether a line begins a document, which "---" does in any YAML text.
func isMarker(line []byte) bool {
	rest, begins := bytes.CutPrefix(line, []byte("---"))
	return begins && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t')
}

// holdsSomething says whether a document has more than markers, comments and directives.
func holdsSomething(document []byte) bool {
	for line := range bytes.Lines(document) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !bytes.Equal(line, []byte("---")) {
			return true
		}
	}
	return false
}

// splice puts other text in the place of body[from:to].
type splice struct {
	from, to int
	text     string
}

// with is the text after splices, none of which overlap.
func (t text) with(splices []splice) []byte {
	slices.SortFunc(splices, func(a, b splice) int { return a.from - b.from })
	var b bytes.Buffer
	b.Write(t.mark)
	end := 0
	for _, s := range splices {
		b.Write(t.body[end:s.from])
		b.WriteString(s.text)
		end = s.to
	}
	b.Write(t.body[end:])
	return b.Bytes()
}

// start is where a node begins, after its tag and anchor.
func (t text) start(n *yaml.Node) (int, error) {
	if n.Line < 1 || n.Line > len(t.lines) {
		return 0, errUnplaced
	}
	at := t.lines[n.Line-1]
	for range n.Column - 1 {
		if at >= len(t.body) {
			return 0, errUnplaced
		}
		_, size := utf8.DecodeRune(t.body[at:])
		at += size
	}
	return t.afterProperties(at), nil
}

// afterProperties passes over a tag and an anchor.
func (t text) afterProperties(at int) int {
	for at < len(t.body) && (t.body[at] == '&' || t.body[at] == '!') {
		word := bytes.IndexAny(t.body[at:], " \t\r\n")
		if word < 0 {
			return len(t.body)
		}
		at += word
		at += len(t.body[at:]) - len(bytes.TrimLeft(t.body[at:], " \t"))
	}
	return at
}

var errUnplaced = errors.New("it is written in a way that can't be changed in place: change it by hand")

// end is where a node ends. Of a block of text, "|" or ">", it is where that begins.
func (t text) end(n *yaml.Node) (int, error) {
	at, err := t.start(n)
	if err != nil {
		return 0, err
	}
	switch n.Kind {
	case yaml.AliasNode:
		return at + 1 + len(n.Value), nil
	case yaml.ScalarNode:
		return t.endOfScalar(n, at)
	case yaml.MappingNode, yaml.SequenceNode:
		if n.Style&yaml.FlowStyle != 0 {
			return t.endOfFlow(n, at)
		}
		if len(n.Content) == 0 {
			return at, nil
		}
		return t.end(n.Content[len(n.Content)-1])
	case yaml.DocumentNode:
	}
	return 0, errUnplaced
}

func (t text) endOfScalar(n *yaml.Node, at int) (int, error) {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return at, nil
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return t.endOfDoubleQuotes(at)
	case n.Style&yaml.SingleQuotedStyle != 0:
		return t.endOfSingleQuotes(at)
	case bytes.HasPrefix(t.body[at:], []byte(n.Value)):
		return at + len(n.Value), nil
	}
	return 0, errUnplaced
}

func (t text) endOfDoubleQuotes(at int) (int, error) {
	for i := at + 1; i < len(t.body); i++ {
		switch t.body[i] {
		case '\\':
			i++
		case '"':
			return i + 1, nil
		}
	}
	return 0, errUnplaced
}

// endOfSingleQuotes minds that two quotes within stand for one.
func (t text) endOfSingleQuotes(at int) (int, error) {
	for i := at + 1; i < len(t.body); i++ {
		if t.body[i] != '\'' {
			continue
		}
		if i+1 == len(t.body) || t.body[i+1] != '\'' {
			return i + 1, nil
		}
		i++
	}
	return 0, errUnplaced
}

// endOfFlow is behind the closing bracket.
func (t text) endOfFlow(n *yaml.Node, at int) (int, error) {
	closing := byte('}')
	if n.Kind == yaml.SequenceNode {
		closing = ']'
	}

	at++
	if len(n.Content) > 0 {
		var err error
		if at, err = t.end(n.Content[len(n.Content)-1]); err != nil {
			return 0, err
		}
	}

	for ; at < len(t.body); at++ {
		switch t.body[at] {
		case closing:
			return at + 1, nil
		case '#':
			for at+1 < len(t.body) && t.body[at+1] != '\n' {
				at++
			}
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return 0, errUnplaced
		}
	}
	return 0, errUnplaced
}

// lineOf is the number of the line, from 0, that a byte is on.
func (t text) lineOf(at int) int {
	line, found := slices.BinarySearch(t.lines, at)
	if !found {
		line--
	}
	return line
}

// line is one line without its line break.
func (t text) line(number int) []byte {
	end := len(t.body)
	if number+1 < len(t.lines) {
		end = t.lines[number+1] - 1
	}
	return bytes.TrimSuffix(t.body[t.lines[number]:end], []byte("\r"))
}

// endOfLine is where a line's own text ends.
func (t text) endOfLine(number int) int { return t.lines[number] + len(t.line(number)) }

// endOfBlock is the end of the last line of what is written, from a byte on, further in
// than an indent.
func (t text) endOfBlock(from, indent int) int {
	last := t.lineOf(from)
	for number := last + 1; number < len(t.lines); number++ {
		line := t.line(number)
		inner := bytes.TrimLeft(line, " ")
		if len(inner) == 0 {
			continue
		}
		if len(line)-len(inner) <= indent {
			break
		}
		last = number
	}
	return t.endOfLine(last)
}
