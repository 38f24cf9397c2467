package explanation_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/explanation"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

var update = flag.Bool("update", false, "write the golden files")

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func load(t *testing.T) *world.World { return loadFile(t, "world") }

func loadFile(t *testing.T, name string) *world.World {
	t.Helper()
	files, err := world.ReadFolder("testdata/"+name+".yaml", nil)
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
	if diff := gocmp.Diff(string(want), string(got)); diff != "" {
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
		{"one that is frozen", "oslo-frozen.txt", "oslo", "kobo", 0, func(w *world.World) {
			for i := range w.Municipalities {
				w.Municipalities[i].Spec.Suspend = v1alpha1.SuspensionFreeze
			}
		}},
		{"somebody who may read no more than the municipality and its installations", "vinje-tenant.txt", "vinje", "", 0, func(w *world.World) {
			w.Offline, w.Apps, w.Networks, w.Rollouts = false, nil, nil, nil
			w.Unread = []world.Kind{world.SharedApps, world.Networks, world.Rollouts}
			w.Notes = []string{"You may not read SharedApps, so what depends on them is not shown."}
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

// TestExplainStopped is about a country in which much is stopped, and about moves of a municipality's own.
func TestExplainStopped(t *testing.T) {
	for _, tc := range []struct{ reason, municipality string }{
		{"the platform is paused, frozen and suspended, and who asks only observes", "telemark"},
		{"a hold without a version, and a pause", "fyresdal"},
		{"moves of its own, at once, that returned and that are stuck", "bamble"},
		{"one that goes first for others, in the newest Rollout; what was healthy was another version", "kragero"},
		{"a hold of another version than the one that is kept", "porsgrunn"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := loadFile(t, "stopped")
			m, err := w.Municipality(tc.municipality)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			explanation.Print(&out, explanation.Of(w, m, "", noon), 0)
			golden(t, tc.municipality+".txt", out.Bytes())
		})
	}
}

// TestExplainConsent is about municipalities that say several things at once.
func TestExplainConsent(t *testing.T) {
	for _, tc := range []struct{ reason, municipality string }{
		{"a deferral and a hold of one environment that ran out, where those of all are in force", "hjartdal"},
		{"an environment that declines for the reason that is given for all, and a freeze that goes on in the next", "tinn"},
		{"one that follows the network which took the place of the one that it names", "kviteseid"},
		{"one that adopts as a network proposes it that nobody knows", "seljord"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := loadFile(t, "consent")
			m, err := w.Municipality(tc.municipality)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			explanation.Print(&out, explanation.Of(w, m, "", noon), 0)
			golden(t, tc.municipality+".txt", out.Bytes())
		})
	}
}

// TestZones names the environment that has another zone than its spec says.
func TestZones(t *testing.T) {
	w := load(t)
	for i := range w.Municipalities {
		m := &w.Municipalities[i]
		if m.Name != "vinje" {
			continue
		}
		m.Spec.Environments[0].Zone = v1alpha1.ZoneOpen
		m.Status.Environments = []v1alpha1.EnvironmentStatus{{
			Name: m.Spec.Environments[0].Name, State: v1alpha1.EnvironmentReady, Zone: v1alpha1.ZoneClosed, Message: "decline journal",
		}}
		want := "environment " + m.Spec.Environments[0].Name + " is Closed, and spec.environments says Open: decline journal"
		if got := explanation.Of(w, m, "", noon).Notes; !slices.Contains(got, want) {
			t.Errorf("notes %q, want %q among them", got, want)
		}
		return
	}
	t.Fatal("there is no vinje")
}

// TestNotes shows what a rollout notes of a municipality in sentences.
func TestNotes(t *testing.T) {
	since := new(metav1.NewTime(noon))
	for _, tc := range []struct {
		reason string
		list   string
		note   v1alpha1.MemberNote
		want   string
	}{
		{"it returned", "failed", v1alpha1.MemberNote{Reason: "Returned", Message: "returned to 1.0.0, as 1.1.0 failed: no pods", Since: since},
			"vinje returned to 1.0.0, as 1.1.0 failed: no pods (since 2026-11-22T12:00:00Z)."},
		{"it stays", "failed", v1alpha1.MemberNote{Reason: "Stuck", Message: "1.1.0 failed: no pods; it stays as it is, as it is the version that was verified here last"},
			"In vinje 1.1.0 failed: no pods; it stays as it is, as it is the version that was verified here last."},
		{"it fails now", "failed", v1alpha1.MemberNote{Reason: "Unhealthy", Message: "prod was not healthy by noon"}, "vinje failed: prod was not healthy by noon."},
		{"it left", "failed", v1alpha1.MemberNote{Reason: "Left", Message: "failed, and left the group afterwards"}, "vinje failed, and left the group afterwards."},
		{"it declines", "excused", v1alpha1.MemberNote{Reason: "Declined", Message: "declined: own system"}, "vinje is excused, as the app is declined: own system."},
		{"it holds", "excused", v1alpha1.MemberNote{Reason: "Held", Message: "held at 1.0.0: audit"}, "vinje is excused, as the app is held at 1.0.0: audit."},
		{"it is suspended", "excused", v1alpha1.MemberNote{Reason: "Suspended", Message: "the Municipality is suspended (spec.suspend)"}, "vinje is excused: the Municipality is suspended (spec.suspend)."},
		{"nobody says why", "excused", v1alpha1.MemberNote{Reason: "Ahead"}, "vinje is excused (Ahead)."},
		{"it soaks", "moving", v1alpha1.MemberNote{Reason: "Soaking", Message: "prod is healthy, and soaks until noon"}, "vinje is on its way: prod is healthy, and soaks until noon."},
		{"between stages", "moving", v1alpha1.MemberNote{Reason: "NextStage"}, "vinje is on its way: its next stage is yet to come."},
		{"on its way, somehow", "moving", v1alpha1.MemberNote{Reason: "Installing"}, "vinje is on its way (Installing)."},
		{"somebody else", "moving", v1alpha1.MemberNote{Name: "tokke", Reason: "Installing"}, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := load(t)
			m, err := w.Municipality("vinje")
			if err != nil {
				t.Fatal(err)
			}
			tc.note.Name = cmp.Or(tc.note.Name, "vinje")
			status := &w.Rollouts[0].Status
			status.FailedMembers, status.ExcusedMembers, status.OnTheWay = nil, nil, nil
			*map[string]*[]v1alpha1.MemberNote{"failed": &status.FailedMembers, "excused": &status.ExcusedMembers, "moving": &status.OnTheWay}[tc.list] = []v1alpha1.MemberNote{tc.note}
			got := ""
			for _, link := range explanation.Of(w, m, "svarut", noon).Apps[0].Chain {
				if strings.Contains(link.Text, "1.1.0 failed") || strings.HasPrefix(link.Text, "vinje is ") || strings.HasPrefix(link.Text, "vinje failed") {
					got = link.Text
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestWaveOfWhoWasMovedInTwo names the wave that vinje counts in since the waves were edited: it was moved in wave pilot2
// in test, and in wave everyone in production.
func TestWaveOfWhoWasMovedInTwo(t *testing.T) {
	for range 20 { // what is installed has no order
		w := load(t)
		m, err := w.Municipality("vinje")
		if err != nil {
			t.Fatal(err)
		}
		n, err := w.Network("digi-tv")
		if err != nil {
			t.Fatal(err)
		}
		n.Spec.Rollout.Waves = slices.Insert(n.Spec.Rollout.Waves, 1, v1alpha1.Wave{Name: "early", Members: &v1alpha1.WaveMembers{Names: []string{"vinje"}}})
		waves := &w.Rollouts[0].Status.Waves
		*waves = append(*waves, v1alpha1.WaveStatus{Name: "early", State: v1alpha1.WaveRunning}, v1alpha1.WaveStatus{Name: "pilot2", State: v1alpha1.WaveDone})
		at := slices.IndexFunc(w.Installations, func(i v1alpha1.AppInstallation) bool { return i.Namespace == "vinje-prod" })
		inTest := *w.Installations[at].DeepCopy()
		inTest.Namespace, inTest.Spec.Tenant.Environment, inTest.Spec.Tenant.Stage = "vinje-test", "test", v1alpha1.StageTest
		w.Installations[at].Spec.Move = &v1alpha1.Move{Rollout: w.Rollouts[0].Name, Network: "digi-tv", Wave: "everyone"}
		inTest.Spec.Move = &v1alpha1.Move{Rollout: w.Rollouts[0].Name, Network: "digi-tv", Wave: "pilot2"}
		w.Installations = append(w.Installations, inTest)

		said := 0
		for _, app := range explanation.Of(w, m, "svarut", noon).Apps {
			for _, link := range app.Chain {
				if strings.HasPrefix(link.Text, "vinje takes part in wave early") {
					said++
				}
			}
		}
		if said != 2 {
			t.Fatalf("wave early is named %d times, want once for each environment", said)
		}
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
