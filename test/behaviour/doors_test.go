package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// payroll is a bundle with a Service that others may be let in to.
func payroll(name string) map[string]string {
	return files(name, map[string]string{"service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: payroll}\nspec: {selector: {app: APP}, ports: [{port: 443, targetPort: 8443}]}\n"})
}

// hosted lets the first version of an app serve others, by a Service named payroll.
func hosted(by v1alpha1.HostedBy) func(*v1alpha1.SharedApp) {
	return func(app *v1alpha1.SharedApp) {
		app.Spec.Hosting = &v1alpha1.Hosting{By: by}
		app.Spec.Versions[0].Services = []v1alpha1.HostedService{{Name: "payroll", Ports: []v1alpha1.HostedPort{{Port: 443, TargetPort: 8443}}}}
	}
}

// hosts offers payroll of an app in an environment.
func hosts(app, environment string, to v1alpha1.Guests, changes ...func(*v1alpha1.DoorOffer)) func(*v1alpha1.Municipality) {
	o := v1alpha1.DoorOffer{App: app, Environment: environment, Service: "payroll", To: to, Reason: "agreement 2026/114", Contact: "drift@host"}
	for _, change := range changes {
		change(&o)
	}
	return func(m *v1alpha1.Municipality) { m.Spec.Hosts = append(m.Spec.Hosts, o) }
}

// connects asks for payroll of an app.
func connects(app, environment, host string, changes ...func(*v1alpha1.DoorRequest)) func(*v1alpha1.Municipality) {
	r := v1alpha1.DoorRequest{App: app, Environment: environment, Service: "payroll", Host: host, OwnWorkloads: true, Reason: "agreement 2026/114"}
	for _, change := range changes {
		change(&r)
	}
	return func(m *v1alpha1.Municipality) { m.Spec.Connects = append(m.Spec.Connects, r) }
}

// by names the apps that connect, in the place of the municipality's own workloads.
func by(clients ...string) func(*v1alpha1.DoorRequest) {
	return func(r *v1alpha1.DoorRequest) { r.Clients, r.OwnWorkloads = clients, false }
}

func named(municipalities ...string) v1alpha1.Guests {
	return v1alpha1.Guests{Municipalities: municipalities}
}

// door waits until a municipality shows a door to or from another in a state, with these words.
func door(t *testing.T, m *v1alpha1.Municipality, peer string, state v1alpha1.DoorState, parts ...string) v1alpha1.Door {
	t.Helper()
	var found v1alpha1.Door
	until(t, fmt.Sprintf("%s shows the door of %s as %s", m.Name, peer, state), m, func(m *v1alpha1.Municipality) error {
		for _, d := range m.Status.Doors {
			if d.Peer == peer && d.State == state {
				found = d
				return holds(d.Message, parts...)
			}
		}
		return fmt.Errorf("doors: %+v", m.Status.Doors)
	})
	return found
}

// halves waits until there are so many policies of doors in a namespace, and returns their specs as YAML by name.
func halves(t *testing.T, namespace string, want int) map[string]string {
	t.Helper()
	all := map[string]string{}
	eventually(t, fmt.Sprintf("%d halves of doors in %s", want, namespace), func(ctx context.Context) error {
		var list networkingv1.NetworkPolicyList
		if err := admin.List(ctx, &list, client.InNamespace(namespace), client.HasLabels{v1alpha1.LabelDoor}); err != nil {
			return err
		}
		clear(all)
		for i := range list.Items {
			raw, err := yaml.Marshal(list.Items[i].Spec)
			if err != nil {
				return err
			}
			all[list.Items[i].Name] = string(raw)
		}
		if len(all) != want {
			return fmt.Errorf("there are %v", all)
		}
		return nil
	})
	return all
}

