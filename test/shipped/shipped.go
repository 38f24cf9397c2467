// Package shipped puts into a control plane what this repository ships, as
// `kubectl apply --server-side -k config/default` does, for tests.
package shipped

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// patience is how long the control plane may take to accept everything.
const patience = time.Minute

// Apply builds a kustomize folder and applies it again and again until all of it is taken:
// an account needs its namespace, which may stand further down. It returns when the
// operator's kinds can be used.
func Apply(ctx context.Context, c client.Client, folder string) error {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return fmt.Errorf("building %s: %w", folder, err)
	}
	pending := built.Resources()
	var last error
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		pending = slices.DeleteFunc(pending, func(r *resource.Resource) bool {
			err := applyOne(ctx, c, r)
			if err != nil && (ctx.Err() == nil || last == nil) { // else it says only that time is up
				last = fmt.Errorf("applying %s: %w", r.CurId(), err)
			}
			return err == nil
		})
		return len(pending) == 0, nil
	})
	if err != nil {
		return last
	}
	return Served(ctx, c)
}

func applyOne(ctx context.Context, c client.Client, r *resource.Resource) error {
	content, err := r.MarshalJSON()
	if err != nil {
		return err
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(content); err != nil {
		return err
	}
	return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("shipped"), client.ForceOwnership)
}

// Served waits until the API server answers for every kind of the operator.
func Served(ctx context.Context, c client.Client) error {
	for _, list := range []client.ObjectList{
		&v1alpha1.PlatformList{}, &v1alpha1.MunicipalityList{}, &v1alpha1.NetworkList{}, &v1alpha1.SharedAppList{}, &v1alpha1.AppInstallationList{}, &v1alpha1.RolloutList{},
	} {
		err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
			err := c.List(ctx, list)
			if client.IgnoreNotFound(err) == nil || meta.IsNoMatchError(err) {
				return err == nil, nil
			}
			return false, err
		})
		if err != nil {
			return fmt.Errorf("waiting for %T: %w", list, err)
		}
	}
	return nil
}
