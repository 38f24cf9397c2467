package controlplane_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/allmenning/allmenning/test/controlplane"
)

// whole starts every part; most behaviours only show on that.
func whole() controlplane.Options {
	return controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 2}
}

// TestMain also plays the parent that parent_test.go kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(parentVariable); dir != "" {
		playParent(dir)
	}
	os.Exit(m.Run())
}

// start starts a control plane that ends with the test.
func start(t *testing.T, options controlplane.Options) (*controlplane.ControlPlane, kubernetes.Interface) {
	t.Helper()
	options.Progress = testLog{t}
	plane, err := controlplane.Start(t.Context(), options)
	if err != nil {
		t.Fatalf("starting the control plane: %v", err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Errorf("stopping the control plane: %v", err)
		}
	})
	return plane, clientOf(t, plane)
}

func clientOf(t *testing.T, plane *controlplane.ControlPlane) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(plane.Config())
	if err != nil {
		t.Fatalf("making a client: %v", err)
	}
	return client
}

// eventually waits until the condition is met, and fails the test with what
// was missing last.
func eventually(t *testing.T, what string, met func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	var missing error
	for {
		err := met(ctx)
		if err == nil {
			return
		}
		if missing == nil || ctx.Err() == nil {
			missing = err // rather than that the time is over
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, missing)
		case <-ticker.C:
		}
	}
}

// testLog lets the progress of a start show up in the test's log.
type testLog struct{ t *testing.T }

func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(strings.TrimRight(string(line), "\n"))
	return len(line), nil
}
