package world

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const cluster = "the cluster"

// Kind is a kind of objects that a command may ask for.
type Kind string

// The kinds that can be read.
const (
	Platforms      Kind = "Platforms"
	Municipalities Kind = "Municipalities"
	Networks       Kind = "Networks"
	SharedApps     Kind = "SharedApps"
	Rollouts       Kind = "Rollouts"
	Installations  Kind = "AppInstallations"
)

// FromCluster reads all objects of some kinds.
func FromCluster(ctx context.Context, c client.Reader, kinds ...Kind) (*World, error) {
	w := &World{Source: cluster}
	for _, kind := range kinds {
		if err := w.read(ctx, c, kind); err != nil {
			return nil, err
		}
	}
	w.sort()
	return w, nil
}

// Readable reads all objects of some kinds, but for kinds that one may not read, which it notes.
func Readable(ctx context.Context, c client.Reader, kinds ...Kind) (*World, error) {
	w := &World{Source: cluster}
	for _, kind := range kinds {
		if err := w.tolerate(kind, w.read(ctx, c, kind)); err != nil {
			return nil, err
		}
	}
	w.sort()
	return w, nil
}

// AroundMunicipality reads what concerns one municipality. It needs no right but to get
// it; what else one may not read is noted and left out.
func AroundMunicipality(ctx context.Context, c client.Reader, name string) (*World, error) {
	w := &World{Source: cluster}
	var m v1alpha1.Municipality
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &m); err != nil {
		return nil, unreadable(ctx, c, Municipalities, name, err)
	}
	w.Municipalities = []v1alpha1.Municipality{m}
	for _, environment := range environmentsOf(&m) {
		in := client.InNamespace(v1alpha1.NamespaceFor(m.Name, environment))
		if err := w.tolerate(Installations, w.read(ctx, c, Installations, in)); err != nil {
			return nil, err
		}
	}
	for _, kind := range []Kind{Platforms, Networks, SharedApps, Rollouts} {
		if err := w.tolerate(kind, w.read(ctx, c, kind)); err != nil {
			return nil, err
		}
	}
	w.Notes = slices.Compact(w.Notes)
	w.sort()
	return w, nil
}

// AroundRollout reads a Rollout and what its approvals hang on. It needs no right but to
// get the Rollout and its Network.
func AroundRollout(ctx context.Context, c client.Reader, name string) (*World, error) {
	w := &World{Source: cluster}
	var r v1alpha1.Rollout
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &r); err != nil {
		return nil, unreadable(ctx, c, Rollouts, name, err)
	}
	w.Rollouts = []v1alpha1.Rollout{r}
	if r.Spec.Network != "" {
		var n v1alpha1.Network
		if err := c.Get(ctx, client.ObjectKey{Name: r.Spec.Network}, &n); err != nil {
			return nil, unreadable(ctx, c, Networks, r.Spec.Network, err)
		}
		w.Networks = []v1alpha1.Network{n}
	}
	err := w.tolerate(Platforms, w.read(ctx, c, Platforms))
	return w, err
}

// AroundApp reads one SharedApp.
func AroundApp(ctx context.Context, c client.Reader, name string) (*World, error) {
	var a v1alpha1.SharedApp
	if err := c.Get(ctx, client.ObjectKey{Name: name}, &a); err != nil {
		return nil, unreadable(ctx, c, SharedApps, name, err)
	}
	return &World{Source: cluster, Apps: []v1alpha1.SharedApp{a}}, nil
}

// unreadable says why an object can't be read; of an unknown name, which there are.
func unreadable(ctx context.Context, c client.Reader, kind Kind, name string, err error) error {
	if !apierrors.IsNotFound(err) {
		return readError(kind, err)
	}
	w, listed := FromCluster(ctx, c, kind)
	if listed != nil { // one may not list them, so they can't be named
		return fmt.Errorf("read %s: there is no %q in %s", kind, name, cluster)
	}
	switch kind {
	case Municipalities:
		_, err = w.Municipality(name)
	case Networks:
		_, err = w.Network(name)
	case SharedApps:
		_, err = w.App(name)
	case Rollouts:
		_, err = w.Rollout(name)
	case Platforms, Installations:
	}
	return err
}

// environmentsOf are those of the spec, and those that are kept though they left it.
func environmentsOf(m *v1alpha1.Municipality) []string {
	all := make([]string, 0, len(m.Spec.Environments))
	for _, e := range m.Spec.Environments {
		all = append(all, e.Name)
	}
	for _, e := range m.Status.Environments {
		if !slices.Contains(all, e.Name) {
			all = append(all, e.Name)
		}
	}
	return all
}

// read adds all objects of a kind.
func (w *World) read(ctx context.Context, c client.Reader, kind Kind, options ...client.ListOption) error {
	switch kind {
	case Platforms:
		var platform v1alpha1.Platform
		err := c.Get(ctx, client.ObjectKey{Name: v1alpha1.PlatformName}, &platform)
		if err == nil {
			w.Platform = &platform
		}
		return readError(kind, client.IgnoreNotFound(err))
	case Municipalities:
		var list v1alpha1.MunicipalityList
		err := c.List(ctx, &list, options...)
		w.Municipalities = append(w.Municipalities, list.Items...)
		return readError(kind, err)
	case Networks:
		var list v1alpha1.NetworkList
		err := c.List(ctx, &list, options...)
		w.Networks = append(w.Networks, list.Items...)
		return readError(kind, err)
	case SharedApps:
		var list v1alpha1.SharedAppList
		err := c.List(ctx, &list, options...)
		w.Apps = append(w.Apps, list.Items...)
		return readError(kind, err)
	case Rollouts:
		var list v1alpha1.RolloutList
		err := c.List(ctx, &list, options...)
		w.Rollouts = append(w.Rollouts, list.Items...)
		return readError(kind, err)
	case Installations:
		var list v1alpha1.AppInstallationList
		err := c.List(ctx, &list, options...)
		w.Installations = append(w.Installations, list.Items...)
		return readError(kind, err)
	}

	return fmt.Errorf("there is no kind %s", kind)
}

// tolerate notes that a kind may not be read, or is not there, in place of the error.
func (w *World) tolerate(kind Kind, err error) error {
	switch {
	case apierrors.IsForbidden(err):
		w.Unread = append(w.Unread, kind)
		w.Notes = append(w.Notes, fmt.Sprintf("You may not read %s, so what depends on them is missing.", kind))
		return nil
	case meta.IsNoMatchError(err):
		w.Notes = append(w.Notes, fmt.Sprintf("The cluster does not know %s.", kind))
		return nil
	}
	return err
}

// readError is a fault in reading a kind, with what to do where that is known.
func readError(kind Kind, err error) error {
	if err == nil {
		return nil
	}
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("the cluster does not know %s of %s: install Allmenning, or name another cluster with --context (%w)", kind, v1alpha1.GroupVersion, err)
	}
	var status *apierrors.StatusError
	if errors.As(err, &status) { // the API server's own word
		err = status
	}
	return fmt.Errorf("read %s: %w", kind, err)
}
