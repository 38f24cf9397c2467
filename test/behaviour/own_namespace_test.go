package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// isolated gives each installation of an app a namespace of its own.
func isolated(app *v1alpha1.SharedApp) { app.Spec.Isolation = v1alpha1.IsolationOwn }

func namespace(name string) *corev1.Namespace { return at(&corev1.Namespace{}, "", name) }

func TestAppsOfEqualNamesSideBySide(t *testing.T) {
	parallel(t)
	first := publish(t, unique("own"), isolated, files("redis", nil), files("redis", map[string]string{"more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n"}))
	second := publish(t, unique("own"), isolated, files("redis", nil))
	third := publish(t, unique("shared"), nil, files("redis", nil))
	m := town(t, "vang", adopts(first.Name), adopts(second.Name), adopts(third.Name))
	ns := m.Name + "-prod"
	for _, app := range []*v1alpha1.SharedApp{first, second} {
		i := runs(t, ns, app.Name, "1.0.0")
		home := ns + "--" + app.Name
		if i.Status.Namespace != home || len(i.Status.Inventory) != 3 {
			t.Errorf("its objects are in %q: %+v", i.Status.Namespace, i.Status.Inventory)
		}
		greets(t, home, "redis", "hei")
		if labels := read(t, namespace(home)).Labels; labels[v1alpha1.LabelApp] != app.Name || labels[v1alpha1.LabelMunicipality] != m.Name ||
			labels[v1alpha1.LabelEnvironment] != "prod" || labels[v1alpha1.LabelZone] != "Open" || labels["pod-security.kubernetes.io/enforce"] != "restricted" {
			t.Errorf("labels of %s: %v", home, labels)
		}
		for _, wall := range []string{"allmenning-default-deny", "allmenning-allow-same-environment", "allmenning-allow-dns", "allmenning-allow-internet", "allmenning-allow-ingress-controller"} {
			read(t, at(&networkingv1.NetworkPolicy{}, home, wall))
		}
	}
	runs(t, ns, third.Name, "1.0.0")
	greets(t, ns, "redis", "hei")
	until(t, "the environment's namespace is open to theirs", at(&networkingv1.NetworkPolicy{}, ns, "allmenning-allow-same-environment"),
		func(*networkingv1.NetworkPolicy) error { return nil })
	standing(t, m)

	home := ns + "--" + first.Name
	promote(t, first, "1.1.0")
	runs(t, ns, first.Name, "1.1.0")
	read(t, configMap(home, "more"))
	promote(t, first, "1.0.0")
	runs(t, ns, first.Name, "1.0.0")
	gone(t, configMap(home, "more"))
	greets(t, ns+"--"+second.Name, "redis", "hei")
}

