package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// halfOf is one side's policy of a door to payroll, for a client or the municipality's own workloads ("0").
func halfOf(side v1alpha1.DoorSide, app string, host, guest *v1alpha1.Municipality, by string) *networkingv1.NetworkPolicy {
	if side == v1alpha1.DoorHost {
		return at(&networkingv1.NetworkPolicy{}, host.Name+"-prod", "allmenning-door-from."+app+".payroll."+guest.Name+".prod."+by)
	}
	return at(&networkingv1.NetworkPolicy{}, guest.Name+"-prod", "allmenning-door-to."+app+".payroll."+host.Name+".prod."+by)
}

// possessions are what a municipality has in prod: the objects of an app, and all walls but one.
func possessions(t *testing.T, m *v1alpha1.Municipality, app, but string) map[string]identity {
	t.Helper()
	all := belongings(t, m.Name+"-prod", app)
	var walls networkingv1.NetworkPolicyList
	if err := admin.List(t.Context(), &walls, client.InNamespace(m.Name+"-prod")); err != nil {
		t.Fatal(err)
	}
	for _, wall := range walls.Items {
		if wall.Name != but {
			all[wall.Name] = identity{uid: string(wall.UID)}
		}
	}
	return all
}

// Who is deleted has no doors any longer, whatever becomes of its namespaces: both sides say so, and nothing of the other goes with them.
func TestDoorsOfWhoIsDeleted(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"))
	for _, tc := range []struct {
		reason   string
		hostGoes bool
		policy   v1alpha1.DeletionPolicy
	}{
		{"the host, with what it has", true, v1alpha1.DeletionDelete},
		{"the host, and its app runs on", true, v1alpha1.DeletionRetain},
		{"the consumer, with what it has", false, v1alpha1.DeletionDelete},
		{"the consumer, and its pods run on", false, v1alpha1.DeletionRetain},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			deletes := func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = tc.policy }
			host := town(t, "vinje", adopts(app.Name), deletes)
			guest := town(t, "seljord", adopts(app.Name), connects(app.Name, "prod", host.Name), deletes)
			other := town(t, "tokke", connects(app.Name, "prod", host.Name))
			edit(t, host, hosts(app.Name, "prod", named(guest.Name, other.Name)))
			door(t, guest, host.Name, v1alpha1.DoorOpen)
			door(t, other, host.Name, v1alpha1.DoorOpen)
			runs(t, host.Name+"-prod", app.Name, "1.0.0")
			runs(t, guest.Name+"-prod", app.Name, "1.0.0")

			goes, stays, half := host, guest, halfOf(v1alpha1.DoorConsumer, app.Name, host, guest, "0")
			ended := `there is no Municipality "` + host.Name + `"`
			if !tc.hostGoes {
				goes, stays, half = guest, host, halfOf(v1alpha1.DoorHost, app.Name, host, guest, "0")
				ended = guest.Name + " does not ask for it yet"
			}
			standing(t, stays)
			before := possessions(t, stays, app.Name, half.Name)
			slow := restrictedPod(goes.Name+"-prod", "slow")
			slow.Finalizers = []string{"example.org/still-running"}
			put(t, slow)
			remove(t, read(t, goes))
			if tc.policy == v1alpha1.DeletionDelete { // as long as its pods are ending, it is there to say so
				door(t, goes, stays.Name, v1alpha1.DoorClosed, "Municipality "+goes.Name+" is being deleted")
				door(t, stays, goes.Name, v1alpha1.DoorClosed, "Municipality "+goes.Name+" is being deleted")
				halves(t, goes.Name+"-prod", 0)
			}
			edit(t, slow, func(p *corev1.Pod) { p.Finalizers = nil })
			gone(t, goes)

			door(t, stays, goes.Name, v1alpha1.DoorEnded, ended)
			gone(t, half)
			if diff := cmp.Diff(before, possessions(t, stays, app.Name, half.Name), cmp.AllowUnexported(identity{})); diff != "" {
				t.Errorf("more than the door has gone (-before +after):\n%s", diff)
			}
			if tc.policy == v1alpha1.DeletionDelete {
				gone(t, namespace(goes.Name+"-prod"))
				return
			}
			halves(t, goes.Name+"-prod", 0)
			read(t, at(&networkingv1.NetworkPolicy{}, goes.Name+"-prod", "allmenning-default-deny"))
			if i := read(t, appInstallation(goes.Name+"-prod", app.Name)); i.Spec.State != v1alpha1.InstallationPresent {
				t.Errorf("what is retained is uninstalled: %+v", i.Spec)
			}
		})
	}
}

