package behaviour_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestTwoAppsWithOneObject(t *testing.T) {
	parallel(t)
	service := func(app string) map[string]string {
		return only("apiVersion: v1\nkind: Service\nmetadata: {name: broker}\nspec: {selector: {app: " + app + "}, ports: [{port: 5672}]}\n")
	}
	a, b := sells(t, unique("twin"), service("a")), sells(t, unique("twin"), service("b"))
	checked(t, a)
	checked(t, b)
	for range 4 {
		m := town(t, "twin", adopts(a.Name), adopts(b.Name), func(m *v1alpha1.Municipality) {
			m.Spec.Environments[0].Quota = &v1alpha1.Quota{Services: new(int32(0))}
		})
		ns := m.Name + "-prod"
		stalls(t, ns, a.Name, "exceeded quota")
		stalls(t, ns, b.Name, "exceeded quota")
		edit(t, m, func(m *v1alpha1.Municipality) {
			m.Spec.Environments[0].Quota = &v1alpha1.Quota{Services: new(int32(20))}
		})
		eventually(t, "one of the two has it, and the other says so", func(ctx context.Context) error {
			ready, taken := 0, 0
			for _, app := range []string{a.Name, b.Name} {
				i := at(&v1alpha1.AppInstallation{}, ns, app)
				if err := admin.Get(ctx, client.ObjectKeyFromObject(i), i); err != nil {
					return err
				}
				if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.Status == metav1.ConditionTrue {
					ready++
				} else if c != nil && c.Reason == v1alpha1.ReasonNameTaken {
					taken++
				}
			}
			return errors.Join(expect("ready", ready, 1), expect("taken", taken, 1))
		})
	}
}

func TestWhatNeverPassesIsStalled(t *testing.T) {
	parallel(t)
	own := only("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: never}\ndata: {a: x}\n")
	own["allmenning-context.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {parameter_greeting: hei}\n"
	own["kustomization.yaml"] = "resources: [a.yaml, b.yaml, allmenning-context.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_greeting}, targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.hostname], options: {create: true}}]}]\n"
	own["b.yaml"] = workload("web", "")
	app := publish(t, unique("never"), nil, own)
	m := town(t, "never", adopts(app.Name, with(`{"greeting":"No_Host"}`)))
	ns := m.Name + "-prod"
	stalls(t, ns, app.Name, "Deployment/web: correct it in the bundle", "nothing of it is applied", "hostname: Invalid value")
	if got := belongings(t, ns, app.Name); len(got) > 0 {
		t.Errorf("it is half there: %v", got)
	}
}

// A change of parameters is tried before the first object is written, as a version is.
func TestAParameterThatTheAPIServerRefusesChangesNothing(t *testing.T) {
	parallel(t)
	nightly := only("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nightly}\ndata: {greeting: x}\n")
	nightly["b.yaml"] = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, securityContext: {runAsNonRoot: true}, containers: [{name: a, image: 'example.org/web:1'}]}}}}}\n"
	nightly["allmenning-context.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {parameter_schedule: '@daily'}\n"
	nightly["kustomization.yaml"] = "resources: [a.yaml, b.yaml, allmenning-context.yaml]\nreplacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.parameter_schedule}, targets: [" +
		"{select: {kind: CronJob}, fieldPaths: [spec.schedule]}, {select: {kind: ConfigMap, name: nightly}, fieldPaths: [data.greeting]}]}]\n"
	app := publish(t, unique("nightly"), func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[0].Parameters.OpenAPIV3Schema.Raw = []byte(`{"type":"object","properties":{"schedule":{"type":"string","maxLength":20,"default":"0 4 * * *"}}}`)
	}, nightly)
	m := town(t, "nightly", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")

	edit(t, m, adopts(app.Name, with(`{"schedule":"61 * * * *"}`)))
	stalls(t, ns, app.Name, "CronJob/nightly: correct the parameters of", "nothing of it is applied", "spec.schedule")
	if got := read(t, configMap(ns, "nightly")).Data["greeting"]; got != "0 4 * * *" {
		t.Errorf("the ConfigMap has %q: it is half there", got)
	}
	edit(t, m, adopts(app.Name, with(`{"schedule":"6 * * * *"}`)))
	greets(t, ns, "nightly", "6 * * * *")
	runs(t, ns, app.Name, "1.0.0")
}