func TestDriftInAnOwnNamespaceIsCorrected(t *testing.T) {
	parallel(t)
	app := publish(t, unique("drift"), isolated, files("redis", nil))
	m := town(t, "vik", adopts(app.Name))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	home := m.Name + "-prod--" + app.Name
	edit(t, configMap(home, "redis"), func(o *corev1.ConfigMap) { o.Data["greeting"] = "by hand" })
	greets(t, home, "redis", "hei")
	edit(t, configMap(home, "redis"), func(o *corev1.ConfigMap) { o.Labels = nil })
	until(t, "its labels are back", configMap(home, "redis"), func(o *corev1.ConfigMap) error {
		return expect("label", o.Labels[v1alpha1.LabelApp], app.Name)
	})
	for _, o := range []client.Object{
		configMap(home, "redis"), at(&networkingv1.NetworkPolicy{}, home, "allmenning-default-deny"), at(&corev1.ResourceQuota{}, home, v1alpha1.QuotaName),
	} {
		was := read(t, o)
		remove(t, was)
		until(t, fmt.Sprintf("%T is back", o), o, func(now client.Object) error {
			if now.GetUID() == was.GetUID() {
				return errors.New("still the old one")
			}
			return nil
		})
	}
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestAccessEndsAtAnApp(t *testing.T) {
	parallel(t)
	app, neighbour := publish(t, unique("acc"), isolated, files("redis", nil)), publish(t, unique("acc"), isolated, files("redis", nil))
	shared := publish(t, unique("plain"), nil, files("plain", nil))
	m := town(t, "voss", adopts(app.Name), adopts(neighbour.Name), adopts(shared.Name), func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{
			{Role: v1alpha1.AccessDeveloper, Groups: []string{m.Name + "-supplier"}, Apps: []string{app.Name}},
			{Role: v1alpha1.AccessViewer, Groups: []string{m.Name + "-ikt"}},
		}
	})
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	runs(t, ns, neighbour.Name, "1.0.0")
	supplier, ikt := person(t, "sara", m.Name+"-supplier"), person(t, "ivar", m.Name+"-ikt")
	lists := func(who client.Client, in string) error {
		return who.List(t.Context(), &corev1.ConfigMapList{}, client.InNamespace(in))
	}
	for _, home := range []string{ns, ns + "--" + app.Name, ns + "--" + neighbour.Name} {
		eventually(t, "its own people see "+home, func(context.Context) error { return lists(ikt, home) })
	}
	eventually(t, "the supplier sees its app", func(context.Context) error { return lists(supplier, ns+"--"+app.Name) })
	for _, home := range []string{ns, ns + "--" + neighbour.Name} {
		if err := lists(supplier, home); !apierrors.IsForbidden(err) {
			t.Errorf("the supplier is in %s: %v", home, err)
		}
	}
	standing(t, m)
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Access[0].Apps = append(m.Spec.Access[0].Apps, shared.Name) })
	until(t, "a shared app is no place for access to end at", m, func(m *v1alpha1.Municipality) error {
		return isStalled(m.Status.Conditions, m.Generation, "spec.access[0].apps", shared.Name, "shares the environment's namespace")
	})
	if err := lists(supplier, ns); !apierrors.IsForbidden(err) {
		t.Errorf("the fault opened the environment: %v", err)
	}
	if state := environment(read(t, m), "prod").State; state != v1alpha1.EnvironmentReady {
		t.Errorf("the environment is %s for a fault of an access", state)
	}
}

