package e2e_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/shipped"
)

// uids returns the uids of the objects that a list finds, by namespace and name.
func uids(t *testing.T, w *world, list client.ObjectList, options ...client.ListOption) map[string]string {
	t.Helper()
	if err := w.admin.List(t.Context(), list, options...); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	err := meta.EachListItem(list, func(o runtime.Object) error {
		object, err := meta.Accessor(o)
		if err == nil {
			found[fmt.Sprintf("%T %s/%s", o, object.GetNamespace(), object.GetName())] = string(object.GetUID())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// standing are the uids of everything that must outlive the definitions: the tenants'
// namespaces, their walls, and the objects of their apps.
func (c country) standing(t *testing.T) map[string]string {
	t.Helper()
	ours := client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
	all := map[string]string{}
	for _, list := range []client.ObjectList{
		&corev1.NamespaceList{}, &corev1.ConfigMapList{}, &appsv1.DeploymentList{}, &networkingv1.NetworkPolicyList{}, &corev1.ResourceQuotaList{},
	} {
		for key, uid := range uids(t, c.world, list, ours) {
			if strings.Contains(key, c.prefix) {
				all[key] = uid
			}
		}
	}
	return all
}

// Deleting a definition deletes every object of its kind. That must uninstall nothing:
// not even where a Municipality's deletionPolicy is Delete.
func TestADefinitionThatIsDeletedAndPutBackCostsNothing(t *testing.T) {
	w := newWorld(t)
	c := country{world: w, prefix: "calm", size: 3}
	w.start(t, "")
	w.put(t, &v1alpha1.Platform{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.PlatformName}})
	c.offers(t)
	c.populate(t, 1000, 0, c.size)
	c.unite(t)
	edit(t, w.admin, &v1alpha1.Municipality{}, c.name(1), func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	c.settled(t, 4*c.size)
	c.connect(t)
	before := c.standing(t)
	if want := c.size * 2 * (1 + 2*2 + 1); len(before) < want {
		t.Fatalf("only %d objects stand, want at least %d", len(before), want)
	}
	for _, plural := range []string{"platforms", "municipalities", "networks", "sharedapps", "appinstallations", "rollouts"} {
		t.Run(plural, func(t *testing.T) {
			deleteAndPutBack(t, w, plural+"."+v1alpha1.GroupVersion.Group)
			c.settled(t, 4*c.size)
			c.connected(t)
			after := c.standing(t)
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("not everything outlived it (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("and a namespace comes back with its apps", func(t *testing.T) {
		loseNamespace(t, c, c.name(0)+"-prod")
		c.connected(t)
		after := c.standing(t)
		if diff := cmp.Diff(sortedKeys(before), sortedKeys(after)); diff != "" {
			t.Errorf("not everything is back (-before +after):\n%s", diff)
		}
	})
	t.Run("what somebody takes out of a door ends it, though its halves are older than the definitions", func(t *testing.T) {
		edit(t, c.admin, &v1alpha1.Municipality{}, c.name(0), func(m *v1alpha1.Municipality) { m.Spec.Hosts = m.Spec.Hosts[:1] })
		edit(t, c.admin, &v1alpha1.Municipality{}, c.name(1), func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
		within(t, 10*time.Second, "no half of a door is left", func(ctx context.Context) error {
			var halves networkingv1.NetworkPolicyList
			if err := c.admin.List(ctx, &halves, client.HasLabels{v1alpha1.LabelDoor}); err != nil || len(halves.Items) == 0 {
				return err
			}
			return fmt.Errorf("there are %d: %s", len(halves.Items), halves.Items[0].Name)
		})
	})
}

func sortedKeys(m map[string]string) map[string]bool {
	keys := map[string]bool{}
	for key := range maps.Keys(m) {
		keys[key] = true
	}
	return keys
}

func deleteAndPutBack(t *testing.T, w *world, name string) {
	t.Helper()
	var definition apiextensionsv1.CustomResourceDefinition
	if err := w.admin.Get(t.Context(), client.ObjectKey{Name: name}, &definition); err != nil {
		t.Fatal(err)
	}
	saved := objectsOf(t, w, definition.Spec.Names.Kind)
	if err := w.admin.Delete(t.Context(), &definition); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the definition is gone", func(ctx context.Context) error {
		err := w.admin.Get(ctx, client.ObjectKey{Name: name}, &apiextensionsv1.CustomResourceDefinition{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is still there (%w)", err)
	})
	back := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: definition.Spec}
	w.put(t, back)
	eventually(t, "the definition is served", func(ctx context.Context) error { return shipped.Served(ctx, w.admin) })
	for _, o := range saved {
		eventually(t, "put back "+o.GetName(), func(ctx context.Context) error { return client.IgnoreAlreadyExists(w.admin.Create(ctx, o)) })
	}
}

// objectsOf reads what a person would have in Git: the objects of a kind, without what the
// cluster added. AppInstallations and Rollouts are the operator's to write.
func objectsOf(t *testing.T, w *world, kind string) []client.Object {
	t.Helper()
	lists := map[string]client.ObjectList{
		"Platform": &v1alpha1.PlatformList{}, "Municipality": &v1alpha1.MunicipalityList{},
		"Network": &v1alpha1.NetworkList{}, "SharedApp": &v1alpha1.SharedAppList{},
	}
	list, ok := lists[kind]
	if !ok {
		return nil
	}
	if err := w.admin.List(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	var all []client.Object
	err := meta.EachListItem(list, func(o runtime.Object) error {
		object, ok := o.DeepCopyObject().(client.Object)
		if !ok {
			return fmt.Errorf("%T is no object", o)
		}
		object.SetUID("")
		object.SetResourceVersion("")
		object.SetManagedFields(nil)
		object.SetFinalizers(nil)
		all = append(all, object)
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("saving every %s: %d found (%v)", kind, len(all), err)
	}
	return all
}

func loseNamespace(t *testing.T, c country, name string) {
	t.Helper()
	var namespace corev1.Namespace
	if err := c.admin.Get(t.Context(), client.ObjectKey{Name: name}, &namespace); err != nil {
		t.Fatal(err)
	}
	if err := c.admin.Delete(t.Context(), &namespace); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace is made again", func(ctx context.Context) error {
		var again corev1.Namespace
		err := c.admin.Get(ctx, client.ObjectKey{Name: name}, &again)
		if err == nil && again.UID == namespace.UID {
			return fmt.Errorf("it is still the old one: %+v", again.Status)
		}
		return err
	})
	c.settled(t, 4*c.size)
	running(t, c.world, name, 2)
}
