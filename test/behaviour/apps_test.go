package behaviour_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// files of a small bundle in which every object is named after the app: settings that
// show a parameter and the municipality, a Secret, and a Deployment that needs no node.
// Extra files go on top; one that is empty is taken out.
func files(app string, extra map[string]string) map[string]string {
	all := map[string]string{
		"allmenning-context.yaml": `apiVersion: v1
kind: ConfigMap
metadata: {name: allmenning-context, annotations: {config.kubernetes.io/local-config: "true"}}
data: {municipality: eksempel, parameter_greeting: hei, parameter_password: none}
`,
		"settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP}\ndata: {greeting: x, municipality: x}\n",
		"secret.yaml":   "apiVersion: v1\nkind: Secret\nmetadata: {name: APP}\nstringData: {password: x}\n",
		"web.yaml":      strings.NewReplacer("name: web", "name: APP", "replicas: 1", "replicas: 0").Replace(folder(nil)["web.yaml"]),
	}
	maps.Copy(all, extra)
	resources := []string{}
	for name, content := range all {
		all[name] = strings.ReplaceAll(content, "APP", app)
		if strings.HasSuffix(name, ".yaml") && content != "" {
			resources = append(resources, name)
		}
	}
	slices.Sort(resources)
	maps.DeleteFunc(all, func(_, content string) bool { return content == "" })
	all["kustomization.yaml"] = fmt.Sprintf(`resources: [%s]
replacements:
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_greeting}
  targets: [{select: {kind: ConfigMap, name: %[2]s}, fieldPaths: [data.greeting]}]
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.municipality}
  targets: [{select: {kind: ConfigMap, name: %[2]s}, fieldPaths: [data.municipality]}]
- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_password}
  targets: [{select: {kind: Secret, name: %[2]s}, fieldPaths: [stringData.password]}]
`, strings.Join(resources, ", "), app)
	return all
}

// schemaOf the small bundle.
const schemaOf = `{"type":"object","properties":{
"greeting":{"type":"string","maxLength":20,"default":"hei"},
"password":{"type":"string","default":"none"}}}`

// publish offers an app with versions that count up from 1.0.0, of which channel stable
// has the first, and waits until the catalogue has checked them. No two versions have one
// digest, also where what they install is the same.
func publish(t *testing.T, name string, change func(*v1alpha1.SharedApp), versions ...map[string]string) *v1alpha1.SharedApp {
	t.Helper()
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: name, Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
	}}
	for i, content := range versions {
		source := fmt.Sprintf("%s-%d", name, i)
		content = maps.Clone(content)
		content["version.txt"] = strconv.Itoa(i)
		put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: source, Namespace: operatorNamespace}, Data: content})
		app.Spec.Versions = append(app.Spec.Versions, v1alpha1.Version{
			Version: fmt.Sprintf("1.%d.0", i), Source: fromConfigMap(source),
			Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(schemaOf)}},
		})
	}
	if change != nil {
		change(app)
	}
	put(t, app)
	checked(t, app)
	return app
}

// checked waits until the catalogue has looked at every version.
func checked(t *testing.T, app *v1alpha1.SharedApp) {
	t.Helper()
	until(t, "SharedApp "+app.Name+" is checked", app, func(app *v1alpha1.SharedApp) error {
		for _, v := range app.Status.Versions {
			if !v.Available {
				return fmt.Errorf("version %s: %s", v.Version, v.Message)
			}
		}
		return isReady(app.Status.Conditions, app.Generation)
	})
}

// promote points channel stable at another version.
func promote(t *testing.T, app *v1alpha1.SharedApp, version string) {
	t.Helper()
	edit(t, app, func(app *v1alpha1.SharedApp) { app.Spec.Channels[0].Version = version })
}

// adopts makes the Municipality adopt an app.
func adopts(app string, changes ...func(*v1alpha1.AppDecision)) func(*v1alpha1.Municipality) {
	return says(v1alpha1.AppDecision{Name: app, Decision: v1alpha1.DecisionAdopt}, changes...)
}

// says sets what a Municipality says to one app.
func says(decision v1alpha1.AppDecision, changes ...func(*v1alpha1.AppDecision)) func(*v1alpha1.Municipality) {
	for _, change := range changes {
		change(&decision)
	}
	return func(m *v1alpha1.Municipality) {
		for i := range m.Spec.Apps {
			if m.Spec.Apps[i].Name == decision.Name {
				m.Spec.Apps[i] = decision
				return
			}
		}
		m.Spec.Apps = append(m.Spec.Apps, decision)
	}
}

