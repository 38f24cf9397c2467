package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// greets waits until the app's settings hold a greeting.
func greets(t *testing.T, namespace, app, want string) {
	t.Helper()
	until(t, app+" greets with "+want, configMap(namespace, app), func(o *corev1.ConfigMap) error {
		return expect("greeting", o.Data["greeting"], want)
	})
}

func TestParameters(t *testing.T) {
	parallel(t)
	app := publish(t, unique("letter"), nil, files("letter", nil))
	m := town(t, "vinje", adopts(app.Name))
	ns := m.Name + "-prod"
	i := runs(t, ns, app.Name, "1.0.0")
	if by := i.Spec.DecidedBy; by.Level != v1alpha1.LevelMunicipality || by.Name != m.Name {
		t.Errorf("decided by %+v, want the municipality", by)
	}
	greets(t, ns, "letter", "hei")
	if got := read(t, configMap(ns, "letter")).Data["municipality"]; got != m.Name {
		t.Errorf("the bundle learnt of municipality %q, want %q", got, m.Name)
	}
	for _, tc := range []struct {
		reason, parameters, greeting string
		want                         []string
	}{
		{"a value is taken", `{"greeting":"god dag"}`, "god dag", nil},
		{"a value that breaks the schema is refused with its path, and what runs runs on", `{"greeting":"a greeting that is much too long"}`, "god dag",
			[]string{"greeting", "20", "spec.apps of Municipality " + m.Name}},
		{"a parameter that the version does not know is refused by name", `{"greting":"x"}`, "god dag", []string{"greting", "1.0.0"}},
		{"a value of another type is refused", `{"greeting":7}`, "god dag", []string{"greeting", "string"}},
		{"a value taken out falls back to the default", `{}`, "hei", nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			before := read(t, i).Generation
			edit(t, m, adopts(app.Name, with(tc.parameters)))
			until(t, "the installation reports it", i, func(i *v1alpha1.AppInstallation) error {
				if i.Generation == before {
					return errors.New("not yet")
				}
				return nil
			})
			if tc.want != nil {
				stalls(t, ns, app.Name, tc.want...)
			} else {
				runs(t, ns, app.Name, "1.0.0")
			}
			greets(t, ns, "letter", tc.greeting)
		})
	}
}

func TestParametersForOneEnvironment(t *testing.T) {
	parallel(t)
	app := publish(t, unique("notice"), nil, files("notice", nil))
	m := town(t, "tokke", withTest, adopts(app.Name, with(`{"greeting":"hei fra prod"}`), func(d *v1alpha1.AppDecision) {
		d.Environments = []v1alpha1.EnvironmentDecision{{Name: "test", Parameters: jsonOf(`{"greeting":"bare test"}`)}}
	}))
	greets(t, m.Name+"-prod", "notice", "hei fra prod")
	greets(t, m.Name+"-test", "notice", "bare test")
}

func TestParametersFromASecret(t *testing.T) {
	parallel(t)
	const value, next = "correct-horse-battery", "staple-that-nobody-sees"
	app := publish(t, unique("sender"), nil, files("sender", nil))
	m := town(t, "nissedal", adopts(app.Name, func(d *v1alpha1.AppDecision) {
		d.ParametersFrom = []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: "login"}}}
	}))
	ns := m.Name + "-prod"
	stalls(t, ns, app.Name, "Secret login is missing in namespace "+ns, "parametersFrom", "Municipality "+m.Name)

	source := put(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "login"}, StringData: map[string]string{"password": value}})
	i := runs(t, ns, app.Name, "1.0.0")
	holdsPassword := func(want string) {
		until(t, "the app has the password", at(&corev1.Secret{}, ns, "sender"), func(o *corev1.Secret) error {
			return expect("password", string(o.Data["password"]), want)
		})
	}
	holdsPassword(value)
	edit(t, source, func(o *corev1.Secret) { o.Data["password"] = []byte(next) })
	holdsPassword(next)
	runs(t, ns, app.Name, "1.0.0")

	// A value that breaks the schema is refused without being reported.
	edit(t, source, func(o *corev1.Secret) { o.Data["greeting"] = []byte("a-secret-that-is-too-long") })
	stalls(t, ns, app.Name, "greeting")
	for _, secret := range []string{value, next, "a-secret-that-is-too-long"} {
		if err := never(t.Context(), secret, ns, i, m, app); err != nil {
			t.Error(err)
		}
	}
}

