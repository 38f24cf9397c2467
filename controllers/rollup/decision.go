package rollup

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/reference"
	"github.com/allmenning/allmenning/internal/resolution"
)

// misdecided finds what a person must fix in a municipality's own decisions.
func (c country) misdecided(m *v1alpha1.Municipality, places []place, now time.Time) []string {
	verdicts := make([]resolution.Verdict, len(places))
	for i := range places {
		verdicts[i] = places[i].verdict
	}
	return reference.Decisions(m, verdicts, reference.Catalogue{Apps: c.offered(), Networks: c.networks}, now)
}
