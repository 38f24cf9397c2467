package outlook

import (
	"cmp"
	"reflect"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
)

// Promotion is a channel that points at another version than it did.
type Promotion struct {
	App, Channel, Version string
	// Was is the version before; empty where the channel is new.
	Was string
}

// Promotions are the channels of a world that point at another version than in the world before.
func Promotions(before, after *world.World) []Promotion {
	var all []Promotion
	for i := range after.Apps {
		a := &after.Apps[i]
		was := map[string]string{}
		if b, err := before.App(a.Name); err == nil {
			was = versionsOf(b.Spec.Channels)
		}
		for _, c := range a.Spec.Channels {
			if c.Version != was[c.Name] {
				all = append(all, Promotion{App: a.Name, Channel: c.Name, Version: c.Version, Was: was[c.Name]})
			}
		}
	}
	return all
}

func versionsOf(channels []v1alpha1.Channel) map[string]string {
	all := map[string]string{}
	for _, c := range channels {
		all[c.Name] = c.Version
	}
	return all
}

// Edit is an object that differs from the one before in more than the versions of its channels.
type Edit struct {
	// Object is its kind and name.
	Object string `json:"object"`
	// Is says what became of it: added, changed or removed.
	Is string `json:"is"`
}

// Edits are the objects that people write and that differ, from the nation to the municipalities.
func Edits(before, after *world.World) []Edit {
	return slices.Concat(
		differing("Platform", platform(before), platform(after)),
		differing("SharedApp", contents(before.Apps, appOf), contents(after.Apps, appOf)),
		differing("Network", contents(before.Networks, networkOf), contents(after.Networks, networkOf)),
		differing("Municipality", contents(before.Municipalities, municipalityOf), contents(after.Municipalities, municipalityOf)),
	)
}

// content of an object is what people decide by it.
type content struct {
	labels map[string]string
	spec   any
}

func platform(w *world.World) map[string]content {
	if w.Platform == nil {
		return nil
	}
	return map[string]content{w.Platform.Name: {w.Platform.Labels, w.Platform.Spec}}
}

func appOf(a *v1alpha1.SharedApp) (metav1.ObjectMeta, any) {
	spec := a.DeepCopy().Spec
	for i := range spec.Channels {
		spec.Channels[i].Version = "" // a promotion
	}
	return a.ObjectMeta, spec
}

func networkOf(n *v1alpha1.Network) (metav1.ObjectMeta, any) { return n.ObjectMeta, n.Spec }

func municipalityOf(m *v1alpha1.Municipality) (metav1.ObjectMeta, any) { return m.ObjectMeta, m.Spec }

func contents[T any](all []T, of func(*T) (metav1.ObjectMeta, any)) map[string]content {
	found := map[string]content{}
	for i := range all {
		meta, spec := of(&all[i])
		found[meta.Name] = content{meta.Labels, spec}
	}
	return found
}

// differing are the objects of a kind that differ, by name.
func differing(kind string, before, after map[string]content) []Edit {
	var all []Edit
	for name, is := range after {
		was, known := before[name]
		switch {
		case !known:
			all = append(all, Edit{kind + " " + name, "added"})
		case !reflect.DeepEqual(was, is):
			all = append(all, Edit{kind + " " + name, "changed"})
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			all = append(all, Edit{kind + " " + name, "removed"})
		}
	}
	slices.SortFunc(all, func(a, b Edit) int { return cmp.Compare(a.Object, b.Object) })
	return all
}