// A door opens when both sides say so, exactly as wide as both say, and closes when either takes its half out. Nothing else changes.
func TestADoorOpensWhenBothAgree(t *testing.T) {
	parallel(t)
	app, kobling := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn")), publish(t, unique("kobling"), nil, files("kobling", nil))
	host := town(t, "vinje", adopts(app.Name))
	guest := town(t, "seljord", adopts(kobling.Name), connects(app.Name, "prod", host.Name, by(kobling.Name)))
	runs(t, host.Name+"-prod", app.Name, "1.0.0")
	runs(t, guest.Name+"-prod", kobling.Name, "1.0.0")
	door(t, guest, host.Name, v1alpha1.DoorAsked, host.Name+" does not offer it")
	door(t, host, guest.Name, v1alpha1.DoorAsked, guest.Name+" asks for it (agreement 2026/114)")
	halves(t, host.Name+"-prod", 0)
	before := belongings(t, guest.Name+"-prod", kobling.Name)

	edit(t, host, hosts(app.Name, "prod", named(guest.Name)))
	d := door(t, guest, host.Name, v1alpha1.DoorOpen)
	door(t, host, guest.Name, v1alpha1.DoorOpen)
	opens := fmt.Sprintf("pods of %s in %s-prod to pods of %s in %s-prod at TCP 8443", kobling.Name, guest.Name, app.Name, host.Name)
	if d.Opens != opens || d.Contact != "drift@host" || d.Side != v1alpha1.DoorConsumer {
		t.Errorf("the door says %+v, want %s", d, opens)
	}
	fill := strings.NewReplacer("HOST", host.Name, "GUEST", guest.Name, "LONN", app.Name, "KOBLING", kobling.Name)
	out := map[string]string{fill.Replace("allmenning-door-to.LONN.payroll.HOST.prod.KOBLING"): fill.Replace(`egress:
- ports:
  - port: 8443
    protocol: TCP
  to:
  - namespaceSelector:
      matchLabels:
        allmenning.dev/environment: prod
        allmenning.dev/municipality: HOST
        allmenning.dev/stage: Production
        kubernetes.io/metadata.name: HOST-prod
    podSelector:
      matchLabels:
        allmenning.dev/app: LONN
podSelector:
  matchLabels:
    allmenning.dev/app: KOBLING
policyTypes:
- Egress
`)}
	in := map[string]string{fill.Replace("allmenning-door-from.LONN.payroll.GUEST.prod.KOBLING"): fill.Replace(`ingress:
- from:
  - namespaceSelector:
      matchLabels:
        allmenning.dev/environment: prod
        allmenning.dev/municipality: GUEST
        allmenning.dev/stage: Production
        kubernetes.io/metadata.name: GUEST-prod
    podSelector:
      matchLabels:
        allmenning.dev/app: KOBLING
  ports:
  - port: 8443
    protocol: TCP
podSelector:
  matchLabels:
    allmenning.dev/app: LONN
policyTypes:
- Ingress
`)}
	if diff := cmp.Diff(out, halves(t, guest.Name+"-prod", 1)); diff != "" {
		t.Errorf("the consumer's half (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(in, halves(t, host.Name+"-prod", 1)); diff != "" {
		t.Errorf("the host's half (-want +got):\n%s", diff)
	}

	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
	door(t, guest, host.Name, v1alpha1.DoorEnded, "both sides agreed before, and no longer do", host.Name+" does not offer it")
	edit(t, host, hosts(app.Name, "prod", named(guest.Name)))
	door(t, host, guest.Name, v1alpha1.DoorOpen)
	edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
	door(t, host, guest.Name, v1alpha1.DoorEnded, guest.Name+" does not ask for it")
	runs(t, guest.Name+"-prod", kobling.Name, "1.0.0")
	if diff := cmp.Diff(before, belongings(t, guest.Name+"-prod", kobling.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("more than the door has changed (-before +after):\n%s", diff)
	}
}

// The objects of apps with namespaces of their own are let in and out there; the municipality's own workloads are those of no app.
func TestDoorsOfOwnNamespaces(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), func(app *v1alpha1.SharedApp) {
		isolated(app)
		hosted(v1alpha1.HostedByMunicipality)(app)
	}, payroll("lonn"))
	kobling := publish(t, unique("kobling"), isolated, files("kobling", nil))
	host := town(t, "vinje", adopts(app.Name))
	guest := town(t, "seljord", adopts(kobling.Name), connects(app.Name, "prod", host.Name, func(r *v1alpha1.DoorRequest) { r.Clients = []string{kobling.Name} }))
	edit(t, host, hosts(app.Name, "prod", named(guest.Name)))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	in := halves(t, host.Name+"-prod--"+app.Name, 2)
	for name, words := range map[string][]string{
		kobling.Name: {"kubernetes.io/metadata.name: " + guest.Name + "-prod--" + kobling.Name, "allmenning.dev/app: " + kobling.Name},
		"0":          {"kubernetes.io/metadata.name: " + guest.Name + "-prod\n", "operator: DoesNotExist"},
	} {
		if err := holds(in["allmenning-door-from."+app.Name+".payroll."+guest.Name+".prod."+name], words...); err != nil {
			t.Error(err)
		}
	}
	halves(t, host.Name+"-prod", 0)
	for _, ns := range []string{guest.Name + "-prod", guest.Name + "-prod--" + kobling.Name} {
		for _, spec := range halves(t, ns, 1) {
			if err := holds(spec, "kubernetes.io/metadata.name: "+host.Name+"-prod--"+app.Name+"\n"); err != nil {
				t.Error(err)
			}
		}
	}
	edit(t, guest, says(v1alpha1.AppDecision{Name: kobling.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, namespace(guest.Name+"-prod--"+kobling.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen) // for its own workloads
}

// Test never reaches Production, a closed zone is entered only by an offer that names it, and time ends a door by itself.
func TestWhatKeepsADoorClosed(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"))
	closed := func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed }
	host := town(t, "vinje", adopts(app.Name), withTest, closed)
	runs(t, host.Name+"-prod", app.Name, "1.0.0")
	tester := town(t, "tokke", withTest, connects(app.Name, "test", host.Name, func(r *v1alpha1.DoorRequest) { r.HostEnvironment = "prod" }))
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	edit(t, host, hosts(app.Name, "prod", named(guest.Name, tester.Name)))
	door(t, tester, host.Name, v1alpha1.DoorClosed, "environment prod of "+host.Name+" is Production, and environment test of "+tester.Name+" is Test")
	door(t, guest, host.Name, v1alpha1.DoorClosed, "environment prod of "+host.Name+" is Closed: to let others into a closed zone, write Closed in spec.hosts[0].zone")
	halves(t, host.Name+"-prod", 0)

	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts[0].Zone = v1alpha1.ZoneClosed })
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	halves(t, host.Name+"-prod", 1)
	halves(t, tester.Name+"-test", 0)
	end := metav1.NewTime(time.Now().Add(3 * time.Second).Truncate(time.Second))
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts[0].Until = &end })
	d := door(t, guest, host.Name, v1alpha1.DoorExpired, "spec.hosts[0].until of Municipality "+host.Name+" was", "it is over")
	if time.Now().Before(end.Time) || !d.Until.Equal(&end) {
		t.Errorf("it ended before %s: %+v", end, d)
	}
	door(t, host, guest.Name, v1alpha1.DoorExpired)
	halves(t, host.Name+"-prod", 0)
	halves(t, guest.Name+"-prod", 0)
}

