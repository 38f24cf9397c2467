package door_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/door"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

// world is one door: payroll of lonn in vinje, which is closed, for seljord.
type world struct {
	host, consumer    *v1alpha1.Municipality
	app, connector    *v1alpha1.SharedApp
	installed, client *v1alpha1.AppInstallation
	networks          []string // of the consumer
	hold, holds       string   // of the host, and of the consumer
	missing, homeless bool     // the environment of the host, and that of the consumer
}

func municipality(name string) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{
		{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}, {Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
	}}}
}

func serves(services ...string) []v1alpha1.HostedService {
	var all []v1alpha1.HostedService
	for _, name := range services {
		all = append(all, v1alpha1.HostedService{Name: name, Ports: []v1alpha1.HostedPort{{Port: 443, TargetPort: 8443}}})
	}
	return all
}

func newWorld() *world {
	w := &world{host: municipality("vinje"), consumer: municipality("seljord")}
	w.app = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "lonn"}, Spec: v1alpha1.SharedAppSpec{
		Hosting:  &v1alpha1.Hosting{By: v1alpha1.HostedByNation},
		Versions: []v1alpha1.Version{{Version: "1.0.0", Services: serves("payroll", "reports")}, {Version: "2.0.0", Services: serves("reports")}},
	}}
	w.connector = &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "kobling"}}
	w.installed = &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Name: "lonn", Namespace: "vinje-prod"}, Spec: v1alpha1.AppInstallationSpec{App: "lonn", Version: "1.0.0"}}
	w.host.Spec.Hosts = []v1alpha1.DoorOffer{{
		App: "lonn", Environment: "prod", Service: "payroll", Zone: v1alpha1.ZoneClosed, Reason: "agreement", Contact: "drift@vinje",
		To: v1alpha1.Guests{Municipalities: []string{"seljord"}},
	}}
	w.consumer.Spec.Connects = []v1alpha1.DoorRequest{{App: "lonn", Service: "payroll", Environment: "prod", Host: "vinje", Clients: []string{"kobling"}, Reason: "agreement"}}
	return w
}

func (w *world) door() door.Door {
	consumer := door.Party{Name: "seljord", Municipality: w.consumer, Networks: w.networks, Holds: w.holds, Missing: map[string]bool{"prod": w.homeless}, Installed: func(_, app string) *v1alpha1.AppInstallation {
		if app == "kobling" {
			return w.client
		}
		return nil
	}}
	host := door.Party{Name: w.consumer.Spec.Connects[0].Host, Municipality: w.host, Holds: w.hold, Missing: map[string]bool{"prod": w.missing}, Installed: func(environment, app string) *v1alpha1.AppInstallation {
		if environment == "prod" && app == "lonn" {
			return w.installed
		}
		return nil
	}}
	apps := catalogue.Apps{"kobling": catalogue.Compile(w.connector)}
	if w.app != nil {
		apps["lonn"] = catalogue.Compile(w.app)
	}
	return door.Between(host, consumer, 0, door.Rest{Apps: apps, Now: now})
}

