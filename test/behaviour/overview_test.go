package behaviour_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/allmenning/allmenning/api/v1alpha1"
	networkcontroller "github.com/allmenning/allmenning/controllers/network"
	"github.com/allmenning/allmenning/controllers/overview"
	"github.com/allmenning/allmenning/controllers/snapshot"
)

// The overview alone, with installations that this test writes in the place of the
// controllers: what it shows, and how often it writes.
const (
	overviewTenants = 40
	overviewNumber  = 7000
	overviewApp     = "overview" // and the name of the network that proposes it
	overviewCounty  = "98"
)

// statusWrites counts the requests of the overview by object.
type statusWrites struct {
	next  http.RoundTripper
	mutex sync.Mutex
	count map[string]int
}

// RoundTrip counts a request where it is the overview's, and sends it on.
func (w *statusWrites) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPatch && req.URL.Query().Get("fieldManager") == "allmenning-rollup" {
		w.mutex.Lock()
		w.count[req.URL.Path[strings.LastIndex(req.URL.Path, "/v1alpha1/")+len("/v1alpha1/"):]]++
		w.mutex.Unlock()
	}
	return w.next.RoundTrip(req)
}

// take returns the writes to all objects of a resource since it was last asked.
func (w *statusWrites) take(resource string) int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	sum := 0
	for path, n := range w.count {
		if strings.HasPrefix(path, resource+"/") {
			sum += n
			delete(w.count, path)
		}
	}
	return sum
}

// startOverview runs the overview and network controllers until stop or the end of the test.
func startOverview(t *testing.T) (writes *statusWrites, stop func()) {
	t.Helper()
	writes = &statusWrites{count: map[string]int{}}
	access := rest.CopyConfig(plane.Config())
	access.QPS = -1
	access.Wrap(func(next http.RoundTripper) http.RoundTripper { writes.next = next; return writes })
	mgr, err := ctrl.NewManager(access, ctrl.Options{
		Scheme: admin.Scheme(), Logger: logr.Discard(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	holder := snapshot.New(mgr.GetCache(), clock.RealClock{})
	if err := mgr.Add(holder); err != nil {
		t.Fatal(err)
	}
	if err := (&overview.Reconciler{Client: mgr.GetClient(), Holder: holder}).SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	networks := &networkcontroller.Reconciler{Client: mgr.GetClient(), Events: mgr.GetEventRecorder("network"), Holder: holder}
	if err := networks.SetupWithManager(mgr); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := mgr.Start(ctx); err != nil {
			t.Errorf("the manager ended: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return writes, stop
}

func overviewMunicipality(i int) *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("overview%02d", i), Labels: map[string]string{v1alpha1.LabelCounty: overviewCounty}},
		Spec: v1alpha1.MunicipalitySpec{
			Number: fmt.Sprint(overviewNumber + i), DisplayName: fmt.Sprintf("Overview %d", i),
			Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
				{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen},
			},
		},
	}
}

func overviewDigest(version string) string {
	return "sha256:" + strings.Repeat(strings.ReplaceAll(version, ".", ""), 21) + "0"
}

func createOverviewApp(t *testing.T) *v1alpha1.SharedApp {
	t.Helper()
	app := &v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: overviewApp, Annotations: map[string]string{v1alpha1.AnnotationAllowDelete: "true"}},
		Spec: v1alpha1.SharedAppSpec{
			DisplayName: "Overview", Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}},
		},
	}
	for _, v := range []string{"2.4.1", "2.5.0"} {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{
			Version: v, Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: "overview-" + v}},
		})
	}
	create(t, app)
	for _, v := range []string{"2.4.1", "2.5.0"} {
		app.Status.Versions = append(app.Status.Versions, v1alpha1.VersionStatus{Version: v, Digest: overviewDigest(v), Available: true})
	}
	if err := admin.Status().Update(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	return app
}

