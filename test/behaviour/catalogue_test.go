package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers"
)

func plainHTTP(h *hub) func(*controllers.Options) {
	return func(o *controllers.Options) { o.PlainHTTPRegistries = []string{h.host} }
}

// offer makes a SharedApp with versions that count up from 1.0.0.
func offer(t *testing.T, name string, sources ...v1alpha1.Source) *v1alpha1.SharedApp {
	t.Helper()
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SharedAppSpec{DisplayName: name}}
	for i, source := range sources {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: "1." + strconv.Itoa(i) + ".0", Source: source})
	}
	create(t, app)
	return app
}

func fromOCI(h *hub, name, digest string) v1alpha1.Source {
	return v1alpha1.Source{OCI: &v1alpha1.OCISource{Repository: h.host + "/" + name, Digest: digest}}
}

func fromConfigMap(name string) v1alpha1.Source {
	return v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: name}}
}

// bundleIn makes a ConfigMap that holds a bundle.
func bundleIn(t *testing.T, name string, files map[string]string) *corev1.ConfigMap {
	t.Helper()
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: operatorNamespace}, Data: files}
	create(t, o)
	return o
}

func get(ctx context.Context, name string) (*v1alpha1.SharedApp, error) {
	var app v1alpha1.SharedApp
	return &app, admin.Get(ctx, client.ObjectKey{Name: name}, &app)
}

// change edits a SharedApp, again if somebody else did meanwhile.
func change(t *testing.T, name string, edit func(*v1alpha1.SharedApp)) {
	t.Helper()
	eventually(t, "edit SharedApp "+name, func(ctx context.Context) error {
		app, err := get(ctx, name)
		if err != nil {
			return err
		}
		edit(app)
		return admin.Update(ctx, app)
	})
}

// available waits until a SharedApp is Ready at its current generation, with all its versions.
func available(t *testing.T, name string) {
	t.Helper()
	eventually(t, "SharedApp "+name+" is Ready", func(ctx context.Context) error {
		app, err := get(ctx, name)
		if err != nil {
			return err
		}
		ready := meta.FindStatusCondition(app.Status.Conditions, v1alpha1.ConditionReady)
		n := len(app.Spec.Versions)
		if ready == nil || ready.Status != metav1.ConditionTrue || ready.ObservedGeneration != app.Generation ||
			app.Status.VersionsAvailable != fmt.Sprintf("%d/%d", n, n) {
			return fmt.Errorf("%+v", app.Status)
		}
		return holds(ready.Message, fmt.Sprintf("%d of %d versions available", n, n))
	})
}

// notAvailable waits until a version is refused, with a message that holds the parts, and
// the SharedApp says so in a condition with status True.
func notAvailable(t *testing.T, name, version, conditionType string, parts ...string) {
	t.Helper()
	eventually(t, "version "+version+" of "+name+" is not available", func(ctx context.Context) error {
		app, err := get(ctx, name)
		if err != nil {
			return err
		}
		found := meta.FindStatusCondition(app.Status.Conditions, conditionType)
		if found == nil || found.Status != metav1.ConditionTrue || meta.IsStatusConditionTrue(app.Status.Conditions, v1alpha1.ConditionReady) {
			return fmt.Errorf("conditions: %+v", app.Status.Conditions)
		}
		for _, v := range app.Status.Versions {
			if v.Version == version {
				if v.Available {
					return errors.New("it is available")
				}
				return errors.Join(holds(v.Message, parts...), holds(found.Message, parts...))
			}
		}
		return fmt.Errorf("versions: %+v", app.Status.Versions)
	})
}

