package behaviour_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// proposes makes a Network that proposes an app to some members.
func proposes(t *testing.T, prefix, app string, change func(*v1alpha1.Network), members ...*v1alpha1.Municipality) *v1alpha1.Network {
	t.Helper()
	n := &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: unique(prefix)}, Spec: v1alpha1.NetworkSpec{
		DisplayName: prefix,
		Apps: []v1alpha1.Proposal{{
			Name: app, Obligation: v1alpha1.ObligationRecommended,
			Stages: []v1alpha1.Stage{v1alpha1.StageTest, v1alpha1.StageProduction},
		}},
	}}
	for _, m := range members {
		n.Spec.Members.Names = append(n.Spec.Members.Names, m.Name)
	}
	if change != nil {
		change(n)
	}
	return put(t, n)
}

func asks(obligation v1alpha1.Obligation) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Apps[0].Obligation = obligation }
}

func following(channel string) func(*v1alpha1.Network) {
	return func(n *v1alpha1.Network) { n.Spec.Apps[0].Channel = channel }
}

// decidedBy waits until an installation at a version was decided by a level.
func decidedBy(t *testing.T, namespace, app, version string, level v1alpha1.DecisionLevel, name string, parts ...string) {
	t.Helper()
	until(t, app+" in "+namespace+" was decided by "+name, appInstallation(namespace, app), func(i *v1alpha1.AppInstallation) error {
		by := i.Spec.DecidedBy
		return errors.Join(expect("version", i.Spec.Version, version), expect("level", by.Level, level), expect("name", by.Name, name), holds(i.Annotations[v1alpha1.AnnotationDecision], parts...))
	})
}

func TestObligations(t *testing.T) {
	parallel(t)
	app := publish(t, unique("oblige"), nil, files("oblige", nil))
	for _, tc := range []struct {
		reason     string
		obligation v1alpha1.Obligation
		said       *v1alpha1.AppDecision
		installed  bool
		level      v1alpha1.DecisionLevel
		state      v1alpha1.AppState
		words      []string
	}{
		{"Recommended installs where nobody says anything", v1alpha1.ObligationRecommended, nil, true, v1alpha1.LevelNetwork, "Ready", nil},
		{"Mandatory installs", v1alpha1.ObligationMandatory, nil, true, v1alpha1.LevelNetwork, "Ready", nil},
		{"Recommended may be declined", v1alpha1.ObligationRecommended, &v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline}, false, "", "Declined", nil},
		{"Recommended may be deferred", v1alpha1.ObligationRecommended,
			&v1alpha1.AppDecision{Decision: v1alpha1.DecisionDefer, Reason: "budget 2027"}, false, "", "Deferred", []string{"budget 2027"}},
		{"Mandatory is not declined without a reason", v1alpha1.ObligationMandatory, &v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline},
			true, v1alpha1.LevelNetwork, "Ready", []string{"needs a reason", "spec.apps"}},
		{"Mandatory is declined with one", v1alpha1.ObligationMandatory,
			&v1alpha1.AppDecision{Decision: v1alpha1.DecisionDecline, Reason: "own archive law"}, false, "", "Declined", []string{"own archive law"}},
		{"Optional is taken up by adopting", v1alpha1.ObligationOptional, &v1alpha1.AppDecision{Decision: v1alpha1.DecisionAdopt}, true, v1alpha1.LevelMunicipality, "Ready", nil},
		{"Optional installs nothing by itself", v1alpha1.ObligationOptional, nil, false, "", "", nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Parallel()
			m := town(t, "muni")
			if tc.said != nil {
				tc.said.Name = app.Name
				edit(t, m, says(*tc.said))
			}
			proposes(t, "net", app.Name, asks(tc.obligation), m)
			if tc.state != "" {
				reports(t, m, app.Name, tc.state, tc.words...)
			}
			if tc.installed {
				i := runs(t, m.Name+"-prod", app.Name, "1.0.0")
				if i.Spec.DecidedBy.Level != tc.level {
					t.Errorf("decided by %+v, want level %s", i.Spec.DecidedBy, tc.level)
				}
				return
			}
			// Another app that was asked for later is there, so this one was weighed.
			later := publish(t, unique("later"), nil, files("later", nil))
			edit(t, m, adopts(later.Name))
			runs(t, m.Name+"-prod", later.Name, "1.0.0")
			absent(t, m.Name+"-prod", app.Name)
		})
	}
}

func absent(t *testing.T, namespace, app string) {
	t.Helper()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(appInstallation(namespace, app)), &v1alpha1.AppInstallation{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("%s is installed in %s (%v)", app, namespace, err)
	}
}

