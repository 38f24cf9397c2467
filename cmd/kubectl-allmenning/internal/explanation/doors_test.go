package explanation_test

import (
	"bytes"
	"testing"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/explanation"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// TestExplainDoors shows the doors of both sides of config/samples/doors, where nothing is installed yet.
func TestExplainDoors(t *testing.T) {
	for _, tc := range []struct{ municipality, app, golden string }{
		{"vert", "", "vert.txt"}, {"gjest", "lonn-kobling", "gjest.txt"},
	} {
		files, err := world.ReadFolder("../../../../config/samples/doors", nil)
		if err != nil {
			t.Fatal(err)
		}
		w, err := world.FromFolder(files)
		if err != nil {
			t.Fatal(err)
		}
		m, err := w.Municipality(tc.municipality)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		e := explanation.Of(w, m, tc.app, noon)
		explanation.Print(&out, e, 120)
		golden(t, tc.golden, out.Bytes())
		if len(e.Faults) > 0 {
			t.Errorf("the sample has faults: %v", e.Faults)
		}
	}
}