func TestBetween(t *testing.T) {
	offer := func(w *world) *v1alpha1.DoorOffer { return &w.host.Spec.Hosts[0] }
	ask := func(w *world) *v1alpha1.DoorRequest { return &w.consumer.Spec.Connects[0] }
	const asked, open, closed, expired = v1alpha1.DoorAsked, v1alpha1.DoorOpen, v1alpha1.DoorClosed, v1alpha1.DoorExpired
	for _, tc := range []struct {
		reason string
		change func(*world)
		want   v1alpha1.DoorState
		says   string // to the consumer
	}{
		{"both agree", func(*world) {}, open, ""},
		{"the host does not offer it", func(w *world) { w.host.Spec.Hosts = nil }, asked, "vinje does not offer it in its spec.hosts"},
		{"there is no such host", func(w *world) { w.host = nil }, asked, `spec.connects[0].host: there is no Municipality "vinje"`},
		{"it is for somebody else", func(w *world) { offer(w).To.Municipalities = []string{"tokke"} }, asked, "vinje offers it, and not to seljord: ask drift@vinje"},
		{"another service is offered", func(w *world) { offer(w).Service = "reports" }, asked, "spec.connects[0].service: vinje offers reports of lonn, and not payroll"},
		{"another app is", func(w *world) { offer(w).App = "lonn2" }, asked, "vinje does not offer it in its spec.hosts"},
		{"in another environment", func(w *world) { offer(w).Environment = "test" }, asked, "spec.connects[0].hostEnvironment: vinje offers it in test, and not in prod"},
		{"for members of a network, which it is", func(w *world) {
			offer(w).To = v1alpha1.Guests{Networks: []string{"vest"}}
			w.networks = []string{"vest"}
		}, open, ""},
		{"which it has left for another", func(w *world) {
			offer(w).To, w.networks = v1alpha1.Guests{Networks: []string{"vest"}}, []string{"midt"}
		}, asked, "or join vest, whose members may"},
		{"for everybody", func(w *world) { offer(w).To = v1alpha1.Guests{Everybody: true} }, open, ""},
		{"the publisher lets it serve members alone", func(w *world) {
			w.app.Spec.Hosting.By, offer(w).To = v1alpha1.HostedByNetwork, v1alpha1.Guests{Everybody: true}
		}, closed, "spec.hosts[0].to.everybody of Municipality vinje takes spec.hosting.by National of SharedApp lonn, which says Network"},
		{"or those who are named alone", func(w *world) {
			w.app.Spec.Hosting.By, offer(w).To, w.networks = v1alpha1.HostedByMunicipality, v1alpha1.Guests{Networks: []string{"vest"}}, []string{"vest"}
		}, closed, "takes spec.hosting.by Network"},
		{"who is named is let in, also where others are", func(w *world) {
			w.app.Spec.Hosting.By, offer(w).To.Everybody = v1alpha1.HostedByMunicipality, true
		}, open, ""},
		{"of two offers that counts which may reach so far, though the other lasts longer", func(w *world) {
			w.app.Spec.Hosting.By = v1alpha1.HostedByMunicipality
			wider := *offer(w)
			wider.To, offer(w).Until = v1alpha1.Guests{Everybody: true}, at(time.Hour)
			w.host.Spec.Hosts = []v1alpha1.DoorOffer{wider, *offer(w)}
		}, open, ""},
		{"in whichever order they are", func(w *world) {
			w.app.Spec.Hosting.By = v1alpha1.HostedByMunicipality
			wider := *offer(w)
			wider.To = v1alpha1.Guests{Everybody: true}
			w.host.Spec.Hosts = append(w.host.Spec.Hosts, wider)
		}, open, ""},
		{"the publisher lets it serve nobody", func(w *world) { w.app.Spec.Hosting = nil }, closed, "its publisher says in spec.hosting if it may"},
		{"the app is gone from the catalogue", func(w *world) { w.app = nil }, closed, `there is no SharedApp "lonn"`},
		{"test never reaches production", func(w *world) { ask(w).Environment, ask(w).HostEnvironment = "test", "prod" }, closed, "environment prod of vinje is Production, and environment test of seljord is Test"},
		{"nor production test", func(w *world) {
			ask(w).HostEnvironment, offer(w).Environment = "test", "test"
		}, closed, "a door joins environments of one stage"},
		{"environments that neither has are of no stage", func(w *world) {
			ask(w).Environment, ask(w).HostEnvironment, offer(w).Environment = "gone", "gone", "gone"
		}, closed, "a door joins environments of one stage"},
		{"the namespace of the consumer is", func(w *world) { w.homeless = true }, closed, "environment prod of seljord is not ready: see status.environments of Municipality seljord"},
		{"the namespace of the host is somebody else's", func(w *world) { w.missing = true }, closed, "environment prod of vinje is not ready: see status.environments of Municipality vinje"},
		{"a closed zone that the offer does not name", func(w *world) { offer(w).Zone = "" }, closed, "write Closed in spec.hosts[0].zone of Municipality vinje"},
		{"one that is kept closed", func(w *world) {
			w.host.Spec.Environments[0].Zone, offer(w).Zone = v1alpha1.ZoneOpen, v1alpha1.ZoneOpen
			w.host.Status.Environments = []v1alpha1.EnvironmentStatus{{Name: "prod", Zone: v1alpha1.ZoneClosed}}
		}, closed, "write Closed in spec.hosts[0].zone"},
		{"an open one need not be named", func(w *world) { w.host.Spec.Environments[0].Zone, offer(w).Zone = v1alpha1.ZoneOpen, "" }, open, ""},
		{"the offer is over", func(w *world) { offer(w).Until = at(0) }, expired, "spec.hosts[0].until of Municipality vinje was 2026-11-22T12:00:00Z: it is over"},
		{"the request is", func(w *world) { ask(w).Until = at(-time.Second) }, expired, "spec.connects[0].until of Municipality seljord"},
		{"a second is left", func(w *world) { ask(w).Until = at(time.Second) }, open, ""},
		{"of two offers the longer counts", func(w *world) {
			longer := *offer(w)
			offer(w).Until, longer.Until = at(-time.Hour), at(time.Hour)
			w.host.Spec.Hosts = append(w.host.Spec.Hosts, longer)
		}, open, ""},
		{"and one that never ends is the longest", func(w *world) {
			forever := *offer(w)
			offer(w).Until = at(-time.Hour)
			w.host.Spec.Hosts = append(w.host.Spec.Hosts, forever)
		}, open, ""},
		{"wherever it is in the list", func(w *world) {
			over := *offer(w)
			over.Until = at(-time.Hour)
			w.host.Spec.Hosts = append(w.host.Spec.Hosts, over)
		}, open, ""},
		{"the host has declined the app", func(w *world) { w.installed = nil }, closed, "vinje has no lonn in prod"},
		{"it is being uninstalled", func(w *world) { w.installed.Spec.State = v1alpha1.InstallationAbsent }, closed, "vinje has no lonn in prod"},
		{"the version has dropped the service", func(w *world) { w.installed.Spec.Version = "2.0.0" }, closed, "version 2.0.0 of lonn, which vinje has in prod, has no service payroll"},
		{"the one before may still run", func(w *world) {
			w.installed.Spec.Version, w.installed.Status.WallsOf = "2.0.0", []string{"2.0.0", "1.0.0"}
		}, open, ""},
		{"the host is being deleted", func(w *world) { w.host.DeletionTimestamp = at(0) }, closed, "Municipality vinje is being deleted"},
		{"the consumer is", func(w *world) { w.consumer.DeletionTimestamp = at(0) }, closed, "Municipality seljord is being deleted"},
		{"the host is suspended: what is open stays so", func(w *world) { w.hold = "Municipality vinje is suspended (spec.suspend)" }, open, "is suspended (spec.suspend): what is open stays open, and nothing opens"},
		{"the consumer is", func(w *world) { w.holds = "Municipality seljord is suspended (spec.suspend)" }, open, "Municipality seljord is suspended (spec.suspend): what is open stays open, and nothing opens"},
		{"what is over ends, also where somebody is suspended", func(w *world) {
			w.hold, ask(w).Until = "Municipality vinje is suspended (spec.suspend)", at(0)
		}, expired, "it is over"},
		{"and so does what is not offered any longer", func(w *world) {
			w.holds, w.host.Spec.Hosts = "Municipality seljord is suspended (spec.suspend)", nil
		}, asked, "vinje does not offer it"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld()
			tc.change(w)
			d := w.door()
			if d.State != tc.want || (d.ToConsumer == "") != (tc.says == "") || !strings.Contains(d.ToConsumer, tc.says) {
				t.Errorf("it is %s (%q), want %s (%q)", d.State, d.ToConsumer, tc.want, tc.says)
			}
			if d.Held != (d.State == open && w.hold+w.holds != "") {
				t.Errorf("held: %v", d.Held)
			}
		})
	}
}

