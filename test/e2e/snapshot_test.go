package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// compared are the kinds that the operator writes in tenants' namespaces, and what of
// each is compared: what was asked for, not what the cluster made of it.
var compared = map[schema.GroupVersionKind][][]string{
	{Version: "v1", Kind: "Namespace"}:                                       nil,
	{Version: "v1", Kind: "ResourceQuota"}:                                   {{"spec"}},
	{Version: "v1", Kind: "LimitRange"}:                                      {{"spec"}},
	{Version: "v1", Kind: "ServiceAccount"}:                                  {{"automountServiceAccountToken"}},
	{Version: "v1", Kind: "ConfigMap"}:                                       {{"data"}},
	{Group: "apps", Version: "v1", Kind: "Deployment"}:                       {{"spec"}},
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"}:       {{"spec"}},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Kind: "RoleBinding"}: {{"subjects"}, {"roleRef"}},
	{Group: "allmenning.dev", Version: "v1alpha1", Kind: "AppInstallation"}:  {{"spec"}, {"status", "appliedVersion"}, {"status", "appliedDigest"}, {"status", "kept"}},
	{Group: "allmenning.dev", Version: "v1alpha1", Kind: "Municipality"}:     {{"spec"}, {"status", "environments"}, {"status", "environmentsReady"}},
}

// snapshot is everything that belongs to the country, without what is different for each
// country or each time: the prefix of its names, its numbers, uids and times.
func (c country) snapshot(t *testing.T) map[string]any {
	t.Helper()
	found := map[string]any{}
	for gvk, fields := range compared {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk)
		if err := c.admin.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			ours := o.GetLabels()[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy || gvk.Kind == "Municipality"
			if !ours || !strings.HasPrefix(o.GetNamespace()+o.GetName(), c.prefix) {
				continue
			}
			unstructured.RemoveNestedField(o.Object, "spec", "tenant", "number")
			unstructured.RemoveNestedField(o.Object, "spec", "number")
			unstructured.RemoveNestedField(o.Object, "spec", "move", "movedAt")
			unstructured.RemoveNestedField(o.Object, "spec", "lastVerified") // what was verified before: nothing, where the next came first
			unstructured.RemoveNestedField(o.Object, "spec", "lastVerifiedBy")
			content := map[string]any{"labels": o.GetLabels()}
			for _, path := range fields {
				value, _, err := unstructured.NestedFieldCopy(o.Object, path...)
				if err != nil {
					t.Fatal(err)
				}
				content[strings.Join(path, ".")] = value
			}
			found[strings.ReplaceAll(gvk.Kind+" "+o.GetNamespace()+"/"+o.GetName(), c.prefix, "PREFIX")] = c.neutral(t, content)
		}
	}
	return found
}

func (c country) neutral(t *testing.T, content any) any {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), c.prefix, "PREFIX")), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// nothingTwice checks what each installation remembers: each version once, the applied
// one first, and each object once.
func (c country) nothingTwice(t *testing.T) {
	t.Helper()
	var all v1alpha1.AppInstallationList
	if err := c.admin.List(t.Context(), &all, client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}); err != nil {
		t.Fatal(err)
	}
	for _, i := range all.Items {
		versions, objects := map[string]bool{}, map[string]bool{}
		for _, h := range i.Status.History {
			if versions[h.Version] {
				t.Errorf("%s/%s has %s twice in its history: %+v", i.Namespace, i.Name, h.Version, i.Status.History)
			}
			versions[h.Version] = true
		}
		if len(i.Status.History) == 0 || i.Status.History[0].Version != i.Status.AppliedVersion {
			t.Errorf("%s/%s has applied %s, and its history says %+v", i.Namespace, i.Name, i.Status.AppliedVersion, i.Status.History)
		}
		for _, o := range i.Status.Inventory {
			if objects[o.Kind+o.Name] {
				t.Errorf("%s/%s has %s %s twice in its inventory", i.Namespace, i.Name, o.Kind, o.Name)
			}
			objects[o.Kind+o.Name] = true
		}
	}
}
