// Package sarif writes what was found in files as code scanning tools read it: SARIF 2.1.0 of OASIS.
package sarif

import (
	"encoding/json"
	"net/url"
	"path/filepath"
)

// Level says how bad a result is.
type Level string

// The levels that are used, worst first.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Result is one thing that was found.
type Result struct {
	// Rule that found it.
	Rule  string
	Level Level
	Text  string
	// File and Line are where; File is empty where it is in no file.
	File string
	Line int
}

type (
	document struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []run  `json:"runs"`
	}
	run struct {
		Results []result `json:"results"`
		Tool    tool     `json:"tool"`
	}
	tool struct {
		Driver driver `json:"driver"`
	}
	driver struct {
		InformationURI string `json:"informationUri"`
		Name           string `json:"name"`
		Version        string `json:"version"`
	}
	result struct {
		RuleID    string     `json:"ruleId"`
		Level     Level      `json:"level"`
		Message   message    `json:"message"`
		Locations []location `json:"locations,omitempty"`
	}
	message struct {
		Text string `json:"text"`
	}
	location struct {
		PhysicalLocation physical `json:"physicalLocation"`
	}
	physical struct {
		ArtifactLocation artifact `json:"artifactLocation"`
		Region           region   `json:"region"`
	}
	artifact struct {
		URI string `json:"uri"`
	}
	region struct {
		StartLine int `json:"startLine"`
	}
)

// Write is the document; version is that of this program.
func Write(results []Result, version string) ([]byte, error) {
	all := make([]result, 0, len(results))
	for _, r := range results {
		one := result{RuleID: r.Rule, Level: r.Level, Message: message{r.Text}}
		if r.File != "" {
			one.Locations = []location{{physical{artifact{address(r.File)}, region{max(r.Line, 1)}}}}
		}
		all = append(all, one)
	}
	return json.MarshalIndent(document{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []run{{
			Tool:    tool{driver{Name: "kubectl-allmenning", Version: version, InformationURI: "https://github.com/allmenning/allmenning"}},
			Results: all,
		}},
	}, "", "  ")
}

// address is a file as a URI: of a file that was named from the working folder it is relative, as code scanning
// tools find it from the root of the repository.
func address(file string) string {
	u := url.URL{Path: filepath.ToSlash(filepath.Clean(file))}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
