package behaviour_test

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// cannotLead waits until the SharedApp says, with these words, that one of its pilot networks
// can't go first, though all its versions can be had.
func cannotLead(t *testing.T, app *v1alpha1.SharedApp, parts ...string) {
	t.Helper()
	parts = append(parts, "until then nobody but the pilot networks begins a new version")
	after := until(t, "SharedApp "+app.Name+" reports its pilot networks", app, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, parts...)
	})
	for _, v := range after.Status.Versions {
		if !v.Available {
			t.Errorf("version %s is not available: %s", v.Version, v.Message)
		}
	}
	if c := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady); c == nil || c.Reason != v1alpha1.ReasonInvalidSpec {
		t.Errorf("Ready is %+v", c)
	}
}

func TestPilotNetworksThatCanNotGoFirstAreTold(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lead"), nil, files("lead", nil), files("lead", nil))
	first, second := town(t, "first"), town(t, "second")
	ahead := introduced(t, app, inWaves(wave("everyone")), first)
	behind := introduced(t, app, inWaves(wave("everyone")), second)
	before := read(t, appInstallation(second.Name+"-prod", app.Name))
	name := unique("nosuch")

	edit(t, app, func(app *v1alpha1.SharedApp) { app.Spec.PilotNetworks = []string{ahead.Name, name} })
	cannotLead(t, app, `spec.pilotNetworks[1]: there is no Network "`+name+`": name one that proposes `+app.Name)
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(ahead, app.Name, "1.1.0", 1), v1alpha1.RolloutCompleted)
	follower := rolloutOf(behind, app.Name, "1.1.0", 1)
	reaches(t, follower, v1alpha1.RolloutPending, "pilot network "+name)
	stays(t, second, before)

	made := put(t, &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.NetworkSpec{
		DisplayName: "late", Members: v1alpha1.Members{Names: []string{town(t, "late").Name}}, Rollout: inWaves(wave("everyone")),
	}})
	cannotLead(t, app, "spec.pilotNetworks[1]: Network "+name+" does not propose "+app.Name)
	edit(t, made, func(n *v1alpha1.Network) {
		n.Spec.Apps = []v1alpha1.Proposal{{
			Name: app.Name, Obligation: v1alpha1.ObligationRecommended, Stages: []v1alpha1.Stage{v1alpha1.StageProduction},
		}}
	})
	checked(t, app)
	reaches(t, follower, v1alpha1.RolloutCompleted)
	runs(t, second.Name+"-prod", app.Name, "1.1.0")

	// Time alone ends a network, and the SharedApp says so without being touched.
	edit(t, made, func(n *v1alpha1.Network) { n.Spec.Ends = new(metav1.NewTime(time.Now().Add(3 * time.Second))) })
	cannotLead(t, app, "spec.pilotNetworks[1]: Network "+name+" has ended")
	edit(t, made, func(n *v1alpha1.Network) { n.Spec.Ends = nil })
	checked(t, app)
	members := made.Spec.Members
	edit(t, made, func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{"nobody"} })
	cannotLead(t, app, "spec.pilotNetworks[1]: no member of Network "+name+" takes "+app.Name+" from it: give it members")
	edit(t, made, func(n *v1alpha1.Network) { n.Spec.Members = members })
	checked(t, app)
	remove(t, made)
	cannotLead(t, app, "spec.pilotNetworks[1]: there is no Network "+`"`+name+`"`)
	edit(t, app, func(app *v1alpha1.SharedApp) { app.Spec.PilotNetworks = app.Spec.PilotNetworks[:1] })
	checked(t, app)
}