func TestUninstallRemovesTheOwnNamespace(t *testing.T) {
	parallel(t)
	app := publish(t, unique("gone"), isolated, files("redis", nil))
	claim := "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	keeps := publish(t, unique("keeps"), func(app *v1alpha1.SharedApp) {
		isolated(app)
		app.Spec.OwnNamespace = &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{Storage: new(resource.MustParse("2Gi")), PersistentVolumeClaims: new(int32(1))}}
	}, files("redis", map[string]string{"claim.yaml": claim}))
	m := town(t, "vega", adopts(app.Name), adopts(keeps.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	until(t, "the claim is there", at(&corev1.PersistentVolumeClaim{}, ns+"--"+keeps.Name, "data"), func(*corev1.PersistentVolumeClaim) error { return nil })
	decline := func(name string) {
		edit(t, m, says(v1alpha1.AppDecision{Name: name, Decision: v1alpha1.DecisionDecline, Reason: "not any more"}))
	}
	decline(app.Name)
	gone(t, appInstallation(ns, app.Name))
	if err := admin.Get(t.Context(), client.ObjectKey{Name: ns + "--" + app.Name}, namespace("")); !apierrors.IsNotFound(err) {
		t.Errorf("the installation is gone before its namespace: %v", err)
	}
	decline(keeps.Name)
	gone(t, appInstallation(ns, keeps.Name))
	read(t, at(&corev1.PersistentVolumeClaim{}, ns+"--"+keeps.Name, "data"))
	gone(t, configMap(ns+"--"+keeps.Name, "redis"))
	edit(t, m, adopts(keeps.Name))
	until(t, "it is there again, beside its data", configMap(ns+"--"+keeps.Name, "redis"), func(*corev1.ConfigMap) error { return nil })
}

func TestAnInstallationDeletedByHandKeepsItsNamespace(t *testing.T) {
	parallel(t)
	app := publish(t, unique("hand"), isolated, files("redis", nil))
	m := town(t, "vaga", adopts(app.Name))
	ns := m.Name + "-prod"
	i := runs(t, ns, app.Name, "1.0.0")
	before := belongings(t, ns+"--"+app.Name, app.Name)
	remove(t, read(t, i))
	until(t, "it is back", i, func(back *v1alpha1.AppInstallation) error {
		if back.UID == i.UID {
			return errors.New("still the old one")
		}
		return nil
	})
	if after := runs(t, ns, app.Name, "1.0.0"); after.Spec.Isolation != v1alpha1.IsolationOwn {
		t.Errorf("it is back with isolation %q", after.Spec.Isolation)
	}
	if diff := cmp.Diff(before, belongings(t, ns+"--"+app.Name, app.Name), cmp.AllowUnexported(identity{})); diff != "" {
		t.Errorf("objects were touched (-before +after):\n%s", diff)
	}
}

func TestASharesRoom(t *testing.T) {
	parallel(t)
	share := func(cpu string) func(*v1alpha1.SharedApp) {
		return func(app *v1alpha1.SharedApp) {
			isolated(app)
			app.Spec.OwnNamespace = &v1alpha1.OwnNamespace{Quota: &v1alpha1.Quota{CPU: new(resource.MustParse(cpu))}}
		}
	}
	small, big := publish(t, unique("small"), share("1"), files("redis", nil)), publish(t, unique("big"), share("3"), files("redis", nil))
	m := town(t, "vefsn", adopts(small.Name), func(m *v1alpha1.Municipality) {
		m.Spec.Environments[0].Quota = &v1alpha1.Quota{CPU: new(resource.MustParse("2"))}
	})
	ns := m.Name + "-prod"
	runs(t, ns, small.Name, "1.0.0")
	cpu := func(in, want string) {
		t.Helper()
		until(t, "the quota of "+in, at(&corev1.ResourceQuota{}, in, v1alpha1.QuotaName), func(q *corev1.ResourceQuota) error {
			has := q.Status.Hard[corev1.ResourceRequestsCPU]
			return expect("cpu", has.String(), want)
		})
	}
	cpu(ns, "1")
	cpu(ns+"--"+small.Name, "1")
	edit(t, m, adopts(big.Name))
	stalls(t, ns, big.Name, "raise cpu in quota of environment prod", "Municipality "+m.Name, big.Name+" declares", "3 is wanted of requests.cpu, and 1 is free")
	until(t, "the Municipality says so, too", m, func(m *v1alpha1.Municipality) error {
		return isStalled(m.Status.Conditions, m.Generation, big.Name, "raise cpu")
	})
	if state := environment(read(t, m), "prod").State; state != v1alpha1.EnvironmentReady {
		t.Errorf("the environment is %s for one app's share", state)
	}
	runs(t, ns, small.Name, "1.0.0")
	if err := admin.Get(t.Context(), client.ObjectKey{Name: ns + "--" + big.Name}, namespace("")); !apierrors.IsNotFound(err) {
		t.Errorf("a namespace without room: %v", err)
	}
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Quota.CPU = new(resource.MustParse("4500m")) })
	runs(t, ns, big.Name, "1.0.0")
	cpu(ns, "500m")
	standing(t, m)
}

