package behaviour_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// plantedIn are places where a bundle puts a Secret's value, though it shouldn't: the API server, or a check,
// refuses the value there and quotes it. Each sample value is fine.
var plantedIn = []struct{ name, sample, object, target string }{
	{"label", "ok", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP, labels: {team: x}}\n", "metadata.labels.team"},
	{"port", "http", "apiVersion: v1\nkind: Service\nmetadata: {name: APP}\nspec: {selector: {a: b}, ports: [{name: x, port: 80}]}\n", "spec.ports.0.name"},
	{"schedule", "0 4 * * *", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: APP}\nspec: {schedule: x, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, " +
		"securityContext: {runAsNonRoot: true}, containers: [{name: a, image: example.org/a}]}}}}}\n", "spec.schedule"},
	{"env", "A", plantedDeployment, "spec.template.spec.containers.0.env.0.name"},
	{"mount", "/data", plantedDeployment, "spec.template.spec.containers.0.volumeMounts.0.mountPath"},
	{"memory", "32Mi", plantedDeployment, "spec.template.spec.containers.0.resources.requests.memory"},
	{"strategy", "Recreate", plantedDeployment, "spec.strategy.type"},
	{"claim", "1Gi", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: APP}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: x}}}\n",
		"spec.resources.requests.storage"},
	{"name", "fine", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: APP}\n", "metadata.name"},
	{"claim-mode", "ReadWriteOnce", "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: APP}\nspec: {accessModes: [x], resources: {requests: {storage: 1Gi}}}\n",
		"spec.accessModes.0"},
}

const plantedDeployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: APP}
spec:
  replicas: 0
  strategy: {type: Recreate}
  selector: {matchLabels: {a: APP}}
  template:
    metadata: {labels: {a: APP}}
    spec:
      securityContext: {runAsNonRoot: true}
      volumes: [{name: v, emptyDir: {}}]
      containers:
      - name: a
        image: example.org/a
        env: [{name: A, value: b}]
        volumeMounts: [{name: v, mountPath: /data}]
        resources: {requests: {memory: 32Mi, cpu: 10m}}
`

// planted are the shapes that a secret has; %s is what is its own.
var planted = []struct{ reason, shape string }{
	{"a word", "Correct_%s:Horse"},
	{"quotes", `pass"%s"word'`},
	{"backslashes", `C:\%s\users\%[1]s`},
	{"lines", "-----BEGIN %s-----\nMIIE%[1]sabc\n-----END-----\n"},
	{"letters of the north", "blåbærsyltetøy-%s-æøå"},
	{"as in a URL", "https://user:%s@db.example.org/?a=b&c=%%20d"},
	{"as in JSON", `{"password":"%s","user":"sa"}`},
	{"as in YAML", "password: %s # not a comment\n"},
	{"longer than any message", strings.Repeat("0123456789ABCDEF_%[1]s_", 60)},
	{"a tab and a bell", "tab\t%s\abell"},
}

// buffer is a writer for many.
type buffer struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (b *buffer) write(prefix, args string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.text.WriteString(prefix + args + "\n")
}

func (b *buffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.text.String()
}

