package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// readNotes returns what the changelog says of a version. A pre-release may say what is not released yet.
func readNotes(file string, version *semver.Version) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	notes, isThere := section(string(text), version.String())
	if !isThere && version.Prerelease() != "" {
		notes, isThere = section(string(text), "Unreleased")
	}
	switch {
	case !isThere:
		return "", fmt.Errorf("%s has no section %q: give what is in [Unreleased] that heading, with the date behind it", file, "## ["+version.String()+"]")
	case notes == "":
		return "", fmt.Errorf("%s says nothing below %q: write what users notice", file, "## ["+version.String()+"]")
	}
	return notes + "\n", nil
}

// section is the text below a heading of the second level, up to the next one, in the form of Keep a Changelog.
func section(text, name string) (string, bool) {
	var lines []string
	inside, seen := false, false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "## ") {
			inside = strings.HasPrefix(line, "## ["+name+"]")
			seen = seen || inside
			continue
		}
		if inside {
			lines = append(lines, line)
		}
	}
	return strings.TrimSpace(strings.Join(lines, "")), seen
}
