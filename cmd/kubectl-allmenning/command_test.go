package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/bulletin"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/explanation"
)

const (
	digest = "sha256:2424242424242424242424242424242424242424242424242424242424242424"

	sharedAppFile = `# The national offer.
apiVersion: allmenning.dev/v1alpha1
kind: SharedApp
metadata: {name: svarut}
spec:
  displayName: SvarUt

  channels: # what networks follow
    - {name: stable, version: "2.4.1"}   # since June
  versions:
    - {version: 2.4.1, source: {configMap: {name: svarut-2.4.1}}}
    - {version: 2.5.0, source: {configMap: {name: svarut-2.5.0}}}
`
	networkFile = `apiVersion: allmenning.dev/v1alpha1
kind: Network
metadata: {name: digi-tv}
spec:
  displayName: Digi
  members:
    names:
    - tokke # the first
  apps: [{name: svarut}]
  rollout:
    waves:
    - {name: pilot, members: {names: [tokke]}}
    - {name: everyone, requireApproval: true}
    # windows come later
`
	tokkeFile = `apiVersion: allmenning.dev/v1alpha1
kind: Municipality
metadata: {name: tokke}
spec: {number: "4034", displayName: Tokke, environments: [{name: prod, stage: Production, zone: Closed}]}
`
	rolloutFile = `apiVersion: allmenning.dev/v1alpha1
kind: Rollout
metadata: {name: digi-tv.svarut.2.4.1.1}
spec: {network: digi-tv, app: svarut, version: 2.4.1, digest: "` + digest + `", attempt: 1, sequence: 1}
status: {observedGeneration: 1, phase: Progressing, waves: [{name: pilot, state: Done}, {name: everyone, state: Waiting, approval: Wanting}]}
`
	kustomizationFile = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- tokke.yaml\n"
)

// manifests is a folder of all of these.
func manifests(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	writeAll(t, root, map[string]string{
		"apps/svarut.yaml": sharedAppFile, "networks.yaml": networkFile, "rollouts.yaml": rolloutFile,
		"towns/tokke.yaml": tokkeFile, "towns/kustomization.yaml": kustomizationFile,
	})
	return root
}

func writeAll(t *testing.T, root string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// run is the program without a cluster.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	cmd := newCommand()
	var out bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := execute(t.Context(), cmd)
	return out.String(), err
}

func TestEditsOfFiles(t *testing.T) {
	for _, tc := range []struct {
		reason string
		args   []string
		file   string
		after  string
		says   string
	}{
		{"promote changes one word", []string{"promote", "svarut", "2.5.0"}, "apps/svarut.yaml",
			strings.Replace(sharedAppFile, `"2.4.1"`, `"2.5.0"`, 1), "apps/svarut.yaml: SharedApp svarut: promoted 2.5.0 to channel stable, where 2.4.1 was"},
		{"approve adds an approval", []string{"approve", "digi-tv.svarut.2.4.1.1"}, "networks.yaml",
			strings.Replace(networkFile, "requireApproval: true}\n", "requireApproval: true}\n    approvals:\n    - {app: svarut, digest: \""+digest+"\", wave: everyone, attempt: 1}\n", 1),
			"networks.yaml: Network digi-tv: approved wave everyone of svarut 2.4.1, attempt 1"},
		{"onboard adds a name", []string{"onboard", "vinje", "--number", "4036", "--display-name", "Vinje", "--network", "digi-tv"}, "networks.yaml",
			strings.Replace(networkFile, "# the first\n", "# the first\n    - vinje\n", 1), "networks.yaml: Network digi-tv: added vinje to spec.members.names"},
		{"and a file, which the kustomization beside it names", []string{"onboard", "vinje", "--number", "4036", "--display-name", "Vinje", "--environments", "prod:Production:Closed"},
			"towns/kustomization.yaml", kustomizationFile + "- vinje.yaml\n", "towns/vinje.yaml: Municipality vinje: added"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			root := manifests(t)
			out, err := run(t, append(tc.args, "-f", root)...)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out, tc.says) {
				t.Errorf("it says %q", out)
			}
			got, err := os.ReadFile(filepath.Join(root, tc.file))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.after, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestEditsOfKustomizations changes the file that a field comes from.
func TestEditsOfKustomizations(t *testing.T) {
	const (
		overlay = "resources: [../base]\npatches:\n- path: patch.yaml\n"
		patch   = "apiVersion: allmenning.dev/v1alpha1\nkind: SharedApp\nmetadata: {name: svarut}\nspec:\n"
		inline  = "resources: [../base]\npatches:\n- {patch: '[{\"op\": \"replace\", \"path\": \"/spec/channels/0/version\", \"value\": \"2.4.1\"}]', target: {kind: SharedApp}}\n"
		channel = "  channels: [{name: stable, version: 2.4.1}]\n"
	)
	for _, tc := range []struct {
		reason             string
		kustomization      string
		patch              string
		edited, says, fail string
	}{
		{"a field of the base", overlay, patch + "  owner: KS\n", "base/svarut.yaml", "base/svarut.yaml: SharedApp svarut: promoted 2.5.0", ""},
		{"a field of a patch", overlay, patch + channel, "prod/patch.yaml", "prod/patch.yaml: SharedApp svarut: promoted 2.5.0", ""},
		{"a field that a patch in the kustomization file writes again", inline, patch, "", "",
			"SharedApp svarut: spec.channels[name=stable].version can't be changed in a file so that "},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			root := t.TempDir()
			texts := map[string]string{
				"base/kustomization.yaml": "resources: [svarut.yaml]\n", "base/svarut.yaml": sharedAppFile,
				"prod/kustomization.yaml": tc.kustomization, "prod/patch.yaml": tc.patch,
			}
			writeAll(t, root, texts)
			out, err := run(t, "promote", "svarut", "2.5.0", "-f", filepath.Join(root, "prod"))
			if tc.fail != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fail) {
					t.Errorf("got %v, want an error with %q", err, tc.fail)
				}
			} else if err != nil || !strings.Contains(out, tc.says) {
				t.Errorf("%v: it says %q", err, out)
			}
			for name, before := range texts {
				after, err := os.ReadFile(filepath.Join(root, name))
				if err != nil {
					t.Fatal(err)
				}
				if changed := string(after) != before; changed != (name == tc.edited) {
					t.Errorf("%s is now\n%s", name, after)
				}
			}
		})
	}
}

