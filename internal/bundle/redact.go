package bundle

import (
	"errors"

	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/parameters"
)

// hideIn takes the values of parameters out of findings.
func hideIn(found []contract.Finding, given map[string]any) {
	for i := range found {
		f := &found[i]
		f.Object, f.Problem, f.Fix = parameters.Hide(f.Object, given), parameters.Hide(f.Problem, given), parameters.Hide(f.Fix, given)
	}
}

// redact takes the values of parameters out of an error of kustomize, which likes to quote what it
// could not use. An error without them stays as it is.
func redact(err error, given map[string]any) error {
	var refused *RefusedError
	if errors.As(err, &refused) {
		hideIn(refused.Findings, given)
		return refused
	}
	text := err.Error()
	clean := parameters.Hide(withoutMarks(text), given)
	if clean == text {
		return err
	}
	return errors.New(clean)
}
