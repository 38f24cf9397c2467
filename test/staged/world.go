package staged

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/shipped"
)

// World is a whole control plane, with nodes that play at running pods.
type World struct {
	*testing.T
	Plane *controlplane.ControlPlane
	Admin client.WithWatch
	// Patience is how long anything may take.
	Patience time.Duration
}

// NewWorld starts one. It ends with the test.
func NewWorld(t *testing.T, patience time.Duration) *World {
	t.Helper()
	ctrl.SetLogger(logr.Discard()) // operators log to files of their own
	plane, err := controlplane.Start(t.Context(), controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 3, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Errorf("stopping the control plane: %v", err)
		}
	})
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), apiextensionsv1.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	admin, err := client.NewWithWatch(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return &World{T: t, Plane: plane, Admin: admin, Patience: patience}
}

// Install applies what is shipped with an operator: a folder config/default.
func (w *World) Install(config string) {
	w.Helper()
	if err := shipped.Apply(w.Context(), w.Admin, config); err != nil {
		w.Fatalf("apply %s: %v", config, err)
	}
}

// Start runs an operator, which waits for no lease: one that was killed leaves its behind. It is killed with the test.
func (w *World) Start(program string) *operator.Process { return w.start(program, false) }

// StartLeading runs an operator that leads by the lease, as in a cluster.
func (w *World) StartLeading(program string) *operator.Process { return w.start(program, true) }

func (w *World) start(program string, lease bool) *operator.Process {
	w.Helper()
	kubeconfig, err := w.Plane.KubeconfigFor(operator.Identity)
	if err != nil {
		w.Fatal(err)
	}
	o, err := operator.Start(operator.Options{Program: program, Kubeconfig: kubeconfig, Log: filepath.Join(w.TempDir(), "operator.log"), LeaderElect: lease})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		lives := o.Death() == nil
		o.Kill()
		if lives && w.Failed() {
			w.Logf("the operator's last words:\n%s", o.LastWords())
		}
	})
	return o
}

// Stop ends an operator as a rollout of its Deployment does.
func (w *World) Stop(o *operator.Process) {
	w.Helper()
	if err := o.Stop(); err != nil {
		w.Fatal(err)
	}
}

// Eventually waits until check returns nil, and fails the test with its last word if that does not happen.
func (w *World) Eventually(what string, check func(ctx context.Context) error) {
	w.Helper()
	var last error
	err := wait.PollUntilContextTimeout(w.Context(), 100*time.Millisecond, w.Patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); ctx.Err() == nil {
			last = err
			return err == nil, nil
		}
		return false, ctx.Err()
	})
	if err != nil {
		w.Fatalf("%s: not in %s: %v", what, w.Patience, last)
	}
}
