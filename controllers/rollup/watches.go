package rollup

import (
	"context"
	"fmt"
	"slices"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/watch"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/rollout"
)

const (
	// indexApp finds AppInstallations by their app.
	indexApp = "rollup.app"
	// indexMunicipality finds AppInstallations by the Municipality that they are labelled for.
	indexMunicipality = "rollup.municipality"
	// pause is what passes between an event and the look at what came of it. Further
	// events in the meantime cost nothing, so an object is written at most once in it.
	pause = time.Second
	// workers for Municipalities. Networks and SharedApps are few, and have one.
	workers = 4
)

// SetupWithManager makes the manager run the three controllers.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	for index, key := range map[string]func(*v1alpha1.AppInstallation) string{
		indexApp:          func(i *v1alpha1.AppInstallation) string { return i.Spec.App },
		indexMunicipality: func(i *v1alpha1.AppInstallation) string { return i.Labels[v1alpha1.LabelMunicipality] },
	} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.AppInstallation{}, index, func(o client.Object) []string {
			i, ok := o.(*v1alpha1.AppInstallation)
			if !ok {
				return nil
			}
			return []string{key(i)}
		}); err != nil {
			return fmt.Errorf("index %s: %w", index, err)
		}
	}
	all := sources{
		{"municipality", r.municipality, workers, affected{
			municipality: itself, network: r.municipalities, sharedApp: r.municipalities, platform: r.municipalities, rollout: r.followers, installation: owner,
		}},
		{"network", r.network, 1, affected{
			municipality: r.networks, network: r.networks, sharedApp: r.proposers, platform: r.networks, rollout: rolloutNetwork, installation: r.ownersNetworks,
		}},
		{"sharedapp", r.sharedApp, 1, affected{
			municipality: r.sharedApps, network: r.sharedApps, sharedApp: itself, platform: r.sharedApps, rollout: rolloutApp, installation: app,
		}},
	}
	return all.setup(mgr)
}

// affected tells, for each kind that is watched, whom an event concerns.
type affected struct{ municipality, network, sharedApp, platform, rollout, installation watch.Find }

// sources are the controllers to be, and what they watch.
type sources []struct {
	kind      string
	reconcile reconcile.Func
	workers   int
	affected  affected
}

func (s sources) setup(mgr ctrl.Manager) error {
	specChanged := predicate.Or(predicate.GenerationChangedPredicate{}, predicate.LabelChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	spec := builder.WithPredicates(specChanged)
	for _, c := range s {
		err := ctrl.NewControllerManagedBy(mgr).Named("rollup-"+c.kind).
			WithOptions(controller.Options{MaxConcurrentReconciles: c.workers}).
			Watches(&v1alpha1.Municipality{}, watch.Later(c.affected.municipality, pause), builder.WithPredicates(predicate.Or(specChanged, environmentsChanged()))).
			Watches(&v1alpha1.Network{}, watch.Later(c.affected.network, pause), spec).
			Watches(&v1alpha1.SharedApp{}, watch.Later(c.affected.sharedApp, pause), builder.WithPredicates(watch.OfferChanged())).
			Watches(&v1alpha1.Platform{}, watch.Later(c.affected.platform, pause), spec).
			Watches(&v1alpha1.Rollout{}, watch.Later(c.affected.rollout, pause), builder.WithPredicates(turnsChanged())).
			Watches(&v1alpha1.AppInstallation{}, watch.Later(c.affected.installation, pause)).
			Complete(c.reconcile)
		if err != nil {
			return fmt.Errorf("rollup of %s: %w", c.kind, err)
		}
	}
	return nil
}

// environmentsChanged lets through that an environment became ready for apps, or ceased to be.
func environmentsChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(event.CreateEvent) bool { return false },
		DeleteFunc: func(event.DeleteEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.Municipality)
			after, ok2 := e.ObjectNew.(*v1alpha1.Municipality)
			return ok1 && ok2 && slices.ContainsFunc(after.Spec.Environments, func(env v1alpha1.Environment) bool {
				return stands(before, env.Name) != stands(after, env.Name)
			})
		},
	}
}

// turnsChanged keeps out the counts of a Rollout, which change with every member: whose
// turn comes when has not changed with them. One that has ended when it is first seen
// concerns nobody.
func turnsChanged() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(e event.CreateEvent) bool {
			r, ok := e.Object.(*v1alpha1.Rollout)
			return !ok || (!rollout.Ended(r) && !rollout.Completed(r))
		},
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok1 := e.ObjectOld.(*v1alpha1.Rollout)
			after, ok2 := e.ObjectNew.(*v1alpha1.Rollout)
			return !ok1 || !ok2 || !slices.Equal(told(before), told(after))
		},
	}
}

