package door

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/door"
	"github.com/allmenning/allmenning/internal/resolution"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func municipality(name string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name)}, Spec: v1alpha1.MunicipalitySpec{
		Number: "40" + name[:2], Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}},
	}}
}

// world is a door from seljord to lonn in vinje, which has a namespace of its own and is on its way to a version in which other pods serve; from an app that has
// one, too, from one that shares, and from seljord's own workloads.
func world() country.Objects {
	vinje, seljord := municipality("vinje"), municipality("seljord")
	vinje.Spec.Hosts = []v1alpha1.DoorOffer{{
		App: "lonn", Environment: "prod", Service: "payroll", Zone: v1alpha1.ZoneClosed, To: v1alpha1.Guests{Municipalities: []string{"seljord", "tokke"}}, Reason: "agreement", Contact: "drift@vinje",
	}}
	seljord.Spec.Connects = []v1alpha1.DoorRequest{{
		App: "lonn", Service: "payroll", Environment: "prod", Host: "vinje", Clients: []string{"kobling", "arkiv"}, OwnWorkloads: true, Reason: "payroll", Contact: "ikt@seljord",
		Until: new(metav1.NewTime(now.Add(time.Hour))),
	}}
	ports := []v1alpha1.HostedPort{{Port: 443, TargetPort: 8443, Protocol: v1alpha1.ProtocolTCP}, {Port: 53, Protocol: v1alpha1.ProtocolUDP}}
	lonn := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "lonn"}, Spec: v1alpha1.SharedAppSpec{
		Isolation: v1alpha1.IsolationOwn, Hosting: &v1alpha1.Hosting{By: v1alpha1.HostedByMunicipality},
		Versions: []v1alpha1.Version{
			{Version: "1.0.0", Services: []v1alpha1.HostedService{{Name: "payroll", Ports: ports}}},
			{Version: "2.0.0", Services: []v1alpha1.HostedService{{Name: "payroll", Ports: ports[:1], PodLabels: map[string]string{"component": "api"}}}},
		},
	}}
	kobling := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobling"}, Spec: v1alpha1.SharedAppSpec{Isolation: v1alpha1.IsolationOwn}}
	installed := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{Name: "lonn", Namespace: "vinje-prod"},
		Spec:       v1alpha1.AppInstallationSpec{App: "lonn", Version: "2.0.0", Isolation: v1alpha1.IsolationOwn},
		Status:     v1alpha1.AppInstallationStatus{WallsOf: []string{"2.0.0", "1.0.0"}},
	}
	return country.Objects{
		Municipalities: []*v1alpha1.Municipality{vinje, seljord}, Apps: map[string]*v1alpha1.SharedApp{"lonn": lonn, "kobling": kobling},
		Installations: map[string]map[resolution.Place]*v1alpha1.AppInstallation{"vinje": {{App: "lonn", Environment: "prod"}: installed}},
	}
}

// seenBy is what one municipality sees, of which all namespaces are there and nothing of doors.
func seenBy(name string, o country.Objects) observed {
	c := country.Compile(o, now)
	seen := observed{name: name, country: c, doors: country.Doors(c, name), policies: map[types.NamespacedName]*networkingv1.NetworkPolicy{}, others: map[types.NamespacedName]bool{}}
	seen.namespaces = map[string]string{"vinje-prod": "vinje", "vinje-prod--lonn": "vinje", "seljord-prod": "seljord", "seljord-prod--kobling": "seljord"}
	if t := c.Tenant(name); t.IsThere() {
		seen.municipality = t.Municipality
	}
	return seen
}

// written is a plan as text.
func written(t *testing.T, todo planned) string {
	t.Helper()
	var all []string
	for _, w := range todo.apply {
		raw, err := yaml.Marshal(w.object.Desired)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(raw))
	}
	for _, gone := range todo.remove {
		all = append(all, "# remove "+gone.Namespace+"/"+gone.Name+"\n")
	}
	return strings.Join(all, "---\n")
}