func TestArtifactsOfOrasAndFluxAreAvailableAndNeedNoRegistryFromThenOn(t *testing.T) {
	h := newHub(t)
	first := startOperator(t, plainHTTP(h))
	offer(t, "cat-oci",
		fromOCI(h, "bundles/cat", h.pushLikeOras(t, "bundles/cat", folder(nil))),
		fromOCI(h, "bundles/cat", h.pushLikeFlux(t, "bundles/cat", folder(map[string]string{"note.txt": "flux"}))))
	available(t, "cat-oci")
	before, err := get(t.Context(), "cat-oci")
	if err != nil {
		t.Fatal(err)
	}

	first.Stop()
	h.off()
	asked := h.requests.Load()
	startOperator(t, plainHTTP(h))
	bundleIn(t, "cat-later", folder(nil))
	offer(t, "cat-later", fromConfigMap("cat-later"))
	available(t, "cat-later")
	if again, err := get(t.Context(), "cat-oci"); err != nil || again.ResourceVersion != before.ResourceVersion {
		t.Errorf("a restart wrote to the SharedApp: %v", err)
	}
	// An edit shows that the new operator has looked.
	change(t, "cat-oci", func(app *v1alpha1.SharedApp) { app.Spec.Owner = "KS" })
	available(t, "cat-oci")
	after, err := get(t.Context(), "cat-oci")
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(before.Status.Versions) != fmt.Sprint(after.Status.Versions) {
		t.Errorf("versions changed from %+v to %+v", before.Status.Versions, after.Status.Versions)
	}
	if now := h.requests.Load(); now != asked {
		t.Errorf("the registry was asked %d times more", now-asked)
	}
}

func TestRegistryFaultsAreTold(t *testing.T) {
	h := newHub(t)
	startOperator(t, plainHTTP(h))
	digest := h.pushLikeOras(t, "bundles/faults", folder(map[string]string{"note.txt": "faults"}))

	t.Run("a digest that the registry doesn't have", func(t *testing.T) {
		offer(t, "cat-wrong", fromOCI(h, "bundles/faults", otherDigest()))
		notAvailable(t, "cat-wrong", "1.0.0", v1alpha1.ConditionStalled, "bundles/faults@"+otherDigest(), "source.oci.digest")
	})
	t.Run("one that is down is tried again", func(t *testing.T) {
		h.off()
		offer(t, "cat-down", fromOCI(h, "bundles/faults", digest))
		notAvailable(t, "cat-down", "1.0.0", v1alpha1.ConditionReconciling, h.host+"/bundles/faults", "tried again")
		h.on(t)
		available(t, "cat-down")
	})
	t.Run("one that the Platform does not allow is not asked", func(t *testing.T) {
		lift := onPlatform(t, func(p *v1alpha1.PlatformSpec) { p.Registries = []v1alpha1.Registry{{Prefix: "ghcr.io/ks/"}} })
		offer(t, "cat-limits", fromOCI(h, "bundles/limits", h.pushLikeFlux(t, "bundles/limits", folder(map[string]string{"note.txt": "limits"}))))
		notAvailable(t, "cat-limits", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].source.oci.repository", "ghcr.io/ks/")
		lift()
		available(t, "cat-limits")
	})
}

func TestASlowRegistryHoldsUpNoOtherApp(t *testing.T) {
	slow := newHub(t)
	digest := slow.pushLikeOras(t, "bundles/slow", folder(nil))
	answer := make(chan struct{})
	slow.delay(answer)
	startOperator(t, plainHTTP(slow))
	for i := range 3 { // more than there are reconcile workers
		offer(t, "cat-slow-"+strconv.Itoa(i), fromOCI(slow, "bundles/slow", digest))
		notAvailable(t, "cat-slow-"+strconv.Itoa(i), "1.0.0", v1alpha1.ConditionReconciling, "fetching", digest)
	}
	bundleIn(t, "cat-quick", folder(nil))
	offer(t, "cat-quick", fromConfigMap("cat-quick"))
	available(t, "cat-quick")
	close(answer)
	for i := range 3 {
		available(t, "cat-slow-"+strconv.Itoa(i))
	}
}

