package chart_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/test/controlplane"
)

const (
	// patience is how long anything may take on a busy machine.
	patience = 3 * time.Minute
	// pollInterval is how often a condition is tried.
	pollInterval = 100 * time.Millisecond

	namespace = "platform"
	account   = "system:serviceaccount:platform:operator"
)

// cluster is a control plane, with Helm.
type cluster struct {
	*testing.T
	plane *controlplane.ControlPlane
	admin client.Client
	helm  string
}

// TestRelease plays the life of a release, in a namespace and under an account of other names than config/ has, with an
// operator that has that account's rights.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("a release needs a control plane")
	}
	c := start(t)
	values := []string{"--set", "serviceAccount.name=operator,image.tag=dev"}

	c.run(append([]string{"install", "allmenning", folder, "--create-namespace", "--wait=watcher", "--timeout=3m"}, values...)...)
	stop := c.operate()
	defer stop()
	c.onboard()
	c.platformHasItsPolicies()

	out := c.refused("install", "second", folder, "--namespace=other", "--create-namespace")
	if want := "installed in this cluster already, by release allmenning in namespace platform"; !strings.Contains(out, want) {
		t.Errorf("a second release is refused with\n%s\nwithout saying %q", out, want)
	}

	c.run(append([]string{"upgrade", "allmenning", folder, "--set", "replicas=3", "--wait=watcher", "--timeout=3m"}, values...)...)
	c.replicas(3)
	c.run("rollback", "allmenning", "1", "--wait=watcher", "--timeout=3m")
	c.replicas(2)

	before := c.tenantNamespace()
	c.run("uninstall", "allmenning", "--wait=watcher", "--timeout=3m")
	stop()
	if err := c.admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "allmenning-manager"}, &appsv1.Deployment{}); !apierrors.IsNotFound(err) {
		t.Errorf("the operator's Deployment after uninstalling: %v", err)
	}
	c.tenantsPeopleHaveTheirRole()
	if after := c.tenantNamespace(); after.UID != before.UID || after.DeletionTimestamp != nil {
		t.Errorf("the namespace of the tenant did not stay: %v", after.ObjectMeta)
	}

	c.run(append([]string{"install", "allmenning", folder, "--wait=watcher", "--timeout=3m"}, values...)...)
	if after := c.tenantNamespace(); after.UID != before.UID {
		t.Errorf("the namespace of the tenant did not stay when the operator was installed again: %v", after.ObjectMeta)
	}
}