// TestPlantedSecrets puts more than a hundred secrets where they are refused, and looks for them in all that the operator
// writes: statuses, events and log lines.
func TestPlantedSecrets(t *testing.T) {
	log := &buffer{}
	o, err := launch(funcr.New(log.write, funcr.Options{Verbosity: 2}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Stop)

	var apps []*v1alpha1.SharedApp
	for _, place := range plantedIn {
		app := unique("planted-" + place.name)
		apps = append(apps, publish(t, app, func(app *v1alpha1.SharedApp) {
			app.Spec.Versions[0].Parameters.OpenAPIV3Schema = apiextensionsv1.JSON{Raw: fmt.Appendf(nil, `{"type":"object","properties":{"secret":{"type":"string","default":%q}}}`, place.sample)}
		}, map[string]string{
			"allmenning-context.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: allmenning-context, annotations: {config.kubernetes.io/local-config: \"true\"}}\n" +
				fmt.Sprintf("data: {parameter_secret: %q}\n", place.sample),
			"object.yaml": strings.ReplaceAll(place.object, "APP", app),
			"kustomization.yaml": "resources: [allmenning-context.yaml, object.yaml]\nreplacements:\n- source: {kind: ConfigMap, name: allmenning-context, fieldPath: data.parameter_secret}\n" +
				fmt.Sprintf("  targets: [{select: {name: %s}, fieldPaths: [%s]}]\n", app, place.target),
		}))
	}

	for _, place := range plantedInCharts {
		apps = append(apps, publishCharts(t, unique("planted-"+place.name), place.sample, "", map[string]string{"templates/object.yaml": place.template}))
	}
	fixed := publishCharts(t, unique("planted-fixed"), "none", "made", plantedJob("1"), plantedJob("2"))

	secrets := map[string][]string{} // the marks that none may show, by namespace and app
	var towns []*v1alpha1.Municipality
	for n, shape := range planted {
		var changes []func(*v1alpha1.Municipality)
		for _, app := range append(slices.Clone(apps), fixed) {
			changes = append(changes, adopts(app.Name, func(d *v1alpha1.AppDecision) {
				d.ParametersFrom = []v1alpha1.ParametersSource{{SecretRef: v1alpha1.LocalReference{Name: "secret-" + app.Name}}}
			}))
		}
		m := town(t, "planted", changes...)
		towns = append(towns, m)
		t.Cleanup(func() { remove(t, m) })
		ns := m.Name + "-prod"
		standing(t, m)
		for k, app := range append(slices.Clone(apps), fixed) {
			mark := fmt.Sprintf("Zq%dX%dVw", n, k)
			secrets[ns+"/"+app.Name] = changed(mark)
			put(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "secret-" + app.Name}, Data: map[string][]byte{"secret": fmt.Appendf(nil, shape.shape, mark)}})
		}
	}
	changesWhatCannot(t, fixed, towns, secrets)

	refused := 0
	for _, app := range apps {
		var all v1alpha1.AppInstallationList
		eventually(t, app.Name+" is refused or runs everywhere", func(ctx context.Context) error {
			if err := admin.List(ctx, &all); err != nil {
				return err
			}
			for _, i := range all.Items {
				ready := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
				if i.Spec.App == app.Name && (ready == nil || ready.Reason == v1alpha1.ReasonSecretMissing || ready.Reason == "Progressing" || ready.Reason == v1alpha1.ReasonEnvironmentNotReady) {
					return fmt.Errorf("%s/%s: %+v", i.Namespace, i.Name, ready)
				}
			}
			return nil
		})
		for _, i := range all.Items {
			if i.Spec.App == app.Name && meta.IsStatusConditionTrue(i.Status.Conditions, v1alpha1.ConditionStalled) {
				refused++
				t.Logf("%s: %s", i.Namespace, meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady).Message)
			}
		}
	}
	if asked := len(apps) * len(towns); refused < asked*3/4 {
		t.Errorf("%d of %d are refused: the others show nothing", refused, asked)
	}

	for where, text := range written(t, log) {
		for of, marks := range secrets {
			for _, mark := range marks {
				if at := strings.Index(text, mark); at >= 0 {
					t.Errorf("%s shows %q of the secret of %s: %q", where, mark, of, text[max(0, at-200):min(len(text), at+200)])
				}
			}
		}
	}
}

// written is what the operator wrote for people to read, as plain text and as it is encoded.
func written(t *testing.T, log *buffer) map[string]string {
	t.Helper()
	texts := map[string]string{"the log": log.String()}
	for _, list := range []client.ObjectList{&v1alpha1.AppInstallationList{}, &v1alpha1.MunicipalityList{}, &v1alpha1.SharedAppList{}, &v1alpha1.RolloutList{}, &v1alpha1.NetworkList{}, &v1alpha1.PlatformList{}, &corev1.EventList{}} {
		if err := admin.List(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			o, ok := item.(client.Object)
			if !ok {
				t.Fatalf("%T is no object", item)
			}
			var encoded bytes.Buffer
			encoder := json.NewEncoder(&encoded)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(item); err != nil {
				t.Fatal(err)
			}
			texts[fmt.Sprintf("%T %s/%s", item, o.GetNamespace(), o.GetName())] = encoded.String()
		}
	}
	return texts
}