func TestPasswordIsAskedForAndTaken(t *testing.T) {
	h := newHub(t)
	h.locked.Store(true)
	startOperator(t, plainHTTP(h))
	digest := h.pushLikeOras(t, "bundles/locked", folder(map[string]string{"note.txt": "locked"}))
	source := fromOCI(h, "bundles/locked", digest)
	offer(t, "cat-open", source)
	notAvailable(t, "cat-open", "1.0.0", v1alpha1.ConditionStalled, "source.oci.secretRef", "asks for a password")

	source = fromOCI(h, "bundles/locked", digest)
	source.OCI.SecretRef = &v1alpha1.LocalReference{Name: "cat-login"}
	offer(t, "cat-locked", source)
	notAvailable(t, "cat-locked", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].source.oci.secretRef", "Secret cat-login", operatorNamespace)
	login := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "cat-login", Namespace: operatorNamespace}, Type: corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{corev1.DockerConfigJsonKey: h.dockerConfig()},
	}
	create(t, login)
	notAvailable(t, "cat-locked", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].source.oci.secretRef", "cat-login "+v1alpha1.LabelSecretFor+"="+v1alpha1.SecretForRegistryLogin)
	edit(t, login, func(o *corev1.Secret) {
		o.Labels = map[string]string{v1alpha1.LabelSecretFor: v1alpha1.SecretForRegistryLogin}
	})
	available(t, "cat-locked")
	// The bundle is in the store now, which serves every version of the same digest.
	available(t, "cat-open")
}

func TestAPersonMayAskToFetchAgainNow(t *testing.T) {
	h := newHub(t)
	h.locked.Store(true)
	startOperator(t, plainHTTP(h))
	offer(t, "cat-ask", fromOCI(h, "bundles/ask", h.pushLikeOras(t, "bundles/ask", folder(map[string]string{"note.txt": "ask"}))))
	notAvailable(t, "cat-ask", "1.0.0", v1alpha1.ConditionStalled, "asks for a password")
	h.locked.Store(false) // which no watch can see
	change(t, "cat-ask", func(app *v1alpha1.SharedApp) {
		app.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
	})
	available(t, "cat-ask")
	app, err := get(t.Context(), "cat-ask")
	if err != nil || app.Status.LastHandledReconcileAt != "now" {
		t.Errorf("lastHandledReconcileAt is %q (%v), want now", app.Status.LastHandledReconcileAt, err)
	}
}