// TestPlan shows both halves of a door, as they are written.
func TestPlan(t *testing.T) {
	for _, name := range []string{"vinje", "seljord"} {
		todo, err := plan(seenBy(name, world()))
		if err != nil {
			t.Fatal(err)
		}
		got, path := written(t, todo), filepath.Join("testdata", name+".yaml")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got), rewrite with -update:\n%s", path, diff)
		}
	}
}

// live is a half that is there.
func live(seen *observed, namespace, name string) {
	seen.policies[types.NamespacedName{Namespace: namespace, Name: name}] = &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func TestWhatIsPlanned(t *testing.T) {
	const out, own = "allmenning-door-to.lonn.payroll.vinje.prod.arkiv", "allmenning-door-to.lonn.payroll.vinje.prod.0"
	for _, tc := range []struct {
		reason  string
		objects func(*country.Objects)
		seen    func(*observed)
		apply   string
		remove  string
	}{
		{"each client has a half in its namespace", nil, nil, "seljord-prod/" + out + " seljord-prod--kobling/allmenning-door-to.lonn.payroll.vinje.prod.kobling seljord-prod/" + own, ""},
		{"a namespace that is not there has none", nil, func(s *observed) { delete(s.namespaces, "seljord-prod--kobling") }, "seljord-prod/" + out + " seljord-prod/" + own, ""},
		{"nor one of somebody else", nil, func(s *observed) { s.namespaces["seljord-prod"] = "tokke" }, "seljord-prod--kobling/allmenning-door-to.lonn.payroll.vinje.prod.kobling", ""},
		{"what is of no door goes", nil, func(s *observed) { live(s, "seljord-prod", "forged") }, "seljord-prod/" + out + " seljord-prod--kobling/allmenning-door-to.lonn.payroll.vinje.prod.kobling seljord-prod/" + own, "seljord-prod/forged"},
		{"who is suspended keeps what is open", func(o *country.Objects) { o.Municipalities[0].Spec.Suspend = v1alpha1.SuspensionOperator }, func(s *observed) { live(s, "seljord-prod", out) }, "seljord-prod/" + out, ""},
		{"and loses what ended", func(o *country.Objects) {
			o.Municipalities[1].Spec.Suspend, o.Municipalities[0].Spec.Hosts = v1alpha1.SuspensionOperator, nil
		}, func(s *observed) { live(s, "seljord-prod", out) }, "", "seljord-prod/" + out},
		{"a municipality that is gone has no doors", func(o *country.Objects) { o.Municipalities = o.Municipalities[:1] }, func(s *observed) { live(s, "seljord-prod", out) }, "", "seljord-prod/" + out},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := world()
			if tc.objects != nil {
				tc.objects(&objects)
			}
			seen := seenBy("seljord", objects)
			if tc.seen != nil {
				tc.seen(&seen)
			}
			todo, err := plan(seen)
			if err != nil {
				t.Fatal(err)
			}
			var apply, remove []string
			for _, w := range todo.apply {
				apply = append(apply, w.key.String())
			}
			for _, p := range todo.remove {
				remove = append(remove, p.Namespace+"/"+p.Name)
			}
			if got := strings.Join(apply, " "); got != tc.apply {
				t.Errorf("apply %s, want %s", got, tc.apply)
			}
			if got := strings.Join(remove, " "); got != tc.remove {
				t.Errorf("remove %s, want %s", got, tc.remove)
			}
		})
	}
}

