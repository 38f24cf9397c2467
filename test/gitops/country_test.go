package gitops_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluxcd/pkg/ssa"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const app = "opening-hours"

// country is the story so far: a repository, what applies it, and the program of those who work in it.
type country struct {
	repository
	*flux
	program string
}

// TestACountryInGit plays docs/gitops.md from the first commit on. Each step goes on from the one before.
func TestACountryInGit(t *testing.T) {
	r := newRepository(t)
	c := country{repository: r, flux: newFlux(t, r), program: build(t)}
	for _, step := range []struct {
		reason string
		play   func(*testing.T, country)
	}{
		{"the first commit introduces the app to the pilot, and approval by merge to the others", introduce},
		{"a promotion is one word, approved by merge", promote},
		{"what is applied again changes nothing", again},
		{"a revert brings the previous version back, in the same waves", revert},
		{"a municipality whose folder goes keeps what it has, and goes on with it when the folder is back", prune},
		{"a request to reconcile is heard, and what is not to be reconciled is left alone", annotations},
	} {
		if !t.Run(step.reason, func(t *testing.T) { step.play(t, c) }) {
			return
		}
	}
}

func introduce(t *testing.T, c country) {
	for _, folder := range []string{"nation", "networks/vest-telemark", "municipalities/vinje", "municipalities/seljord", "municipalities/tokke"} {
		c.reconcile(t, folder)
	}
	has(t, "1.0.0", "vinje")
	c.approved(t, "vest-telemark."+app+".1.0.0.1")
	has(t, "1.0.0", "vinje", "seljord", "tokke")
}

func promote(t *testing.T, c country) {
	c.run(t, "promote", app, "1.1.0", "-f", "nation")
	c.commit(t, app+" 1.1.0 to stable")
	c.reconcile(t, "nation")
	has(t, "1.1.0", "vinje")
	has(t, "1.0.0", "seljord", "tokke")
	c.approved(t, "vest-telemark."+app+".1.1.0.1")
	has(t, "1.1.0", "vinje", "seljord", "tokke")
}

func again(t *testing.T, c country) {
	for folder := range c.inventory {
		for _, entry := range c.reconcile(t, folder).Entries {
			if entry.Action != ssa.UnchangedAction {
				t.Errorf("%s is %s", entry.Subject, entry.Action)
			}
		}
	}
}

func revert(t *testing.T, c country) {
	promotion := c.git(t, "log", "--format=%H", "--grep=1.1.0 to stable")
	c.git(t, "revert", "--no-edit", promotion)
	c.reconcile(t, "nation")
	has(t, "1.0.0", "vinje")
	has(t, "1.1.0", "seljord", "tokke")
	c.approved(t, "vest-telemark."+app+".1.0.0.2")
	has(t, "1.0.0", "vinje", "seljord", "tokke")
}

func prune(t *testing.T, c country) {
	before := installation(t, "tokke")
	if err := os.RemoveAll(filepath.Join(c.folder, "municipalities", "tokke")); err != nil {
		t.Fatal(err)
	}
	c.commit(t, "Tokke leaves")
	c.reconcile(t, "municipalities/tokke")
	eventually(t, "the Municipality is gone", func(ctx context.Context) error {
		err := admin.Get(ctx, client.ObjectKey{Name: "tokke"}, &v1alpha1.Municipality{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, errors.New("it is there"))
	})
	if after := installation(t, "tokke"); after.UID != before.UID || !after.DeletionTimestamp.IsZero() {
		t.Errorf("what runs was touched: %+v", after.ObjectMeta)
	}

	c.git(t, "revert", "--no-edit", "HEAD")
	c.reconcile(t, "municipalities/tokke")
	if after := installation(t, "tokke"); after.UID != before.UID {
		t.Errorf("it was installed again: %s after %s", after.UID, before.UID)
	}
	c.reconcile(t, "nation")
	if err := admin.Get(t.Context(), client.ObjectKey{Name: v1alpha1.PlatformName}, &v1alpha1.Platform{}); err != nil {
		t.Error(err)
	}
}

func annotations(t *testing.T, c country) {
	var vinje v1alpha1.Municipality
	get := func() {
		t.Helper()
		if err := admin.Get(t.Context(), client.ObjectKey{Name: "vinje"}, &vinje); err != nil {
			t.Fatal(err)
		}
	}
	get()
	before := vinje.DeepCopy()
	vinje.Annotations = map[string]string{"reconcile.fluxcd.io/requestedAt": "2026-12-01T08:00:00Z", "kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
	vinje.Spec.DisplayName = "Vinje kommune"
	if err := admin.Patch(t.Context(), &vinje, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	c.reconcile(t, "municipalities/vinje")
	get()
	if vinje.Spec.DisplayName != "Vinje kommune" {
		t.Errorf("it is named %s: what is not to be reconciled was", vinje.Spec.DisplayName)
	}
	before = vinje.DeepCopy()
	delete(vinje.Annotations, "kustomize.toolkit.fluxcd.io/reconcile")
	if err := admin.Patch(t.Context(), &vinje, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	c.reconcile(t, "municipalities/vinje")
	get()
	if vinje.Spec.DisplayName != "Vinje" {
		t.Errorf("it is named %s: drift from Git was not corrected", vinje.Spec.DisplayName)
	}
}

// approved waits until a Rollout waits for its approval, approves it by a commit in the network's folder, and applies that.
func (c country) approved(t *testing.T, rollout string) {
	t.Helper()
	eventually(t, rollout+" waits for an approval", func(ctx context.Context) error {
		var r v1alpha1.Rollout
		if err := admin.Get(ctx, client.ObjectKey{Name: rollout}, &r); err != nil {
			return err
		}
		if !strings.Contains(r.Status.Next, "approv") {
			return fmt.Errorf("it says %s", r.Status.Next)
		}
		return nil
	})
	c.run(t, "approve", rollout, "-f", "networks/vest-telemark")
	c.commit(t, "vest-telemark approves "+rollout)
	c.reconcile(t, "networks/vest-telemark")
}

// run runs kubectl-allmenning in the repository.
func (c country) run(t *testing.T, args ...string) {
	t.Helper()
	command := exec.Command(c.program, append(args, "--kubeconfig="+plane.Kubeconfig())...)
	command.Dir = c.folder
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("kubectl-allmenning %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "kubectl-allmenning")
	command := exec.Command("go", "build", "-o", program, "./cmd/kubectl-allmenning")
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func installation(t *testing.T, municipality string) v1alpha1.AppInstallation {
	t.Helper()
	var i v1alpha1.AppInstallation
	if err := admin.Get(t.Context(), client.ObjectKey{Namespace: municipality + "-prod", Name: app}, &i); err != nil {
		t.Fatal(err)
	}
	return i
}

// has waits until the app's object is there at a version, in these municipalities.
func has(t *testing.T, version string, municipalities ...string) {
	t.Helper()
	for _, m := range municipalities {
		eventually(t, m+" has "+version, func(ctx context.Context) error {
			var hours corev1.ConfigMap
			if err := admin.Get(ctx, client.ObjectKey{Namespace: m + "-prod", Name: app}, &hours); err != nil {
				return err
			}
			if hours.Data["version"] != version {
				return fmt.Errorf("it has %s", hours.Data["version"])
			}
			return nil
		})
	}
}
