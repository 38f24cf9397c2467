package walls_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
	"github.com/allmenning/allmenning/test/controlplane"
	"github.com/allmenning/allmenning/test/shipped"
	"github.com/allmenning/allmenning/test/walls"
)

const (
	root     = "../.."
	account  = "system:serviceaccount:allmenning-system:allmenning-manager"
	tenants  = 50
	patience = 15 * time.Minute
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == controllers.BuildArgument { // the operator of this process runs it again, to build
		if err := controllers.ServeBuilds(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// TestFiftyTenants lets an evaluator that is not ours read the NetworkPolicies of fifty municipalities from the API server. It says of every
// connection between all their pods, and to what is outside, what the design says.
func TestFiftyTenants(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	program, err := walls.BuildEvaluator(t.Context(), root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	admin := country(t)
	d, m := read(t, admin)
	var policies networkingv1.NetworkPolicyList
	if err := admin.List(t.Context(), &policies); err != nil {
		t.Fatal(err)
	}

	want := m.Pairs(func(from walls.End, to walls.Target) bool { _, open := d.Open(from, to); return open })
	got, err := walls.Evaluate(t.Context(), program, policies.Items, m)
	if err != nil {
		t.Fatal(err)
	}
	wrong := walls.Differences(want, got)
	for _, each := range wrong[:min(len(wrong), 20)] {
		t.Error(each)
	}
	t.Logf("%d policies, %d connections: %d differ", len(policies.Items), len(want), len(wrong))

	one := func(p networkingv1.NetworkPolicy) bool {
		return p.Namespace == "kommune-07-prod" && p.Name == "allmenning-allow-dns"
	}
	more := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "kommune-07-prod", Name: "more"}}
	more.Spec.PolicyTypes, more.Spec.Ingress = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}, []networkingv1.NetworkPolicyIngressRule{{}}
	for _, tc := range []struct {
		reason  string
		changed []networkingv1.NetworkPolicy
	}{
		{"one policy less is noticed", slices.DeleteFunc(slices.Clone(policies.Items), one)},
		{"half of a door less is noticed", slices.DeleteFunc(slices.Clone(policies.Items), func(p networkingv1.NetworkPolicy) bool {
			return p.Name == "allmenning-door-from.lonn.payroll.kommune-16.prod.0"
		})},
		{"one policy more is noticed", append(slices.Clone(policies.Items), more)},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := walls.Evaluate(t.Context(), program, tc.changed, m)
			if err != nil {
				t.Fatal(err)
			}
			if len(tc.changed) == len(policies.Items) || len(walls.Differences(want, got)) == 0 {
				t.Error("the evaluator and the design still agree")
			}
		})
	}
}

// country is a control plane with the operator, and fifty municipalities with apps.
func country(t *testing.T) client.Client {
	t.Helper()
	plane, err := controlplane.Start(t.Context(), controlplane.Options{ControllerManager: true, Scheduler: true, Nodes: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	admin, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	if err := shipped.Apply(t.Context(), admin, root+"/config/default"); err != nil {
		t.Fatal(err)
	}
	operate(t, plane)
	for _, folder := range []string{"/config/samples/apps", "/config/samples/own-namespace", "/config/samples/doors"} {
		if err := shipped.Apply(t.Context(), admin, root+folder); err != nil {
			t.Fatal(err)
		}
	}
	wanted := 2 // those of the sample of a door
	for i := range tenants {
		m := municipality(i)
		wanted += 2 * len(m.Spec.Apps)
		if err := admin.Create(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func(ctx context.Context) error { return allReady(ctx, admin, wanted) })
	eventually(t, func(ctx context.Context) error { return doorsOpen(ctx, admin) })
	return admin
}

// operate runs the operator in this process, with the rights of its service account, until the test ends.
func operate(t *testing.T, plane *controlplane.ControlPlane) {
	t.Helper()
	config, err := plane.ConfigFor(account)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	manager, err := controllers.New(ctx, config, controllers.Options{
		Namespace: "allmenning-system", MetricsAddress: "0", HealthAddress: "0", FetchTimeout: 10 * time.Second, Log: logr.Discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the operator ended: %v", err)
		}
	})
}

// municipality is one of fifty: zones and apps of each kind come in every combination.
func municipality(i int) *v1alpha1.Municipality {
	yes := true
	zones := []v1alpha1.Zone{v1alpha1.ZoneClosed, v1alpha1.ZoneOpen}
	m := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("kommune-%02d", i)}}
	m.Spec.Number, m.Spec.DisplayName = fmt.Sprintf("98%02d", i), fmt.Sprintf("Kommune %d", i)
	m.Spec.Domains = []string{m.Name + ".kommune.no"}
	m.Spec.Environments = []v1alpha1.Environment{
		{Name: "prod", Stage: v1alpha1.StageProduction, Zone: zones[i%4/2]}, {Name: "test", Stage: v1alpha1.StageTest, Zone: zones[i%2]},
	}
	adopt := func(name, version string) {
		m.Spec.Apps = append(m.Spec.Apps, v1alpha1.AppDecision{Name: name, Decision: v1alpha1.DecisionAdopt, Version: version, Immediate: &yes})
	}
	if i%7 == 0 {
		adopt("id-gateway", []string{"1.2.0", "1.3.0"}[i/7%2])
	}
	if i%14 == 0 {
		adopt("svarut", []string{"2.4.1", "2.5.0"}[i/14%2])
	}
	if i%21 == 0 {
		adopt("innbyggerportal", "3.1.0")
	}
	if i%11 == 1 {
		adopt("kartvisning", "1.0.0")
	}
	if i%12 == 9 { // it requires a Closed zone in Production
		adopt("helsemelding", "1.8.2")
	}
	if i%10 == hosts {
		adopt("lonn", "1.0.0")
	}
	share(m, i)
	return m
}

