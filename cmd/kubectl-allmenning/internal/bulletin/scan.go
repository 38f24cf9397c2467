package bulletin

import "github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/sarif"

// results are a bulletin for code scanning: faults, and for each plan a note where the channel's version is written.
func (b *Bulletin) results() []sarif.Result {
	results := make([]sarif.Result, 0, len(b.Faults)+len(b.Plans))
	for _, f := range b.Faults {
		text := f.Message
		if f.Object != "" {
			text = f.Object + ": " + text
		}
		results = append(results, sarif.Result{Rule: "fault", Level: sarif.Error, Text: text, File: f.File, Line: f.Line})
	}
	for i := range b.Plans {
		p := &b.Plans[i]
		results = append(results, sarif.Result{Rule: "plan", Level: sarif.Note, Text: p.App + ": " + p.Headline, File: p.Place.File, Line: p.Place.Line})
	}
	return results
}