func TestANameThatSomebodyElseHas(t *testing.T) {
	t.Run("the tenant", func(t *testing.T) {
		parallel(t)
		app := publish(t, unique("archive"), nil, files("archive", nil))
		m := standing(t, town(t, "kragero"))
		ns := m.Name + "-prod"
		own := put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "archive"}, Data: map[string]string{"mine": "yes"}})
		edit(t, m, adopts(app.Name))
		stalls(t, ns, app.Name, "ConfigMap/archive", app.Name, "rename or delete")
		if got := read(t, own); got.ResourceVersion != own.ResourceVersion {
			t.Errorf("what is the tenant's was changed: %+v", got)
		}
		if got := belongings(t, ns, app.Name); len(got) > 0 {
			t.Errorf("an app that is half there helps nobody: %v", got)
		}
		remove(t, own)
		runs(t, ns, app.Name, "1.0.0")
	})
	t.Run("another app", func(t *testing.T) {
		parallel(t)
		first := publish(t, unique("board"), nil, files("board", nil))
		second := publish(t, unique("billboard"), nil, files("board", nil))
		m := town(t, "tinn", adopts(first.Name))
		ns := m.Name + "-prod"
		runs(t, ns, first.Name, "1.0.0")
		before := belongings(t, ns, first.Name)
		edit(t, m, adopts(second.Name))
		stalls(t, ns, second.Name, "/board", "belongs to app "+first.Name, second.Name)
		if diff := cmp.Diff(before, belongings(t, ns, first.Name), cmp.AllowUnexported(identity{})); diff != "" {
			t.Errorf("the first app was touched:\n%s", diff)
		}
		edit(t, m, says(v1alpha1.AppDecision{Name: first.Name, Decision: v1alpha1.DecisionDecline}))
		runs(t, ns, second.Name, "1.0.0")
	})
}

func TestWhatAVersionLacksGoesAndWhatMayBeMissedStays(t *testing.T) {
	parallel(t)
	app := publish(t, unique("store"), nil,
		files("store", map[string]string{
			"old.yaml":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP-old}\n",
			"keep.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP-keep, annotations: {allmenning.dev/prune: disabled}}\n",
			"data.yaml": "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: APP-data}\nspec: {accessModes: [ReadWriteOnce], volumeMode: Filesystem, resources: {requests: {storage: 1Gi}}}\n",
		}),
		files("store", nil))
	m := town(t, "lardal", adopts(app.Name))
	ns := m.Name + "-prod"
	data := at(&corev1.PersistentVolumeClaim{}, ns, "store-data")
	until(t, "the first version is applied", data, func(*corev1.PersistentVolumeClaim) error { return nil })
	promote(t, app, "1.1.0")
	gone(t, configMap(ns, "store-old"))
	i := runs(t, ns, app.Name, "1.1.0")
	kept := []string{"ConfigMap/store-keep", "PersistentVolumeClaim/store-data"}
	if diff := cmp.Diff(kept, i.Status.Kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	until(t, "status lists what is left", i, func(i *v1alpha1.AppInstallation) error {
		return errors.Join(expect("length of inventory", len(i.Status.Inventory), 3), expect("latest version", i.Status.History[0].Version, "1.1.0"))
	})

	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, i)
	gone(t, at(&appsv1.Deployment{}, ns, "store"))
	read(t, configMap(ns, "store-keep"))
	if claim := read(t, data); !claim.DeletionTimestamp.IsZero() {
		t.Error("data that a person may miss is on its way out")
	}
}

func TestDriftIsCorrected(t *testing.T) {
	parallel(t)
	app := publish(t, unique("drift"), nil, files("drift", nil))
	m := town(t, "sauherad", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	for _, tc := range []struct {
		reason string
		object client.Object
		spoil  func(client.Object)
	}{
		{"an object that was deleted", at(&appsv1.Deployment{}, ns, "drift"), nil},
		{"a Secret that was deleted", at(&corev1.Secret{}, ns, "drift"), nil},
		{"a value that was changed", configMap(ns, "drift"), on(func(o *corev1.ConfigMap) { o.Data["greeting"] = "morna" })},
		{"a value that was taken out", configMap(ns, "drift"), on(func(o *corev1.ConfigMap) { delete(o.Data, "greeting") })},
		{"a value that was changed, and locked", configMap(ns, "drift"), on(func(o *corev1.ConfigMap) { o.Data["greeting"], o.Immutable = "morna", new(true) })},
		{"an image that was changed", at(&appsv1.Deployment{}, ns, "drift"), on(func(o *appsv1.Deployment) {
			o.Spec.Template.Spec.Containers[0].Image = "example.org/other"
		})},
		{"labels that were taken off", configMap(ns, "drift"), func(o client.Object) { o.SetLabels(nil) }},
		{"the app's label that was given to another", configMap(ns, "drift"), func(o client.Object) { o.GetLabels()[v1alpha1.LabelApp] = "another" }},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			before := read(t, tc.object)
			if tc.spoil == nil {
				remove(t, read(t, tc.object))
			} else {
				edit(t, tc.object, tc.spoil)
			}
			until(t, "it is corrected", tc.object, func(o client.Object) error { return sameContent(before, o) })
			runs(t, ns, app.Name, "1.0.0")
		})
	}
	eventually(t, "events say what was put back", func(ctx context.Context) error {
		return eventsSay(ctx, ns, "Deployment/drift: put back spec.template.spec.containers[", "].image, which somebody changed", "ConfigMap/drift: put back data.greeting", "Secret/drift: made again, as somebody deleted it")
	})
}