// Who shares: of ten municipalities one hosts payroll for the four after it.
const (
	hosts    = 5
	isNamed  = hosts + 1 // by its own workloads, in both stages
	isAnyone = hosts + 2
	isClient = hosts + 3 // it is named, and an app of it connects
	isNobody = hosts + 4
	// openDoors is how many doors are open: 5 in test and 4 in production for those who are named, as one host does not say that its zone is
	// closed, 4 for clients, and that of the sample.
	openDoors = 14
)

// share writes both halves of doors, some of which do not fit.
func share(m *v1alpha1.Municipality, i int) {
	ask := func(environment string, clients ...string) {
		m.Spec.Connects = append(m.Spec.Connects, v1alpha1.DoorRequest{
			App: "lonn", Service: "payroll", Environment: environment, Host: fmt.Sprintf("kommune-%02d", i/10*10+hosts), Clients: clients, OwnWorkloads: len(clients) == 0, Reason: "payroll",
		})
	}
	switch i % 10 {
	case hosts:
		offer := v1alpha1.DoorOffer{App: "lonn", Service: "payroll", Environment: "prod", Zone: v1alpha1.ZoneClosed, Reason: "agreement", Contact: "drift"}
		if i == hosts { // its zone is closed
			offer.Zone = ""
		}
		offer.To.Municipalities = []string{fmt.Sprintf("kommune-%02d", i-hosts+isNamed), fmt.Sprintf("kommune-%02d", i-hosts+isClient)}
		anyone := offer
		anyone.Environment, anyone.To = "test", v1alpha1.Guests{Municipalities: offer.To.Municipalities[:1], Everybody: true} // the app may not serve everybody
		m.Spec.Hosts = []v1alpha1.DoorOffer{offer, anyone}
	case isNamed:
		ask("prod")
		ask("test")
	case isAnyone:
		ask("test")
	case isClient:
		ask("prod", "id-gateway")
	case isNobody:
		ask("prod")
	}
}

// doorsOpen is met when all doors are open that are to be.
func doorsOpen(ctx context.Context, admin client.Client) error {
	var all v1alpha1.MunicipalityList
	if err := admin.List(ctx, &all); err != nil {
		return err
	}
	found, last := 0, v1alpha1.Door{}
	for i := range all.Items {
		for _, d := range all.Items[i].Status.Doors {
			switch {
			case d.Side == v1alpha1.DoorHost:
			case d.State == v1alpha1.DoorOpen:
				found++
			default:
				last = d
			}
		}
	}
	if found != openDoors {
		return fmt.Errorf("%d of %d doors are open: %+v", found, openDoors, last)
	}
	return nil
}

func allReady(ctx context.Context, admin client.Client, wanted int) error {
	var all v1alpha1.AppInstallationList
	if err := admin.List(ctx, &all); err != nil {
		return err
	}
	ready, why := 0, ""
	for _, i := range all.Items {
		if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status == metav1.ConditionTrue {
			ready++
		} else if c != nil {
			why = fmt.Sprintf("%s/%s: %s", i.Namespace, i.Name, c.Message)
		}
	}
	if ready != wanted {
		return fmt.Errorf("%d of %d apps are Ready: %s", ready, wanted, why)
	}
	return nil
}