func TestConfigMapMissingThenCreatedThenChangedThenPutBack(t *testing.T) {
	startOperator(t)
	offer(t, "cat-late", fromConfigMap("cat-late"))
	notAvailable(t, "cat-late", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].source.configMap.name", "ConfigMap cat-late", operatorNamespace)
	source := bundleIn(t, "cat-late", folder(nil))
	available(t, "cat-late")
	app, err := get(t.Context(), "cat-late")
	if err != nil {
		t.Fatal(err)
	}
	digest := app.Status.Versions[0].Digest

	source.Data = folder(map[string]string{"note.txt": "changed"})
	if err := admin.Update(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	notAvailable(t, "cat-late", "1.0.0", v1alpha1.ConditionStalled, digest, "and its source, ConfigMap cat-late, now has sha256:", "put it back, or offer a new version number")
	if app, err = get(t.Context(), "cat-late"); err != nil || app.Status.Versions[0].Digest != digest {
		t.Errorf("the digest must stay %s: %+v (%v)", digest, app.Status.Versions, err)
	}
	source.Data = folder(nil)
	if err := admin.Update(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	available(t, "cat-late")

	// Once it is stored, the source is not needed any more.
	remove(t, source)
	change(t, "cat-late", func(app *v1alpha1.SharedApp) { app.Spec.Owner = "KS" })
	available(t, "cat-late")
}

func TestAVersionThatComesBackWithAnotherDigestIsRefused(t *testing.T) {
	startOperator(t)
	bundleIn(t, "cat-a", folder(nil))
	bundleIn(t, "cat-b", folder(map[string]string{"note.txt": "b"}))
	offer(t, "cat-again", fromConfigMap("cat-a"), fromConfigMap("cat-b"))
	available(t, "cat-again")
	app, err := get(t.Context(), "cat-again")
	if err != nil {
		t.Fatal(err)
	}
	first, second := app.Status.Versions[0].Digest, app.Status.Versions[1].Digest

	change(t, "cat-again", func(app *v1alpha1.SharedApp) { app.Spec.Versions = app.Spec.Versions[1:] })
	available(t, "cat-again")
	if app, err = get(t.Context(), "cat-again"); err != nil || len(app.Status.Versions) != 2 || app.Status.Versions[1].Digest != first {
		t.Fatalf("what was taken out must be remembered: %+v (%v)", app.Status.Versions, err)
	}
	change(t, "cat-again", func(app *v1alpha1.SharedApp) {
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{Version: "1.0.0", Source: fromConfigMap("cat-b")})
	})
	notAvailable(t, "cat-again", "1.0.0", v1alpha1.ConditionStalled, first, second, "offer a new version number")
}

func TestUnfitBundlesAreRefusedByName(t *testing.T) {
	startOperator(t)
	for i, tc := range []struct {
		reason string
		files  map[string]string
		want   []string
	}{
		{"a bundle may not open the walls of its tenant", map[string]string{
			"kustomization.yaml": "resources: [wall.yaml]\n",
			"wall.yaml":          "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: open}\nspec: {podSelector: {}}\n",
		}, []string{"NetworkPolicy/open", "versions[].requires.egress"}},
		{"a bundle may not reach beyond its namespace", map[string]string{
			"kustomization.yaml": "resources: [role.yaml]\n",
			"role.yaml":          "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: everything}\n",
		}, []string{"ClusterRole/everything", "cluster-scoped"}},
		{"a bundle holds all that it needs", map[string]string{
			"kustomization.yaml": "resources: [\"https://example.org/base?ref=main\"]\n",
		}, []string{"kustomization.yaml", "https://example.org/base"}},
		{"a kind that is not on the list can't be installed", map[string]string{
			"kustomization.yaml": "resources: [pod.yaml]\n",
			"pod.yaml":           "apiVersion: v1\nkind: Pod\nmetadata: {name: lone}\n",
		}, []string{"Pod/lone", "allmenning.dev/aggregate-to-installer"}},
		{"pods keep to the restricted standard", map[string]string{
			"web.yaml": strings.ReplaceAll(folder(nil)["web.yaml"], "runAsNonRoot: true, ", ""),
		}, []string{"Deployment/web", "restricted", "runAsNonRoot"}},
		{"invalid YAML", map[string]string{"settings.yaml": "kind: [\n"}, []string{"settings.yaml"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			name := "cat-unfit-" + strconv.Itoa(i)
			bundleIn(t, name, folder(tc.files))
			offer(t, name, fromConfigMap(name))
			notAvailable(t, name, "1.0.0", v1alpha1.ConditionStalled, tc.want...)
		})
	}
}

func TestAVersionIsTriedWithItsSample(t *testing.T) {
	startOperator(t)
	bundleIn(t, "cat-sample", folder(nil))
	json := func(text string) apiextensionsv1.JSON { return apiextensionsv1.JSON{Raw: []byte(text)} }
	schema := json(`{"type":"object","required":["sender"],"properties":{"sender":{"type":"string"}}}`)
	sample, rule := json(`{"sender":"Eksempel"}`), v1alpha1.HealthRule{APIVersion: "example.org/v1", Kind: "Queue", Healthy: "object.status."}
	create(t, &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "cat-sample"}, Spec: v1alpha1.SharedAppSpec{DisplayName: "sample", Versions: []v1alpha1.Version{
		{Version: "1.0.0", Source: fromConfigMap("cat-sample"), Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: schema, Sample: &sample}},
		{Version: "1.1.0", Source: fromConfigMap("cat-sample"), Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: schema}},
	}}})
	notAvailable(t, "cat-sample", "1.1.0", v1alpha1.ConditionStalled, "spec.versions[1.1.0].parameters.sample", "sender")
	change(t, "cat-sample", func(app *v1alpha1.SharedApp) { app.Spec.Versions = app.Spec.Versions[:1] })
	available(t, "cat-sample")
	change(t, "cat-sample", func(app *v1alpha1.SharedApp) { app.Spec.Versions[0].Health = []v1alpha1.HealthRule{rule} })
	notAvailable(t, "cat-sample", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].health[0].healthy")
}

