package behaviour_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Not parallel: the platform's deadline is that of a member whose group is gone.
func TestWhoIsOnItsWayWhenItsGroupGoesReturnsIfThatFails(t *testing.T) {
	startOperator(t)
	for _, tc := range []struct {
		reason string
		goes   func(n *v1alpha1.Network, leaver *v1alpha1.Municipality)
		// record is what the Rollout says then.
		record v1alpha1.RolloutPhase
		says   string
	}{
		{"it leaves", func(n *v1alpha1.Network, leaver *v1alpha1.Municipality) {
			n.Spec.Members.Names = without(n.Spec.Members.Names, leaver.Name)
		}, v1alpha1.RolloutHalted, "failed, and left the group afterwards"},
		{"its network ends", func(n *v1alpha1.Network, _ *v1alpha1.Municipality) {
			n.Spec.Ends = new(metav1.NewTime(time.Now().Add(-time.Minute)))
		}, v1alpha1.RolloutSuperseded, "nobody in the group asks for the app"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			app := publish(t, unique("part"), nil, files("part", nil), broken("part"))
			leaver, other := town(t, "leaver"), town(t, "other")
			n := introduced(t, app, inWaves(wave("pilot", leaver), wave("everyone")), leaver, other)
			before := read(t, appInstallation(other.Name+"-prod", app.Name)).Spec.Move
			promote(t, app, "1.1.0")
			ns, r := leaver.Name+"-prod", rolloutOf(n, app.Name, "1.1.0", 1)
			waits(t, ns, app.Name, "Deployment/part")

			edit(t, n, func(n *v1alpha1.Network) { tc.goes(n, leaver) })
			decidedBy(t, ns, app.Name, "1.1.0", "", "", "neither a network nor the municipality asks for it")
			patient := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Rollout.Waves[0].ProgressDeadline = lasting(time.Second) })
			until(t, "it returns", appInstallation(ns, app.Name), func(i *v1alpha1.AppInstallation) error {
				return errors.Join(expect("version", i.Spec.Version, "1.0.0"), came(i, v1alpha1.OutcomeReturned, "returned to 1.0.0, as 1.1.0 failed", "Deployment/part"))
			})
			patient()
			runs(t, ns, app.Name, "1.0.0")
			reports(t, leaver, app.Name, v1alpha1.AppUnrequested)
			reaches(t, r, tc.record, tc.says)
			if move := runs(t, other.Name+"-prod", app.Name, "1.0.0").Spec.Move; !cmp.Equal(move, before) {
				t.Errorf("%s was moved: %+v", other.Name, move)
			}
		})
	}
}

// A member that left had failed: who stands in for it does not get what has just failed there.
func TestNobodyStandsInForAFailureThatLeft(t *testing.T) {
	parallel(t)
	app := publish(t, unique("left"), nil, files("left", nil), broken("left"))
	leaver, other := town(t, "leaver"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", leaver), wave("everyone")), leaver, other)
	before := read(t, appInstallation(other.Name+"-prod", app.Name))
	promote(t, app, "1.1.0")
	ns, r := leaver.Name+"-prod", rolloutOf(n, app.Name, "1.1.0", 1)
	waits(t, ns, app.Name, "Deployment/left")
	timeIsUp(t, n)
	reaches(t, r, v1alpha1.RolloutHalted, "in wave pilot")
	runs(t, ns, app.Name, "1.0.0")
	recovers(t, n)

	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{other.Name} })
	counted(t, r, 2) // who left and failed is in the count still
	reaches(t, r, v1alpha1.RolloutHalted, "failed, and left the group afterwards")
	reports(t, leaver, app.Name, v1alpha1.AppUnrequested)
	runs(t, ns, app.Name, "1.0.0")
	stays(t, other, before)
}

// What nobody can have fails nobody, and the version goes on when its app is back.
func TestAnAppThatIsGoneForAWhileIsNoFaultOfItsVersion(t *testing.T) {
	parallel(t)
	app := publish(t, unique("away"), nil, files("away", nil), touchy("away"))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, inWaves(wave("pilot", pilot), wave("everyone")), pilot, other)
	fix := inTheWayOf(t, pilot, app)
	promote(t, app, "1.1.0")
	ns, r := pilot.Name+"-prod", rolloutOf(n, app.Name, "1.1.0", 1)
	stalls(t, ns, app.Name, "away-own")

	offered := edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Annotations = map[string]string{v1alpha1.AnnotationAllowDelete: "true"}
	})
	remove(t, offered)
	gone(t, offered)
	stalls(t, ns, app.Name, "is gone from the catalogue")
	timeIsUp(t, n)
	planned(t, n, r)
	reaches(t, r, v1alpha1.RolloutProgressing, "1 on the way", "SharedApp "+app.Name+" is gone from the catalogue")
	if i := read(t, appInstallation(ns, app.Name)); i.Spec.Version != "1.1.0" || i.Spec.Move.Outcome != "" {
		t.Errorf("it is asked to have %s, and its move came to %q", i.Spec.Version, i.Spec.Move.Outcome)
	}

	recovers(t, n)
	put(t, &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: app.Name}, Spec: offered.Spec})
	stalls(t, ns, app.Name, "away-own")
	fix()
	runs(t, ns, app.Name, "1.1.0")
	reaches(t, r, v1alpha1.RolloutCompleted)
	runs(t, other.Name+"-prod", app.Name, "1.1.0")
}

func without(names []string, name string) []string {
	var all []string
	for _, one := range names {
		if one != name {
			all = append(all, one)
		}
	}
	return all
}