// Who merges into another takes no door along: not by its number, which the other has then, nor by what it had. The other agrees again.
// While both are there, and the number is the older one's, what the younger one has open stays so.
func TestDoorsOfWhoMerges(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"))
	merges := func(into, from *v1alpha1.Municipality) {
		edit(t, into, func(m *v1alpha1.Municipality) { m.Spec.FormerNumbers = []string{from.Spec.Number} })
	}
	t.Run("the consumer", func(t *testing.T) {
		host := town(t, "vinje", adopts(app.Name))
		bo := town(t, "bo", connects(app.Name, "prod", host.Name))
		edit(t, host, hosts(app.Name, "prod", named(bo.Name)))
		door(t, bo, host.Name, v1alpha1.DoorOpen)
		remove(t, read(t, bo))
		gone(t, bo)
		midt := town(t, "midt", connects(app.Name, "prod", host.Name), func(m *v1alpha1.Municipality) { m.Spec.FormerNumbers = []string{bo.Spec.Number} })
		door(t, midt, host.Name, v1alpha1.DoorAsked, host.Name+" offers it, and not to "+midt.Name)
		door(t, host, bo.Name, v1alpha1.DoorEnded, bo.Name+" does not ask for it")
		door(t, host, midt.Name, v1alpha1.DoorAsked, midt.Name+" asks for it")
		halves(t, host.Name+"-prod", 0)
		halves(t, bo.Name+"-prod", 0)
		halves(t, midt.Name+"-prod", 0)
		edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts[0].To.Municipalities = []string{midt.Name} })
		door(t, midt, host.Name, v1alpha1.DoorOpen)
		halves(t, bo.Name+"-prod", 0)
	})
	t.Run("the host", func(t *testing.T) {
		host := town(t, "vinje", adopts(app.Name))
		midt := town(t, "midt", adopts(app.Name))
		guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
		for _, m := range []*v1alpha1.Municipality{host, midt} { // the other has the same app, and offers it
			edit(t, m, hosts(app.Name, "prod", named(guest.Name)))
		}
		door(t, guest, host.Name, v1alpha1.DoorOpen)
		remove(t, read(t, host))
		gone(t, host)
		merges(midt, host)
		door(t, guest, host.Name, v1alpha1.DoorEnded, `spec.connects[0].host: there is no Municipality "`+host.Name+`"`)
		door(t, midt, guest.Name, v1alpha1.DoorOffered, guest.Name+" does not ask for it yet")
		halves(t, guest.Name+"-prod", 0)
		halves(t, host.Name+"-prod", 0)
		edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects[0].Host = midt.Name })
		door(t, guest, midt.Name, v1alpha1.DoorOpen)
		halves(t, guest.Name+"-prod", 1)
		halves(t, host.Name+"-prod", 0)
	})
	t.Run("while both are there", func(t *testing.T) {
		bo, host := town(t, "bo"), town(t, "vinje", adopts(app.Name))
		midt := town(t, "midt", connects(app.Name, "prod", host.Name))
		late := town(t, "tokke", connects(app.Name, "prod", host.Name))
		edit(t, host, hosts(app.Name, "prod", named(midt.Name, bo.Name)))
		door(t, midt, host.Name, v1alpha1.DoorOpen)
		for _, m := range []*v1alpha1.Municipality{midt, late} { // one after the other: of one second the name decides
			if bo.CreationTimestamp.Equal(&m.CreationTimestamp) && m.Name < bo.Name {
				t.Fatalf("%s counts as older than %s", m.Name, bo.Name)
			}
			merges(m, bo)
		}
		edit(t, host, func(m *v1alpha1.Municipality) {
			m.Spec.Hosts[0].To.Municipalities = []string{midt.Name, bo.Name, late.Name}
		})
		door(t, midt, host.Name, v1alpha1.DoorOpen, "belongs to Municipality "+bo.Name, "what is open stays open, and nothing opens")
		door(t, late, host.Name, v1alpha1.DoorClosed, "belongs to Municipality "+bo.Name)
		halves(t, late.Name+"-prod", 0)
		halves(t, host.Name+"-prod", 1)
		edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
		halves(t, host.Name+"-prod", 0)
		halves(t, midt.Name+"-prod", 0)
	})
}

