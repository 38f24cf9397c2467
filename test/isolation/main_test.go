package isolation_test

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
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/shipped"
)

const (
	installation      = "../../config/default"
	operatorNamespace = "allmenning-system"
	operatorAccount   = "system:serviceaccount:allmenning-system:allmenning-manager"
	// patience is how long anything may take on a busy machine.
	patience = 2 * time.Minute
	// pollInterval is how often a condition is tried.
	pollInterval = 50 * time.Millisecond
	// sideBySide is how many attacks run beside each other.
	sideBySide = "16"
)

// plane is the one control plane of this package, since starting one costs seconds, and admin its administrator.
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
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err)
	}
	flag.Parse()
	if testing.Short() {
		fmt.Println("attacks need a control plane: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var err error
	if plane, err = controlplane.Start(ctx, controlplane.Options{ControllerManager: true, Progress: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the control plane:", err)
		}
	}()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if admin, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := shipped.Apply(ctx, admin, installation); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stopped, err := operate(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	cancel()
	<-stopped
	return code
}

// operate runs the operator, with the rights of its service account, until the context ends.
func operate(ctx context.Context) (<-chan struct{}, error) {
	config, err := plane.ConfigFor(operatorAccount)
	if err != nil {
		return nil, err
	}
	mgr, err := controllers.New(ctx, config, controllers.Options{
		Namespace: operatorNamespace, MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: logr.Discard(),
	})
	if err != nil {
		return nil, err
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := mgr.Start(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "the operator ended:", err)
		}
	}()
	return stopped, nil
}
