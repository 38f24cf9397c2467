package bundle

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/internal/parameters"
)

// minSecret is the shortest text that is looked for in an error. Anything shorter would be found in
// ordinary words, and is no secret anybody could rely on.
const minSecret = 4

// redact takes the values of parameters out of an error of kustomize, which likes to quote what it
// could not use. An error without them stays as it is.
func redact(err error, given map[string]any) error {
	text := err.Error()
	clean := text
	values := slices.DeleteFunc(parameters.Texts(given), func(text string) bool { return len(text) < minSecret })
	slices.SortFunc(values, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, value := range values {
		clean = strings.ReplaceAll(clean, value, "(hidden)")
	}
	if clean == text {
		return err
	}
	return errors.New(clean)
}