// While a side is frozen nothing opens, and all that ends ends at once: what the other side takes out, what a platform operator does, and
// what is over.
func TestDoorsOfWhoIsFrozen(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	everybody := v1alpha1.Guests{Everybody: true}
	for _, tc := range []struct {
		reason     string
		hostFrozen bool
		end        func(t *testing.T, host, guest *v1alpha1.Municipality)
		want       v1alpha1.DoorState // at the consumer; empty where it does not ask any longer
	}{
		{"the host takes it out, and the consumer is frozen", false, func(t *testing.T, host, _ *v1alpha1.Municipality) {
			edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
		}, v1alpha1.DoorEnded},
		{"the consumer does, and the host is frozen", true, func(t *testing.T, _, guest *v1alpha1.Municipality) {
			edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
		}, ""},
		{"a platform operator does for who is frozen", true, func(t *testing.T, host, _ *v1alpha1.Municipality) {
			edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
		}, v1alpha1.DoorEnded},
		{"its time is over", false, func(t *testing.T, host, _ *v1alpha1.Municipality) {
			edit(t, host, func(m *v1alpha1.Municipality) {
				m.Spec.Hosts[0].Until = new(metav1.NewTime(time.Now().Add(2 * time.Second).Truncate(time.Second)))
			})
		}, v1alpha1.DoorExpired},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", everybody))
			guest, late := town(t, "seljord", connects(app.Name, "prod", host.Name)), town(t, "tokke")
			door(t, guest, host.Name, v1alpha1.DoorOpen)
			frozen := guest
			if tc.hostFrozen {
				frozen = host
			}
			edit(t, frozen, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionFreeze })
			until(t, "it says that it is frozen", frozen, isFrozen)
			door(t, guest, host.Name, v1alpha1.DoorOpen, "Municipality "+frozen.Name+" is frozen (spec.suspend: Freeze): what is open stays open, and nothing opens")
			if tc.hostFrozen {
				edit(t, late, connects(app.Name, "prod", host.Name))
				door(t, late, host.Name, v1alpha1.DoorClosed, "is frozen (spec.suspend: Freeze)")
			}
			halves(t, host.Name+"-prod", 1)

			tc.end(t, host, guest)
			halves(t, host.Name+"-prod", 0)
			halves(t, guest.Name+"-prod", 0)
			if tc.want != "" {
				door(t, guest, host.Name, tc.want)
			}
			until(t, "and it is still frozen", frozen, isFrozen)
		})
	}
}