// asOperator is a client by the operator's name, which alone may write AppInstallations,
// with all rights: this test plays controllers whose rights are tested elsewhere.
func asOperator(t *testing.T) client.Client {
	t.Helper()
	access := rest.CopyConfig(plane.Config())
	access.QPS = -1
	access.Impersonate = rest.ImpersonationConfig{UserName: operatorAccount, Groups: []string{"system:masters"}}
	c, err := client.New(access, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// installOverviewApp brings an installation to a version, in the steps in which the operator does.
func installOverviewApp(t *testing.T, c client.Client, m *v1alpha1.Municipality, e v1alpha1.Environment, version string) {
	t.Helper()
	i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{
		Name: overviewApp, Namespace: v1alpha1.NamespaceFor(m.Name, e.Name),
		Labels: map[string]string{v1alpha1.LabelMunicipality: m.Name, v1alpha1.LabelEnvironment: e.Name, v1alpha1.LabelApp: overviewApp},
	}}
	err := c.Get(t.Context(), client.ObjectKeyFromObject(i), i)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	i.Spec = v1alpha1.AppInstallationSpec{
		App: overviewApp, Version: version, Digest: overviewDigest(version), State: v1alpha1.InstallationPresent,
		DecidedBy: v1alpha1.Decider{Level: v1alpha1.LevelNetwork, Name: overviewApp},
		Tenant: v1alpha1.Tenant{
			Municipality: m.Name, Number: m.Spec.Number, DisplayName: m.Spec.DisplayName, County: overviewCounty,
			Environment: e.Name, Stage: e.Stage, Zone: e.Zone,
		},
	}
	write := c.Update
	if err != nil {
		write = func(ctx context.Context, o client.Object, _ ...client.UpdateOption) error {
			return c.Create(ctx, o)
		}
	}
	if err := write(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	for _, ready := range []metav1.ConditionStatus{metav1.ConditionFalse, metav1.ConditionTrue} {
		i.Status.ObservedGeneration, i.Status.AppliedVersion, i.Status.AppliedDigest = i.Generation, version, i.Spec.Digest
		i.Status.HealthySince = nil
		if ready == metav1.ConditionTrue {
			i.Status.HealthySince = new(metav1.Now())
		}
		meta.SetStatusCondition(&i.Status.Conditions, metav1.Condition{Type: "Ready", Status: ready, Reason: "Test", ObservedGeneration: i.Generation})
		if err := c.Status().Update(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
}

// overviewSays says what is missing until all three kinds show the same end. A promotion
// takes nothing from a municipality whose turn has not come: what it has runs well.
func overviewSays(ctx context.Context, ready int, words string) error {
	var app v1alpha1.SharedApp
	var n v1alpha1.Network
	for _, o := range []client.Object{&app, &n} {
		if err := admin.Get(ctx, client.ObjectKey{Name: overviewApp}, o); err != nil {
			return err
		}
	}
	if want := fmt.Sprintf("%d/%d", 2*ready, 2*overviewTenants); app.Status.UpToDate != want {
		return fmt.Errorf("SharedApp shows %q up to date, want %q", app.Status.UpToDate, want)
	}
	if want := fmt.Sprintf("%d/%d", ready, overviewTenants); n.Status.UpToDate != want {
		return fmt.Errorf("Network shows %q up to date, want %q", n.Status.UpToDate, want)
	}
	if n.Status.Members == nil || *n.Status.Members != overviewTenants || !meta.IsStatusConditionTrue(n.Status.Conditions, "Ready") {
		return fmt.Errorf("Network shows members %v, conditions %v", n.Status.Members, n.Status.Conditions)
	}
	var all v1alpha1.MunicipalityList
	if err := admin.List(ctx, &all, client.MatchingLabels{v1alpha1.LabelCounty: overviewCounty}); err != nil {
		return err
	}
	for _, m := range all.Items {
		c := meta.FindStatusCondition(m.Status.Conditions, v1alpha1.ConditionAppsReady)
		if c == nil || c.Status != metav1.ConditionTrue || c.Message != words || c.ObservedGeneration != m.Generation || m.Status.ObservedGeneration != -1 {
			return fmt.Errorf("%s shows %q, %v, observedGeneration %d", m.Name, m.Status.Running, c, m.Status.ObservedGeneration)
		}
	}
	return nil
}

func TestOverview(t *testing.T) {
	app := createOverviewApp(t)
	var all []*v1alpha1.Municipality
	for i := range overviewTenants {
		m := overviewMunicipality(i)
		create(t, m)
		all = append(all, m)
		for _, e := range m.Spec.Environments {
			create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: v1alpha1.NamespaceFor(m.Name, e.Name)}})
		}
	}
	writes, stop := startOverview(t)
	create(t, &v1alpha1.Network{ObjectMeta: metav1.ObjectMeta{Name: overviewApp}, Spec: v1alpha1.NetworkSpec{
		DisplayName: "Overview", Apps: []v1alpha1.Proposal{{Name: overviewApp}},
		Members: v1alpha1.Members{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelCounty: overviewCounty}}},
	}})
	c := asOperator(t)
	install := func(version string) {
		for _, m := range all {
			for _, e := range m.Spec.Environments {
				installOverviewApp(t, c, m, e, version)
			}
		}
	}
	within := func(what string) {
		if n := writes.take("municipalities"); n > 2*overviewTenants {
			t.Errorf("%s: %d writes for %d municipalities, want at most 2 each", what, n, overviewTenants)
		} else {
			t.Logf("%s: %d municipality writes for %d municipalities, %d to networks, %d to shared apps",
				what, n, overviewTenants, writes.take("networks"), writes.take("sharedapps"))
		}
	}
	install("2.4.1")
	eventually(t, "all is ready", func(ctx context.Context) error { return overviewSays(ctx, overviewTenants, "2/2 apps running") })
	within("a first app")

	before := app.DeepCopy()
	app.Spec.Channels[0].Version = "2.5.0"
	if err := admin.Patch(t.Context(), app, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a promotion is shown as one to come", func(ctx context.Context) error {
		return overviewSays(ctx, 0, "2/2 apps running; 2 with another version to come")
	})
	install("2.5.0")
	eventually(t, "all is ready again", func(ctx context.Context) error { return overviewSays(ctx, overviewTenants, "2/2 apps running") })
	within("a promotion")

	stop()
	writes, _ = startOverview(t)
	decide := func(decisions ...v1alpha1.AppDecision) {
		m := all[0].DeepCopy()
		m.Spec.Apps = decisions
		if err := admin.Patch(t.Context(), m, client.MergeFrom(all[0])); err != nil {
			t.Fatal(err)
		}
		all[0] = m
	}
	shows := func(ready string) {
		eventually(t, "a decision is shown after a restart", func(ctx context.Context) error {
			var m v1alpha1.Municipality
			if err := admin.Get(ctx, client.ObjectKeyFromObject(all[0]), &m); err != nil {
				return err
			}
			if m.Status.Running != ready {
				return fmt.Errorf("it shows %q, want %q: %v", m.Status.Running, ready, m.Status.Apps)
			}
			return nil
		})
	}
	decide(v1alpha1.AppDecision{Name: overviewApp, Decision: v1alpha1.DecisionDecline})
	shows("0/2")
	decide() // when this is shown, everybody has been looked at
	shows("2/2")
	if n := writes.take("municipalities"); n != 2 {
		t.Errorf("%d writes to municipalities after a restart, want the two of the one that changed", n)
	}
}
