package appinstallation

import (
	"math/rand/v2"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// choices reads decisions off the fuzzer's bytes; when they run out it always takes
// the first possibility.
type choices struct{ left []byte }

func (c *choices) below(n int) int {
	if len(c.left) == 0 {
		return 0
	}
	first := c.left[0]
	c.left = c.left[1:]
	return int(first) % n
}

func pick[T any](c *choices, all ...T) T { return all[c.below(len(all))] }

// identities are all objects that a random world may hold.
func identities() []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, kind := range []string{"ConfigMap", "PersistentVolumeClaim", "Secret"} {
		for _, name := range []string{"a", "b", "c"} {
			all = append(all, of(world(), kind, name, map[string]any{}))
		}
	}
	return all
}

// randomLive is what is in a namespace: objects of the app, of another, of the
// tenant, and such whose labels somebody took away or forged.
func randomLive(t *testing.T, c *choices, seen *observed) {
	t.Helper()
	for _, o := range identities() {
		o.SetUID(types.UID("uid-" + o.GetName()))
		switch c.below(6) {
		case 0:
			continue
		case 1:
			o.SetLabels(nil)
		case 2:
			o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: "kobo"})
		case 3:
			o.SetLabels(map[string]string{v1alpha1.LabelManagedBy: pick(c, "Helm", v1alpha1.ManagedBy), v1alpha1.LabelApp: pick(c, "", "svarut")})
		}
		if c.below(4) == 3 {
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationPrune: pick(c, v1alpha1.PruneDisabled, "enabled")})
		}
		if c.below(8) == 7 {
			o.SetDeletionTimestamp(at(0))
		}
		live := cached(t, o)
		seen.live[refOf(live)] = live
		if c.below(3) == 2 {
			seen.installation.Status.Inventory = append(seen.installation.Status.Inventory, v1alpha1.InstalledObject{
				APIVersion: "v1", Kind: o.GetKind(), Name: o.GetName(), UID: pick(c, string(o.GetUID()), "earlier", ""), Sent: pick(c, "", "x"), Content: pick(c, "", "x"),
			})
		}
	}
}

func randomWanted(c *choices) []*unstructured.Unstructured {
	var wanted []*unstructured.Unstructured
	for _, o := range identities() {
		if c.below(3) == 0 {
			o.Object["data"] = map[string]any{"key": pick(c, "1", "2")}
			wanted = append(wanted, o)
		}
	}
	return wanted
}

// FuzzPlan checks, in random namespaces, that a plan never touches what is not the
// app's, and that it comes to rest.
func FuzzPlan(f *testing.F) {
	f.Add([]byte{})
	source := rand.NewChaCha8([32]byte{})
	for range 100 {
		namespace := make([]byte, 100)
		_, _ = source.Read(namespace) // it never fails
		f.Add(namespace)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &choices{left: raw}
		seen := world()
		randomLive(t, c, &seen)
		wanted := randomWanted(c)
		if c.below(4) == 3 {
			absent(&seen)
		}
		if c.below(4) == 3 {
			seen.installation.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
		}
		todo, err := plan(seen, rendered{objects: wanted})
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, seen, todo)
		if todo.outcome != nil {
			return
		}
		// What the app no longer has goes when the rest is ready, in a pass of its own.
		after := next(t, seen, todo)
		second, err := plan(after, rendered{objects: wanted})
		if err != nil {
			t.Fatal(err)
		}
		checkPlan(t, after, second)
		again, err := plan(next(t, after, second), rendered{objects: wanted})
		if err != nil {
			t.Fatal(err)
		}
		if again.outcome != nil || len(sends(again)) > 0 || len(again.prune) > 0 {
			t.Errorf("it does not come to rest: %s, sends %v, prunes %v", brief(again.outcome), sends(again), prunes(again))
		}
	})
}

func checkPlan(t *testing.T, seen observed, todo planned) {
	t.Helper()
	belongs := func(o *unstructured.Unstructured) bool {
		return o.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && o.GetLabels()[v1alpha1.LabelApp] == "svarut"
	}
	for _, o := range todo.prune {
		if !belongs(o) {
			t.Errorf("%s is pruned, and is not the app's: labels %v", refOf(o), o.GetLabels())
		}
		if o.GetKind() == "PersistentVolumeClaim" || o.GetAnnotations()[v1alpha1.AnnotationPrune] == v1alpha1.PruneDisabled {
			t.Errorf("%s is pruned, and somebody may miss it", refOf(o))
		}
	}
	known := map[string]string{}
	for _, entry := range seen.installation.Status.Inventory {
		known[entry.Kind+"/"+entry.Name] = entry.UID
	}
	for _, o := range todo.objects {
		live := seen.live[o.ref]
		if o.send && live != nil && !belongs(live) && known[o.String()] != string(live.GetUID()) {
			t.Errorf("%s is sent, and its name is taken: labels %v", o.ref, live.GetLabels())
		}
	}
	if seen.installation.Spec.State == v1alpha1.InstallationAbsent && len(todo.objects) > 0 {
		t.Errorf("an app that goes is sent: %v", sends(todo))
	}
}
