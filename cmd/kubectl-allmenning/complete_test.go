package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestCompletionFromFiles(t *testing.T) {
	root := manifests(t)
	for _, tc := range []struct {
		reason string
		args   []string
		want   string
	}{
		{"a municipality", []string{"explain", "-f", root, "t"}, "tokke\tTokke\n:4\n"},
		{"an app", []string{"explain", "-f", root, "tokke", ""}, "svarut\tSvarUt\n:4\n"},
		{"nothing behind the last argument", []string{"explain", "-f", root, "tokke", "svarut", ""}, ":4\n"},
		{"a version", []string{"plan", "-f", root, "svarut", "2.5"}, "2.5.0\tActive\n:4\n"},
		{"no version of an unknown app", []string{"plan", "-f", root, "svrut", ""}, ":4\n"},
		{"a network", []string{"plan", "-f", root, "--network", ""}, "digi-tv\tDigi\n:4\n"},
		{"a network behind the arguments", []string{"plan", "svarut", "2.5.0", "-f", root, "--network", ""}, "digi-tv\tDigi\n:4\n"},
		{"a network with an equals sign", []string{"plan", "svarut", "2.5.0", "-f", root, "--network=d"}, "digi-tv\tDigi\n:4\n"},
		{"a channel behind the arguments", []string{"plan", "svarut", "2.5.0", "-f", root, "--channel", ""}, "stable\t2.4.1\n:4\n"},
		{"a channel before them", []string{"plan", "-f", root, "--channel", ""}, "stable\n:4\n"},
		{"a channel to promote to", []string{"promote", "svarut", "2.5.0", "-f", root, "--channel", ""}, "stable\t2.4.1\n:4\n"},
		{"the word that an argument is too", []string{"plan", "digi-tv", "2.5.0", "-f", root, "--network", ""}, "digi-tv\tDigi\n:4\n"},
		{"a rollout to approve", []string{"approve", "-f", root, ""}, "digi-tv.svarut.2.4.1.1\tProgressing, wave everyone\n:4\n"},
		{"a wave behind it", []string{"approve", "digi-tv.svarut.2.4.1.1", "-f", root, "--wave", ""}, "everyone\n:4\n"},
		{"a network to join", []string{"onboard", "vinje", "-f", root, "--network", ""}, "digi-tv\tDigi\n:4\n"},
		{"an environment", []string{"onboard", "vinje", "--environments", "dev"}, "dev:Development:Closed\ndev:Development:Open\n:4\n"},
		{"a role, without a space behind it", []string{"onboard", "vinje", "--access", "A"}, "Administrator=\n:6\n"},
		{"no files where there is nothing to suggest", []string{"onboard", "vinje", "--display-name", ""}, ":4\n"},
		{"no name of a municipality that is new, but the flags it takes", []string{"onboard", "-f", root, ""},
			"--display-name\tthe name that people know\n--number\tthe municipality's official number, four digits\n:4\n"},
		{"an output", []string{"plan", "-f", root, "-o", ""}, "json\nyaml\nmarkdown\nsarif\njunit\n:4\n"},
		{"an output behind the arguments", []string{"explain", "tokke", "-f", root, "-o", "j"}, "json\n:4\n"},
		{"a dry run", []string{"promote", "svarut", "2.5.0", "--dry-run", "s"}, "server\n:4\n"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			out, err := run(t, append([]string{"__complete"}, tc.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			if got, _, _ := strings.Cut(out, "Completion ended"); got != tc.want {
				t.Errorf("%q: got %q, want %q", tc.args, got, tc.want)
			}
		})
	}
}

// TestEveryFlagIsCompleted leaves to the shell only what is a file.
func TestEveryFlagIsCompleted(t *testing.T) {
	files := []string{"filename", "before", "kubeconfig", "certificate-authority", "client-certificate", "client-key"}
	root := newCommand()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.Name() == "completion" {
			continue
		}
		check := func(f *pflag.Flag) {
			_, completed := cmd.GetFlagCompletionFunc(f.Name)
			if isSwitch := f.NoOptDefVal != ""; !completed && !isSwitch && !slices.Contains(files, f.Name) {
				t.Errorf("%s: the value of --%s is not completed, so a shell suggests files", cmd.Name(), f.Name)
			}
		}
		cmd.LocalFlags().VisitAll(check)
		cmd.InheritedFlags().VisitAll(check)
	}
}

// TestCompletionOfContexts reads the kubeconfig.
func TestCompletionOfContexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	text := "apiVersion: v1\nkind: Config\ncontexts: [{name: prod, context: {}}, {name: test, context: {}}]\nclusters: [{name: c, cluster: {}}]\nusers: [{name: kari, user: {}}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{"context": "prod\ntest\n:4\n", "cluster": "c\n:4\n", "user": "kari\n:4\n"} {
		out, err := run(t, "__complete", "status", "--kubeconfig", path, "--"+flag, "")
		if got, _, _ := strings.Cut(out, "Completion ended"); err != nil || got != want {
			t.Errorf("--%s: %v: got %q, want %q", flag, err, got, want)
		}
	}
}