func eventually(t *testing.T, met func(context.Context) error) {
	t.Helper()
	var last error
	if err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := met(ctx); err == nil || ctx.Err() == nil {
			last = err
		}
		return last == nil, nil
	}); err != nil {
		t.Fatalf("%v: %v", err, last)
	}
}

// read is the design as it was written, and the matrix of all pods, with one of each environment's own, and of what is outside.
func read(t *testing.T, admin client.Client) (walls.Design, walls.Matrix) {
	t.Helper()
	var platform v1alpha1.PlatformList
	var municipalities v1alpha1.MunicipalityList
	var apps v1alpha1.SharedAppList
	var installations v1alpha1.AppInstallationList
	var namespaces corev1.NamespaceList
	var pods corev1.PodList
	for _, list := range []client.ObjectList{&platform, &municipalities, &apps, &installations, &namespaces, &pods} {
		if err := admin.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	d := walls.Design{Municipalities: municipalities.Items, Apps: apps.Items}
	versions := map[string]string{}
	for _, i := range installations.Items {
		versions[i.Spec.Tenant.Municipality+"/"+i.Spec.Tenant.Environment+"/"+i.Spec.App] = i.Spec.Version
	}

	var m walls.Matrix
	labels := map[string]map[string]string{}
	add := func(name, namespace, address string, own map[string]string) {
		of := labels[namespace]
		end := walls.End{
			Name: name, Namespace: namespace, NamespaceLabels: of, Labels: own, App: own[v1alpha1.LabelApp],
			Municipality: of[v1alpha1.LabelMunicipality], Environment: of[v1alpha1.LabelEnvironment], Address: netip.MustParseAddr(address),
		}
		end.Version = versions[end.Municipality+"/"+end.Environment+"/"+end.App]
		m.Sources = append(m.Sources, end)
		m.Targets = append(m.Targets, walls.Target{End: end, Port: 8080, PortName: "http"})
		if end.App == "lonn" {
			m.Targets = append(m.Targets, walls.Target{End: end, Port: 8443, PortName: "https"})
		}
	}
	for i, ns := range namespaces.Items {
		labels[ns.Name] = ns.Labels
		if ns.Labels[v1alpha1.LabelMunicipality] != "" {
			add(ns.Name+"/own", ns.Name, fmt.Sprintf("10.244.200.%d", i%250), nil)
		}
	}
	for _, pod := range pods.Items {
		if labels[pod.Namespace][v1alpha1.LabelMunicipality] != "" {
			add(pod.Namespace+"/"+pod.Name, pod.Namespace, pod.Status.PodIP, pod.Labels)
		}
	}
	labels["edge"] = map[string]string{v1alpha1.LabelIngress: "true", corev1.LabelMetadataName: "edge"}
	add("edge/proxy", "edge", "10.244.201.1", nil)
	add("stranger/pod", "stranger", "10.244.201.2", nil)
	return d, withOutside(m)
}

// withOutside adds DNS, and addresses of both versions of IP.
func withOutside(m walls.Matrix) walls.Matrix {
	dns := walls.End{
		Name: "dns", Namespace: "kube-system", NamespaceLabels: map[string]string{corev1.LabelMetadataName: "kube-system"},
		Labels: map[string]string{"k8s-app": "kube-dns"}, Address: netip.MustParseAddr("10.244.201.3"),
	}
	m.Targets = append(m.Targets, walls.Target{End: dns, Port: 53, Protocol: v1alpha1.ProtocolUDP}, walls.Target{End: dns, Port: 8080})
	for _, address := range []string{
		"203.0.113.10", "198.51.100.10", "192.0.2.10", "192.0.2.70", "198.18.0.10", "10.0.0.1", "10.96.0.1", "172.31.255.255", "192.168.1.1", "100.127.255.255",
		"169.254.169.254", "169.254.20.10", "168.63.129.16", "192.0.0.192", "2001:db8::10", "fd00:ec2::254", "fe80::1", "64:ff9b::a9fe:a9fe",
	} {
		end := walls.End{Name: address, Address: netip.MustParseAddr(address)}
		m.Targets = append(m.Targets, walls.Target{End: end, Port: 443}, walls.Target{End: end, Port: 53})
		m.Sources = append(m.Sources, end)
	}
	return m
}
