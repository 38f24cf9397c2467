package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// sumsFile lists all other files of a release, in the form of `sha256sum --check`.
const sumsFile = "SHA256SUMS"

// sums writes the checksums of all files that are there.
func (r *release) sums(context.Context) error {
	entries, err := os.ReadDir(r.folder)
	if err != nil {
		return err
	}
	var lines strings.Builder
	for _, e := range entries {
		sum, err := sumOf(r.file(e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&lines, "%s  %s\n", sum, e.Name())
	}
	return os.WriteFile(r.file(sumsFile), []byte(lines.String()), 0o644) //nolint:gosec // it is for everybody
}
