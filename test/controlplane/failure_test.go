package controlplane_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/allmenning/allmenning/test/controlplane"
)

// A start that fails says which part failed and why, and leaves nothing behind.
func TestPartThatDies(t *testing.T) {
	assets, err := controlplane.Assets(t.Context(), testLog{t})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		reason string
		broken string // the part that is replaced
		script string
		says   []string
	}{
		{
			reason: "an etcd that ends at once is named, with its log",
			broken: "etcd", script: "echo the disk is on fire; exit 3",
			says: []string{"etcd did not stay up", "exit status 3", "the disk is on fire"},
		},
		{
			reason: "an API server that is killed hints at memory",
			broken: "kube-apiserver", script: "kill -9 $$",
			says: []string{"kube-apiserver did not stay up", "memory ran out"},
		},
		{
			reason: "a port that is taken every time is an error in the end",
			broken: "kube-apiserver", script: "echo 'listen tcp 127.0.0.1:1: bind: address already in use'; exit 1",
			says: []string{"another program has taken its port", "kube-apiserver did not stay up"},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			t.Setenv("KUBEBUILDER_ASSETS", withBroken(t, assets, c.broken, c.script))
			dir := filepath.Join(t.TempDir(), "state")
			_, err := controlplane.Start(t.Context(), controlplane.Options{Dir: dir})
			if err == nil {
				t.Fatal("it starts, want an error")
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q:\n%v", want, err)
				}
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the folder is left behind: %v", err)
			}
		})
	}
}

// withBroken is a folder with the real parts, but one that is a script.
func withBroken(t *testing.T, assets, broken, script string) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []string{"etcd", "kube-apiserver"} {
		if part == broken {
			continue
		}
		if err := os.Symlink(filepath.Join(assets, part), filepath.Join(dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, broken), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// A folder is refused when somebody else's files, or a live control plane, are
// in it; a part that the binaries lack is named.
func TestRefusals(t *testing.T) {
	foreign := t.TempDir()
	if err := os.WriteFile(filepath.Join(foreign, "thesis.txt"), []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	plane, _ := start(t, controlplane.Options{})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	cases := []struct {
		reason  string
		ctx     context.Context
		options controlplane.Options
		assets  string
		says    string
	}{
		{reason: "a folder with other files", ctx: t.Context(), options: controlplane.Options{Dir: foreign}, says: "not a control plane's"},
		{reason: "a folder in use", ctx: t.Context(), options: controlplane.Options{Dir: plane.Dir()}, says: "already"},
		{reason: "binaries without a part", ctx: t.Context(), assets: foreign, says: "has no etcd"},
		{reason: "a context that has ended", ctx: cancelled, assets: "", says: "canceled"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if c.assets != "" {
				t.Setenv("KUBEBUILDER_ASSETS", c.assets)
			}
			_, err := controlplane.Start(c.ctx, c.options)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v, want one that says %q", err, c.says)
			}
		})
	}
	if _, err := os.ReadFile(filepath.Join(foreign, "thesis.txt")); err != nil {
		t.Errorf("a refused folder was touched: %v", err)
	}
	if _, err := controlplane.Open(foreign); !errors.Is(err, controlplane.ErrNotFound) {
		t.Errorf("opening a folder without a control plane returns %v, want ErrNotFound", err)
	}
}
