package apps_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/shipped"
)

const (
	operatorNamespace = "allmenning-system"
	operatorAccount   = "system:serviceaccount:allmenning-system:allmenning-manager"
	// patience is how long anything may take on a busy machine.
	patience = 4 * time.Minute
	// deadline is how long a version may be unhealthy before it has failed.
	deadline = 40 * time.Second
)

// admin is the administrator of the one control plane, hub its registry, and plugin the publisher's command.
var (
	admin  client.Client
	hub    string
	plugin string
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controllers.BuildArgument { // the operator of this process runs it again, to build
		if err := controllers.ServeBuilds(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctrl.SetLogger(logr.Discard())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir, err := os.MkdirTemp("", "allmenning-apps-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	plugin = filepath.Join(dir, "kubectl-allmenning")
	build := exec.CommandContext(ctx, "go", "build", "-o", plugin, "../../cmd/kubectl-allmenning")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the plugin:", err)
		return 1
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	hub = strings.TrimPrefix(server.URL, "http://")

	plane, err := controlplane.Start(ctx, controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 2, Volumes: 12, Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = plane.Stop() }()
	if err := prepare(ctx, plane); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	stopped, err := operate(ctx, plane)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	cancel()
	<-stopped
	return code
}

// prepare installs what the operator needs, and has everybody move at once.
func prepare(ctx context.Context, plane *controlplane.ControlPlane) error {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	var err error
	if admin, err = client.New(plane.Config(), client.Options{Scheme: scheme}); err != nil {
		return err
	}
	if err := shipped.Apply(ctx, admin, "../../config/default"); err != nil {
		return err
	}
	return admin.Create(ctx, &v1alpha1.Platform{
		ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName},
		Spec: v1alpha1.PlatformSpec{Rollout: &v1alpha1.RolloutStrategy{MaxIntroductions: new(int32(256)), Waves: []v1alpha1.Wave{{
			Name: "everyone", Soak: &metav1.Duration{}, ProgressDeadline: &metav1.Duration{Duration: deadline},
			MaxConcurrent: new(intstr.FromString("100%")), MaxFailures: new(intstr.FromString("100%")),
		}}}},
	})
}

// operate runs the operator until the context ends.
func operate(ctx context.Context, plane *controlplane.ControlPlane) (<-chan struct{}, error) {
	config, err := plane.ConfigFor(operatorAccount)
	if err != nil {
		return nil, err
	}
	mgr, err := controllers.New(ctx, config, controllers.Options{
		Namespace: operatorNamespace, MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, PlainHTTPRegistries: []string{hub}, Log: logr.Discard(),
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

// eventually waits until check returns nil.
func eventually(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := check(ctx); ctx.Err() == nil {
			last = err
			return err == nil, nil
		}
		return false, ctx.Err()
	})
	if err != nil {
		t.Fatalf("%s: not in %s: %v", what, patience, last)
	}
}

// app is one of testdata that was offered.
type app struct{ name string }

// offer pushes the bundles of an app with the publisher's command, and puts the app into the catalogue.
func offer(t *testing.T, name string) app {
	t.Helper()
	return offerAs(t, name, name)
}

// offerAs offers an app of testdata under another name, changed.
func offerAs(t *testing.T, source, name string, changes ...func(*v1alpha1.SharedAppSpec)) app {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", source+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var said v1alpha1.Version
	var flags []string
	for _, f := range archive.Files {
		if rest, is := strings.CutPrefix(f.Name, "chart/"); is {
			for _, version := range []string{"1.0.0", "1.1.0"} {
				write(t, filepath.Join(dir, version, rest), bytes.ReplaceAll(f.Data, []byte("ersion: \"1.0.0\""), []byte("ersion: \""+version+"\"")))
			}
			continue
		}
		write(t, filepath.Join(dir, f.Name), f.Data)
		flags = append(flags, chartFlags(t, dir, f, &said)...)
		if rest, next := strings.CutPrefix(f.Name, "1.1.0/"); next {
			write(t, filepath.Join(dir, "1.2.0", rest), f.Data)
		}
	}
	if said.Chart == nil {
		neverReady(t, filepath.Join(dir, "1.2.0"))
	}
	offered := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: name, Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
	}}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0"} {
		folder := version
		if said.Chart != nil && version == "1.2.0" {
			folder = "1.1.0" // the same chart, with other values
		}
		push := exec.CommandContext(t.Context(), plugin, append([]string{"bundle", "push", filepath.Join(dir, folder), hub + "/apps/" + name + ":" + version, "--plain-http", "--app", name}, flags...)...)
		var out, errs bytes.Buffer
		push.Stdout, push.Stderr = &out, &errs
		if err := push.Run(); err != nil {
			t.Fatalf("push %s %s: %v\n%s", name, version, err, errs.String())
		}
		var versions []v1alpha1.Version
		if err := yaml.UnmarshalStrict(out.Bytes(), &versions); err != nil || len(versions) != 1 {
			t.Fatalf("%v: what the command prints is no version: %s", err, out.String())
		}
		versions[0].Parameters, versions[0].Chart = said.Parameters, said.Chart
		if said.Chart != nil && version == "1.2.0" {
			versions[0].Chart = neverReadyChart(t, *said.Chart)
		}
		offered.Spec.Versions = append(offered.Spec.Versions, versions...)
	}
	for _, change := range changes {
		change(&offered.Spec)
	}
	if err := admin.Create(t.Context(), offered); err != nil {
		t.Fatal(err)
	}
	eventually(t, name+" is available", func(ctx context.Context) error {
		fresh := &v1alpha1.SharedApp{}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(offered), fresh); err != nil {
			return err
		}
		for _, v := range fresh.Status.Versions {
			if !v.Available {
				return fmt.Errorf("version %s: %s", v.Version, v.Message)
			}
		}
		if len(fresh.Status.Versions) < 3 {
			return errors.New("not all versions were looked at")
		}
		return nil
	})
	return app{name}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(content, []byte("<CR>\n"), []byte("\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// neverReady has the pods of a bundle never get ready.
func neverReady(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "kustomization.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var kustomization map[string]any
	if err := yaml.Unmarshal(content, &kustomization); err != nil {
		t.Fatal(err)
	}
	patches, _ := kustomization["patches"].([]any)
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		patches = append(patches, map[string]any{
			"target": map[string]any{"kind": kind},
			"patch":  "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: any}\nspec: {template: {metadata: {annotations: {allmenning.dev/simulate: never-ready}}}}\n",
		})
	}
	kustomization["patches"] = patches
	if content, err = yaml.Marshal(kustomization); err != nil {
		t.Fatal(err)
	}
	write(t, path, content)
}

// town makes a municipality that takes some apps.
func town(t *testing.T, name, number string, apps ...app) *v1alpha1.Municipality {
	t.Helper()
	m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.LabelCounty: number[:2]}}, Spec: v1alpha1.MunicipalitySpec{
		Number: number, DisplayName: name, Domains: []string{name + ".kommune.no"},
		Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}},
	}}
	for _, a := range apps {
		m.Spec.Apps = append(m.Spec.Apps, v1alpha1.AppDecision{Name: a.name, Decision: v1alpha1.DecisionAdopt})
	}
	if err := admin.Create(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// promote points the channel that everybody follows at a version.
func (a app) promote(t *testing.T, version string) {
	t.Helper()
	eventually(t, "promote "+a.name, func(ctx context.Context) error {
		fresh := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: a.name}}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(fresh), fresh); err != nil {
			return err
		}
		fresh.Spec.Channels[0].Version = version
		return admin.Update(ctx, fresh)
	})
}

// runs waits until an app is ready at a version.
func (a app) runs(t *testing.T, namespace, version string, more func(*v1alpha1.AppInstallation) error) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s %s runs in %s", a.name, version, namespace), func(ctx context.Context) error {
		i := &v1alpha1.AppInstallation{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: a.name}, i); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Status != metav1.ConditionTrue || i.Status.AppliedVersion != version || i.Spec.Version != version {
			return fmt.Errorf("asked for %s, applied %s: %+v", i.Spec.Version, i.Status.AppliedVersion, ready)
		}
		if more != nil {
			return more(i)
		}
		return nil
	})
}
