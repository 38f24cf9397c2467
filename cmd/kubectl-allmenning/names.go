package main

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/change"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/catalogue"
)

func municipalityNames() names {
	return names{kinds: []world.Kind{world.Municipalities}, of: func(w *world.World, _ []string) []string {
		return described(w.Municipalities, func(m *v1alpha1.Municipality) string { return m.Name + "\t" + m.Spec.DisplayName })
	}}
}

func networkNames() names {
	return names{kinds: []world.Kind{world.Networks}, of: func(w *world.World, _ []string) []string { return describeNetworks(w.Networks) }}
}

// networkNamesOfApp are the networks that propose the app before, or all where none does.
func networkNamesOfApp() names {
	return names{kinds: []world.Kind{world.Networks}, of: func(w *world.World, args []string) []string {
		if len(args) == 0 {
			return describeNetworks(w.Networks)
		}
		proposing := slices.DeleteFunc(slices.Clone(w.Networks), func(n v1alpha1.Network) bool {
			return n.Spec.Proposal(args[0]) == nil
		})
		if len(proposing) == 0 {
			return describeNetworks(w.Networks)
		}
		return describeNetworks(proposing)
	}}
}

func describeNetworks(all []v1alpha1.Network) []string {
	return described(all, func(n *v1alpha1.Network) string { return n.Name + "\t" + n.Spec.DisplayName })
}

func appNames() names {
	return names{kinds: []world.Kind{world.SharedApps}, of: func(w *world.World, _ []string) []string { return describeApps(w.Apps) }}
}

func describeApps(all []v1alpha1.SharedApp) []string {
	return described(all, func(a *v1alpha1.SharedApp) string { return a.Name + "\t" + a.Spec.DisplayName })
}

// appNamesAt are the apps of the catalogue, and those that the municipality before has or decides
// on besides. Somebody who may read no more than that municipality gets the latter.
func appNamesAt() names {
	own := func(ctx context.Context, c client.Reader, args []string) (*world.World, error) {
		return world.AroundMunicipality(ctx, c, args[0])
	}

	return names{kinds: []world.Kind{world.SharedApps}, without: own, of: func(w *world.World, args []string) []string {
		all := describeApps(w.Apps)
		m, err := w.Municipality(args[0])
		if err != nil {
			return all
		}
		var besides []string
		for i := range m.Spec.Apps {
			besides = append(besides, m.Spec.Apps[i].Name)
		}
		for i := range m.Status.Apps {
			besides = append(besides, m.Status.Apps[i].Name)
		}
		slices.Sort(besides)
		for _, name := range slices.Compact(besides) {
			if _, err := w.App(name); err != nil {
				all = append(all, name)
			}
		}
		return all
	}}
}

// versionNames are the versions of the app before that may be taken into use.
func versionNames() names {
	return names{kinds: []world.Kind{world.SharedApps}, of: func(w *world.World, args []string) []string {
		object, err := w.App(args[0])
		if err != nil {
			return nil
		}
		app := catalogue.Compile(object)
		usable := slices.DeleteFunc(slices.Clone(app.Versions()), func(v *catalogue.Version) bool { return app.Unlisted(v.Number) != nil })
		return described(usable, func(v **catalogue.Version) string { return (*v).Number + "\t" + string((*v).State) })
	}}
}

// channelNames are the channels of the app before; of all apps where none is named yet.
func channelNames() names {
	return names{kinds: []world.Kind{world.SharedApps}, of: func(w *world.World, args []string) []string {
		if len(args) > 0 {
			app, err := w.App(args[0])
			if err != nil {
				return nil
			}
			return described(app.Spec.Channels, func(c *v1alpha1.Channel) string { return c.Name + "\t" + c.Version })
		}
		var all []string
		for i := range w.Apps {
			for _, channel := range w.Apps[i].Spec.Channels {
				all = append(all, channel.Name)
			}
		}
		slices.Sort(all)
		return slices.Compact(all)
	}}
}

func rolloutNames() names {
	return names{kinds: []world.Kind{world.Rollouts}, of: func(w *world.World, _ []string) []string {
		return described(w.Rollouts, func(r *v1alpha1.Rollout) string { return r.Name + "\t" + string(r.Status.Phase) })
	}}
}

// approvableNames are Rollouts with a wave that needs an approval and has none.
func approvableNames() names {
	return names{kinds: []world.Kind{world.Rollouts, world.Networks, world.Platforms}, of: func(w *world.World, _ []string) []string {
		var all []string
		for i := range w.Rollouts {
			r := &w.Rollouts[i]
			if waves := change.Unapproved(w, r); len(waves) > 0 {
				all = append(all, r.Name+"\t"+string(r.Status.Phase)+", wave "+waves[0])
			}
		}
		return all
	}}
}

// unapprovedWaveNames are the waves of the Rollout before that need an approval and have none.
func unapprovedWaveNames() names {
	return names{kinds: []world.Kind{world.Rollouts, world.Networks, world.Platforms}, of: func(w *world.World, args []string) []string {
		if len(args) == 0 {
			return nil
		}
		r, err := w.Rollout(args[0])
		if err != nil {
			return nil
		}
		return change.Unapproved(w, r)
	}}
}

func described[T any](all []T, describe func(*T) string) []string {
	texts := make([]string, len(all))
	for i := range all {
		texts[i] = describe(&all[i])
	}
	return texts
}
