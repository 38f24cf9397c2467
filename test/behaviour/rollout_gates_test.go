package behaviour_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// closedNow is a window that opens for a minute in half a year.
func closedNow() []v1alpha1.Window {
	later := time.Now().AddDate(0, 6, 0)
	return []v1alpha1.Window{{Schedule: fmt.Sprintf("0 8 1 %d *", later.Month()), Duration: *lasting(time.Minute), TimeZone: "Europe/Oslo"}}
}

func openNow() []v1alpha1.Window {
	return []v1alpha1.Window{{Schedule: "0 * * * *", Duration: *lasting(2 * time.Hour), TimeZone: "UTC"}}
}

func windows(closed bool) []v1alpha1.Window {
	if closed {
		return closedNow()
	}
	return openNow()
}

// yearEnd is a freeze that holds now; none where it is over.
func yearEnd(closed bool) []v1alpha1.FreezePeriod {
	if !closed {
		return nil
	}
	return []v1alpha1.FreezePeriod{{
		From: metav1.NewTime(time.Now().Add(-time.Hour)), Until: metav1.NewTime(time.Now().Add(time.Hour)), Reason: "year-end closing",
	}}
}

// gated is what gates belong to.
type gated struct {
	network *v1alpha1.Network
	app     *v1alpha1.SharedApp
	member  *v1alpha1.Municipality
}

// gate closes and opens something that keeps a rollout from going on.
type gate func(t *testing.T, g gated, closed bool)

func ofNetwork(change func(n *v1alpha1.Network, closed bool)) gate {
	return func(t *testing.T, g gated, closed bool) {
		t.Helper()
		edit(t, g.network, func(n *v1alpha1.Network) { change(n, closed) })
	}
}

func ofApp(change func(app *v1alpha1.SharedApp, closed bool)) gate {
	return func(t *testing.T, g gated, closed bool) {
		t.Helper()
		edit(t, g.app, func(app *v1alpha1.SharedApp) { change(app, closed) })
	}
}

func ofMember(change func(m *v1alpha1.Municipality, closed bool)) gate {
	return func(t *testing.T, g gated, closed bool) {
		t.Helper()
		edit(t, g.member, func(m *v1alpha1.Municipality) { change(m, closed) })
	}
}

func TestAClosedGateKeepsMembersWhereTheyAreAndSaysWhy(t *testing.T) {
	for _, tc := range []struct {
		reason   string
		gate     gate
		reported []string
	}{
		{"a network that is paused", ofNetwork(func(n *v1alpha1.Network, closed bool) { n.Spec.Pause = &closed }), []string{"paused (spec.pause)", "Network "}},
		{"a network that is suspended", ofNetwork(func(n *v1alpha1.Network, closed bool) { n.Spec.Suspend = &closed }), []string{"suspended (spec.suspend)", "Network "}},
		{"an app that is paused", ofApp(func(app *v1alpha1.SharedApp, closed bool) { app.Spec.Pause = &closed }), []string{"paused (spec.pause)", "SharedApp "}},
		{"an app that is suspended", ofApp(func(app *v1alpha1.SharedApp, closed bool) { app.Spec.Suspend = &closed }), []string{"suspended (spec.suspend)", "SharedApp "}},
		{"windows of the network", ofNetwork(func(n *v1alpha1.Network, closed bool) { n.Spec.Rollout.Windows = windows(closed) }), []string{"window", "Network "}},
		{"a freeze of the network", ofNetwork(func(n *v1alpha1.Network, closed bool) { n.Spec.Rollout.Freezes = yearEnd(closed) }), []string{"year-end closing", "Network "}},
		{"windows of the municipality", ofMember(func(m *v1alpha1.Municipality, closed bool) { m.Spec.Windows = windows(closed) }), []string{"window", "Municipality "}},
		{"a freeze of the municipality", ofMember(func(m *v1alpha1.Municipality, closed bool) { m.Spec.Freezes = yearEnd(closed) }), []string{"year-end closing", "Municipality "}},
		{"a strategy at fault", ofNetwork(func(n *v1alpha1.Network, closed bool) {
			n.Spec.Rollout.Windows = nil
			if closed {
				n.Spec.Rollout.Windows = []v1alpha1.Window{{Schedule: "0 8 30 2 *", Duration: *lasting(time.Hour), TimeZone: "Europe/Oslo"}}
			}
		}), []string{"spec.rollout.windows[0].schedule", "Network "}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			parallel(t)
			app := publish(t, unique("gates"), nil, files("gates", nil), files("gates", nil))
			m := town(t, "vinje")
			n := introduced(t, app, inWaves(wave("everyone")), m)
			tc.gate(t, gated{n, app, m}, true)
			before := read(t, appInstallation(m.Name+"-prod", app.Name))
			promote(t, app, "1.1.0")
			r := rolloutOf(n, app.Name, "1.1.0", 1)
			reaches(t, r, v1alpha1.RolloutPending, tc.reported...)
			edit(t, configMap(before.Namespace, "gates"), func(o *corev1.ConfigMap) { o.Data["greeting"] = "by hand" })
			greets(t, before.Namespace, "gates", "hei")
			reaches(t, r, v1alpha1.RolloutPending, tc.reported...)
			stays(t, m, before)
			tc.gate(t, gated{n, app, m}, false)
			reaches(t, r, v1alpha1.RolloutCompleted, "1/1 verified")
			runs(t, before.Namespace, app.Name, "1.1.0")
		})
	}
}

