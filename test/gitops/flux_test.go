package gitops_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/cli-utils/pkg/object"
	"github.com/fluxcd/pkg/ssa"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// flux applies folders of a repository as Flux's Kustomizations of docs/gitops/repository/tools do: with prune and wait.
// The words of its annotations are those of https://fluxcd.io/flux/components/kustomize/kustomizations/.
type flux struct {
	repository repository
	manager    *ssa.ResourceManager
	inventory  map[string]object.ObjMetadataSet
}

func newFlux(t *testing.T, r repository) *flux {
	t.Helper()
	config, err := plane.ConfigFor("system:serviceaccount:flux-system:kustomize-controller", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	owner := ssa.Owner{Field: "kustomize-controller", Group: "kustomize.toolkit.fluxcd.io"}
	return &flux{
		repository: r, inventory: map[string]object.ObjMetadataSet{},
		manager: ssa.NewResourceManager(c, polling.NewStatusPoller(c, c.RESTMapper(), polling.Options{}), owner),
	}
}

// reconcile applies a folder as the last commit has it, deletes what the folder held before and holds no longer, and waits
// until all is Current.
func (f *flux) reconcile(t *testing.T, path string) *ssa.ChangeSet {
	t.Helper()
	objects := f.repository.built(t, path)
	name := filepath.Base(path)
	f.manager.SetOwnerLabels(objects, name, "flux-system")
	options := ssa.DefaultApplyOptions()
	options.ExclusionSelector = map[string]string{"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}
	changed, err := f.manager.ApplyAllStaged(t.Context(), objects, options)
	if err != nil {
		t.Fatal(err)
	}

	applied := object.UnstructuredSetToObjMetadataSet(objects)
	var stale []*unstructured.Unstructured
	for _, id := range f.inventory[path].Diff(applied) {
		mapping, err := f.manager.Client().RESTMapper().RESTMapping(id.GroupKind)
		if err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		o.SetGroupVersionKind(mapping.GroupVersionKind)
		o.SetNamespace(id.Namespace)
		o.SetName(id.Name)
		stale = append(stale, o)
	}
	if _, err := f.manager.DeleteAll(t.Context(), stale, ssa.DeleteOptions{
		PropagationPolicy: metav1.DeletePropagationBackground,
		Inclusions:        f.manager.GetOwnerLabels(name, "flux-system"),
		Exclusions:        map[string]string{"kustomize.toolkit.fluxcd.io/prune": "disabled"},
	}); err != nil {
		t.Fatal(err)
	}
	f.inventory[path] = applied
	if err := f.manager.WaitForSet(applied, ssa.WaitOptions{Interval: 100 * time.Millisecond, Timeout: patience}); err != nil {
		t.Fatalf("%s does not get Current: %v", path, err)
	}
	return changed
}
