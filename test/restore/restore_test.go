// Package restore takes a backup of a country in the middle of a rollout, and restores it into an empty cluster, by the command
// line that people use: decisions, installations and the rollout stand again, nothing is uninstalled, and nobody moves who was not due to.
package restore

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/operator"
	"github.com/allmenning/allmenning/test/staged"
)

const (
	root    = "../.."
	config  = root + "/config/default"
	members = 10
)

var (
	patience = flag.Duration("patience", 2*time.Minute, "how long the country may take to settle")
	// manager and plugin are the programs, built once for all tests.
	manager, plugin string
)

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("a restore needs control planes and minutes: skipped with -short")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "allmenning-restore-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }() // in the temporary folder
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(dir string) error {
	var err error
	if manager, err = operator.Build(context.Background(), root, dir, os.Stderr); err != nil {
		return err
	}
	plugin = filepath.Join(dir, "kubectl-allmenning")
	command := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", plugin, "./cmd/kubectl-allmenning")
	command.Dir, command.Stderr = root, os.Stderr
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return command.Run()
}

// allmenning prepares the command line, as an administrator of a world runs it.
func allmenning(w *staged.World, arguments ...string) *exec.Cmd {
	w.Helper()
	return exec.CommandContext(w.Context(), plugin, append(arguments, "--kubeconfig="+w.Plane.Kubeconfig())...)
}

// says runs it, and returns all that it says.
func says(w *staged.World, arguments ...string) (string, error) {
	w.Helper()
	out, err := allmenning(w, arguments...).CombinedOutput()
	return string(out), err
}

// country is what is compared: everything that was decided, by namespace and name.
type country struct {
	Installations  map[string]v1alpha1.AppInstallationSpec
	Applied        map[string]string
	Rollouts       map[string]v1alpha1.RolloutSpec
	Networks       map[string]v1alpha1.NetworkSpec
	Municipalities map[string]v1alpha1.MunicipalitySpec
	Apps           map[string]v1alpha1.SharedAppSpec
	// Namespaces are labels, and TakenUp those that are marked as not to be deleted with their Municipality.
	Namespaces map[string]map[string]string
	TakenUp    []string
}

func read(w *staged.World) country {
	w.Helper()
	var installations v1alpha1.AppInstallationList
	var rollouts v1alpha1.RolloutList
	var networks v1alpha1.NetworkList
	var municipalities v1alpha1.MunicipalityList
	var apps v1alpha1.SharedAppList
	var namespaces corev1.NamespaceList
	for _, list := range []client.ObjectList{&installations, &rollouts, &networks, &municipalities, &apps, &namespaces} {
		if err := w.Admin.List(w.Context(), list); err != nil {
			w.Fatal(err)
		}
	}
	c := country{
		map[string]v1alpha1.AppInstallationSpec{}, map[string]string{}, map[string]v1alpha1.RolloutSpec{}, map[string]v1alpha1.NetworkSpec{},
		map[string]v1alpha1.MunicipalitySpec{}, map[string]v1alpha1.SharedAppSpec{}, map[string]map[string]string{}, nil,
	}
	for _, i := range installations.Items {
		c.Installations[i.Namespace] = i.Spec
		c.Applied[i.Namespace] = i.Status.AppliedVersion
	}
	for _, r := range rollouts.Items {
		c.Rollouts[r.Name] = r.Spec
	}
	for _, n := range networks.Items {
		c.Networks[n.Name] = n.Spec
	}
	for _, m := range municipalities.Items {
		c.Municipalities[m.Name] = m.Spec
	}
	for _, a := range apps.Items {
		c.Apps[a.Name] = a.Spec
	}
	for _, n := range namespaces.Items {
		if n.Labels[v1alpha1.LabelMunicipality] != "" {
			c.Namespaces[n.Name] = n.Labels
		}
		if n.Annotations[v1alpha1.AnnotationTakenUp] != "" {
			c.TakenUp = append(c.TakenUp, n.Name)
		}
	}
	return c
}

// lose brings a country amid its second wave, where the operator dies, and takes a backup. It returns what was decided by then.
func lose(w *staged.World, file string) country {
	w.Helper()
	w.Install(config)
	o := w.Start(manager)
	c := staged.Country{Admin: w.Admin, Size: members}
	moved := c.Begin(w)
	before := c.Moving(staged.Pilot)
	// Its namespaces go with it: whose they are must be known again.
	var m v1alpha1.Municipality
	if err := w.Admin.Get(w.Context(), client.ObjectKey{Name: staged.Chooser()}, &m); err != nil {
		w.Fatal(err)
	}
	m.Spec.DeletionPolicy = v1alpha1.DeletionDelete
	if err := w.Admin.Update(w.Context(), &m); err != nil {
		w.Fatal(err)
	}
	c.Amid(w, moved, staged.Half, before, o)
	if out, err := says(w, "backup", "-o", file); err != nil {
		w.Fatalf("backup: %v: %s", err, out)
	}
	return read(w)
}

