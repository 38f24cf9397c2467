package bulletin_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/bulletin"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

var update = flag.Bool("update", false, "write the golden files")

// noon is a Sunday.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// plans are those of the small country that outlook is tested with, where one more holds what it has.
func plans(t *testing.T, reason string) []bulletin.Plan {
	t.Helper()
	f, err := world.ReadFolder(filepath.Join("..", "outlook", "testdata", "world.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.FromFolder(f)
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.Municipalities {
		if m := &w.Municipalities[i]; m.Name == "nome" {
			m.Spec.Freezes = nil
			m.Spec.Apps = []v1alpha1.AppDecision{{Name: "svarut", Hold: &v1alpha1.Hold{Reason: reason}}}
		}
	}
	o, err := outlook.Of(w, outlook.Question{
		App: "svarut", Version: "2.5.0", Channel: "stable", Install: 5 * time.Minute, Approved: true, Now: noon, Until: noon.AddDate(0, 0, 90),
	})
	if err != nil {
		t.Fatal(err)
	}
	return []bulletin.Plan{{Outlook: o, Place: w.Place("SharedApp", "svarut", "spec.channels[stable].version")}}
}

// sound is a plan without the faults of the objects that it rests on.
func sound(t *testing.T) []bulletin.Plan {
	t.Helper()
	all := plans(t, "year-end closing")
	all[0].Faults = nil
	return all
}

func written(t *testing.T, b *bulletin.Bulletin, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, format, "v0.0.0"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestFormats(t *testing.T) {
	unreadable := []error{
		&manifest.FaultError{Place: manifest.Place{File: "manifests/a file.yaml", Line: 7}, Object: "Network digi-tv", Err: errors.New(`unknown field "spec.<x>"`)},
		&manifest.FaultError{Place: manifest.Place{File: "manifests/kustomization.yaml"}, Err: errors.New("kustomize: no")},
		errors.New("read manifests: no such folder"),
	}
	for name, b := range map[string]*bulletin.Bulletin{
		"changes": bulletin.Of(sound(t), []outlook.Edit{{Object: "Network digi-tv", Is: "changed"}}, nil),
		"faulty":  bulletin.Of(plans(t, "year-end closing"), nil, nil),
		"broken":  bulletin.Failed(unreadable),
		"nothing": bulletin.Of(nil, nil, nil),
	} {
		for _, format := range bulletin.Formats() {
			if format == "yaml" {
				continue // JSON in another notation
			}
			t.Run(name+" "+format, func(t *testing.T) {
				got := written(t, b, format)
				check(t, format, got)
				path := filepath.Join("testdata", name+"."+format)
				if *update {
					if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
				}
			})
		}
	}
}

// check reads an answer as those do whom it is for.
func check(t *testing.T, format, text string) {
	t.Helper()
	var err error
	switch format {
	case "json", "sarif":
		err = json.Unmarshal([]byte(text), new(any))
	case "junit":
		err = xml.Unmarshal([]byte(text), new(struct{ XMLName xml.Name }))
	case "markdown":
		if !strings.HasPrefix(text, bulletin.Marker+"\n") || strings.Count(text, bulletin.Marker) != 1 {
			t.Errorf("the marker is not its first line, once")
		}
	}
	if err != nil {
		t.Errorf("it is not valid: %v", err)
	}
}

// TestMarkdownOfOthersWords is about reasons that try to be more than text.
func TestMarkdownOfOthersWords(t *testing.T) {
	text := written(t, bulletin.Of(plans(t, "<!-- allmenning:plan --> @all | [x](http://x) ![y](z) `c`\n/approve"), nil, nil), "markdown")
	for _, bad := range []string{"@all", "[x](", "![y]", "\n/approve", "<!-- allmenning:plan --> "} {
		if strings.Contains(text, bad) {
			t.Errorf("it says %q:\n%s", bad, text)
		}
	}
	if !strings.Contains(text, "&lt;") || !strings.Contains(text, "@\u200ball") {
		t.Errorf("the words are not there:\n%s", text)
	}
	check(t, "markdown", text)
}

// TestMarkdownFitsAComment is about a country of many apps.
func TestMarkdownFitsAComment(t *testing.T) {
	one := sound(t)[0]
	var many []bulletin.Plan
	for i := range 300 {
		one.App = fmt.Sprintf("app-%d", i)
		many = append(many, one)
	}
	text := written(t, bulletin.Of(many, nil, nil), "markdown")
	if len(text) > 65_536 || !strings.Contains(text, "plans are left out, as a comment holds no more") {
		t.Errorf("it has %d bytes, and ends with %q", len(text), text[len(text)-100:])
	}
}
