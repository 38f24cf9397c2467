package controlplane_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/test/controlplane"
)

// A detached control plane is found again by its folder, also where that folder
// is deeper than the path of a socket may be, and stopped by the process that opens it.
func TestDetached(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep-", 12), strings.Repeat("down-", 12))
	started, _ := start(t, controlplane.Options{Dir: dir, Detached: true})
	found, err := controlplane.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !found.Ready() || found.Server() != started.Server() {
		t.Fatalf("found at %s with parts %v, want the one at %s", found.Server(), found.Parts(), started.Server())
	}
	if _, err := clientOf(t, found).CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Errorf("the one that was found cannot be used: %v", err)
	}
	pids := pidsIn(t, dir)
	if err := found.Stop(); err != nil {
		t.Fatal(err)
	}
	// The one that started them, this process, waits for them a moment later.
	eventually(t, "no process is left", func(context.Context) error { return noneAlive(pids) })
}