// eventsSay looks for texts in the events of a namespace.
func eventsSay(ctx context.Context, namespace string, texts ...string) error {
	var events corev1.EventList
	if err := admin.List(ctx, &events, client.InNamespace(namespace)); err != nil {
		return err
	}
	var all strings.Builder
	for _, e := range events.Items {
		all.WriteString(e.Message + "\n")
	}
	for _, text := range texts {
		if !strings.Contains(all.String(), text) {
			return fmt.Errorf("no event says %q: %s", text, all.String())
		}
	}
	return nil
}

// sameContent compares what a bundle says of the kinds that the small one holds.
func sameContent(want, got client.Object) error {
	content := func(o client.Object) any {
		switch o := o.(type) {
		case *corev1.ConfigMap:
			return o.Data
		case *corev1.Secret:
			return o.Data
		case *appsv1.Deployment:
			return o.Spec.Template.Spec.Containers[0].Image
		}
		return nil
	}
	if diff := cmp.Diff([]any{want.GetLabels(), content(want)}, []any{got.GetLabels(), content(got)}); diff != "" {
		return errors.New("(-want +got):\n" + diff)
	}
	return nil
}

func TestDependencies(t *testing.T) {
	parallel(t)
	gateway := publish(t, unique("gateway"), nil, files("gateway", nil), files("gateway", nil))
	portal := publish(t, unique("portal"), func(app *v1alpha1.SharedApp) {
		for i := range app.Spec.Versions {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: gateway.Name, Version: ">=1.1"}}}
		}
	}, files("portal", nil))
	m := town(t, "bo", adopts(portal.Name, version("1.0.0")))
	ns := m.Name + "-prod"
	reports(t, m, portal.Name, v1alpha1.AppWaiting, gateway.Name+" >=1.1", "not installed")
	edit(t, m, adopts(gateway.Name))
	runs(t, ns, gateway.Name, "1.0.0")
	reports(t, m, portal.Name, v1alpha1.AppWaiting, portal.Name+" requires "+gateway.Name+" >=1.1", "1.0.0")
	if got := belongings(t, ns, portal.Name); len(got) > 0 {
		t.Errorf("it was installed before what it needs: %v", got)
	}
	promote(t, gateway, "1.1.0")
	runs(t, ns, gateway.Name, "1.1.0")
	runs(t, ns, portal.Name, "1.0.0")
	t.Run("one that goes away is missed, and what needs it runs on", func(t *testing.T) {
		before := belongings(t, ns, portal.Name)
		edit(t, m, func(m *v1alpha1.Municipality) {
			for i := range m.Spec.Apps {
				if m.Spec.Apps[i].Name == gateway.Name {
					m.Spec.Apps[i] = v1alpha1.AppDecision{Name: gateway.Name, Decision: v1alpha1.DecisionDecline}
				}
			}
		})
		stalls(t, ns, portal.Name, gateway.Name+" >=1.1", "not installed in "+ns)
		if diff := cmp.Diff(before, belongings(t, ns, portal.Name), cmp.AllowUnexported(identity{})); diff != "" {
			t.Errorf("the portal was touched:\n%s", diff)
		}
	})
}