// Nobody but the operator has this right, but for those who have all of them.
func TestAnInstallationThatIsDeletedByHandComesBackAlsoWhileARolloutWaits(t *testing.T) {
	parallel(t)
	app := publish(t, unique("restore"), nil, files("restore", nil), files("restore", nil))
	m := town(t, "vinje")
	n := introduced(t, app, nil, m)
	ns := m.Name + "-prod"
	before, i := belongings(t, ns, app.Name), read(t, appInstallation(ns, app.Name))
	reports(t, m, app.Name, "Ready")
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = new(true) })
	promote(t, app, "1.1.0")
	reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutPending, "paused")
	remove(t, read(t, i))
	until(t, "it is back", i, func(back *v1alpha1.AppInstallation) error {
		if back.UID == i.UID {
			return errors.New("still the old one")
		}
		return nil
	})
	runs(t, ns, app.Name, "1.0.0")
	if diff := cmp.Diff(before, belongings(t, ns, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("objects were touched (-before +after):\n%s", diff)
	}
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = nil })
	runs(t, ns, app.Name, "1.1.0")
}

func TestASecurityFixSkipsAnnouncementAndSoakAndKeepsApprovals(t *testing.T) {
	parallel(t)
	app := publish(t, unique("urgent"), func(app *v1alpha1.SharedApp) { app.Spec.Versions[2].SecurityFix = new(true) },
		files("urgent", nil), files("urgent", nil), files("urgent", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, app, pilotThenApproved(pilot), pilot, other)
	edit(t, n, func(n *v1alpha1.Network) {
		n.Spec.Rollout.Announcement = lasting(720 * time.Hour)
		for i := range n.Spec.Rollout.Waves {
			n.Spec.Rollout.Waves[i].Soak = lasting(720 * time.Hour)
		}
	})
	before := read(t, appInstallation(pilot.Name+"-prod", app.Name))
	promote(t, app, "1.1.0")
	announced := reaches(t, rolloutOf(n, app.Name, "1.1.0", 1), v1alpha1.RolloutPending, "announced")
	if at := announced.Status.NextAt; at == nil || time.Until(at.Time) < 719*time.Hour {
		t.Errorf("the first wave begins at %s, want in 30 days", at)
	}
	stays(t, pilot, before)

	promote(t, app, "1.2.0")
	r := rolloutOf(n, app.Name, "1.2.0", 1)
	awaitsApproval(t, r)
	runs(t, pilot.Name+"-prod", app.Name, "1.2.0")
	approve(t, n, r)
	reaches(t, r, v1alpha1.RolloutCompleted, "2/2 verified")
}

func TestPilotNetworksGoFirst(t *testing.T) {
	parallel(t)
	app := publish(t, unique("ahead"), nil, files("ahead", nil), files("ahead", nil))
	first, second, alone := town(t, "first"), town(t, "second"), town(t, "alone", adopts(app.Name, func(d *v1alpha1.AppDecision) { d.Channel = "stable" }))
	ahead := introduced(t, app, inWaves(approvedFirst(wave("everyone"))), first)
	behind := introduced(t, app, inWaves(wave("everyone")), second)
	reaches(t, directRollout(app.Name, "stable", "1.0.0", 1), v1alpha1.RolloutCompleted)
	edit(t, app, func(app *v1alpha1.SharedApp) {
		app.Spec.PilotNetworks = []string{ahead.Name}
		app.Spec.Channels[0].Version = "1.1.0"
	})
	pilot := rolloutOf(ahead, app.Name, "1.1.0", 1)
	followers := []*v1alpha1.Rollout{rolloutOf(behind, app.Name, "1.1.0", 1), directRollout(app.Name, "stable", "1.1.0", 1)}
	reaches(t, pilot, v1alpha1.RolloutPending, "approval of wave everyone")
	for _, r := range followers {
		reaches(t, r, v1alpha1.RolloutPending, "pilot network "+ahead.Name)
	}
	runs(t, second.Name+"-prod", app.Name, "1.0.0")
	runs(t, alone.Name+"-prod", app.Name, "1.0.0")
	approve(t, ahead, pilot)
	for _, r := range followers {
		reaches(t, r, v1alpha1.RolloutCompleted)
	}
	done := read(t, pilot)
	for _, m := range []*v1alpha1.Municipality{second, alone} {
		i := runs(t, m.Name+"-prod", app.Name, "1.1.0")
		if i.Spec.Move.MovedAt.Before(done.Status.CompletedAt) {
			t.Errorf("%s moved at %s, and the pilot network completed at %s", m.Name, i.Spec.Move.MovedAt, done.Status.CompletedAt)
		}
	}
}

func TestANetworkCarriesOnlySoManyIntroductionsAtOnce(t *testing.T) {
	parallel(t)
	minor := publish(t, unique("aminor"), nil, files("aminor", nil), files("aminor", nil))
	major := publish(t, unique("zmajor"), nil, files("zmajor", nil), files("zmajor", nil))
	pilot, other := town(t, "pilot"), town(t, "other")
	n := introduced(t, minor, pilotThenApproved(pilot), pilot, other)
	edit(t, n, func(n *v1alpha1.Network) {
		n.Spec.Apps = append(n.Spec.Apps, v1alpha1.Proposal{Name: major.Name, Priority: new(int32(10))})
	})
	first := rolloutOf(n, major.Name, "1.0.0", 1)
	awaitsApproval(t, first)
	approve(t, n, first)
	reaches(t, first, v1alpha1.RolloutCompleted)
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Rollout.MaxIntroductions, n.Spec.Pause = new(int32(1)), new(true) })
	promote(t, minor, "1.1.0")
	promote(t, major, "1.1.0")
	minorR, majorR := rolloutOf(n, minor.Name, "1.1.0", 1), rolloutOf(n, major.Name, "1.1.0", 1)
	reaches(t, minorR, v1alpha1.RolloutPending, "paused")
	reaches(t, majorR, v1alpha1.RolloutPending, "paused")
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Pause = nil })
	awaitsApproval(t, majorR)
	reaches(t, minorR, v1alpha1.RolloutPending, "carries at most 1 at once", major.Name, "number 1 in the queue")
	runs(t, pilot.Name+"-prod", minor.Name, "1.0.0")
	approve(t, n, majorR)
	awaitsApproval(t, minorR)
	if done, began := read(t, majorR).Status.CompletedAt, read(t, minorR).Status.StartedAt; began.Before(done) {
		t.Errorf("the second began at %s, before the first had completed at %s", began, done)
	}
	runs(t, other.Name+"-prod", major.Name, "1.1.0")
}
