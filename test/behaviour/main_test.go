package behaviour_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/testr"
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
	installation      = "../../config/default"
	operatorNamespace = "allmenning-system"
	operatorAccount   = "system:serviceaccount:allmenning-system:allmenning-manager"
	// patience is how long anything may take on a busy machine; most of it takes less than a second.
	patience = 2 * time.Minute
)

// plane is the one control plane of this package, since starting one costs seconds, and
// admin its administrator.
var (
	plane *controlplane.ControlPlane
	admin client.Client
)

// sideBySide is how many tests run beside each other, unless a person says otherwise:
// they wait more than they work.
const sideBySide = "16"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controllers.BuildArgument { // an operator of this process runs it again, to build
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
		fmt.Println("behaviour tests need a control plane: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard()) // each operator logs to the test that starts it
	ctx := context.Background()
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
	if admin, err = newClient(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := shipped.Apply(ctx, admin, installation); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := admin.Create(ctx, atOnce()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func newClient() (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("building the scheme: %w", err)
	}
	return client.New(plane.Config(), client.Options{Scheme: scheme})
}

// operator is one that runs inside this process.
type operator struct {
	stop context.CancelFunc
	done chan struct{}
	// err is why it ended; to be read when done is closed.
	err error
}

// launch runs the whole operator, with the rights of its service account. Each change
// adjusts its options.
func launch(log logr.Logger, changes ...func(*controllers.Options)) (*operator, error) {
	config, err := plane.ConfigFor(operatorAccount)
	if err != nil {
		return nil, err
	}
	options := controllers.Options{
		Namespace: operatorNamespace, MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: log,
	}
	for _, change := range changes {
		change(&options)
	}
	ctx, cancel := context.WithCancel(context.Background())
	mgr, err := controllers.New(ctx, config, options)
	if err != nil {
		cancel()
		return nil, err
	}
	o := &operator{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		o.err = mgr.Start(ctx)
	}()
	return o, nil
}

// startOperator runs an operator of its own for a test, until Stop or the end of the test.
func startOperator(t *testing.T, changes ...func(*controllers.Options)) *operator {
	t.Helper()
	log := logr.Discard()
	if testing.Verbose() {
		log = testr.NewWithOptions(t, testr.Options{})
	}
	o, err := launch(log, changes...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		o.Stop()
		if o.err != nil {
			t.Errorf("the operator ended: %v", o.err)
		}
	})
	return o
}

// Stop ends the operator and waits for its end; a second time it does nothing.
func (o *operator) Stop() {
	o.stop()
	<-o.done
}

// eventually waits until check returns nil, and fails the test with its last word if that
// does not happen.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := check(ctx)
		if err == nil || ctx.Err() == nil || last == nil { // else it says only that time is up
			last = err
		}
		return err == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not in %s: %v", what, patience, last)
	}
}

// create makes an object and deletes it after the test.
func create(t *testing.T, o client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), o); err != nil {
		t.Fatalf("create %T %s: %v", o, o.GetName(), err)
	}
	t.Cleanup(func() { remove(t, o) })
}

// remove deletes an object that may be gone already.
func remove(t *testing.T, o client.Object) {
	t.Helper()
	if err := client.IgnoreNotFound(admin.Delete(context.Background(), o)); err != nil {
		t.Errorf("delete %T %s: %v", o, o.GetName(), err)
	}
}

// holds returns an error that names the parts that a text lacks.
func holds(text string, parts ...string) error {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("%q does not hold %q", text, part)
		}
	}
	return nil
}