// What is away differs from what somebody says: what goes with a definition is nobody's decision.
func TestLacks(t *testing.T) {
	for _, tc := range []struct {
		reason string
		change func(*world)
		want   door.Kind
	}{
		{"it is open", func(*world) {}, ""},
		{"the host is away", func(w *world) { w.host = nil }, door.Municipalities},
		{"the host goes", func(w *world) { w.host.DeletionTimestamp = at(0) }, door.Municipalities},
		{"the consumer goes", func(w *world) { w.consumer.DeletionTimestamp = at(0) }, door.Municipalities},
		{"its namespace is still another's", func(w *world) { w.missing = true }, door.Municipalities},
		{"the consumer's is", func(w *world) { w.homeless = true }, door.Municipalities},
		{"the network may be away that it is offered to", func(w *world) { w.host.Spec.Hosts[0].To = v1alpha1.Guests{Networks: []string{"vest"}} }, door.Networks},
		{"it is offered to others", func(w *world) { w.host.Spec.Hosts[0].To.Municipalities = []string{"tokke"} }, ""},
		{"another service is offered to a network", func(w *world) {
			w.host.Spec.Hosts[0].Service, w.host.Spec.Hosts[0].To = "reports", v1alpha1.Guests{Networks: []string{"vest"}}
		}, ""},
		{"it is not offered", func(w *world) { w.host.Spec.Hosts = nil }, ""},
		{"the catalogue has no such app", func(w *world) { w.app = nil }, door.SharedApps},
		{"the app may serve nobody", func(w *world) { w.app.Spec.Hosting = nil }, ""},
		{"the host has none", func(w *world) { w.installed = nil }, door.AppInstallations},
		{"its version has no such service", func(w *world) { w.installed.Spec.Version = "2.0.0" }, ""},
		{"its zone is closed", func(w *world) { w.host.Spec.Hosts[0].Zone = "" }, ""},
		{"it is over, and the host is away", func(w *world) { w.host.DeletionTimestamp, w.host.Spec.Hosts[0].Until = at(0), at(0) }, ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := newWorld()
			tc.change(w)
			if d := w.door(); d.Lacks != tc.want {
				t.Errorf("it lacks %q (%s), want %q", d.Lacks, d.ToConsumer, tc.want)
			}
		})
	}
}