func twoChannels(app *v1alpha1.SharedApp) {
	app.Spec.Channels = append(app.Spec.Channels, v1alpha1.Channel{Name: "pilot", Version: "1.1.0"})
}

func TestOfSeveralNetworksOneDecides(t *testing.T) {
	parallel(t)
	app := publish(t, unique("shared"), twoChannels, files("shared", nil), files("shared", nil))
	m := town(t, "vinje")
	ns := m.Name + "-prod"
	weak := proposes(t, "weak", app.Name, following("pilot"), m)
	strong := proposes(t, "strong", app.Name, asks(v1alpha1.ObligationMandatory), m)
	other := proposes(t, "other", app.Name, func(n *v1alpha1.Network) { n.Spec.Priority = new(int32(10)); following("pilot")(n) }, m)

	// The network that was there first may have installed the higher version: it is not lowered.
	edit(t, m, adopts(app.Name, func(d *v1alpha1.AppDecision) { d.Network = weak.Name }))
	runs(t, ns, app.Name, "1.1.0")
	decidedBy(t, ns, app.Name, "1.1.0", v1alpha1.LevelNetwork, weak.Name, "channel pilot")
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil })
	decidedBy(t, ns, app.Name, "1.1.0", v1alpha1.LevelNetwork, weak.Name, strong.Name, "never lowers a version")
	until(t, "the network that lost shows it", other, func(n *v1alpha1.Network) error {
		for _, a := range n.Status.Apps {
			if a.Name == app.Name && len(a.DecidedElsewhere) == 1 {
				return holds(a.DecidedElsewhere[0].Name+": "+string(a.DecidedElsewhere[0].DecidedBy.Level)+" "+a.DecidedElsewhere[0].DecidedBy.Name, m.Name)
			}
		}
		return fmt.Errorf("apps: %+v", n.Status.Apps)
	})
	edit(t, strong, following("pilot"))
	decidedBy(t, ns, app.Name, "1.1.0", v1alpha1.LevelNetwork, strong.Name, "Mandatory")
	edit(t, strong, asks(v1alpha1.ObligationRecommended))
	decidedBy(t, ns, app.Name, "1.1.0", v1alpha1.LevelNetwork, other.Name, "Recommended")
	var all v1alpha1.AppInstallationList
	if err := admin.List(t.Context(), &all, client.InNamespace(ns)); err != nil || len(all.Items) != 1 {
		t.Errorf("there must be one installation, and there are %d (%v)", len(all.Items), err)
	}
}

func TestWhoLeavesANetworkKeepsTheApp(t *testing.T) {
	parallel(t)
	app := publish(t, unique("leave"), nil, files("leave", nil), files("leave", nil))
	leaver, stayer := town(t, "tokke"), town(t, "fyresdal")
	n := proposes(t, "net", app.Name, nil, leaver, stayer)
	ns := leaver.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	runs(t, stayer.Name+"-prod", app.Name, "1.0.0")
	before := belongings(t, ns, app.Name)
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{stayer.Name} })
	decidedBy(t, ns, app.Name, "1.0.0", "", "", "neither a network nor the municipality asks for it")
	promote(t, app, "1.1.0")
	runs(t, stayer.Name+"-prod", app.Name, "1.1.0")
	runs(t, ns, app.Name, "1.0.0")
	if diff := cmp.Diff(before, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("what the leaver runs was touched:\n%s", diff)
	}
	reports(t, leaver, app.Name, v1alpha1.AppUnrequested)
	t.Run("also when somebody deletes the installation", func(t *testing.T) {
		i := read(t, appInstallation(ns, app.Name))
		remove(t, read(t, i))
		until(t, "it is back", i, func(back *v1alpha1.AppInstallation) error {
			if back.UID == i.UID {
				return errors.New("still the old one")
			}
			return nil
		})
		runs(t, ns, app.Name, "1.0.0")
		if diff := cmp.Diff(before, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
			t.Errorf("what the leaver runs was touched:\n%s", diff)
		}
	})
}

func TestPromotionIsOneFieldAndHoldHolds(t *testing.T) {
	parallel(t)
	app := publish(t, unique("promote"), nil, files("promote", nil), files("promote", nil))
	first, second, holder := town(t, "nome", withTest), town(t, "bo"), town(t, "siljan")
	proposes(t, "net", app.Name, nil, first, second, holder)
	runs(t, holder.Name+"-prod", app.Name, "1.0.0")
	edit(t, holder, says(v1alpha1.AppDecision{Name: app.Name, Hold: &v1alpha1.Hold{Version: "1.0.0", Reason: "year-end closing"}}))
	decidedBy(t, holder.Name+"-prod", app.Name, "1.0.0", v1alpha1.LevelMunicipality, holder.Name, "year-end closing")
	promote(t, app, "1.1.0")
	for _, ns := range []string{first.Name + "-prod", first.Name + "-test", second.Name + "-prod"} {
		i := runs(t, ns, app.Name, "1.1.0")
		if i.Spec.DecidedBy.Level != v1alpha1.LevelNetwork {
			t.Errorf("%s: decided by %+v", ns, i.Spec.DecidedBy)
		}
	}
	reports(t, holder, app.Name, "Held", "year-end closing")
	runs(t, holder.Name+"-prod", app.Name, "1.0.0")
	edit(t, holder, func(m *v1alpha1.Municipality) { m.Spec.Apps = nil })
	runs(t, holder.Name+"-prod", app.Name, "1.1.0")
}