// A status says Open where both halves are there, and not before.
func TestStatus(t *testing.T) {
	all := func(s *observed, side v1alpha1.DoorSide) {
		for i := range s.doors {
			if s.doors[i].State != v1alpha1.DoorOpen {
				continue
			}
			for _, h := range halves(&s.doors[i], side) {
				if s.doors[i].SideOf(s.name) == side {
					live(s, h.Namespace, h.Name)
				} else {
					s.others[h.key()] = true
				}
			}
		}
	}
	for _, tc := range []struct {
		reason, by string
		change     func(*observed)
		want       string // of the door to or from the other of the two
		open       string
	}{
		{"nothing is written", "seljord", func(*observed) {}, "Opening", "0/1"},
		{"its own half is, the other is not", "seljord", func(s *observed) { all(s, v1alpha1.DoorConsumer) }, "Opening", "0/1"},
		{"the other half is, its own is not", "seljord", func(s *observed) { all(s, v1alpha1.DoorHost) }, "Opening", "0/1"},
		{"both are", "seljord", func(s *observed) { all(s, v1alpha1.DoorConsumer); all(s, v1alpha1.DoorHost) }, "Open", "1/1"},
		{"a client that is not installed is not waited for", "seljord", func(s *observed) {
			all(s, v1alpha1.DoorConsumer)
			all(s, v1alpha1.DoorHost)
			delete(s.namespaces, "seljord-prod--kobling")
		}, "Open", "1/1"},
		{"both are, as the host sees it", "vinje", func(s *observed) { all(s, v1alpha1.DoorConsumer); all(s, v1alpha1.DoorHost) }, "Open", "1/1"},
		{"the consumer's is not", "vinje", func(s *observed) { all(s, v1alpha1.DoorHost) }, "Opening", "0/1"},
		{"the other side is held, and it was not open", "seljord", func(s *observed) { s.doors[0].Held = true }, "Closed", "0/1"},
		{"the host is held, and its half is lost", "seljord", func(s *observed) { all(s, v1alpha1.DoorConsumer); s.doors[0].Held = true }, "Closed", "0/1"},
		{"none of its clients is there", "seljord", func(s *observed) {
			all(s, v1alpha1.DoorHost)
			delete(s.namespaces, "seljord-prod")
			delete(s.namespaces, "seljord-prod--kobling")
		}, "Opening", "0/1"},
		{"the namespace of the host's app is not", "vinje", func(s *observed) { all(s, v1alpha1.DoorConsumer); delete(s.namespaces, "vinje-prod--lonn") }, "Opening", "0/1"},
		{"the host waits for no client that is not installed", "vinje", func(s *observed) {
			all(s, v1alpha1.DoorHost)
			for _, h := range halves(&s.doors[0], v1alpha1.DoorConsumer) {
				s.others[h.key()] = h.Namespace == "seljord-prod"
			}
			delete(s.namespaces, "seljord-prod--kobling")
		}, "Open", "1/1"},
		{"who asks a host is none of its doors yet", "vinje", func(s *observed) { s.doors[0].State = v1alpha1.DoorAsked }, "Asked", ""},
		{"there was another agreement before", "seljord", func(s *observed) {
			s.doors[0].State = v1alpha1.DoorAsked
			before := v1alpha1.Door{Side: v1alpha1.DoorConsumer, App: "lonn", Service: "payroll", Environment: "prod", Peer: "vinje", State: v1alpha1.DoorOpen}
			for _, change := range []func(*v1alpha1.Door){
				func(d *v1alpha1.Door) { d.Side = v1alpha1.DoorHost }, func(d *v1alpha1.Door) { d.App = "arkiv" }, func(d *v1alpha1.Door) { d.Service = "reports" },
				func(d *v1alpha1.Door) { d.Peer = "tokke" }, func(d *v1alpha1.Door) { d.State = v1alpha1.DoorAsked }, func(d *v1alpha1.Door) { d.State = v1alpha1.DoorExpired },
			} {
				other := before
				change(&other)
				s.municipality.Status.Doors = append(s.municipality.Status.Doors, other)
			}
		}, "Asked", "0/1"},
		{"at the host in another environment", "vinje", func(s *observed) {
			s.doors[0].State = v1alpha1.DoorOffered
			s.municipality.Status.Doors = []v1alpha1.Door{{Side: v1alpha1.DoorHost, App: "lonn", Service: "payroll", Environment: "test", Peer: "seljord", State: v1alpha1.DoorOpen}}
		}, "Offered", ""},
		{"both agreed before", "seljord", func(s *observed) {
			s.doors[0].State = v1alpha1.DoorAsked
			s.municipality.Status.Doors = []v1alpha1.Door{{Side: v1alpha1.DoorConsumer, App: "lonn", Service: "payroll", Environment: "prod", Peer: "vinje", State: v1alpha1.DoorOpen}}
		}, "Ended", "0/1"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			seen := seenBy(tc.by, world())
			tc.change(&seen)
			got := status(seen, planned{}, applied{})
			peer, found := map[string]string{"vinje": "seljord", "seljord": "vinje"}[tc.by], ""
			for _, d := range got.Doors {
				if d.Peer == peer {
					found = string(d.State)
				}
			}
			if found != tc.want || got.DoorsOpen != tc.open {
				t.Errorf("it is %s, open are %s; want %s and %s: %+v", found, got.DoorsOpen, tc.want, tc.open, got.Doors)
			}
		})
	}
	if got := status(seenBy("vinje", world()), planned{}, applied{}).Doors; len(got) != 2 || got[1].Peer != "tokke" || got[1].State != v1alpha1.DoorOffered {
		t.Errorf("who is offered a door and does not ask for it: %+v", got)
	}
}

