package e2e_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
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

// patience is how long a country of some twenty municipalities may take to settle.
const patience = 2 * time.Minute

// program is the operator, built once for all tests.
var program string

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("end-to-end tests need a control plane and minutes: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard()) // the operator logs to a file of its own
	dir, err := os.MkdirTemp("", "allmenning-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	if program, err = operator.Build(context.Background(), "../..", dir, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// world is a control plane with the operator's definitions, roles and policies in it, and
// nodes that play at running pods. Each test has its own, as each treats it badly.
type world struct {
	plane *controlplane.ControlPlane
	admin client.Client
}

func newWorld(t *testing.T) *world {
	t.Helper()
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
	admin, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	if err := shipped.Apply(t.Context(), admin, "../../config/default"); err != nil {
		t.Fatal(err)
	}
	return &world{plane: plane, admin: admin}
}

// eventually waits until check returns nil, and fails the test with its last word if that
// does not happen.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	within(t, patience, what, check)
}

// within is eventually with a limit of its own.
func within(t *testing.T, limit time.Duration, what string, check func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, limit, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); ctx.Err() == nil {
			last = err
			return err == nil, nil
		}
		return false, ctx.Err()
	})
	if err != nil {
		t.Fatalf("%s: not in %s: %v", what, limit, last)
	}
}

// put makes an object.
func (w *world) put(t *testing.T, o client.Object) {
	t.Helper()
	if err := w.admin.Create(t.Context(), o); err != nil {
		t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
}