// A door has the names of its policies, and no other has them.
func TestHas(t *testing.T) {
	key := door.Key{App: "lonn", Service: "payroll", Host: "vinje", HostEnvironment: "prod", Consumer: "seljord", Environment: "test"}
	for _, tc := range []struct {
		reason string
		change func(*door.Key)
		in     bool // the half at the host
		out    bool
	}{
		{"its own", func(*door.Key) {}, true, true},
		{"of another app", func(k *door.Key) { k.App = "lon" }, false, false},
		{"of another service", func(k *door.Key) { k.Service = "pay" }, false, false},
		{"of another consumer", func(k *door.Key) { k.Consumer = "tokke" }, false, true},
		{"of another host", func(k *door.Key) { k.Host = "tokke" }, true, false},
		{"of another environment of the consumer", func(k *door.Key) { k.Environment = "prod" }, false, true},
		{"of another environment of the host", func(k *door.Key) { k.HostEnvironment = "test" }, true, false},
		{"of an environment that nobody has said yet", func(k *door.Key) { k.Environment = "" }, true, true},
	} {
		of := key
		tc.change(&of)
		for _, client := range []string{"", "kobling"} {
			if got := of.Has(v1alpha1.DoorHost, key.HostPolicy(client, 0)); got != tc.in {
				t.Errorf("%s: at the host %v", tc.reason, got)
			}
			if got := of.Has(v1alpha1.DoorHost, key.HostPolicy(client, 2)); got != tc.in {
				t.Errorf("%s: a third at the host %v", tc.reason, got)
			}
			if got := of.Has(v1alpha1.DoorConsumer, key.ConsumerPolicy(client)); got != tc.out {
				t.Errorf("%s: at the consumer %v", tc.reason, got)
			}
		}
		if of.Has(v1alpha1.DoorHost, key.ConsumerPolicy("")) || of.Has(v1alpha1.DoorConsumer, key.HostPolicy("", 0)) || of.Has(v1alpha1.DoorHost, "allmenning-default-deny") {
			t.Errorf("%s: one side passes for the other", tc.reason)
		}
	}
}

// What both sides say of a door is said once where it is the same, and it lasts as long as both let it.
func TestBothSay(t *testing.T) {
	hour, day := at(time.Hour), at(24*time.Hour)
	for _, tc := range []struct {
		reason       string
		offer, ask   *metav1.Time
		until        *metav1.Time
		why, contact string // of the consumer
		says, calls  string
	}{
		{"neither ends, and both say the same", nil, nil, nil, "agreement", "", "agreement", "drift@vinje"},
		{"the offer ends", hour, nil, hour, "agreement", "drift@vinje", "agreement", "drift@vinje"},
		{"the request does", nil, hour, hour, "payroll", "", "vinje: agreement; seljord: payroll", "drift@vinje"},
		{"the offer ends first", hour, day, hour, "agreement", "ikt@seljord", "agreement", "vinje: drift@vinje; seljord: ikt@seljord"},
		{"the request does so", day, hour, hour, "agreement", "", "agreement", "drift@vinje"},
	} {
		w := newWorld()
		w.host.Spec.Hosts[0].Until = tc.offer
		ask := &w.consumer.Spec.Connects[0]
		ask.Until, ask.Reason, ask.Contact = tc.ask, tc.why, tc.contact
		if d := w.door(); !d.Until.Equal(tc.until) || d.Reason != tc.says || d.Contact != tc.calls {
			t.Errorf("%s: until %v, %q, %q", tc.reason, d.Until, d.Reason, d.Contact)
		}
	}
}