func itself(_ context.Context, o client.Object) []string { return []string{o.GetName()} }

// owner is the Municipality of an AppInstallation.
func owner(_ context.Context, o client.Object) []string {
	if name := o.GetLabels()[v1alpha1.LabelMunicipality]; name != "" {
		return []string{name}
	}
	return nil
}

// app is the SharedApp of an AppInstallation, which has its name.
func app(_ context.Context, o client.Object) []string { return []string{o.GetName()} }

// rolloutApp is the SharedApp of a Rollout.
func rolloutApp(_ context.Context, o client.Object) []string {
	if r, ok := o.(*v1alpha1.Rollout); ok {
		return []string{r.Spec.App}
	}
	return nil
}

// rolloutNetwork is the Network of a Rollout, if it is one's.
func rolloutNetwork(_ context.Context, o client.Object) []string {
	if r, ok := o.(*v1alpha1.Rollout); ok && r.Spec.Network != "" {
		return []string{r.Spec.Network}
	}
	return nil
}

// followers are the municipalities that a Rollout may come to: the members of its network,
// or those that decided on its app themselves.
func (r *Reconciler) followers(ctx context.Context, o client.Object) []string {
	changed, ok := o.(*v1alpha1.Rollout)
	if !ok {
		return nil
	}
	follows := func(m *v1alpha1.Municipality) bool {
		return slices.ContainsFunc(m.Spec.Apps, func(d v1alpha1.AppDecision) bool { return d.Name == changed.Spec.App })
	}
	if changed.Spec.Network != "" {
		var list v1alpha1.NetworkList
		if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "list Networks")
			return nil
		}
		follows = resolution.NewNetworks(list.Items, r.Clock.Now()).Members(changed.Spec.Network)
	}
	return r.municipalitiesWhere(ctx, follows)
}

// municipalities are all of them. A network is asked for so too: others may hold it or
// follow it, so a change of it may concern anybody.
func (r *Reconciler) municipalities(ctx context.Context, _ client.Object) []string {
	return r.municipalitiesWhere(ctx, func(*v1alpha1.Municipality) bool { return true })
}

func (r *Reconciler) municipalitiesWhere(ctx context.Context, wanted func(*v1alpha1.Municipality) bool) []string {
	var list v1alpha1.MunicipalityList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Municipalities")
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			names = append(names, list.Items[i].Name)
		}
	}
	return names
}

// networks are all of them: what one of them proposes may lose to another.
func (r *Reconciler) networks(ctx context.Context, _ client.Object) []string {
	return r.networksWhere(ctx, func(*v1alpha1.Network) bool { return true })
}

// proposers are the networks that propose a SharedApp.
func (r *Reconciler) proposers(ctx context.Context, o client.Object) []string {
	return r.networksWhere(ctx, func(n *v1alpha1.Network) bool {
		for _, p := range n.Spec.Apps {
			if p.Name == o.GetName() {
				return true
			}
		}
		return false
	})
}

// ownersNetworks are those that the Municipality of an AppInstallation is a member of.
func (r *Reconciler) ownersNetworks(ctx context.Context, o client.Object) []string {
	var m v1alpha1.Municipality
	if err := r.Client.Get(ctx, client.ObjectKey{Name: o.GetLabels()[v1alpha1.LabelMunicipality]}, &m, client.UnsafeDisableDeepCopy); err != nil {
		return nil // it is nobody's member; that the Municipality went is an event of its own
	}
	var list v1alpha1.NetworkList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var names []string
	for _, n := range resolution.NewNetworks(list.Items, r.Clock.Now()).Of(&m) {
		names = append(names, n.Name)
	}
	return names
}

func (r *Reconciler) networksWhere(ctx context.Context, wanted func(*v1alpha1.Network) bool) []string {
	var list v1alpha1.NetworkList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list Networks")
		return nil
	}
	var names []string
	for i := range list.Items {
		if wanted(&list.Items[i]) {
			names = append(names, list.Items[i].Name)
		}
	}
	return names
}

func (r *Reconciler) sharedApps(ctx context.Context, _ client.Object) []string {
	var list v1alpha1.SharedAppList
	if err := r.Client.List(ctx, &list, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "list SharedApps")
		return nil
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names
}
