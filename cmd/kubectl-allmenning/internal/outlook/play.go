package outlook

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/world"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// newUID marks Rollouts that the promotion would make.
const newUID types.UID = "new"

// promoted is the world just after the promotion, when the operator has made the Rollouts
// that follow from it.
func promoted(w *world.World, q Question) *country.Country {
	o := objects(w, q)
	before := country.Compile(o, q.Now)
	known := map[string]int{}
	for i, r := range o.Rollouts {
		known[r.Name] = i
	}

	for _, group := range before.Groups() {
		for _, intro := range before.Plan(group).Introductions {
			if intro.App != q.App {
				continue
			}
			for _, ending := range intro.Course.End {
				ended := ending.Rollout.DeepCopy()
				ended.Status = planner.End(ending)
				o.Rollouts[known[ended.Name]] = ended
			}
			if spec := intro.Course.Create; spec != nil {
				o.Rollouts = append(o.Rollouts, &v1alpha1.Rollout{
					ObjectMeta: metav1.ObjectMeta{Name: planner.Name(*spec), UID: newUID, CreationTimestamp: metav1.NewTime(q.Now)},
					Spec:       *spec,
				})
			}
		}
	}
	return country.Compile(o, q.Now)
}

// objects are the world as package country takes it, with the channel at the new version.
func objects(w *world.World, q Question) country.Objects {
	o := w.Objects(q.Now)
	o.Apps[q.App] = after(o.Apps[q.App], q, w.Offline && len(w.Installations) == 0)
	return o
}

// after is the app with the channel at the version. What it requires is left out where
// it is unknown what is installed.
func after(app *v1alpha1.SharedApp, q Question, requiresNothing bool) *v1alpha1.SharedApp {
	app = app.DeepCopy()
	for i := range app.Spec.Channels {
		if app.Spec.Channels[i].Name == q.Channel {
			app.Spec.Channels[i].Version = q.Version
		}
	}
	for i := range app.Spec.Versions {
		if requires := app.Spec.Versions[i].Requires; requiresNothing && requires != nil {
			requires.Apps = nil
		}
	}
	return app
}