func TestACountryIsRestoredAmidARollout(t *testing.T) {
	file := filepath.Join(t.TempDir(), "country.yaml")
	lost := staged.NewWorld(t, *patience)
	want := lose(lost, file)
	if err := lost.Plane.Stop(); err != nil {
		t.Fatal(err)
	}

	w := staged.NewWorld(t, *patience)
	w.Install(config)
	restored(w, file)
	ignore := cmpopts.EquateEmpty()
	if diff := cmp.Diff(want, read(w), ignore); diff != "" {
		t.Fatalf("what was decided, before any operator starts (-lost +restored):\n%s", diff)
	}
	moved := w.WatchMoves()
	o := w.StartLeading(manager)
	c := staged.Country{Admin: w.Admin, Size: members}
	had := 0
	for _, i := range want.Installations {
		if i.Version == staged.After {
			had++
		}
	}
	pilot, half := c.Moving(staged.Pilot), c.Moving(staged.Pilot)+c.Moving(staged.Half)
	if had <= pilot || had >= half {
		t.Fatalf("%d installations had moved when the cluster was lost: that is not amid the wave", had)
	}
	c.Arrived(w, moved, staged.Half, half, half-had) // the rest of the wave, and nobody else
	w.Eventually("every status is Ready", c.Ready)
	if out, err := says(w, "restore", "-f", file, "--yes"); err == nil || !strings.Contains(out, "an operator runs") && !strings.Contains(out, "is not as in the backup") {
		t.Errorf("restored while an operator runs: %v: %s", err, out)
	}
	if err := c.Approve(w.Context(), staged.Everyone); err != nil {
		t.Fatal(err)
	}
	all := half + c.Moving(staged.Everyone)
	c.Arrived(w, moved, staged.Everyone, all, all-had)
	if err := o.Death(); err != nil {
		t.Error(err)
	}
	is := read(w)
	if diff := cmp.Diff(want.Rollouts, is.Rollouts); diff != "" {
		t.Errorf("Rollouts began again (-lost +now):\n%s", diff)
	}
	if _, has := is.Installations[staged.Decliner()+"-prod"]; has {
		t.Error("who declined has the app")
	}
	if got := is.Installations[staged.Holder()+"-prod"].Version; got != staged.Before {
		t.Errorf("who holds has %s, want %s", got, staged.Before)
	}
	if len(is.TakenUp) > 0 {
		t.Errorf("namespaces are no longer known as made by their Municipality, whose deletionPolicy they would outlive: %v", is.TakenUp)
	}
	owned(w)
}

// restored restores: as a dry run, which changes nothing, then killed in the middle, when no operator may start, and then to the end.
func restored(w *staged.World, file string) {
	w.Helper()
	if out, err := says(w, "restore", "-f", file); err != nil || !strings.Contains(out, fmt.Sprintf("%d Municipality", members)) {
		w.Fatalf("dry run: %v: %s", err, out)
	}
	var all v1alpha1.MunicipalityList
	if err := w.Admin.List(w.Context(), &all); err != nil || len(all.Items) > 0 {
		w.Fatalf("a dry run made %d municipalities (%v)", len(all.Items), err)
	}
	killed := allmenning(w, "restore", "-f", file, "--yes")
	if err := killed.Start(); err != nil {
		w.Fatal(err)
	}
	w.Eventually("some is restored", func(ctx context.Context) error {
		if err := w.Admin.List(ctx, &all); err != nil || len(all.Items) < 3 {
			return fmt.Errorf("%d municipalities (%w)", len(all.Items), err)
		}
		return nil
	})
	if err := killed.Process.Kill(); err != nil {
		w.Fatal(err)
	}
	_ = killed.Wait() // it was killed
	var installations v1alpha1.AppInstallationList
	if err := w.Admin.List(w.Context(), &installations); err != nil || len(installations.Items) == members+1 {
		w.Fatalf("it was not killed in the middle: %d installations (%v)", len(installations.Items), err)
	}
	early := w.StartLeading(manager)
	if err := early.AwaitReady(w.Context()); err != nil {
		w.Fatal(err)
	}
	early.Kill()
	var lease coordinationv1.Lease
	if err := w.Admin.Get(w.Context(), client.ObjectKey{Namespace: operator.Namespace, Name: "allmenning"}, &lease); err != nil || *lease.Spec.HolderIdentity != "kubectl-allmenning-restore" {
		w.Fatalf("an operator starts on half a country: %+v, %v", lease.Spec, err)
	}
	if out, err := says(w, "restore", "-f", file, "--yes"); err != nil || !strings.Contains(out, "the operator may start") {
		w.Fatalf("to the end: %v: %s", err, out)
	}
	if out, err := says(w, "restore", "-f", file); err != nil || !strings.Contains(out, "To create: nothing.\nTo finish: nothing.") {
		w.Fatalf("once more: %v: %s", err, out)
	}
}

// owned fails the test where the restore is left as the owner of fields: nobody could take those out.
func owned(w *staged.World) {
	w.Helper()
	for _, list := range []client.ObjectList{&v1alpha1.AppInstallationList{}, &v1alpha1.RolloutList{}, &v1alpha1.MunicipalityList{}, &v1alpha1.NetworkList{}, &v1alpha1.SharedAppList{}, &corev1.NamespaceList{}} {
		if err := w.Admin.List(w.Context(), list); err != nil {
			w.Fatal(err)
		}
		if text := fmt.Sprintf("%+v", list); strings.Contains(text, "kubectl-allmenning-restore") {
			w.Errorf("fields in %T belong to the restore", list)
		}
	}
}
