package explanation_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/explanation"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func load(t *testing.T) *world.World {
	t.Helper()
	files, err := world.ReadFiles("testdata/world.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.FromFiles("testdata/world.yaml", files)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
	}
}

func TestExplain(t *testing.T) {
	for _, tc := range []struct {
		reason, golden, municipality, app string
		width                             int
		change                            func(*world.World)
	}{
		{"a member that waits for its wave, and of three networks follows one", "vinje.txt", "vinje", "", 120, nil},
		{"one that holds, declines in one environment, and declines in vain", "tokke.txt", "tokke", "", 0, nil},
		{"one whose deferral ran out, and whose move failed", "siljan.txt", "siljan", "", 0, nil},
		{"one in no network, with an app that nobody knows", "oslo.txt", "oslo", "", 0, nil},
		{"one that left its network, where the last move failed", "nome.txt", "nome", "", 0, nil},
		{"a hold of what is not installed, and can't be in one environment", "drangedal.txt", "drangedal", "", 0, nil},
		{"one app only, which nobody asks for", "oslo-kobo.txt", "oslo", "kobo", 0, nil},
		{"somebody who may read no more than the municipality and its installations", "vinje-tenant.txt", "vinje", "", 0, func(w *world.World) {
			w.Offline, w.Apps, w.Networks, w.Rollouts = false, nil, nil, nil
			w.Unread = []world.Kind{world.SharedApps, world.Networks, world.Rollouts}
			w.Notes = []string{"You may not read SharedApps, so what hangs on them is not told."}
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := load(t)
			if tc.change != nil {
				tc.change(w)
			}
			m, err := w.Municipality(tc.municipality)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			explanation.Print(&out, explanation.Of(w, m, tc.app, noon), tc.width)
			golden(t, tc.golden, out.Bytes())
		})
	}
}

func TestExplainForPrograms(t *testing.T) {
	w := load(t)
	m, err := w.Municipality("vinje")
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(explanation.Of(w, m, "svarut", noon), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "vinje-svarut.json", append(got, '\n'))
}