func TestANamespaceThatIsSomebodyElses(t *testing.T) {
	parallel(t)
	app := publish(t, unique("taken"), isolated, files("redis", nil))
	m := town(t, "vinje")
	home := m.Name + "-prod--" + app.Name
	create(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: home}})
	edit(t, m, adopts(app.Name))
	stalls(t, m.Name+"-prod", app.Name, home, "not Allmenning's", v1alpha1.AnnotationAdopt)
	if labels := read(t, namespace(home)).Labels; labels[v1alpha1.LabelMunicipality] != "" {
		t.Errorf("it was taken over: %v", labels)
	}
	edit(t, namespace(home), func(ns *corev1.Namespace) { ns.Annotations = map[string]string{v1alpha1.AnnotationAdopt: m.Name} })
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestANamespaceInTheWayThatGoes(t *testing.T) {
	parallel(t)
	app := publish(t, unique("way"), isolated, files("redis", nil))
	m := town(t, "vinje")
	home := m.Name + "-prod--" + app.Name
	put(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: home}})
	edit(t, m, adopts(app.Name))
	stalls(t, m.Name+"-prod", app.Name, home, "not Allmenning's")
	remove(t, namespace(home))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestDeletedWithAMunicipality(t *testing.T) {
	parallel(t)
	app := publish(t, unique("with"), isolated, files("redis", nil))
	kept := town(t, "vevelstad", adopts(app.Name))
	removed := town(t, "vestby", adopts(app.Name), func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	for _, m := range []*v1alpha1.Municipality{kept, removed} {
		runs(t, m.Name+"-prod", app.Name, "1.0.0")
		standing(t, m)
	}
	remove(t, removed)
	gone(t, removed)
	gone(t, namespace(removed.Name+"-prod--"+app.Name))
	gone(t, namespace(removed.Name+"-prod"))
	remove(t, kept)
	gone(t, kept)
	home := kept.Name + "-prod--" + app.Name
	edit(t, configMap(home, "redis"), func(o *corev1.ConfigMap) { o.Data["greeting"] = "by hand" })
	greets(t, home, "redis", "hei") // it runs on, and drift is corrected
	read(t, at(&networkingv1.NetworkPolicy{}, home, "allmenning-default-deny"))
}

func TestRequiredAppsInOtherNamespaces(t *testing.T) {
	parallel(t)
	gate := publish(t, unique("gate"), isolated, files("redis", nil))
	content := files("redis", map[string]string{"where.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: where}\ndata: {gate: x}\n"})
	content["kustomization.yaml"] += fmt.Sprintf("- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.namespace_%s}\n  targets: [{select: {kind: ConfigMap, name: where}, fieldPaths: [data.gate]}]\n", gate.Name)
	app := publish(t, unique("needs"), func(app *v1alpha1.SharedApp) {
		app.Spec.Versions[0].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: gate.Name}}}
	}, content)
	m := town(t, "verran", adopts(app.Name))
	standing(t, m)
	edit(t, m, adopts(gate.Name))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	until(t, "it knows where the other one is", configMap(m.Name+"-prod", "where"), func(o *corev1.ConfigMap) error {
		return expect("namespace", o.Data["gate"], m.Name+"-prod--"+gate.Name)
	})
}

// The operator is killed at each step: what it left half done, the next one finishes. It is not parallel, as it has
// operators of its own.
func TestKilledWhileAnOwnNamespaceComesAndGoes(t *testing.T) {
	o := startOperator(t)
	app := publish(t, unique("killed"), isolated, files("redis", nil))
	m := town(t, "vadso")
	standing(t, m)
	ns := m.Name + "-prod"
	home := namespace(ns + "--" + app.Name)
	edit(t, m, adopts(app.Name))
	until(t, "the namespace is there", home, func(*corev1.Namespace) error { return nil })
	o.Stop()
	o = startOperator(t)
	runs(t, ns, app.Name, "1.0.0")
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline, Reason: "not any more"}))
	gone(t, configMap(home.Name, "redis"))
	o.Stop()
	o = startOperator(t)
	until(t, "the namespace is on its way out, or gone", m, func(*v1alpha1.Municipality) error {
		now := namespace("")
		err := admin.Get(t.Context(), client.ObjectKeyFromObject(home), now)
		if apierrors.IsNotFound(err) || (err == nil && !now.DeletionTimestamp.IsZero()) {
			return nil
		}
		return errors.Join(err, errors.New("it stays"))
	})
	o.Stop()
	startOperator(t)
	gone(t, home)
	gone(t, appInstallation(ns, app.Name))
	read(t, namespace(ns))
	standing(t, m)
}
