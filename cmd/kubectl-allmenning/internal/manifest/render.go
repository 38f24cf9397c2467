package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// bare matches text that may need no quotes, within brackets either.
var bare = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/+-]*$`)

// oldBooleans are read as true and false by readers of YAML 1.1.
var oldBooleans = []string{"y", "n", "yes", "no", "on", "off"}

// scalar writes a text or a number, with quotes as in style where it is a text, and
// with double quotes where it needs some.
func scalar(value any, style yaml.Style) string {
	if number, ok := value.(int64); ok {
		return strconv.FormatInt(number, 10)
	}
	said := fmt.Sprint(value)
	switch {
	case style&yaml.SingleQuotedStyle != 0:
		return "'" + strings.ReplaceAll(said, "'", "''") + "'"
	case style&yaml.DoubleQuotedStyle == 0 && isBare(said):
		return said
	}
	return strconv.Quote(said)
}

func isBare(said string) bool {
	if !bare.MatchString(said) || slices.Contains(oldBooleans, strings.ToLower(said)) {
		return false
	}
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(said), &node); err != nil || len(node.Content) != 1 {
		return false
	}
	return node.Content[0].Tag == "!!str"
}

// flow writes a value on one line. The style is that of keys: quoted in JSON.
func flow(value any, keys yaml.Style) string {
	fields, ok := value.([]Field)
	if !ok {
		return scalar(value, keys)
	}
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = scalar(f.Key, keys) + ": " + flow(f.Value, keys)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// nested wraps a value in keys that are not there yet, the outermost first, on one line.
func nested(keys []Step, list bool, value any, style yaml.Style) string {
	written := flow(value, style)
	if list {
		written = "[" + written + "]"
	}
	for _, key := range slices.Backward(keys) {
		written = "{" + scalar(key.Key, style) + ": " + written + "}"
	}
	return written
}

// block writes keys that are not there yet, each on a line, and below them the item of
// a list. The first key, or the item where there are no keys, is at the indent.
func block(keys []Step, indent int, indentLists bool, item, newline string) string {
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(newline + strings.Repeat(" ", indent) + scalar(key.Key, 0) + ":")
		indent += 2
	}
	if len(keys) > 0 && !indentLists {
		indent -= 2
	}
	b.WriteString(newline + strings.Repeat(" ", indent) + "- " + item)
	return b.String()
}
