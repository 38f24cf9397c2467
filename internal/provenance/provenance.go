// Package provenance says what a program was built from.
package provenance

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// The linker sets these, by flags of hack/program and the Makefile. What is not set is read from the build information of Go.
var (
	version = "dev"
	commit  string
	date    string
)

// Provenance is what a program was built from. What nobody knows is empty.
type Provenance struct {
	Version string
	// Commit is its whole hash.
	Commit string
	// Date is when it was committed, in RFC 3339. It is not when the program was built, so that two builds of one
	// commit are the same.
	Date string
	// Go is the version of the tool chain.
	Go string
}

// OfThisProgram returns what the running program was built from.
func OfThisProgram() Provenance {
	p := Provenance{Version: version, Commit: commit, Date: date, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok || p.Commit != "" {
		return p
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			p.Commit = s.Value
		case "vcs.time":
			p.Date = s.Value
		}
	}
	return p
}

// String is what --version prints.
func (p Provenance) String() string {
	if p.Commit == "" {
		return fmt.Sprintf("%s (%s)", p.Version, p.Go)
	}
	return fmt.Sprintf("%s (commit %s of %s, %s)", p.Version, p.Commit, p.Date, p.Go)
}
