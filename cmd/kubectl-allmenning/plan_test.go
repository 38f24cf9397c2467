package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/bulletin"
)

// asProgram is set where the test is run as the program itself.
const asProgram = "ALLMENNING_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program runs the program as a shell does, in a folder.
func program(t *testing.T, folder string, args ...string) (out, errs string, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), asProgram+"=1", "KUBECONFIG="+filepath.Join(t.TempDir(), "none"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// called is the same without a process of its own, which takes less time.
func called(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	out, errs, err := call(t, args...)
	if err == nil {
		return out, errs, 0
	}
	var printed bytes.Buffer
	printError(&printed, err)
	return out, errs + printed.String(), exitCode(err)
}

// TestPlanAsAProgram runs it as a pipeline does.
func TestPlanAsAProgram(t *testing.T) {
	root := repository(t)
	for folder, want := range map[string]int{"before": 0, "promoted": 2, "broken": 1} {
		out, errs, code := program(t, root, "plan", "-f", folder, "--before", "before")
		if code != want || (want == 1) != strings.HasPrefix(errs, "error: ") || (want == 1) != (out == "") {
			t.Errorf("%s: exit code %d, want %d; errors %q, output %q", folder, code, want, errs, out)
		}
	}
}

// repository has what was there before, what is there now, and two folders that are broken.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	promoted := strings.Replace(sharedAppFile, `"2.4.1"`, `"2.5.0"`, 1)
	broken := strings.Replace(networkFile, "displayName: Digi", "displayNam: Digi", 1)
	for name, texts := range map[string]map[string]string{
		"before":   {},
		"promoted": {"apps/svarut.yaml": promoted},
		"edited":   {"networks.yaml": strings.Replace(networkFile, "displayName: Digi", "displayName: Digi Telemark", 1)},
		"broken":   {"networks.yaml": broken, "apps/more.yaml": "a: [\n"},
		"faulty":   {"apps/svarut.yaml": promoted + "  pilotNetworks: [digi-tw]\n"},
		"secret":   {"apps/svarut.yaml": promoted, "secret.yaml": secretFile},
	} {
		folder := filepath.Join(root, name)
		writeAll(t, folder, map[string]string{"apps/svarut.yaml": sharedAppFile, "networks.yaml": networkFile, "towns/tokke.yaml": tokkeFile})
		writeAll(t, folder, texts)
	}
	return root
}

const secretFile = "apiVersion: v1\nkind: Secret\nmetadata: {name: svarut, namespace: tokke-prod}\nstringData: {password: hunter2-hunter2}\n"

func TestPlanExitCodes(t *testing.T) {
	root := repository(t)
	for _, tc := range []struct {
		reason  string
		args    []string
		code    int
		outcome bulletin.Outcome
		errs    string
	}{
		{"a promotion brings somebody a version", []string{"svarut", "2.5.0", "-f", "promoted"}, 2, bulletin.Changes, ""},
		{"a folder that is as it was changes nothing", []string{"-f", "before", "--before", "before"}, 0, bulletin.Nothing, ""},
		{"a promotion in the folder", []string{"-f", "promoted", "--before", "before"}, 2, bulletin.Changes, ""},
		{"another edit, whatever it comes to", []string{"-f", "edited", "--before", "before"}, 2, bulletin.Changes, ""},
		{"what was broken before is no fault now", []string{"-f", "before", "--before", "broken"}, 2, bulletin.Changes, ""},
		{"a folder that the API server would refuse", []string{"svarut", "2.5.0", "-f", "broken"}, 1, bulletin.Broken,
			"error: broken/apps/more.yaml:1: not YAML: did not find expected node content\n" +
				"error: broken/networks.yaml:5: Network digi-tv: unknown field \"spec.displayNam\"\n" +
				"error: broken/networks.yaml:4: Network digi-tv: spec.displayName: Required value\n"},
		{"a folder that the operator would report", []string{"svarut", "2.5.0", "-f", "faulty"}, 1, bulletin.Broken, "error: plan: 1 fault to be fixed: see the answer\n"},
		{"the same, where nothing is promoted", []string{"-f", "faulty", "--before", "faulty"}, 1, bulletin.Broken, "error: plan: 1 fault to be fixed: see the answer\n"},
		{"a version that there is not", []string{"svarut", "9.9.9", "-f", "before"}, 1, bulletin.Broken,
			"error: plan: SharedApp svarut has no version 9.9.9: see its spec.versions (2.4.1, 2.5.0)\n"},
		{"no folder of before", []string{"-f", "before", "--before", "none"}, 1, bulletin.Broken, "error: read manifests: stat none: no such file or directory\n"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Chdir(root)
			out, errs, code := called(t, append([]string{"plan", "-o", "json"}, tc.args...)...)
			var b bulletin.Bulletin
			if err := json.Unmarshal([]byte(out), &b); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if code != tc.code || b.Outcome != tc.outcome || b.Version != 1 || errs != tc.errs {
				t.Errorf("exit code %d, outcome %s of version %d, errors %q; want %d, %s, 1, %q", code, b.Outcome, b.Version, errs, tc.code, tc.outcome, tc.errs)
			}
			if _, _, code := called(t, append([]string{"plan"}, tc.args...)...); code != tc.code {
				t.Errorf("as text the exit code is %d", code)
			}
		})
	}
}