// with gives parameters, as JSON.
func with(parameters string) func(*v1alpha1.AppDecision) {
	return func(d *v1alpha1.AppDecision) { d.Parameters = &apiextensionsv1.JSON{Raw: []byte(parameters)} }
}

// runs waits until an app is Ready in a namespace at a version.
func runs(t *testing.T, namespace, app, version string) *v1alpha1.AppInstallation {
	t.Helper()
	return until(t, app+" "+version+" runs in "+namespace, appInstallation(namespace, app), func(i *v1alpha1.AppInstallation) error {
		if i.Spec.Version != version || i.Status.AppliedVersion != version {
			return fmt.Errorf("asked for %s, applied is %q: %+v", i.Spec.Version, i.Status.AppliedVersion, i.Status.Conditions)
		}
		return isReady(i.Status.Conditions, i.Generation)
	})
}

// stalls waits until an installation says that a person must act, with these words.
func stalls(t *testing.T, namespace, app string, parts ...string) *v1alpha1.AppInstallation {
	t.Helper()
	return until(t, app+" stalls in "+namespace, appInstallation(namespace, app), func(i *v1alpha1.AppInstallation) error {
		return isStalled(i.Status.Conditions, i.Generation, parts...)
	})
}

// waits waits until an installation says that it goes on by itself, with these words.
func waits(t *testing.T, namespace, app string, parts ...string) {
	t.Helper()
	until(t, app+" waits in "+namespace, appInstallation(namespace, app), func(i *v1alpha1.AppInstallation) error {
		c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReconciling)
		if c == nil || isReady(i.Status.Conditions, i.Generation) == nil {
			return fmt.Errorf("not waiting: %+v", i.Status.Conditions)
		}
		return holds(c.Message, parts...)
	})
}

// reports waits until the Municipality's status says of an app in prod that it is in a state,
// with these words.
func reports(t *testing.T, m *v1alpha1.Municipality, app string, state v1alpha1.AppState, parts ...string) v1alpha1.MunicipalityApp {
	t.Helper()
	var found v1alpha1.MunicipalityApp
	until(t, "Municipality "+m.Name+" says that "+app+" is "+string(state), m, func(m *v1alpha1.Municipality) error {
		for _, a := range m.Status.Apps {
			if a.Name == app && a.Environment == "prod" && a.State == state {
				found = a
				return holds(a.Message+" "+a.Next+" "+a.DecidedBy.Reason+" "+a.DecidedBy.Name, parts...)
			}
		}
		return fmt.Errorf("apps: %+v", m.Status.Apps)
	})
	return found
}

// identity is one installed object: who it is, and in which state.
type identity struct{ uid, resourceVersion string }

// belongings are the objects of an app in a namespace.
func belongings(t *testing.T, namespace, app string) map[string]identity {
	t.Helper()
	found := map[string]identity{}
	for _, kind := range []string{"ConfigMap", "Secret", "Deployment"} {
		gvk := corev1.SchemeGroupVersion.WithKind(kind)
		if kind == "Deployment" {
			gvk.Group = "apps"
		}
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(gvk)
		if err := admin.List(t.Context(), list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelApp: app}); err != nil {
			t.Fatal(err)
		}
		for _, o := range list.Items {
			found[kind+"/"+o.Name] = identity{string(o.UID), o.ResourceVersion}
		}
	}
	return found
}

// never returns an error if a text is found in any of the objects or in the events of a namespace.
func never(ctx context.Context, text, namespace string, objects ...client.Object) error {
	for _, o := range objects {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		raw, err := json.Marshal(o)
		if err != nil {
			return err
		}
		if strings.Contains(string(raw), text) {
			return fmt.Errorf("%T %s shows it: %s", o, o.GetName(), raw)
		}
	}
	var events corev1.EventList
	if err := admin.List(ctx, &events, client.InNamespace(namespace)); err != nil {
		return err
	}
	for _, e := range events.Items {
		if strings.Contains(e.Message, text) {
			return fmt.Errorf("event %s shows it: %s", e.Name, e.Message)
		}
	}
	return nil
}
