package gitops_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/shipped"
)

const (
	root    = "../.."
	account = "system:serviceaccount:allmenning-system:allmenning-manager"
	// patience is how long anything may take on a busy machine.
	patience = 2 * time.Minute
)

// plane is the control plane of this package, and admin its administrator.
var (
	plane *controlplane.ControlPlane
	admin client.Client
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controllers.BuildArgument { // the operator of this process runs it again, to build
		if err := controllers.ServeBuilds(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	if testing.Short() {
		fmt.Println("these tests need a control plane: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	ctrl.SetLogger(logr.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = plane.Stop() }()
	ended, err := operate(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code = m.Run()
	cancel()
	if err := <-ended; err != nil {
		fmt.Fprintln(os.Stderr, "the operator ended:", err)
		return 1
	}
	return code
}

// operate installs the operator and runs it with the rights of its account.
func operate(ctx context.Context) (<-chan error, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	var err error
	if admin, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return nil, err
	}
	if err := shipped.Apply(ctx, admin, root+"/config/default"); err != nil {
		return nil, err
	}
	config, err := plane.ConfigFor(account)
	if err != nil {
		return nil, err
	}
	manager, err := controllers.New(ctx, config, controllers.Options{
		Namespace: "allmenning-system", MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: logr.Discard(),
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	return ended, nil
}

// eventually waits until a check finds nothing wrong.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	var last error
	if err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	}); err != nil {
		t.Fatalf("%s: not in %s: %v", what, patience, last)
	}
}