// Who is gone says nothing, and nothing is asked of it.
func TestStatusOfWhoIsGone(t *testing.T) {
	objects := world()
	objects.Municipalities = objects.Municipalities[1:]
	seen := seenBy("vinje", objects)
	if got := status(seen, planned{}, applied{}); len(seen.doors) != 1 || len(got.Doors) != 0 || got.DoorsOpen != "" {
		t.Errorf("of %d doors it says %+v", len(seen.doors), got)
	}
}

// What could not be written is said, and what was just written is there.
func TestStatusOfWrites(t *testing.T) {
	seen := seenBy("vinje", world())
	todo, err := plan(seen)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range halves(&seen.doors[0], v1alpha1.DoorConsumer) {
		seen.others[h.key()] = true
	}
	if got := status(seen, todo, applied{}); got.Doors[len(got.Doors)-2].State != v1alpha1.DoorOpen || got.DoorsOpen != "1/1" {
		t.Errorf("all of it is written, and it says %+v", got)
	}
	last := todo.apply[len(todo.apply)-1].key
	got := status(seen, todo, applied{errs: map[types.NamespacedName]error{last: errors.New("the quota is full")}})
	if got.Doors[0].State != v1alpha1.DoorOpening || got.Doors[0].Message != "the quota is full" {
		t.Errorf("one half was not written, and it says %+v", got.Doors[0])
	}
}

// A status has room for so many doors, those first that somebody has to do something about.
func TestFitting(t *testing.T) {
	rows := make([]v1alpha1.Door, 2*maxDoors)
	if got := len(fitting(rows)); got != maxDoors {
		t.Errorf("%d small doors fit, want %d", got, maxDoors)
	}
	for i := range rows {
		rows[i].Message = strings.Repeat("x", 4*maxText)
	}
	if got := fitting(rows); len(got) >= maxDoors || len(got) < maxSize/(5*maxText) {
		t.Errorf("%d large doors fit", len(got))
	}
	var order []string
	for _, state := range []v1alpha1.DoorState{v1alpha1.DoorClosed, v1alpha1.DoorEnded, v1alpha1.DoorExpired, v1alpha1.DoorAsked, v1alpha1.DoorOpening, v1alpha1.DoorOpen, v1alpha1.DoorOffered} {
		order = append(order, fmt.Sprint(rank(state)))
	}
	if got := strings.Join(order, ""); got != "0123456" {
		t.Errorf("they are in order %s", got)
	}
}

func TestNext(t *testing.T) {
	for _, tc := range []struct {
		reason string
		ends   []time.Duration // of doors, from now
		again  time.Duration
		want   time.Duration
	}{
		{"no door ends", nil, 0, 0},
		{"one ends", []time.Duration{time.Hour}, 0, time.Hour},
		{"the first of several", []time.Duration{time.Hour, time.Minute, 2 * time.Hour}, 0, time.Minute},
		{"one that is over wakes nobody", []time.Duration{-time.Hour, 0, time.Hour}, 0, time.Hour},
		{"what is spared is looked at again before", []time.Duration{time.Hour}, time.Minute, time.Minute},
		{"or later", []time.Duration{time.Minute}, time.Hour, time.Minute},
	} {
		seen := observed{country: country.Compile(country.Objects{}, now), doors: []door.Door{{}}}
		for _, end := range tc.ends {
			seen.doors = append(seen.doors, door.Door{Until: new(metav1.NewTime(now.Add(end)))})
		}
		if got := next(seen, planned{again: tc.again}); got != tc.want {
			t.Errorf("%s: in %s, want %s", tc.reason, got, tc.want)
		}
	}
}

