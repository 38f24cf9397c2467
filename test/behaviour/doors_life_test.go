package behaviour_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// A host that declines the app closes its doors, and one whose version drops the service does when nothing of the version before is left.
func TestADoorFollowsTheHostsApp(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name))
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	edit(t, host, hosts(app.Name, "prod", named(guest.Name)))
	door(t, guest, host.Name, v1alpha1.DoorOpen)

	promote(t, app, "1.1.0")
	door(t, guest, host.Name, v1alpha1.DoorClosed, "version 1.1.0 of "+app.Name+", which "+host.Name+" has in prod, has no service payroll")
	halves(t, guest.Name+"-prod", 0)
	promote(t, app, "1.0.0")
	door(t, guest, host.Name, v1alpha1.DoorOpen)

	edit(t, host, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	door(t, guest, host.Name, v1alpha1.DoorClosed, host.Name+" has no "+app.Name+" in prod")
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
	edit(t, host, adopts(app.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
}

// A member connects as long as it is one.
func TestADoorForMembers(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNetwork), payroll("lonn"))
	net := unique("vest")
	host := town(t, "vinje", adopts(app.Name))
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	edit(t, host, hosts(app.Name, "prod", v1alpha1.Guests{Networks: []string{net}}))
	until(t, "a network that is not there is a fault", host, func(m *v1alpha1.Municipality) error {
		return speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse, `spec.hosts[0].to.networks[0]: there is no Network "`+net+`"`)
	})
	n := put(t, &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: net}, Spec: v1alpha1.NetworkSpec{DisplayName: net, Members: v1alpha1.Members{Names: []string{guest.Name}}}})
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	until(t, "and is none when it is there", host, func(m *v1alpha1.Municipality) error {
		return speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionTrue)
	})
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{host.Name} })
	door(t, guest, host.Name, v1alpha1.DoorEnded, host.Name+" offers it, and not to "+guest.Name, "or join "+net)
	halves(t, guest.Name+"-prod", 0)
	halves(t, host.Name+"-prod", 0)
	edit(t, n, func(n *v1alpha1.Network) { n.Spec.Members.Names = []string{guest.Name} })
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	remove(t, n)
	halves(t, host.Name+"-prod", 0)
}

// While a side is suspended what is open stays open, nothing opens, and what is taken out ends.
func TestDoorsOfWhoIsSuspended(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest, late := town(t, "seljord", connects(app.Name, "prod", host.Name)), town(t, "tokke")
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
	door(t, guest, host.Name, v1alpha1.DoorOpen, "Municipality "+host.Name+" is suspended (spec.suspend): what is open stays open, and nothing opens")
	edit(t, late, connects(app.Name, "prod", host.Name))
	door(t, late, host.Name, v1alpha1.DoorClosed, "is suspended (spec.suspend)")
	halves(t, late.Name+"-prod", 0)
	halves(t, host.Name+"-prod", 1)
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionNone })
	edit(t, host, hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	door(t, late, host.Name, v1alpha1.DoorOpen)
}

// Who is gone speaks for no door any longer, also where its namespaces are retained; what it left behind holds its walls.
func TestDoorsOfWhoIsGone(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest, leaver := town(t, "seljord", connects(app.Name, "prod", host.Name)), town(t, "bo", connects(app.Name, "prod", host.Name))
	for _, m := range []*v1alpha1.Municipality{guest, leaver} {
		door(t, m, host.Name, v1alpha1.DoorOpen)
	}
	halves(t, host.Name+"-prod", 2)
	remove(t, read(t, leaver))
	halves(t, host.Name+"-prod", 1)
	halves(t, leaver.Name+"-prod", 0)
	remove(t, read(t, host))
	door(t, guest, host.Name, v1alpha1.DoorEnded, `spec.connects[0].host: there is no Municipality "`+host.Name+`"`)
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
	if i := read(t, appInstallation(host.Name+"-prod", app.Name)); i.Spec.State == v1alpha1.InstallationAbsent {
		t.Error("more than the door has gone")
	}

	spec := host.Spec // somebody else comes under the name
	spec.Number = "9" + spec.Number[1:]
	put(t, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: host.Name}, Spec: spec})
	door(t, guest, host.Name, v1alpha1.DoorClosed, "environment prod of "+host.Name+" is not ready")
	halves(t, host.Name+"-prod", 0)
}

// An operator that was away closes what ended meanwhile, also where the municipality is gone, and opens what was agreed on.
func TestDoorsWhileNobodyLooked(t *testing.T) {
	o := startOperator(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest, leaver, late := town(t, "seljord", connects(app.Name, "prod", host.Name)), town(t, "bo", connects(app.Name, "prod", host.Name)), town(t, "tokke")
	for _, m := range []*v1alpha1.Municipality{guest, leaver} {
		door(t, m, host.Name, v1alpha1.DoorOpen)
	}
	standing(t, late)
	o.Stop()
	edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
	remove(t, read(t, leaver))
	edit(t, late, connects(app.Name, "prod", host.Name))
	startOperator(t)
	door(t, late, host.Name, v1alpha1.DoorOpen)
	halves(t, host.Name+"-prod", 1)
	halves(t, guest.Name+"-prod", 0)
	halves(t, leaver.Name+"-prod", 0)
}