// What somebody changes of a door is put back, and what passes for one is taken away.
func TestDoorsAreCorrected(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByNation), payroll("lonn"))
	host := town(t, "vinje", adopts(app.Name), hosts(app.Name, "prod", v1alpha1.Guests{Everybody: true}))
	door(t, host, "", v1alpha1.DoorOffered, "nobody of those who may asks for it yet")
	guest := town(t, "seljord", connects(app.Name, "prod", host.Name))
	door(t, guest, host.Name, v1alpha1.DoorOpen)
	sides := map[string]*networkingv1.NetworkPolicy{
		"in":  at(&networkingv1.NetworkPolicy{}, host.Name+"-prod", "allmenning-door-from."+app.Name+".payroll."+guest.Name+".prod.0"),
		"out": at(&networkingv1.NetworkPolicy{}, guest.Name+"-prod", "allmenning-door-to."+app.Name+".payroll."+host.Name+".prod.0"),
	}
	for name, half := range sides {
		was := read(t, half)
		edit(t, half, func(p *networkingv1.NetworkPolicy) {
			if name == "in" {
				p.Spec.Ingress[0].Ports = nil
			} else {
				p.Spec.Egress[0].To[0].PodSelector = nil
			}
		})
		until(t, name+" is as it was", half, func(p *networkingv1.NetworkPolicy) error {
			if diff := cmp.Diff(was.Spec, p.Spec); diff != "" {
				return errors.New(diff)
			}
			return nil
		})
		remove(t, read(t, half))
		until(t, name+" is back", half, func(p *networkingv1.NetworkPolicy) error {
			if p.UID == was.UID {
				return errors.New("still the old one")
			}
			return nil
		})
	}
	forged := read(t, sides["in"])
	forged.Name, forged.ResourceVersion, forged.UID = "mine", "", ""
	forged.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
	put(t, forged)
	gone(t, forged)
	halves(t, host.Name+"-prod", 1)
}

