package snapshot

import (
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/platform"
	"github.com/allmenning/allmenning/internal/resolution"
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
			h.model.SetPlatform(platform.WithDefaults(o.Spec))
		}
	case *v1alpha1.SharedApp:
		h.model.SetApp(o.Name, o)
	case *v1alpha1.Network:
		h.model.SetNetwork(o.Name, o)
	case *v1alpha1.Municipality:
		h.model.SetMunicipality(o.Name, o)
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
			h.model.SetPlatform(platform.WithDefaults(v1alpha1.PlatformSpec{}))
		}
	case *v1alpha1.SharedApp:
		h.model.SetApp(o.Name, nil)
	case *v1alpha1.Network:
		h.model.SetNetwork(o.Name, nil)
	case *v1alpha1.Municipality:
		h.model.SetMunicipality(o.Name, nil)
	case *corev1.Namespace:
		h.setOwner(o.Name, "")
	case *v1alpha1.AppInstallation:
		h.gone[keyOf(o)] = o.ResourceVersion
		if municipality, place, ok := placeOf(o); ok {
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
		owner, place, placed := placeOf(before)
		if o, p, _ := placeOf(i); placed && (o != owner || p != place) {
			h.model.SetInstallation(owner, place, nil)
		}
	}
	if municipality, place, ok := placeOf(i); ok {
		h.model.SetInstallation(municipality, place, i)
	}
}

// placeOf is where an installation is, as its labels say. One whose labels do not fit its
// namespace is nobody's.
func placeOf(i *v1alpha1.AppInstallation) (municipality string, place resolution.Place, ok bool) {
	owner, environment := i.Labels[v1alpha1.LabelMunicipality], i.Labels[v1alpha1.LabelEnvironment]
	return owner, resolution.Place{App: i.Name, Environment: environment}, i.Namespace == v1alpha1.NamespaceFor(owner, environment)
}

// setNamespace notes whose environment a namespace is. One that is on its way out is nobody's.
func (h *Holder) setNamespace(ns *corev1.Namespace) {
	owner := ""
	if ns.Labels[v1alpha1.LabelManagedBy] == v1alpha1.ManagedBy && ns.DeletionTimestamp.IsZero() {
		owner = ns.Labels[v1alpha1.LabelMunicipality]
	}
	h.setOwner(ns.Name, owner)
}

func (h *Holder) setOwner(namespace, owner string) {
	was := h.owners[namespace]
	if owner == "" {
		delete(h.owners, namespace)
	} else {
		h.owners[namespace] = owner
	}
	for _, municipality := range []string{was, owner} {
		if len(municipality)+1 < len(namespace) && v1alpha1.NamespaceFor(municipality, namespace[len(municipality)+1:]) == namespace {
			h.setEnvironment(municipality, namespace[len(municipality)+1:])
		}
	}
}

// setEnvironment notes whether the namespace of an environment is there.
func (h *Holder) setEnvironment(municipality, environment string) {
	h.model.SetMissing(municipality, environment, h.owners[v1alpha1.NamespaceFor(municipality, environment)] != municipality)
}