// TestPlanOfFaultsNamesFileAndLine is about all formats, with all faults at once.
func TestPlanOfFaultsNamesFileAndLine(t *testing.T) {
	root := repository(t)
	t.Chdir(root)
	out, _, _ := called(t, "plan", "svarut", "2.5.0", "-f", "broken", "-o", "json")
	var b bulletin.Bulletin
	if err := json.Unmarshal([]byte(out), &b); err != nil {
		t.Fatal(err)
	}
	if len(b.Faults) != 3 || b.Faults[1] != (bulletin.Fault{File: "broken/networks.yaml", Line: 5, Object: "Network digi-tv", Message: `unknown field "spec.displayNam"`}) {
		t.Errorf("got %+v", b.Faults)
	}
}

func TestPlanRefusals(t *testing.T) {
	root := repository(t)
	for reason, tc := range map[string]struct {
		args []string
		says string
	}{
		"an unknown format":                {[]string{"svarut", "2.5.0", "-f", root, "-o", "xml"}, `--output "xml": use one of json, yaml, markdown, sarif, junit, or leave it out`},
		"an app without a version":         {[]string{"svarut", "-f", root}, "1 argument does not fit: kubectl allmenning plan [APP VERSION]"},
		"nothing to plan":                  {[]string{"-f", root}, "0 arguments do not fit"},
		"a folder of before, and no other": {[]string{"--before", root}, "--before is compared with --filename: give both"},
		"two questions at once":            {[]string{"svarut", "2.5.0", "-f", root, "--before", root}, "--before finds apps, channels and versions by itself"},
		"a channel of all":                 {[]string{"-f", root, "--before", root, "--channel", "stable"}, "--before finds apps, channels and versions by itself"},
	} {
		t.Run(reason, func(t *testing.T) {
			out, errs, code := called(t, append([]string{"plan"}, tc.args...)...)
			if code != 1 || !strings.Contains(errs, tc.says) || out != "" {
				t.Errorf("exit code %d, errors %q, output %q; want %q", code, errs, out, tc.says)
			}
		})
	}
}

// TestPlanSaysNoSecret reads a folder with a Secret in it, in every format.
func TestPlanSaysNoSecret(t *testing.T) {
	t.Chdir(repository(t))
	for _, format := range append(bulletin.Formats(), "") {
		args := []string{"plan", "-f", "secret", "--before", "before", "--members"}
		if format != "" {
			args = append(args, "-o", format)
		}
		out, errs, code := called(t, args...)
		if code != 2 || strings.Contains(out+errs, "hunter2") {
			t.Errorf("%q: exit code %d: %s%s", format, code, out, errs)
		}
	}
}
