package door

import (
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/definition"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/door"
	"github.com/allmenning/allmenning/internal/resolution"
)

// ownHalf is seljord's half of the door to vinje, an hour old.
func ownHalf() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{
		Namespace: "seljord-prod", Name: "allmenning-door-to.lonn.payroll.vinje.prod.arkiv", CreationTimestamp: metav1.NewTime(now.Add(-time.Hour)),
		Labels: map[string]string{v1alpha1.LabelDoor: string(v1alpha1.DoorConsumer), v1alpha1.LabelMunicipality: "seljord", v1alpha1.LabelPeer: "vinje"},
	}}
}

// TestSpare shows which halves stay that would go: those whose objects went with a definition, and none that somebody took out.
func TestSpare(t *testing.T) {
	gone, back := definition.State{Goes: true}, definition.State{Since: now.Add(-time.Minute)}
	old, late := definition.State{Since: now.Add(-2 * time.Hour)}, definition.State{Since: now.Add(-patience)}
	without := func(name string) func(*country.Objects) {
		return func(o *country.Objects) {
			for i, m := range o.Municipalities {
				if m.Name == name {
					o.Municipalities = append(o.Municipalities[:i:i], o.Municipalities[i+1:]...)
					return
				}
			}
		}
	}
	nothing := func(*country.Objects) {}
	host := func(change func(*v1alpha1.Municipality)) func(*country.Objects) {
		return func(o *country.Objects) { change(o.Municipalities[0]) }
	}
	for _, tc := range []struct {
		reason  string
		objects func(*country.Objects)
		seen    func(*observed)
		kind    door.Kind
		is      definition.State
		want    time.Duration // that it is spared
	}{
		{"every Municipality goes", without("seljord"), nil, door.Municipalities, gone, patience},
		{"the definition is back, and this one is not", without("seljord"), nil, door.Municipalities, back, patience - time.Minute},
		{"nor is it after a while", without("seljord"), nil, door.Municipalities, late, 0},
		{"this one was deleted", without("seljord"), nil, door.Municipalities, old, 0},
		{"the host is not back", without("vinje"), nil, door.Municipalities, back, patience - time.Minute},
		{"the host was deleted", without("vinje"), nil, door.Municipalities, old, 0},
		{"the host is going along", host(func(m *v1alpha1.Municipality) { m.DeletionTimestamp = new(metav1.NewTime(now)) }), nil, door.Municipalities, gone, patience},
		{"this one has not taken its namespace up yet", nothing, func(s *observed) { delete(s.namespaces, "seljord-prod") }, door.Municipalities, back, patience - time.Minute},
		{"the catalogue is away", func(o *country.Objects) { delete(o.Apps, "lonn") }, nil, door.SharedApps, gone, patience},
		{"the app was taken out of it", func(o *country.Objects) { delete(o.Apps, "lonn") }, nil, door.SharedApps, old, 0},
		{"what is installed is away", func(o *country.Objects) {
			o.Installations = map[string]map[resolution.Place]*v1alpha1.AppInstallation{}
		}, nil, door.AppInstallations, back, patience - time.Minute},
		{"networks are away", host(func(m *v1alpha1.Municipality) { m.Spec.Hosts[0].To = v1alpha1.Guests{Networks: []string{"vest"}} }), nil, door.Networks, gone, patience},
		{"the host takes it out meanwhile", host(func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil }), nil, "", gone, 0},
		{"the host does, and that of another door is away", func(o *country.Objects) {
			o.Municipalities[0].Spec.Hosts = nil
			o.Municipalities[1].Spec.Connects = append(o.Municipalities[1].Spec.Connects, v1alpha1.DoorRequest{App: "arkiv", Service: "search", Environment: "prod", Host: "bo", OwnWorkloads: true})
		}, nil, "", gone, 0},
		{"the publisher does", func(o *country.Objects) { o.Apps["lonn"].Spec.Hosting = nil }, nil, "", gone, 0},
		{"this one takes it out", func(o *country.Objects) { o.Municipalities[1].Spec.Connects = nil }, nil, "", gone, 0},
		{"this one takes the client out", func(o *country.Objects) { o.Municipalities[1].Spec.Connects[0].Clients = []string{"kobling"} }, nil, "", gone, 0},
		{"it is over", func(o *country.Objects) { o.Municipalities[1].Spec.Connects[0].Until = new(metav1.NewTime(now)) }, nil, "", gone, 0},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := world()
			tc.objects(&objects)
			seen := seenBy("seljord", objects)
			if seen.municipality == nil {
				seen.namespaces = map[string]string{} // nobody holds them
			}
			if tc.seen != nil {
				tc.seen(&seen)
			}
			half := ownHalf()
			seen.policies[types.NamespacedName{Namespace: half.Namespace, Name: half.Name}] = half
			todo, err := plan(seen)
			if err != nil {
				t.Fatal(err)
			}
			if len(todo.remove) != 1 || lacks(seen, half) != tc.kind {
				t.Fatalf("%d halves would go, for want of %q; want one, for want of %q", len(todo.remove), lacks(seen, half), tc.kind)
			}
			after := spare(seen, todo, map[door.Kind]definition.State{tc.kind: tc.is})
			if spared := len(after.remove) == 0 && len(after.spared) == 1; spared != (tc.want > 0) || after.again != tc.want {
				t.Errorf("removed are %v, spared %v for %s; want %s", after.remove, after.spared, after.again, tc.want)
			}
			if seen.municipality == nil {
				return
			}
			for _, row := range status(seen, after, applied{}).Doors {
				if open := row.State == v1alpha1.DoorOpen; row.Peer == "vinje" && open != (tc.want > 0) {
					t.Errorf("the status says %s: %s", row.State, row.Message)
				}
			}
		})
	}
}

// At the host a half waits for the consumer, as long as that is away, and for nobody who does not ask.
func TestSpareAtTheHost(t *testing.T) {
	half := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{
		Namespace: "vinje-prod--lonn", Name: "allmenning-door-from.lonn.payroll.seljord.prod.arkiv",
		Labels: map[string]string{v1alpha1.LabelDoor: string(v1alpha1.DoorHost), v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelPeer: "seljord"},
	}}
	away, silent := world(), world()
	away.Municipalities = away.Municipalities[:1]
	silent.Municipalities[1].Spec.Connects = nil
	if got := lacks(seenBy("vinje", away), half); got != door.Municipalities {
		t.Errorf("the consumer is away, and it lacks %q", got)
	}
	if got := lacks(seenBy("vinje", silent), half); got != "" {
		t.Errorf("the consumer does not ask, and it lacks %q", got)
	}
}

// A half that was written since the definition came again belongs to what came again.
func TestSpareWhatIsOlder(t *testing.T) {
	if waits(now, definition.State{Since: now.Add(-time.Minute)}, now) != 0 {
		t.Error("what was written later waits for nobody")
	}
}