// TestServerTakesIt has the API server judge the objects of each case by a dry run.
func TestServerTakesIt(t *testing.T) {
	if testing.Short() {
		t.Skip("a dry run needs an API server")
	}
	c := start(t)
	if err := c.admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "allmenning-system"}}); err != nil {
		t.Fatal(err)
	}
	if err := c.admin.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "allmenning-system-trial"}}); err != nil {
		t.Fatal(err)
	}
	chart := load(t)
	for _, row := range cases {
		if row.wrong != "" {
			continue
		}
		t.Run(row.reason, func(t *testing.T) {
			files, err := render(chart, "allmenning-system", row.values, row.apis...)
			if err != nil {
				t.Fatal(err)
			}
			for id, o := range objectsOf(t, files) {
				if o.GetAPIVersion() == monitoring { // a kind of the Prometheus operator's, which is not here
					continue
				}
				err := c.admin.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("helm"), client.DryRunAll)
				if err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
}

func start(t *testing.T) *cluster {
	t.Helper()
	plane, err := controlplane.Start(t.Context(), controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	admin, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{T: t, plane: plane, admin: admin}
}

// run runs Helm, which must succeed.
func (c *cluster) run(arguments ...string) {
	c.Helper()
	if out, err := c.command(arguments).CombinedOutput(); err != nil {
		c.Fatalf("helm %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
}

// refused runs Helm, which must fail, and returns what it says.
func (c *cluster) refused(arguments ...string) string {
	c.Helper()
	out, err := c.command(arguments).CombinedOutput()
	if err == nil {
		c.Fatalf("helm %s succeeded:\n%s", strings.Join(arguments, " "), out)
	}
	return string(out)
}

// command builds Helm first, from source: the tools' module has it, at the version of the library that renders charts.
func (c *cluster) command(arguments []string) *exec.Cmd {
	c.Helper()
	if c.helm == "" {
		c.helm = filepath.Join(c.TempDir(), "helm")
		build := exec.CommandContext(c.Context(), "go", "build", "-C", "../../hack/tools", "-o", c.helm, "helm.sh/helm/v4/cmd/helm")
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false")
		if out, err := build.CombinedOutput(); err != nil {
			c.Fatalf("build Helm: %v\n%s", err, out)
		}
	}
	command := exec.CommandContext(c.Context(), c.helm, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.plane.Kubeconfig(), "HELM_NAMESPACE="+namespace,
		"HELM_CACHE_HOME="+c.TempDir(), "HELM_CONFIG_HOME="+c.TempDir(), "HELM_DATA_HOME="+c.TempDir())
	return command
}

// operate runs the operator with the rights that the release gives its account.
func (c *cluster) operate() (stop func()) {
	c.Helper()
	config, err := c.plane.ConfigFor(account)
	if err != nil {
		c.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.Context())
	mgr, err := controllers.New(ctx, config, controllers.Options{
		Namespace: namespace, MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: logr.Discard(),
	})
	if err != nil {
		cancel()
		c.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-stopped; err != nil {
			c.Errorf("the operator ended: %v", err)
		}
	})
}

// onboard creates a municipality, and waits until it is Ready.
func (c *cluster) onboard() {
	c.Helper()
	m := &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "vinje"},
		Spec: v1alpha1.MunicipalitySpec{
			Number: "4036", DisplayName: "Vinje", Inhabitants: new(int32(3800)),
			Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}},
			Access:       []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Groups: []string{"vinje-ikt"}}},
		},
	}
	if err := c.admin.Create(c.Context(), m); err != nil {
		c.Fatal(err)
	}
	c.await("the municipality is Ready", func() (bool, any) {
		err := c.admin.Get(c.Context(), client.ObjectKeyFromObject(m), m)
		return err == nil && meta.IsStatusConditionTrue(m.Status.Conditions, v1alpha1.ConditionReady), m.Status
	})
}

// platformHasItsPolicies waits until the operator has found the policies as they were shipped.
func (c *cluster) platformHasItsPolicies() {
	c.Helper()
	p := &v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName}}
	if err := c.admin.Create(c.Context(), p); err != nil {
		c.Fatal(err)
	}
	c.await("the Platform is Ready", func() (bool, any) {
		err := c.admin.Get(c.Context(), client.ObjectKeyFromObject(p), p)
		return err == nil && meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ConditionReady), p.Status
	})
}

func (c *cluster) replicas(want int32) {
	c.Helper()
	var d appsv1.Deployment
	if err := c.admin.Get(c.Context(), client.ObjectKey{Namespace: namespace, Name: "allmenning-manager"}, &d); err != nil {
		c.Fatal(err)
	}
	if *d.Spec.Replicas != want {
		c.Errorf("%d replicas, want %d", *d.Spec.Replicas, want)
	}
}

// tenantsPeopleHaveTheirRole asks the API server whether the people of the municipality may still look at their pods.
func (c *cluster) tenantsPeopleHaveTheirRole() {
	c.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "kari", Groups: []string{"vinje-ikt"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "vinje-prod", Verb: "list", Resource: "pods"},
	}}
	if err := c.admin.Create(c.Context(), review); err != nil {
		c.Fatal(err)
	}
	if !review.Status.Allowed {
		c.Errorf("the people of the municipality lost their access: %s", review.Status.Reason)
	}
}

func (c *cluster) tenantNamespace() corev1.Namespace {
	c.Helper()
	var n corev1.Namespace
	if err := c.admin.Get(c.Context(), client.ObjectKey{Name: "vinje-prod"}, &n); err != nil {
		c.Fatal(err)
	}
	return n
}

// await tries a condition until it holds, and says what there is instead when patience ends.
func (c *cluster) await(what string, holds func() (bool, any)) {
	c.Helper()
	deadline := time.After(patience)
	for {
		done, seen := holds()
		if done {
			return
		}
		select {
		case <-deadline:
			c.Fatalf("%s: not after %s; there is %+v", what, patience, seen)
		case <-time.After(pollInterval):
		}
	}
}
