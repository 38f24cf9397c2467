package review_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/review"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	head = "apiVersion: allmenning.dev/v1alpha1\n"

	platform = head + "kind: Platform\nmetadata: {name: default}\nspec:\n  rollout: {}\n"
	svarut   = head + `kind: SharedApp
metadata: {name: svarut}
spec:
  displayName: SvarUt
  channels:
  - {name: stable, version: 1.0.0}
  versions:
  - {version: 1.0.0, source: {configMap: {name: a}}}
  - {version: 2.0.0, state: Withdrawn, source: {configMap: {name: b}}}
  pilotNetworks: [digi]
`
	digi = head + `kind: Network
metadata: {name: digi}
spec:
  displayName: Digi
  members:
    names: [vinje]
  apps:
  - {name: svarut}
`
	vinje = head + `kind: Municipality
metadata: {name: vinje}
spec:
  number: "4036"
  displayName: Vinje
  environments: [{name: prod, stage: Production, zone: Closed}]
  apps:
  - {name: svarut, decision: Adopt}
`
)

// found reads four files, one of a kind each, and returns what is found in them.
func found(t *testing.T, texts map[string]string) []string {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := world.ReadFolder(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.FromFolder(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, finding := range review.Of(w, now) {
		line := strings.TrimPrefix(finding.String(), root+string(filepath.Separator))
		if finding.Note {
			line = "note " + line
		}
		lines = append(lines, line)
	}
	return lines
}

func TestOf(t *testing.T) {
	edit := func(text string, changes ...string) string { return strings.NewReplacer(changes...).Replace(text) }
	for _, tc := range []struct {
		reason                        string
		platform, app, network, towns string
		// want are beginnings of findings.
		want []string
	}{
		{"nothing is wrong", platform, svarut, digi, vinje, nil},
		{"pilot networks, all at once", platform, edit(svarut, "[digi]", "[digii, digi, nosuch]"), digi, vinje, []string{
			`b.yaml:11: SharedApp svarut: spec.pilotNetworks[0]: there is no Network "digii"`, `b.yaml:11: SharedApp svarut: spec.pilotNetworks[2]: there is no Network "nosuch"`,
		}},
		{"a pilot network that does not propose the app", platform, svarut, edit(digi, "apps:\n  - {name: svarut}", "apps: []"), vinje,
			[]string{"b.yaml:11: SharedApp svarut: spec.pilotNetworks[0]: Network digi does not propose svarut"}},
		{"required apps and a withdrawn channel", platform, edit(svarut, "version: 1.0.0}\n  versions", "version: 2.0.0}\n  versions", "version: 1.0.0, ", "version: 1.0.0, requires: {apps: [{name: gateway}, {name: post}]}, "), digi, vinje, []string{
			"b.yaml:9: SharedApp svarut: spec.versions[1.0.0].requires.apps[gateway]: there is no SharedApp gateway", "b.yaml:9: SharedApp svarut: spec.versions[1.0.0].requires.apps[post]: ",
			"b.yaml:7: SharedApp svarut: spec.channels[stable].version: 2.0.0 is Withdrawn", "c.yaml:9: Network digi: spec.apps[svarut].channel \"stable\": version 2.0.0",
		}},
		{"members, networks, a successor, apps and channels of a network", platform, svarut, edit(digi,
			"names: [vinje]", "names: [vinje, oslo]\n    networks: [nosuch]", "- {name: svarut}", "- {name: svarut, channel: beta}\n  - {name: kobo}\n  ends: 2030-01-01T00:00:00Z\n  successor: later"), vinje, []string{
			`c.yaml:8: Network digi: spec.members.networks[0] "nosuch": there is no Network`, `c.yaml:13: Network digi: spec.successor "later": there is no Network`,
			`c.yaml:10: Network digi: spec.apps[svarut].channel "beta": SharedApp svarut has no channel "beta": it has stable`, "c.yaml:11: Network digi: spec.apps[kobo]: there is no SharedApp",
			`note c.yaml:7: Network digi: spec.members.names: there is no Municipality "oslo"`,
		}},
		{"the waves of a strategy", platform, svarut, digi + "  rollout:\n    waves:\n    - {name: pilot, members: {names: [vinje, vinnje]}}\n    - {name: rest}\n", vinje,
			[]string{"note c.yaml:12: Network digi: wave pilot names who is no member: vinnje"}},
		{"approvals", edit(platform, "rollout: {}", "rollout:\n    approvals:\n    - {app: svrut, channel: stable, wave: everyone, digest: \"sha256:"+strings.Repeat("a", 64)+"\"}"), svarut, digi, vinje,
			[]string{`a.yaml:7: Platform default: spec.rollout.approvals[0].app "svrut": there is no SharedApp`}},
		{"the Platform's labels", edit(platform, "rollout: {}", "dns: [{namespace: kube-system, podLabels: {k8s-app: not a label}}]"), svarut, digi, vinje, []string{
			`a.yaml:5: Platform default: spec.dns[0].podLabels: Invalid value: "not a label"`,
		}},
		{"the Platform's strategy", edit(platform, "rollout: {}", "rollout:\n    windows: [{schedule: \"0 8 * * 1\", duration: 1h, timeZone: Europe/Olso}]\n    waves: [{name: pilot, members: {names: [oslo]}}, {name: rest}]"), svarut, digi, vinje, []string{
			`a.yaml:6: Platform default: spec.rollout.windows[0].timeZone: "Europe/Olso" is not`, "note a.yaml:7: Platform default: wave pilot names who is no Municipality: oslo",
		}},
		{"a municipality's own decisions and windows", platform, svarut, digi, edit(vinje, "decision: Adopt}", "decision: Adopt, network: nosuch}\n  - {name: kobo, decision: Adopt}\n  - {name: svarut2, decision: Decline}\n  windows: [{schedule: \"0 8 31 2 *\", duration: 1h}]"), []string{
			"b.yaml:11: SharedApp svarut: spec.pilotNetworks[0]: no member of Network digi takes svarut from it", "d.yaml:12: Municipality vinje: spec.windows[0].schedule: ", `d.yaml:9: Municipality vinje: spec.apps[0].network: there is no Network "nosuch"`,
			`d.yaml:10: Municipality vinje: spec.apps[1].name: there is no SharedApp "kobo"`, `d.yaml:11: Municipality vinje: spec.apps[2].name: there is no SharedApp "svarut2"`,
		}},
		{"a version that a decision names", platform, svarut, digi, edit(vinje, "decision: Adopt}", "decision: Adopt, version: 3.0.0}"),
			[]string{"b.yaml:11: SharedApp svarut: spec.pilotNetworks[0]: no member of Network digi takes svarut from it", "d.yaml:9: Municipality vinje: spec.apps[0].version: SharedApp svarut has no version 3.0.0"}},
		{"apps that are kept elsewhere are not judged", platform, "", edit(digi, "svarut", "kobo"), edit(vinje, "svarut", "post"), nil},
		{"nor are networks", platform, edit(svarut, "[digi]", "[nosuch]"), "", edit(vinje, "Adopt}", "Adopt, network: nosuch}"), nil},
		{"nor municipalities", platform, svarut, edit(digi, "[vinje]", "[oslo]"), "", nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			texts := map[string]string{"a.yaml": tc.platform, "b.yaml": tc.app, "c.yaml": tc.network, "d.yaml": tc.towns}
			got := found(t, texts)
			if len(got) != len(tc.want) {
				t.Fatalf("(-want +got):\n%s", cmp.Diff(tc.want, got))
			}
			for i := range got {
				if !strings.HasPrefix(got[i], tc.want[i]) {
					t.Errorf("got %q, want %q", got[i], tc.want[i])
				}
			}
		})
	}
}