// TestOnboardRefusesWhatIsNotUsed leaves all files as they are.
func TestOnboardRefusesWhatIsNotUsed(t *testing.T) {
	root := t.TempDir()
	writeAll(t, root, map[string]string{"prod/kustomization.yaml": "resources: [../base]\n", "base/kustomization.yaml": "resources: [towns/tokke.yaml]\n", "base/towns/tokke.yaml": tokkeFile})
	_, err := run(t, "onboard", "vinje", "--number", "4036", "--display-name", "Vinje", "-f", filepath.Join(root, "prod"))
	if err == nil || !strings.Contains(err.Error(), "would not use the new file") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "base", "towns", "vinje.yaml")); err == nil {
		t.Error("it was written")
	}
}

func TestOnboardIntoOneFile(t *testing.T) {
	path := filepath.Join(manifests(t), "towns", "tokke.yaml")
	if _, err := run(t, "onboard", "vinje", "--number", "4036", "--display-name", "Vinje", "-f", path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got), tokkeFile+"---\n") || !strings.Contains(string(got), "name: vinje\n") {
		t.Errorf("it is now:\n%s", got)
	}
}

func TestOnboardIntoAnEmptyFolder(t *testing.T) {
	root := t.TempDir()
	out, err := run(t, "onboard", "vinje", "--number", "4036", "--display-name", "Vinje", "-f", root)
	path := filepath.Join(root, "vinje.yaml")
	if err != nil || out != path+": Municipality vinje: added\n" {
		t.Fatalf("%v: %s", err, out)
	}
	if _, err := run(t, "explain", "vinje", "-f", root); err != nil {
		t.Errorf("what it wrote is not accepted: %v", err)
	}
}

