package bundle

import (
	"errors"

	"github.com/allmenning/allmenning/internal/parameters"
)

// redact takes the values of parameters out of an error of kustomize, which likes to quote what it
// could not use. An error without them stays as it is.
func redact(err error, given map[string]any) error {
	text := err.Error()
	clean := parameters.Hide(text, given)
	if clean == text {
		return err
	}
	return errors.New(clean)
}
