package snapshot

import (
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/installation"
)

// seen takes an object as the cache reports it.
func (h *Holder) seen(before, after any) {
	o, ok := after.(client.Object)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.outdated(o) {
		return
	}

	was, _ := before.(client.Object)
	h.set(was, o)
	h.settle()
}

// lost takes out an object that is gone.
func (h *Holder) lost(gone any) {
	if unseen, ok := gone.(toolscache.DeletedFinalStateUnknown); ok {
		gone = unseen.Obj
	}
	o, ok := gone.(client.Object)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.outdated(o) {
		return
	}

	h.remove(o)
	h.settle()
}

// set puts an object into the model. What it was before is nil where that is not known.
func (h *Holder) set(was, o client.Object) {
	switch o := o.(type) {
	case *v1alpha1.Platform:
		if o.Name == v1alpha1.PlatformName {
			h.model.SetPlatform(settings.WithDefaults(o.Spec))
		}
	case *v1alpha1.SharedApp:
		h.model.SetApp(o.Name, o)
	case *v1alpha1.Network:
		h.model.SetNetwork(o.Name, o)
	case *v1alpha1.Municipality:
		h.model.SetMunicipality(o.Name, o)
		h.uids[o.Name] = string(o.UID)
		for i := range o.Spec.Environments {
			h.setEnvironment(o.Name, o.Spec.Environments[i].Name)
		}
	case *corev1.Namespace:
		h.setNamespace(o)
	case *v1alpha1.AppInstallation:
		h.moveInstallation(was, o)
	case *v1alpha1.Rollout:
		h.model.SetRollout(o.Name, o)
	}
}

// remove takes an object out of the model.
func (h *Holder) remove(o client.Object) {
	switch o := o.(type) {
	case *v1alpha1.Platform:
		if o.Name == v1alpha1.PlatformName {
			h.model.SetPlatform(settings.WithDefaults(v1alpha1.PlatformSpec{}))
		}
	case *v1alpha1.SharedApp:
		h.model.SetApp(o.Name, nil)
	case *v1alpha1.Network:
		h.model.SetNetwork(o.Name, nil)
	case *v1alpha1.Municipality:
		h.model.SetMunicipality(o.Name, nil)
		delete(h.uids, o.Name)
	case *corev1.Namespace:
		h.setOwner(o.Name, owner{})
	case *v1alpha1.AppInstallation:
		h.gone[keyOf(o)] = o.ResourceVersion
		if municipality, place, ok := installation.PlaceOf(o); ok {
			h.model.SetInstallation(municipality, place, nil)
		}
	case *v1alpha1.Rollout:
		h.gone[keyOf(o)] = o.ResourceVersion
		h.model.SetRollout(o.Name, nil)
	}
}

// moveInstallation takes an installation, which may have been another place's before.
func (h *Holder) moveInstallation(was client.Object, i *v1alpha1.AppInstallation) {
	if before, ok := was.(*v1alpha1.AppInstallation); ok {
		of, place, placed := installation.PlaceOf(before)
		if o, p, _ := installation.PlaceOf(i); placed && (o != of || p != place) {
			h.model.SetInstallation(of, place, nil)
		}
	}
	if municipality, place, ok := installation.PlaceOf(i); ok {
		h.model.SetInstallation(municipality, place, i)
	}
}

// environment is one of a municipality.
type environment struct{ municipality, name string }

// owner is whose a namespace is: which environment's, and which Municipality's by its UID, where that is known.
type owner struct {
	environment

	heldBy string
}

// setNamespace notes whose environment a namespace is. One that is on its way out is nobody's, nor is one that an app
// has for itself.
func (h *Holder) setNamespace(ns *corev1.Namespace) {
	var is owner
	if ns.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && ns.Labels[v1alpha1.LabelApp] == "" && ns.DeletionTimestamp.IsZero() {
		is = owner{environment{ns.Labels[v1alpha1.LabelMunicipality], ns.Labels[v1alpha1.LabelEnvironment]}, ns.Annotations[v1alpha1.AnnotationHeldBy]}
	}
	h.setOwner(ns.Name, is)
}

func (h *Holder) setOwner(namespace string, is owner) {
	was := h.owners[namespace]
	if is == (owner{}) {
		delete(h.owners, namespace)
	} else {
		h.owners[namespace] = is
	}

	for _, e := range []owner{was, is} {
		if e != (owner{}) {
			h.setEnvironment(e.municipality, e.name)
		}
	}
}

// setEnvironment notes whether the namespace of an environment is there. One that an earlier Municipality of the name
// held is not, until this one has taken it up: nothing is decided for what runs in it.
func (h *Holder) setEnvironment(municipality, name string) {
	is := h.owners[v1alpha1.NamespaceFor(municipality, name)]
	another := is.heldBy != "" && is.heldBy != h.uids[municipality]
	h.model.SetMissing(municipality, name, is.environment != environment{municipality, name} || another)
}
