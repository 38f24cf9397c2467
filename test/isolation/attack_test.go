package isolation_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// attack is something that must not work.
type attack struct {
	// id by which docs/security.md names it.
	id string
	// what it would do; from names the advisory that describes it elsewhere, empty where none does.
	what, from string
	by         actor
	request

	// refused are words of the refusal.
	refused []string
	// guard is what stops it, where that is no policy of ours: byRBAC or byPodSecurity.
	guard string
	// control makes the request where RBAC stops the attack; master where it is left out.
	control actor
}

const (
	// byRBAC: the actor has no right to it. The control is the request of somebody who has all rights.
	byRBAC = "RBAC"
	// byPodSecurity: the Pod Security Standard of the namespace. The control is a namespace without.
	byPodSecurity = "Pod Security"
)

// attacks are all of them, by concern.
func attacks() []attack {
	return slices.Concat(attacksOnApps(), attacksOnTheInstaller(), attacksOnNamespaces(), attacksByPods(), attacksOnSecrets(), attacksOnTheNetwork(),
		attacksOnVolumes(), attacksOnBelongings(), attacksByHolding(), attacksOnTheFrozen(), attacksOnDoors(), attacksOnTheWalls(), attacksByGiving(), attacksBySize(), attacksOnRights())
}

// try makes the request of the attack, as somebody.
func (a attack) try(ctx context.Context, w world, as actor) error {
	c, err := w.cast.client(as, a.agent)
	if err != nil {
		return err
	}
	if a.verb == "connect" {
		return a.connect(ctx, w.cast[as], w.names)
	}
	return a.do(ctx, c, w.names)
}

// isRefused is nil where the attack is refused, with the words that it must be refused with.
func (a attack) isRefused(err error) error {
	words := a.refused
	switch a.guard {
	case "":
		words = append([]string{"ValidatingAdmissionPolicy", "allmenning.dev"}, words...)
	case byRBAC:
		words = append([]string{"forbidden", "cannot"}, words...)
	case byPodSecurity:
		words = append([]string{"violates PodSecurity"}, words...)
	}
	if err == nil {
		return fmt.Errorf("it was accepted; it must be refused with %q", words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			return fmt.Errorf("it was refused, but not with %q: %w", word, err)
		}
	}
	return nil
}

// TestIsolation makes all attacks, all that is legitimate, and at last, without the policies, the attacks again.
func TestIsolation(t *testing.T) {
	w := newWorld(t)
	inForce(t, w)
	t.Run("attacks", func(t *testing.T) {
		for _, a := range attacks() {
			t.Run(a.id, func(t *testing.T) {
				t.Parallel()
				if err := a.isRefused(a.try(t.Context(), w, a.by)); err != nil {
					t.Errorf("%s: %v", a.what, err)
				}
				a.controlled(t, w)
			})
		}
	})
	t.Run("legitimate", func(t *testing.T) { legitimate(t, w) })
	cost(t)
	t.Run("without the policies", func(t *testing.T) { unprotected(t, w) })
}

// controlled shows of an attack that another guard stops that it would work without.
func (a attack) controlled(t *testing.T, w world) {
	t.Helper()
	switch a.guard {
	case byRBAC:
		if err := a.try(t.Context(), w, cmp.Or(a.control, master)); err != nil {
			t.Errorf("%s: the request of somebody with all rights: %v", a.what, err)
		}
	case byPodSecurity:
		elsewhere := a
		elsewhere.object = strings.Replace(a.object, "metadata: {", "metadata: {namespace: plain, ", 1)
		if err := elsewhere.try(t.Context(), w, master); err != nil {
			t.Errorf("%s: in a namespace without the standard: %v", a.what, err)
		}
	}
}

// inForce waits until each policy refuses its first attack: the API server learns of policies and namespaces by and by.
func inForce(t *testing.T, w world) {
	t.Helper()
	for _, all := range [][]attack{attacksOnApps(), attacksOnTheInstaller(), attacksOnNamespaces(), attacksByPods(), attacksOnSecrets(), attacksOnTheNetwork(), attacksOnVolumes(), attacksOnBelongings(), attacksByHolding(), attacksOnTheFrozen(), attacksOnDoors(), attacksOnTheWalls(), attacksByGiving(), attacksBySize()} {
		first := all[0]
		eventually(t, first.id+" is refused", func(ctx context.Context) error { return first.isRefused(first.try(ctx, w, first.by)) })
	}
}

// unprotected takes the policies out, and makes the attacks that they refuse: each must succeed, or its refusal shows nothing.
func unprotected(t *testing.T, w world) {
	t.Helper()
	var bindings admissionregistrationv1.ValidatingAdmissionPolicyBindingList
	if err := admin.List(t.Context(), &bindings); err != nil {
		t.Fatal(err)
	}
	for i := range bindings.Items {
		if err := client.IgnoreNotFound(admin.Delete(t.Context(), &bindings.Items[i])); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range attacks() {
		if a.guard != "" {
			continue
		}
		t.Run(a.id, func(t *testing.T) {
			t.Parallel()
			eventually(t, a.what+" works", func(ctx context.Context) error {
				err := a.try(ctx, w, a.by)
				if err != nil && !strings.Contains(err.Error(), "ValidatingAdmissionPolicy") {
					t.Fatalf("%s: without the policies it is refused nevertheless, so that it shows nothing: %v", a.what, err)
				}
				return err
			})
		})
	}
}

// TestTables checks the tables themselves: how many there are, that ids differ, and that each refusal says something.
func TestTables(t *testing.T) {
	const wanted = 80
	all, ids := attacks(), map[string]bool{}
	if len(all) < wanted {
		t.Errorf("%d attacks, want at least %d", len(all), wanted)
	}
	var faults []error
	for _, a := range all {
		if ids[a.id] {
			faults = append(faults, fmt.Errorf("two attacks have the id %s", a.id))
		}
		ids[a.id] = true
		if a.guard == "" && len(a.refused) == 0 {
			faults = append(faults, fmt.Errorf("%s: no words of the refusal", a.id))
		}
	}
	if err := errors.Join(faults...); err != nil {
		t.Error(err)
	}
	t.Logf("%d attacks", len(all))
}