func TestAPlatformAddsAKind(t *testing.T) {
	startOperator(t)
	bundleIn(t, "cat-kind", folder(map[string]string{
		"kustomization.yaml": "resources: [template.yaml]\n",
		"template.yaml":      "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: shape}\ntemplate: {spec: {containers: [{name: c, image: example.org/c}]}}\n",
	}))
	offer(t, "cat-kind", fromConfigMap("cat-kind"))
	notAvailable(t, "cat-kind", "1.0.0", v1alpha1.ConditionStalled, "PodTemplate/shape", "allmenning.dev/aggregate-to-installer")
	create(t, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "cat-podtemplates", Labels: map[string]string{"allmenning.dev/aggregate-to-installer": "true"}},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"podtemplates"}, Verbs: []string{"get", "create", "patch", "delete"}}},
	})
	notAvailable(t, "cat-kind", "1.0.0", v1alpha1.ConditionStalled, "PodTemplate/shape", "the operator may not read it", "allmenning.dev/aggregate-to-manager")
	create(t, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{Name: "cat-podtemplates-read", Labels: map[string]string{"allmenning.dev/aggregate-to-manager": "true"}},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"podtemplates"}, Verbs: []string{"get", "list", "watch"}}},
	})
	available(t, "cat-kind")
}

func TestAppsThatRequireEachOtherAreToldTheChain(t *testing.T) {
	startOperator(t)
	bundleIn(t, "cat-ring", folder(nil))
	for app, required := range map[string]string{"cat-ring-a": "cat-ring-b", "cat-ring-b": "cat-ring-a"} {
		create(t, &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: app}, Spec: v1alpha1.SharedAppSpec{
			DisplayName: app,
			Versions: []v1alpha1.Version{{
				Version: "1.0.0", Source: fromConfigMap("cat-ring"), Requires: &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: required}}},
			}},
		}})
	}
	notAvailable(t, "cat-ring-a", "1.0.0", v1alpha1.ConditionStalled, "cat-ring-a → cat-ring-b → cat-ring-a")
	notAvailable(t, "cat-ring-b", "1.0.0", v1alpha1.ConditionStalled, "cat-ring-b → cat-ring-a → cat-ring-b")
	change(t, "cat-ring-b", func(app *v1alpha1.SharedApp) { app.Spec.Versions[0].Requires = nil })
	available(t, "cat-ring-a")
	available(t, "cat-ring-b")
}

func TestARequiredAppThatIsMissingIsNamedUntilItAppears(t *testing.T) {
	startOperator(t)
	bundleIn(t, "cat-needs", folder(nil))
	create(t, &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "cat-needs"}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: "needs",
		Versions: []v1alpha1.Version{{
			Version: "1.0.0", Source: fromConfigMap("cat-needs"), Requires: &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "cat-needed", Version: ">=1.0"}}},
		}},
	}})
	notAvailable(t, "cat-needs", "1.0.0", v1alpha1.ConditionStalled, "spec.versions[1.0.0].requires.apps[cat-needed]", "there is no SharedApp cat-needed")
	offer(t, "cat-needed", fromConfigMap("cat-needs"))
	available(t, "cat-needs")
}