// A namespace is a municipality's that says so in every way: nothing is opened in one that another left under the name.
func TestIsHeld(t *testing.T) {
	m := municipality("vinje")
	for _, tc := range []struct {
		reason string
		change func(*corev1.Namespace)
		want   bool
	}{
		{"it is", func(*corev1.Namespace) {}, true},
		{"it goes", func(ns *corev1.Namespace) { ns.DeletionTimestamp = new(metav1.NewTime(now)) }, false},
		{"nobody of us made it", func(ns *corev1.Namespace) { delete(ns.Labels, v1alpha1.LabelManagedBy) }, false},
		{"it is another's", func(ns *corev1.Namespace) { ns.Labels[v1alpha1.LabelMunicipality] = "seljord" }, false},
		{"it is of an earlier one of the name", func(ns *corev1.Namespace) { ns.Annotations[v1alpha1.AnnotationHeldBy] = "before" }, false},
		{"nobody says whose it is", func(ns *corev1.Namespace) { ns.Annotations = nil }, false},
	} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			Name: "vinje-prod", Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: "vinje"},
			Annotations: map[string]string{v1alpha1.AnnotationHeldBy: "vinje"},
		}}
		tc.change(ns)
		if got := isHeld(ns, m); got != tc.want {
			t.Errorf("%s: %v", tc.reason, got)
		}
		if isHeld(ns, nil) {
			t.Errorf("%s: it is held by a Municipality that is gone", tc.reason)
		}
	}
}

func TestWhatWakes(t *testing.T) {
	muni := func(doors int) *v1alpha1.Municipality {
		return &v1alpha1.Municipality{Status: v1alpha1.MunicipalityStatus{Doors: make([]v1alpha1.Door, doors)}}
	}
	if lost := doorsLost(); !lost.Update(event.UpdateEvent{ObjectOld: muni(2), ObjectNew: muni(1)}) || lost.Update(event.UpdateEvent{ObjectOld: muni(1), ObjectNew: muni(1)}) ||
		lost.Create(event.CreateEvent{Object: muni(1)}) || lost.Delete(event.DeleteEvent{Object: muni(1)}) {
		t.Error("a Municipality wakes when doors are left out of its status, and not else")
	}
	for _, tc := range []struct {
		reason string
		change func(*corev1.Namespace)
		want   bool
	}{
		{"nothing that counts", func(ns *corev1.Namespace) { ns.Labels["team"] = "x" }, false},
		{"another holds it", func(ns *corev1.Namespace) { ns.Annotations[v1alpha1.AnnotationHeldBy] = "u" }, true},
		{"it is another's", func(ns *corev1.Namespace) { ns.Labels[v1alpha1.LabelMunicipality] = "tokke" }, true},
		{"it goes", func(ns *corev1.Namespace) { ns.DeletionTimestamp = new(metav1.NewTime(now)) }, true},
	} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{}, Annotations: map[string]string{}}}
		is := ns.DeepCopy()
		tc.change(is)
		if got := comesOrGoes().Update(event.UpdateEvent{ObjectOld: ns, ObjectNew: is}); got != tc.want {
			t.Errorf("%s: %v", tc.reason, got)
		}
	}
	half := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelPeer: "seljord", v1alpha1.LabelDoor: string(v1alpha1.DoorHost)}}}
	if got := sidesOf(t.Context(), half); len(got) != 2 || got[0].Name != "vinje" || got[1].Name != "seljord" {
		t.Errorf("half of a door wakes %v", got)
	}
	delete(half.Labels, v1alpha1.LabelDoor)
	if got := sidesOf(t.Context(), half); len(got) != 0 {
		t.Errorf("another policy wakes %v", got)
	}
}