func TestPullSecretIsCopiedAndNamed(t *testing.T) {
	parallel(t)
	name := unique("images")
	login := put(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: `{"auths":{"images.example.org":{"auth":"b2xhOmhlaQ=="}}}`},
	})
	app := publish(t, unique("pull"), func(app *v1alpha1.SharedApp) {
		app.Spec.ImagePullSecretRef = &v1alpha1.LocalReference{Name: name}
	}, files("pull", nil))
	m := town(t, "siljan", adopts(app.Name))
	ns := m.Name + "-prod"
	stalls(t, ns, app.Name, "spec.imagePullSecretRef of SharedApp "+app.Name, name+" "+v1alpha1.LabelSecretFor+"="+v1alpha1.SecretForImagePull)
	var copies corev1.SecretList
	if err := admin.List(t.Context(), &copies, client.InNamespace(ns)); err != nil || len(copies.Items) != 0 {
		t.Errorf("%d Secrets in the namespace before the platform labelled the one that is named (%v)", len(copies.Items), err)
	}
	edit(t, login, func(o *corev1.Secret) {
		o.Labels = map[string]string{v1alpha1.LabelSecretFor: v1alpha1.SecretForImagePull}
	})
	runs(t, ns, app.Name, "1.0.0")
	copied := read(t, at(&corev1.Secret{}, ns, app.Name+"-image-pull"))
	if diff := cmp.Diff(read(t, login).Data, copied.Data); diff != "" || copied.Type != corev1.SecretTypeDockerConfigJson {
		t.Errorf("the copy, of type %s, differs:\n%s", copied.Type, diff)
	}
	pods := read(t, at(&appsv1.Deployment{}, ns, "pull")).Spec.Template.Spec.ImagePullSecrets
	if !slices.Contains(pods, corev1.LocalObjectReference{Name: copied.Name}) {
		t.Errorf("its pods name %v", pods)
	}
}

func TestWhatAnAppRequiresIsOpenedForItsPodsAlone(t *testing.T) {
	parallel(t)
	app := publish(t, unique("post"), func(app *v1alpha1.SharedApp) {
		for i := range app.Spec.Versions {
			app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Egress: []v1alpha1.RequiredEgress{{CIDR: "203.0.113.0/24", Ports: []v1alpha1.Port{{Port: 443}}, Reason: "digital post"}}}
		}
	}, files("post", nil))
	m := town(t, "skien", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	policy := at(&networkingv1.NetworkPolicy{}, ns, "allmenning-app-"+app.Name)
	wall := read(t, policy)
	if got := wall.Spec.PodSelector.MatchLabels[v1alpha1.LabelApp]; got != app.Name || len(wall.Spec.Egress) != 2 ||
		wall.Spec.Egress[1].To[0].IPBlock.CIDR != "203.0.113.0/24" || wall.Spec.Egress[1].Ports[0].Port.IntValue() != 443 || len(wall.Spec.Ingress) > 0 {
		t.Errorf("the policy is %+v", wall.Spec)
	}
	if got := read(t, at(&appsv1.Deployment{}, ns, "post")).Spec.Template.Labels[v1alpha1.LabelApp]; got != app.Name {
		t.Errorf("its pods are labelled %q", got)
	}
	remove(t, wall)
	until(t, "the policy is back", policy, func(*networkingv1.NetworkPolicy) error { return nil })
	edit(t, m, says(v1alpha1.AppDecision{Name: app.Name, Decision: v1alpha1.DecisionDecline}))
	gone(t, policy)
}

func TestAQuotaThatIsTooSmallIsNamed(t *testing.T) {
	parallel(t)
	big := files("big", map[string]string{"web.yaml": bigger(files("big", nil)["web.yaml"])})
	app := publish(t, unique("big"), nil, big)
	m := town(t, "maridal", adopts(app.Name))
	stalls(t, m.Name+"-prod", app.Name, "Deployment/big", "exceeded quota", "requests.memory", "raise quota of environment prod", "Municipality "+m.Name)
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Environments[0].Quota = &v1alpha1.Quota{Memory: new(resource.MustParse("64Gi"))}
	})
	until(t, "its pods are made", at(&appsv1.Deployment{}, m.Name+"-prod", "big"), func(d *appsv1.Deployment) error {
		return expect("replicas", fmt.Sprint(d.Status.Replicas), "1")
	})
	waits(t, m.Name+"-prod", app.Name, "Deployment/big") // no node runs it here
}

// The controller of a StatefulSet reports a spent quota in events alone.
func TestAQuotaThatIsTooSmallForAStatefulSetIsNamed(t *testing.T) {
	parallel(t)
	stateful := strings.NewReplacer("kind: Deployment", "kind: StatefulSet", "replicas: 0", "serviceName: big\n  replicas: 0").Replace(files("big", nil)["web.yaml"])
	app := publish(t, unique("big"), nil, files("big", map[string]string{"web.yaml": bigger(stateful)}))
	m := town(t, "maridal", adopts(app.Name))
	stalls(t, m.Name+"-prod", app.Name, "StatefulSet/big", "exceeded quota: allmenning, requested: limits.memory=32Gi,requests.memory=32Gi", "raise quota of environment prod")
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Environments[0].Quota = &v1alpha1.Quota{Memory: new(resource.MustParse("64Gi"))}
	})
	waits(t, m.Name+"-prod", app.Name, "StatefulSet/big") // no node runs it here
}