func TestADeferralRunsOutByItself(t *testing.T) {
	parallel(t)
	app := publish(t, unique("defer"), nil, files("defer", nil))
	until := metav1.NewTime(time.Now().Add(6 * time.Second))
	m := town(t, "tinn", says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDefer, Reason: "budget", Until: &until}))
	proposes(t, "net", app.Name, nil, m)
	reports(t, m, app.Name, "Deferred", "budget")
	i := runs(t, m.Name+"-prod", app.Name, "1.0.0")
	if i.CreationTimestamp.Time.Before(until.Truncate(time.Second)) {
		t.Errorf("installed at %s, before %s", i.CreationTimestamp, until)
	}
}

func TestWhatCannotBeHadIsTold(t *testing.T) {
	parallel(t)
	app := publish(t, unique("cannot"), func(app *v1alpha1.SharedApp) {
		for i := range app.Spec.Versions {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneOpen}}}
		}
	}, files("cannot", nil), files("cannot", nil))
	edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: "2.0.0", Source: fromConfigMap("nowhere")})
		app.Spec.Versions[1].State = v1alpha1.VersionWithdrawn
	})
	for _, tc := range []struct {
		reason string
		said   v1alpha1.AppDecision
		zone   v1alpha1.Zone
		want   []string
	}{
		{"a version that the catalogue could not fetch", v1alpha1.AppDecision{Version: "2.0.0"}, "", []string{"2.0.0", "not available", "nowhere"}},
		{"a version that was withdrawn", v1alpha1.AppDecision{Version: "1.1.0"}, "", []string{"1.1.0", "withdrawn"}},
		{"a version that there is not", v1alpha1.AppDecision{Version: "9.0.0"}, "", []string{"no version 9.0.0"}},
		{"a channel that there is not", v1alpha1.AppDecision{Channel: "beta"}, "", []string{`no channel "beta"`, "stable"}},
		{"a network that it is no member of", v1alpha1.AppDecision{Network: "elsewhere"}, "", []string{`"elsewhere"`, "no member"}},
		{"an app that there is not", v1alpha1.AppDecision{Name: "unheard-of"}, "", []string{`no SharedApp "unheard-of"`}},
		{"a zone that does not fit", v1alpha1.AppDecision{}, v1alpha1.ZoneClosed, []string{"requires zone Open", "spec.environments"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			t.Parallel()
			if tc.said.Name == "" {
				tc.said.Name = app.Name
			}
			tc.said.Decision = v1alpha1.DecisionAdopt
			m := town(t, "muni", says(tc.said), func(m *v1alpha1.Municipality) {
				if tc.zone != "" {
					m.Spec.Environments[0].Zone = tc.zone
				}
			})
			standing(t, m)
			reports(t, m, tc.said.Name, "Blocked", tc.want...)
			absent(t, m.Name+"-prod", tc.said.Name)
		})
	}
}

func TestWhatRunsIsLeftWhereTheNewVersionCannotBeHad(t *testing.T) {
	parallel(t)
	app := publish(t, unique("stays"), nil, files("stays", nil))
	m := town(t, "hol", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: "1.1.0", Source: fromConfigMap("nowhere")})
		app.Spec.Channels[0].Version = "1.1.0"
	})
	reports(t, m, app.Name, "Blocked", "1.1.0", "not available", "nowhere")
	runs(t, ns, app.Name, "1.0.0")

	// Drift is corrected all the same.
	web := at(&appsv1.Deployment{}, ns, "stays")
	remove(t, read(t, web))
	until(t, "what was deleted is back", web, func(*appsv1.Deployment) error { return nil })

	edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Spec.Versions[0].State = v1alpha1.VersionWithdrawn
		app.Spec.Channels[0].Version = "1.0.0"
	})
	runs(t, ns, app.Name, "1.0.0")
	other := town(t, "gol", adopts(app.Name))
	reports(t, other, app.Name, "Blocked", "withdrawn")
	absent(t, other.Name+"-prod", app.Name)
}
