package apply

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	ac "github.com/allmenning/allmenning/api/v1alpha1/applyconfiguration/api/v1alpha1"
)

// Installation writes an AppInstallation as it was decided. Two controllers decide: one
// for what a municipality says itself, one for what rollouts bring. So the write names the
// state that was decided upon (live; nil where there was none), and is refused as a
// conflict where somebody wrote, created or deleted it meanwhile: the decision was made on
// an outdated state, and is made again. It returns the AppInstallation as it then is.
func Installation(ctx context.Context, c client.Client, want, live *v1alpha1.AppInstallation) (*v1alpha1.AppInstallation, error) {
	desired := ac.AppInstallation(want.Name, want.Namespace).WithLabels(want.Labels).WithAnnotations(want.Annotations).WithResourceVersion(NotThere)
	if live != nil {
		desired = desired.WithResourceVersion(live.ResourceVersion).WithUID(live.UID)
	}

	spec := want.Spec.DeepCopy()
	spec.Suspend = nil // a person's to set
	if err := Convert(map[string]any{"spec": spec}, desired); err != nil {
		return nil, err
	}
	if err := c.Apply(ctx, desired, client.FieldOwner(Owner), client.ForceOwnership); err != nil {
		return nil, fmt.Errorf("apply AppInstallation %s/%s: %w", want.Namespace, want.Name, err)
	}

	written := &v1alpha1.AppInstallation{}
	return written, Answer(desired, written)
}