// A half that somebody takes away from who is suspended is not made again, as nothing opens for it: both sides say so.
func TestAHalfThatIsLostWhileSuspended(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
	door(t, guest, host.Name, v1alpha1.DoorOpen, "is suspended (spec.suspend)")
	remove(t, read(t, halfOf(v1alpha1.DoorHost, app.Name, host, guest, "0")))
	door(t, host, guest.Name, v1alpha1.DoorClosed, "is suspended (spec.suspend)")
	door(t, guest, host.Name, v1alpha1.DoorClosed, "is suspended (spec.suspend)")
	halves(t, host.Name+"-prod", 0)
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionNone })
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	halves(t, host.Name+"-prod", 1)
}

// What closes is taken away before what opens is written; and a status of which somebody lost the doors has them again.
func TestClosingComesFirst(t *testing.T) {
	parallel(t)
	app, kobling := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn")), publish(t, unique("kobling"), nil, files("kobling", nil))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	before, after := halfOf(v1alpha1.DoorConsumer, app.Name, host, guest, "0"), halfOf(v1alpha1.DoorConsumer, app.Name, host, guest, kobling.Name)
	watcher, err := client.NewWithWatch(plane.Config(), client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	events, err := watcher.Watch(t.Context(), &networkingv1.NetworkPolicyList{}, client.InNamespace(guest.Name+"-prod"), client.HasLabels{v1alpha1.LabelDoor},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: read(t, before).ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	edit(t, guest, func(m *v1alpha1.Municipality) {
		m.Spec.Connects[0].OwnWorkloads, m.Spec.Connects[0].Clients = false, []string{kobling.Name}
	})
	until(t, "the other half is there", after, func(*networkingv1.NetworkPolicy) error { return nil })
	var seen []string
	for len(seen) < 2 {
		e := <-events.ResultChan()
		if p, ok := e.Object.(*networkingv1.NetworkPolicy); ok && e.Type != watch.Modified {
			seen = append(seen, string(e.Type)+" "+p.Name)
		}
	}
	if diff := cmp.Diff([]string{"DELETED " + before.Name, "ADDED " + after.Name}, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	eventually(t, "a status loses its doors", func(ctx context.Context) error {
		m := read(t, guest) //nolint:contextcheck // it has the test's
		m.Status.Doors = nil
		return admin.Status().Update(ctx, m)
	})
	door(t, guest, host.Name, v1alpha1.DoorOpen)
}

// A freeze of the platform holds no door, as a door is no move. While the Platform is suspended nothing is written anywhere: what
// ends meanwhile, by itself too, ends when it goes on. Not parallel: it holds for the whole platform.
func TestDoorsWhileThePlatformStops(t *testing.T) {
	startOperator(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	guest, late := town(t, "seljord", connects(app.Name, "prod", host.Name)), town(t, "tokke")
	door(t, guest, host.Name, v1alpha1.DoorOpen)

	thaw := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Freeze = new(true) })
	edit(t, late, connects(app.Name, "prod", host.Name))
	door(t, late, host.Name, v1alpha1.DoorOpen)
	edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
	halves(t, guest.Name+"-prod", 0)
	halves(t, host.Name+"-prod", 1)
	thaw()

	end := metav1.NewTime(time.Now().Add(3 * time.Second).Truncate(time.Second))
	edit(t, late, func(m *v1alpha1.Municipality) { m.Spec.Connects[0].Until = &end })
	until(t, "the operator has seen the end", late, func(m *v1alpha1.Municipality) error {
		if len(m.Status.Doors) != 1 || !m.Status.Doors[0].Until.Equal(&end) {
			return fmt.Errorf("doors: %+v", m.Status.Doors)
		}
		return nil
	})
	goOn := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Suspend = new(true) })
	eventually(t, "its time is over", func(context.Context) error {
		if time.Since(end.Time) < time.Second {
			return errors.New("it is not")
		}
		return nil
	})
	half := read(t, halfOf(v1alpha1.DoorHost, app.Name, host, late, "0")) // still there
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
	goOn()
	gone(t, half)
	halves(t, late.Name+"-prod", 0)
	door(t, late, host.Name, v1alpha1.DoorEnded)
}
