package behaviour_test

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// A member that lacks what an app requires is away: it is not moved, and keeps nobody waiting.
func TestARolloutGoesRoundWhoLacksWhatTheAppRequires(t *testing.T) {
	parallel(t)
	gateway := publish(t, unique("gate"), nil, files("gate", nil))
	app := publish(t, unique("desk"), func(app *v1alpha1.SharedApp) {
		for i := range app.Spec.Versions {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: gateway.Name}}}
		}
	}, files("desk", nil))
	has, lacks := town(t, "bo", adopts(gateway.Name)), town(t, "aas")
	runs(t, has.Name+"-prod", gateway.Name, "1.0.0")
	n := proposes(t, "net", app.Name, func(n *v1alpha1.Network) { n.Spec.Rollout = inWaves(wave("everyone")) }, has, lacks)
	runs(t, has.Name+"-prod", app.Name, "1.0.0")
	r := reaches(t, rolloutOf(n, app.Name, "1.0.0", 1), v1alpha1.RolloutCompleted, "1 to come")
	if err := noted(r.Status.OnTheWay, lacks, v1alpha1.ReasonRequiredAppMissing, "requires "+gateway.Name, "not installed there"); err != nil {
		t.Error(err)
	}
	absent(t, lacks.Name+"-prod", app.Name)
	edit(t, lacks, adopts(gateway.Name))
	runs(t, lacks.Name+"-prod", app.Name, "1.0.0")
}
