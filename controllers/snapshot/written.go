package snapshot

import (
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/installation"
)

// key of an AppInstallation or a Rollout, which has no namespace.
type key struct{ namespace, name string }

func keyOf(o client.Object) key { return key{o.GetNamespace(), o.GetName()} }

// Put takes an AppInstallation or a Rollout as the API server answered to a write, so that
// nobody plans on what was so before it. The object must not be changed afterwards.
func (h *Holder) Put(o client.Object) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := keyOf(o)
	if newer(versionIn(h.model.Country(), o), o.GetResourceVersion()) || newer(h.gone[at], o.GetResourceVersion()) {
		return // the cache was quicker
	}

	h.ahead[at] = o.GetResourceVersion()
	h.set(nil, o)
	if i, is := o.(*v1alpha1.AppInstallation); is {
		h.setRefused(i, nil)
	}
	h.settle()
}

// Refused takes an AppInstallation that could not be written, which was decided upon in a country, and
// the error. Where the API server refuses it for good, that is noted, and the answer is true: the
// writer need not try again, as a write that is refused keeps nobody else waiting.
func (h *Holder) Refused(upon *country.Country, want *v1alpha1.AppInstallation, err error) bool {
	if !apply.RefusedForGood(err) {
		return false
	}
	refusal := upon.Refused(want, apply.WhyRefused(want, err))
	if refusal == nil {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setRefused(want, refusal)
	h.settle()
	return true
}

// Taken notes that the API server takes now what it refused before.
func (h *Holder) Taken(want *v1alpha1.AppInstallation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setRefused(want, nil)
	h.settle()
}

// setRefused notes what is refused at the place of an AppInstallation; nil for nothing. The lock is held.
func (h *Holder) setRefused(want *v1alpha1.AppInstallation, refusal *country.Refusal) {
	if municipality, place, placed := installation.PlaceOf(want); placed {
		h.model.SetRefused(municipality, place, refusal)
	}
}

// versionIn is the version of an object that a country holds; empty where it holds none.
func versionIn(c *country.Country, o client.Object) string {
	switch o := o.(type) {
	case *v1alpha1.AppInstallation:
		if municipality, place, ok := installation.PlaceOf(o); ok {
			if live := c.Live(municipality, place.Environment, place.App); live != nil {
				return live.ResourceVersion
			}
		}
	case *v1alpha1.Rollout:
		if live := c.Rollout(o); live != nil {
			return live.ResourceVersion
		}
	}
	return ""
}

// outdated says whether the cache reports an object as it was before it was written here.
func (h *Holder) outdated(o client.Object) bool {
	switch o.(type) {
	case *v1alpha1.AppInstallation, *v1alpha1.Rollout:
	default:
		return false
	}

	at := keyOf(o)
	if newer(h.ahead[at], o.GetResourceVersion()) {
		return true
	}
	delete(h.ahead, at)
	delete(h.gone, at)
	return false
}

// newer says whether one version of an object came after another. An empty one came before all.
func newer(a, b string) bool {
	if a == "" {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order > 0
}
