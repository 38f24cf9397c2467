package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// minSecret is the shortest text that is looked for in an error. Anything shorter would be found in
// ordinary words, and is no secret anybody could rely on.
const minSecret = 4

// redact takes the values of parameters out of an error of kustomize, which likes to quote what it
// could not use. An error without them stays as it is.
func redact(err error, parameters map[string]any) error {
	text := err.Error()
	clean := text
	values := leaves(nil, parameters)
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range values {
		clean = strings.ReplaceAll(clean, value, "(hidden)")
	}
	if clean == text {
		return err
	}
	return errors.New(clean)
}

// leaves collects the texts of a value that could show in an error, lines on their own: an error
// may quote a text of several lines.
func leaves(found []string, value any) []string {
	switch value := value.(type) {
	case nil, bool:
	case map[string]any:
		for _, child := range value {
			found = leaves(found, child)
		}
	case []any:
		for _, child := range value {
			found = leaves(found, child)
		}
	default:
		for line := range strings.Lines(fmt.Sprint(value)) {
			if line = strings.TrimSpace(line); len(line) >= minSecret {
				found = append(found, line)
			}
		}
	}
	return found
}