func TestAKindThatCantBeReadStopsOnlyTheAppsThatHoldIt(t *testing.T) {
	startOperator(t)
	const group = "engine.example.org"
	widgets := widgetsOf(group)
	definitions := definer(t)
	if err := definitions.Create(t.Context(), widgets); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = definitions.Delete(context.Background(), widgets) })
	create(t, onWidgets(group, "engine-installer", v1alpha1.LabelAggregateToInstaller, "get", "create", "patch", "delete"))
	other := publish(t, unique("beside"), nil, files("beside", nil))
	app := sells(t, unique("widget"), only("apiVersion: engine.example.org/v1\nkind: Widget\nmetadata: {name: w}\n"), func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[0].Health = []v1alpha1.HealthRule{{APIVersion: "engine.example.org/v1", Kind: "Widget", Healthy: "true"}}
	})
	versionOf(t, app.Name, refusedWith("Widget/w", "the operator may not read it", v1alpha1.LabelAggregateToManager))

	reader := onWidgets(group, "engine-manager", v1alpha1.LabelAggregateToManager, "get", "list", "watch")
	create(t, reader)
	edit(t, app, func(a *v1alpha1.SharedApp) { a.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"} })
	checked(t, app)
	m := town(t, "widget", adopts(app.Name), adopts(other.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	runs(t, ns, other.Name, "1.0.0")

	remove(t, reader)
	if err := definitions.Delete(t.Context(), widgets); err != nil { // which ends the watch
		t.Fatal(err)
	}
	stalls(t, ns, app.Name, "Widget (engine.example.org/v1)")
	platformSays(t, "the Platform says so", "Widget (engine.example.org/v1)")
	edit(t, configMap(ns, "beside"), func(o *corev1.ConfigMap) { o.Data["greeting"] = "morna" })
	greets(t, ns, "beside", "hei")
}

// definer makes and deletes CustomResourceDefinitions.
func definer(t *testing.T) client.Client {
	t.Helper()
	scheme := admin.Scheme()
	if err := apiextensionsv1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(plane.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAppBringsRightsForItsOwnAccounts(t *testing.T) {
	parallel(t)
	app := sells(t, unique("rights"), only(`apiVersion: v1
kind: ServiceAccount
metadata: {name: rights, namespace: dev}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: rights, namespace: dev}
rules:
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}
- {apiGroups: [""], resources: [configmaps, pods], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rights, namespace: dev}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: rights}
subjects: [{kind: ServiceAccount, name: rights, namespace: dev}]
`))
	checked(t, app)
	m := town(t, "rights", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	binding := read(t, at(&rbacv1.RoleBinding{}, ns, "rights"))
	if len(binding.Subjects) != 1 || binding.Subjects[0].Namespace != "" && binding.Subjects[0].Namespace != ns {
		t.Errorf("subjects %+v", binding.Subjects)
	}
}

func TestARequestAboveTheDefaultLimitCanStart(t *testing.T) {
	parallel(t)
	app := sells(t, unique("large"), only(strings.Replace(workload("large", ""), "image: example.org/web:1", "image: example.org/web:1, resources: {requests: {memory: 1Gi}}", 1)))
	versionOf(t, app.Name, func(v v1alpha1.VersionStatus) error {
		return holds(strings.Join(v.Adjusted, ";"), "the limit of memory is as high as the request")
	})
	m := town(t, "large", adopts(app.Name))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
	limits := read(t, at(&appsv1.Deployment{}, m.Name+"-prod", "large")).Spec.Template.Spec.Containers[0].Resources.Limits
	if memory := limits[corev1.ResourceMemory]; memory.Cmp(resource.MustParse("1Gi")) != 0 {
		t.Errorf("limits %v", limits)
	}
}