// A connector waits for the door that it requires, gets its address and the name of the Secret in its context, follows another host, and
// runs on when the door is closed.
func TestTheContextHasTheDoor(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"))
	key := "door_" + app.Name + "_payroll"
	connector := files("kobling", map[string]string{
		"allmenning-context.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: allmenning-context, annotations: {config.kubernetes.io/local-config: "true"}}
data: {municipality: eksempel, parameter_greeting: hei, parameter_password: none, ` + key + `: payroll.eksempel.svc, ` + key + `_secret: none}
`})
	connector["kustomization.yaml"] += `- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.` + key + `}
  targets: [{select: {kind: ConfigMap, name: kobling}, fieldPaths: [data.greeting]}]
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.` + key + `_secret}
  targets: [{select: {kind: ConfigMap, name: kobling}, fieldPaths: [data.municipality]}]
`
	kobling := publish(t, unique("kobling"), func(app2 *v1alpha1.SharedApp) {
		app2.Spec.Versions[0].Requires = &v1alpha1.Requirements{Services: []v1alpha1.RequiredService{{App: app.Name, Service: "payroll"}}}
	}, connector)
	host, other := town(t, "vinje", adopts(app.Name)), town(t, "tokke", adopts(app.Name))
	guest := town(t, "seljord", adopts(kobling.Name))
	ns := guest.Name + "-prod"
	waits(t, ns, kobling.Name, "connects to service payroll of "+app.Name+": ask a host for it in spec.connects of Municipality "+guest.Name)
	edit(t, guest, connects(app.Name, "prod", host.Name, by(kobling.Name), func(r *v1alpha1.DoorRequest) { r.SecretRef = &v1alpha1.LocalReference{Name: "vinje-lonn"} }))
	waits(t, ns, kobling.Name, "that door is not open: see status.doors of Municipality "+guest.Name)
	edit(t, host, hosts(app.Name, "prod", named(guest.Name)))
	runs(t, ns, kobling.Name, "1.0.0")
	knows := func(address string) {
		t.Helper()
		until(t, "it knows "+address, configMap(ns, "kobling"), func(o *corev1.ConfigMap) error {
			return errors.Join(expect("address", o.Data["greeting"], address), expect("secret", o.Data["municipality"], "vinje-lonn"))
		})
	}
	knows("payroll." + host.Name + "-prod.svc")

	was := read(t, at(&appsv1.Deployment{}, ns, "kobling"))
	edit(t, host, func(m *v1alpha1.Municipality) { m.Spec.Hosts = nil })
	stalls(t, ns, kobling.Name, "that door is not open")
	if is := read(t, at(&appsv1.Deployment{}, ns, "kobling")); is.Generation != was.Generation {
		t.Error("what runs was changed as the door was closed")
	}
	edit(t, other, hosts(app.Name, "prod", named(guest.Name)))
	edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects[0].Host = other.Name })
	knows("payroll." + other.Name + "-prod.svc")
	runs(t, ns, kobling.Name, "1.0.0")
	halves(t, host.Name+"-prod", 0)

	was = read(t, at(&appsv1.Deployment{}, ns, "kobling"))
	edit(t, guest, func(m *v1alpha1.Municipality) { m.Spec.Connects = nil })
	stalls(t, ns, kobling.Name, "that door is not open")
	halves(t, ns, 0)
	if is := read(t, at(&appsv1.Deployment{}, ns, "kobling")); is.Generation != was.Generation {
		t.Error("what runs was changed as the request was taken out")
	}
	knows("payroll." + other.Name + "-prod.svc")
}

// A name that leads nowhere is said with its field.
func TestDoorsThatLeadNowhere(t *testing.T) {
	parallel(t)
	app := publish(t, unique("lonn"), hosted(v1alpha1.HostedByMunicipality), payroll("lonn"))
	m := town(t, "seljord", connects(app.Name, "prod", "nowhere", by("nobody")), hosts(app.Name, "prod", named("noone"), func(o *v1alpha1.DoorOffer) { o.Service = "pay" }))
	until(t, "all faults at once", m, func(m *v1alpha1.Municipality) error {
		return speaks(m.Status.Conditions, m.Generation, v1alpha1.ConditionAppsReady, metav1.ConditionFalse,
			`spec.hosts[0].service: no version of SharedApp `+app.Name+` has a service "pay": it has payroll`,
			`spec.hosts[0].to.municipalities[0]: there is no Municipality "noone"`, `spec.connects[0].host: there is no Municipality "nowhere"`,
			`spec.connects[0].clients[0]: there is no SharedApp "nobody"`)
	})
	wrong := sells(t, unique("wrong"), payroll("wrong"), func(app *v1alpha1.SharedApp) {
		hosted(v1alpha1.HostedByNation)(app)
		app.Spec.Versions[0].Services[0].Ports[0].TargetPort = 443
	})
	until(t, "a service that the bundle has otherwise is refused", wrong, func(app *v1alpha1.SharedApp) error {
		return isStalled(app.Status.Conditions, app.Generation, "Service/payroll: its port 443 leads to port 8443 of the pods, and targetPort is 443")
	})
}