func TestAnswersForPrograms(t *testing.T) {
	root := manifests(t)
	out, err := run(t, "explain", "tokke", "svarut", "-f", root, "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var reported explanation.Explanation
	if err := json.Unmarshal([]byte(out), &reported); err != nil || len(reported.Apps) != 1 || reported.Apps[0].Wanted != "2.4.1" || reported.Apps[0].DecidedBy.Name != "digi-tv" {
		t.Errorf("explain: %v: %s", err, out)
	}
	if out, err = run(t, "plan", "svarut", "2.5.0", "-f", root, "-o", "yaml"); !errors.Is(err, errChanges) {
		t.Fatal(err)
	}
	var foreseen bulletin.Bulletin
	if err := yaml.UnmarshalStrict([]byte(out), &foreseen); err != nil || len(foreseen.Plans) != 1 || len(foreseen.Plans[0].Groups) != 1 || len(foreseen.Plans[0].Groups[0].Visits) != 1 {
		t.Errorf("plan: %v: %s", err, out)
	}
}

// TestPlanReportsWrongNames is about names that the API server takes.
func TestPlanReportsWrongNames(t *testing.T) {
	root := manifests(t)
	writeAll(t, root, map[string]string{"apps/svarut.yaml": sharedAppFile + "  pilotNetworks:\n  - digi-tw\n  - helse\n"})
	out, err := run(t, "plan", "svarut", "2.5.0", "-f", root)
	if err == nil || !strings.Contains(err.Error(), "2 faults to be fixed") || exitCode(err) != 1 {
		t.Fatalf("got %v", err)
	}
	for line, name := range map[string]string{"14": `spec.pilotNetworks[0]: there is no Network "digi-tw"`, "15": `spec.pilotNetworks[1]: there is no Network "helse"`} {
		if want := "Fault: " + filepath.Join(root, "apps", "svarut.yaml") + ":" + line + ": SharedApp svarut: " + name; !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}

func TestRefusals(t *testing.T) {
	root, wrong := manifests(t), manifests(t)
	text := strings.Replace(networkFile, "displayName: Digi\n", "displayName: Digi\n  rollout: {waves: [{name: pilot, maxConcurrent: 101%}]}\n", 1)
	text, _, _ = strings.Cut(text, "  rollout:\n")
	if err := os.WriteFile(filepath.Join(wrong, "networks.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		reason string
		args   []string
		says   string
	}{
		{"no cluster", []string{"explain", "tokke"}, "which does not exist: correct it, or give --kubeconfig"},
		{"too few arguments", []string{"promote", "svarut"}, "1 argument does not fit: kubectl allmenning promote APP VERSION; see kubectl allmenning promote --help"},
		{"an unknown output", []string{"explain", "tokke", "-f", root, "-o", "xml"}, `--output "xml": use json or yaml`},
		{"files and the cluster at once", []string{"promote", "svarut", "2.5.0", "-f", root, "--apply"}, "choose one"},
		{"a dry run of nothing", []string{"promote", "svarut", "2.5.0", "-f", root, "--dry-run=server"}, "goes with --apply"},
		{"an unknown dry run", []string{"promote", "svarut", "2.5.0", "--apply", "--dry-run=all"}, "use none, server or client"},
		{"a table that is followed is no JSON", []string{"status", "--watch", "-o", "json"}, "leave out --output"},
		{"an unknown municipality", []string{"explain", "vinje", "-f", root}, `there is no Municipality "vinje" in ` + root + ": it has tokke"},
		{"a municipality with a slip of the hand", []string{"explain", "toke", "-f", root}, `there is no Municipality "toke" in ` + root + ": did you mean tokke?"},
		{"an unknown app", []string{"explain", "tokke", "kobo", "-f", root}, `there is no SharedApp "kobo" in ` + root + ": it has svarut"},
		{"an app with a slip of the hand", []string{"explain", "tokke", "svrut", "-f", root, "-o", "json"}, `there is no SharedApp "svrut" in ` + root + ": did you mean svarut?"},
		{"a version that there is not", []string{"promote", "svarut", "3.0.0", "-f", root}, "promote: SharedApp svarut has no version 3.0.0: see its spec.versions (2.4.1, 2.5.0)"},
		{"a Rollout that there is not", []string{"approve", "digi-tv.svarut.9.1", "-f", root}, "it has digi-tv.svarut.2.4.1.1"},
		{"a Rollout that only the cluster has", []string{"approve", "digi-tv.svarut.2.4.1.1", "-f", filepath.Join(root, "networks.yaml")}, "so the cluster is asked: no cluster"},
		{"a network in another file", []string{"onboard", "vinje", "--number", "4036", "--display-name", "V", "--network", "digi-tv", "-f", filepath.Join(root, "towns")}, `no Network "digi-tv"`},
		{"a folder that there is not", []string{"plan", "svarut", "2.5.0", "-f", filepath.Join(root, "none")}, "read manifests"},
		{"a folder with a fault", []string{"plan", "svarut", "2.5.0", "-f", wrong}, "networks.yaml:6: Network digi-tv: spec.rollout.waves[0].maxConcurrent: "},
		{"a folder with a fault is not edited", []string{"promote", "svarut", "2.5.0", "-f", wrong}, "spec.rollout.waves[0].maxConcurrent: "},
		{"a Municipality that would be refused", []string{"onboard", "bo", "--number", "4021", "--display-name", "Bø", "--inhabitants=-5", "-f", root}, "Municipality bo: spec.inhabitants: Invalid value: -5"},
		{"a Municipality that would be refused for all that is wrong", []string{"onboard", "Bø", "--number", "40", "--display-name", "", "-f", root}, "Municipality Bø: metadata.name: "},
		{"its number too", []string{"onboard", "Bø", "--number", "40", "--display-name", "", "-f", root}, "spec.number: Invalid value: \"40\""},
		{"its name for people too", []string{"onboard", "Bø", "--number", "40", "--display-name", "", "-f", root}, "spec.displayName: "},
		{"a stage and a zone that there are not", []string{"onboard", "bo", "--number", "4021", "--display-name", "Bø", "--environments", "prod:Prod:open", "-f", root},
			"spec.environments[0].stage: Unsupported value: \"Prod\""},
		{"a role that there is not", []string{"onboard", "bo", "--number", "4021", "--display-name", "Bø", "--access", "Owner=x", "-f", root}, "spec.access[0].role: Unsupported value: \"Owner\""},
		{"a number that is somebody's", []string{"onboard", "bo", "--number", "4034", "--display-name", "Bø", "-f", root},
			"Municipality bo: spec.number 4034 belongs to Municipality tokke (its spec.number), which is older"},
		{"nothing to edit in an empty folder", []string{"promote", "svarut", "2.5.0", "-f", t.TempDir()}, "holds no .yaml, .yml or .json file"},
		{"an unknown flag", []string{"plan", "svarut", "2.5.0", "--soon"}, "unknown flag: --soon; see kubectl allmenning plan --help"},
		{"an unknown command", []string{"explian"}, `unknown command "explian"`},
		{"an unknown command says where to read", []string{"explian"}, "; see kubectl allmenning --help"},
		{"a flag that is wanting", []string{"onboard", "bo", "--number", "4021"}, `"display-name" not set; see kubectl allmenning onboard --help`},
		{"looking nowhere", []string{"plan", "svarut", "2.5.0", "-f", root, "--days", "0"}, "more than 0"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			out, err := run(t, tc.args...)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q", err, tc.says)
			}
			if out != "" {
				t.Errorf("besides the error it says %q", out)
			}
		})
	}
}

func TestNoCluster(t *testing.T) {
	root := manifests(t)
	there, gone := filepath.Join(root, "networks.yaml"), filepath.Join(root, "gone")
	for paths, want := range map[string]string{
		"":    "no cluster: give --kubeconfig, or set KUBECONFIG",
		gone:  "KUBECONFIG names " + gone + ", which does not exist",
		there: "KUBECONFIG names " + there + ", which holds none",
		there + string(os.PathListSeparator) + gone: "KUBECONFIG names " + gone + ", which does not exist",
	} {
		if got := noCluster(paths); !strings.Contains(got.Error(), want) {
			t.Errorf("%q: got %q, want %q", paths, got, want)
		}
	}
}

func TestRightsThatAreWanting(t *testing.T) {
	refused := func(text string) error {
		return fmt.Errorf("read Networks: %w", apierrors.NewForbidden(schema.GroupResource{Group: "allmenning.dev", Resource: "networks"}, "", errors.New(text)))
	}
	for _, tc := range []struct {
		reason string
		err    error
		want   string
	}{
		{"of the whole cluster", refused(`User "jane" cannot list resource "networks" in API group "allmenning.dev" at the cluster scope`),
			": ask the platform's operator for the right to list networks.allmenning.dev as jane"},
		{"in a namespace", refused(`User "jane" cannot list resource "appinstallations" in API group "allmenning.dev" in the namespace "vinje-prod"`),
			": ask the platform's operator for the right to list appinstallations.allmenning.dev in namespace vinje-prod as jane"},
		{"a policy says no", refused("approvals are added by Coordinators"), "approvals are added by Coordinators"},
		{"something else", errors.New("timeout"), "timeout"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := withRight(tc.err).Error(); !strings.HasSuffix(got, tc.want) || !strings.HasPrefix(got, tc.err.Error()) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestEach prints the faults of a folder in lines of their own.
func TestEach(t *testing.T) {
	a, b := errString("a"), errString("b")
	if got := each(errors.Join(a, b)); !slices.Equal(got, []error{a, b}) {
		t.Errorf("got %v", got)
	}
	if got := each(a); !slices.Equal(got, []error{a}) {
		t.Errorf("got %v", got)
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine(errString("a\nb\r\n\nc")); got != "a; b; c" {
		t.Errorf("got %q", got)
	}
}

type errString string

func (e errString) Error() string { return string(e) }
