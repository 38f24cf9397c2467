package outlook_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

var update = flag.Bool("update", false, "write the golden files")

// noon is a Sunday.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func load(t *testing.T, name string) *world.World {
	t.Helper()
	files, err := world.ReadFolder(filepath.Join("testdata", name), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.FromFolder(files)
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

func question(changes ...func(*outlook.Question)) outlook.Question {
	q := outlook.Question{
		App: "svarut", Version: "2.5.0", Channel: "stable", Install: 5 * time.Minute, Approved: true, Now: noon, Until: noon.AddDate(0, 0, 90),
	}
	for _, change := range changes {
		change(&q)
	}
	return q
}

func TestOutlook(t *testing.T) {
	for _, tc := range []struct {
		reason, golden, world string
		question              outlook.Question
		all                   bool
	}{
		{"pilot networks first, then windows, approvals, and those that do not get it", "world.txt", "world.yaml", question(), true},
		{"a network waits where nobody approves", "unapproved.txt", "world.yaml",
			question(func(q *outlook.Question) { q.Approved, q.Network = false, "digi-tv" }), false},
		{"a rollout under way is superseded", "superseded.txt", "running.yaml", question(), true},
		{"a rollout under way goes on where its version is asked for", "running.txt", "running.yaml",
			question(func(q *outlook.Question) { q.Version = "2.4.1" }), true},
		{"a rollout that is completed, one who came later, and one who declines", "completed.txt", "completed.yaml", question(func(q *outlook.Question) { q.Version = "2.4.1" }), false},
		{"faults that only a look at the whole finds", "faults.txt", "faults.yaml", question(func(q *outlook.Question) { q.Network = "zone" }), false},
		{"who has an app that nobody asks for any longer is decided on by nobody else", "optional.txt", "optional.yaml", question(), false},
		{"a network that carries enough already", "queue.txt", "queue.yaml",
			question(func(q *outlook.Question) { q.Network = "digi-tv" }), true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			o, err := outlook.Of(load(t, tc.world), tc.question)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			outlook.Print(&out, o, tc.all)
			golden(t, tc.golden, out.Bytes())
		})
	}
}

// TestOutlookRemarks is about a security fix, and about somebody who stands in for the pilot.
func TestOutlookRemarks(t *testing.T) {
	w := load(t, "running.yaml")
	w.Apps[0].Spec.Versions[1].SecurityFix = new(true)
	w.Networks[0].Spec.Rollout = &v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{
		{Name: "pilot", Members: &v1alpha1.WaveMembers{Names: []string{"tokke"}}}, {Name: "everyone", RequireApproval: new(true)},
	}}
	w.Municipalities[0].Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Reason: "year-end closing"}}}
	o, err := outlook.Of(w, question())
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	outlook.Print(&out, o, false)
	golden(t, "stand-in.txt", out.Bytes())
}

func TestOutlookForPrograms(t *testing.T) {
	o, err := outlook.Of(load(t, "running.yaml"), question())
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "superseded.json", append(got, '\n'))
}

// TestOutlookChangesNothing asks twice: what is foreseen must not become what is.
func TestOutlookChangesNothing(t *testing.T) {
	w, before := load(t, "running.yaml"), load(t, "running.yaml")
	if _, err := outlook.Of(w, question()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, w, cmpopts.IgnoreUnexported(world.World{})); diff != "" {
		t.Errorf("the world was changed (-before +after):\n%s", diff)
	}
}

func TestOutlookRefuses(t *testing.T) {
	for _, tc := range []struct {
		reason string
		change func(*outlook.Question)
		says   string
	}{
		{"no such app", func(q *outlook.Question) { q.App = "kobo" }, `no SharedApp "kobo" in testdata/world.yaml: it has svarut`},
		{"no such version", func(q *outlook.Question) { q.Version = "3.0.0" }, "SharedApp svarut has no version 3.0.0: see its spec.versions (2.4.0, 2.4.1, 2.5.0)"},
		{"a withdrawn version", func(q *outlook.Question) { q.Version = "2.4.0" }, "version 2.4.0 of SharedApp svarut is withdrawn"},
		{"no such channel", func(q *outlook.Question) { q.Channel = "beta" }, `SharedApp svarut has no channel "beta": it has stable, pilot: name one of these with --channel`},
		{"no such network", func(q *outlook.Question) { q.Network = "digi" }, `no Network "digi"`},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if _, err := outlook.Of(load(t, "world.yaml"), question(tc.change)); err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q", err, tc.says)
			}
		})
	}
}
