// Package bulletin is what plans say to pipelines, and to those who read a merge request. It is pure.
//
//   - bulletin.go: what there is to say, and how it came out.
//   - people.go: who gets a version, and who does not, in a line.
//   - text.go, markdown.go, scan.go, junit.go: how it is written.
package bulletin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/review"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/sarif"
)

// Version of the shape that JSON and YAML have. Fields may be added to it; one that goes, or means something else,
// makes another version.
const Version = 1

// Outcome is how plans came out.
type Outcome string

// The outcomes.
const (
	Nothing Outcome = "Nothing"
	Changes Outcome = "Changes"
	Broken  Outcome = "Broken"
)

// Bulletin is what there is to say.
type Bulletin struct {
	Version int     `json:"version"`
	Outcome Outcome `json:"outcome"`
	// Faults are to be fixed before anything is foreseen for sure.
	Faults []Fault `json:"faults"`
	Plans  []Plan  `json:"plans"`
	// Edits are objects that differ besides, where two folders are compared.
	Edits []outlook.Edit `json:"edits,omitempty"`
}

// Plan is what one promotion comes to.
type Plan struct {
	outlook.Outlook

	// Headline sums it up for people.
	Headline string `json:"headline"`
	// Place is where the version of the channel is written.
	Place manifest.Place `json:"-"`
}

// Fault is something wrong in an object or a file.
type Fault struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Object is its kind and name; empty where the fault is about a file, or about the question.
	Object  string `json:"object,omitempty"`
	Message string `json:"message"`
}

// String is the fault in a line.
func (f Fault) String() string {
	return (&manifest.FaultError{Place: manifest.Place{File: f.File, Line: f.Line}, Object: f.Object, Err: errors.New(f.Message)}).Error()
}

// Of is the bulletin of plans. Edits are what differs besides them, and faults what is wrong besides.
func Of(plans []Plan, edits []outlook.Edit, faults []review.Finding) *Bulletin {
	b := &Bulletin{Version: Version, Outcome: Nothing, Faults: []Fault{}, Plans: []Plan{}, Edits: edits}
	for i := range plans {
		p := plans[i]
		p.Headline = headline(&p.Outlook)
		b.Plans = append(b.Plans, p)
		for _, f := range p.Faults {
			b.add(found(f))
		}
		if p.Moves() {
			b.Outcome = Changes
		}
	}
	for _, f := range faults {
		b.add(found(f))
	}
	if len(edits) > 0 {
		b.Outcome = Changes
	}
	if len(b.Faults) > 0 {
		b.Outcome = Broken
	}
	return b
}

// Failed is the bulletin where nothing could be planned, for these reasons.
func Failed(reasons []error) *Bulletin {
	b := &Bulletin{Version: Version, Outcome: Broken, Faults: []Fault{}, Plans: []Plan{}}
	for _, err := range reasons {
		fault := Fault{Message: err.Error()}
		var of *manifest.FaultError
		if errors.As(err, &of) {
			fault = Fault{File: of.Place.File, Line: of.Place.Line, Object: of.Object, Message: of.Err.Error()}
		}
		b.add(fault)
	}
	return b
}

// CountFaults says how many faults there are.
func (b *Bulletin) CountFaults() string { return count(len(b.Faults), "fault", "faults") }

func found(f review.Finding) Fault {
	return Fault{File: f.Place.File, Line: f.Place.Line, Object: f.Kind + " " + f.Name, Message: f.Message}
}

// add adds a fault, once, as several plans may rest on one object.
func (b *Bulletin) add(f Fault) {
	if !slices.Contains(b.Faults, f) {
		b.Faults = append(b.Faults, f)
	}
}

// Formats are the ways to write a bulletin besides text.
func Formats() []string { return []string{"json", "yaml", "markdown", "sarif", "junit"} }

// Write writes a bulletin in one of the formats; program is the version of this program.
func (b *Bulletin) Write(out io.Writer, format, program string) error {
	var data []byte
	var err error
	switch format {
	case "json":
		data, err = json.MarshalIndent(b, "", "  ")
		data = append(data, '\n')
	case "yaml":
		data, err = yaml.Marshal(b)
	case "markdown":
		data = b.markdown()
	case "sarif":
		data, err = sarif.Write(b.results(), program)
		data = append(data, '\n')
	case "junit":
		data, err = b.junit()
	default:
		return fmt.Errorf("there is no format %q", format)
	}
	if err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	_, err = out.Write(data)
	return err
}