// What is open is exact: pods of one app, in one namespace each, at the ports of the pods.
func TestOpens(t *testing.T) {
	w := newWorld()
	if got := w.door().Opens(); got != "pods of kobling in seljord-prod to pods of lonn in vinje-prod at TCP 8443" {
		t.Errorf("to one client, and not to own pods: %s", got)
	}
	w.app.Spec.Versions[0].Services[0].PodLabels = map[string]string{"component": "api"}
	w.app.Spec.Versions[1].Services = serves("payroll")
	w.installed.Spec.Isolation, w.installed.Status.WallsOf, w.installed.Spec.Version = v1alpha1.IsolationOwn, []string{"2.0.0", "1.0.0"}, "2.0.0"
	w.connector.Spec.Isolation = v1alpha1.IsolationOwn
	w.consumer.Spec.Connects[0].OwnWorkloads = true
	d := w.door()
	want := "pods of kobling in seljord-prod--kobling, own pods in seljord-prod to pods of lonn in vinje-prod--lonn at TCP 8443, and to pods of lonn with component=api in vinje-prod--lonn at TCP 8443"
	if got := d.Opens(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	w.app.Spec.Versions[0].Services[0].PodLabels = nil
	w.app.Spec.Versions[1].Services[0].Ports = append(w.app.Spec.Versions[1].Services[0].Ports, v1alpha1.HostedPort{Port: 53, Protocol: v1alpha1.ProtocolUDP})
	both := []door.Lead{{Ports: []v1alpha1.Port{{Port: 53, Protocol: v1alpha1.ProtocolUDP}, {Port: 8443, Protocol: v1alpha1.ProtocolTCP}}}}
	if diff := cmp.Diff(both, w.door().Leads); diff != "" {
		t.Errorf("the same pods are one lead, each port once (-want +got):\n%s", diff)
	}
	w.client = &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Name: "kobling", Namespace: "seljord-prod"}, Spec: v1alpha1.AppInstallationSpec{App: "kobling"}}
	if got := w.door().Clients[0].Namespace; got != "seljord-prod" {
		t.Errorf("what is installed stays where it is, and not in %s", got)
	}
}

// Offers that nobody asks for are shown to the host, and to those whom they name.
func TestOffered(t *testing.T) {
	w := newWorld()
	everybody := v1alpha1.Guests{Everybody: true}
	w.host.Spec.Hosts[0].To.Municipalities = []string{"tokke", "seljord"} // of whom the latter asks
	offers := func(service string, to v1alpha1.Guests, until *metav1.Time) {
		w.host.Spec.Hosts = append(w.host.Spec.Hosts, v1alpha1.DoorOffer{App: "lonn", Environment: "prod", Service: service, To: to, Until: until})
	}
	offers("reports", everybody, at(-time.Hour))
	offers("forms", v1alpha1.Guests{Networks: []string{"vest"}}, nil)
	offers("mail", everybody, nil)
	offers("letters", v1alpha1.Guests{Municipalities: []string{"tokke"}}, nil)
	asks := func(service string, state v1alpha1.DoorState) door.Door {
		return door.Door{Key: door.Key{App: "lonn", Service: service, Host: "vinje", HostEnvironment: "prod", Consumer: "bo", Environment: "prod"}, State: state}
	}
	asked := []door.Door{w.door(), asks("forms", v1alpha1.DoorAsked), asks("mail", v1alpha1.DoorClosed), asks("payroll", v1alpha1.DoorAsked)}
	var got []string
	all := door.Offered(door.Party{Name: "vinje", Municipality: w.host}, asked, now)
	for _, d := range all {
		got = append(got, d.Service+" to "+d.Consumer+": "+string(d.State)+", "+d.ToHost)
	}
	want := []string{
		"payroll to tokke: Offered, tokke does not ask for it yet, in its spec.connects",
		"reports to : Expired, spec.hosts[1].until is over: take it out, or write a later one",
		"forms to : Offered, nobody of those who may asks for it yet, in its spec.connects", // who asks is none of them
		"letters to tokke: Offered, tokke does not ask for it yet, in its spec.connects",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	guest := v1alpha1.Door{
		Side: v1alpha1.DoorConsumer, App: "lonn", Service: "payroll", Environment: "prod", Peer: "vinje", PeerEnvironment: "prod", State: v1alpha1.DoorOffered,
		Reason: "agreement", Contact: "drift@vinje", Message: "vinje offers it: to connect, ask for it in spec.connects",
	}
	if diff := cmp.Diff(guest, all[0].SeenBy("tokke")); diff != "" {
		t.Errorf("who is named sees (-want +got):\n%s", diff)
	}
}
