package behaviour_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// only is a bundle of one file beside the usual context.
func only(content string) map[string]string {
	return map[string]string{"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": content}
}

// pod is the spec of a pod that keeps the restricted standard, of which nothing else is known.
const pod = "{securityContext: {runAsNonRoot: true}, containers: [{name: web, image: example.org/web:1}]}"

// workload is a Deployment without pods, so that it is ready where no node is.
func workload(name, more string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %[1]s}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: %[1]s}}\n  template:\n    metadata: {labels: {app: %[1]s}}\n    spec: %[2]s\n%[3]s", name, pod, more)
}

// versionOf returns what the catalogue says of version 1.0.0.
func versionOf(t *testing.T, app string, check func(v1alpha1.VersionStatus) error) v1alpha1.VersionStatus {
	t.Helper()
	var found v1alpha1.VersionStatus
	until(t, "the catalogue has looked at "+app, at(&v1alpha1.SharedApp{}, "", app), func(a *v1alpha1.SharedApp) error {
		if len(a.Status.Versions) == 0 {
			return errors.New("no status")
		}
		found = a.Status.Versions[0]
		return check(found)
	})
	return found
}

func refusedWith(parts ...string) func(v1alpha1.VersionStatus) error {
	return func(v v1alpha1.VersionStatus) error {
		if v.Available {
			return errors.New("it is available")
		}
		return holds(v.Message, parts...)
	}
}

// sells offers an app of one bundle, without waiting for what the catalogue says.
func sells(t *testing.T, name string, files map[string]string, change ...func(*v1alpha1.SharedApp)) *v1alpha1.SharedApp {
	t.Helper()
	put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: operatorNamespace}, Data: files})
	app := &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SharedAppSpec{
		DisplayName: name, Channels: []v1alpha1.Channel{{Name: v1alpha1.DefaultChannel, Version: "1.0.0"}},
		Versions: []v1alpha1.Version{{Version: "1.0.0", Source: fromConfigMap(name)}},
	}}
	for _, c := range change {
		c(app)
	}
	return put(t, app)
}

func TestTheAPIServerIsAskedBeforeAVersionIsAvailable(t *testing.T) {
	parallel(t)
	for _, tc := range []struct {
		reason, object string
		want           []string
	}{
		{"a variable twice", workload("web", "") + "---\n" + strings.Replace(workload("dup", ""), "image: example.org/web:1", "image: example.org/web:1, env: [{name: A, value: '1'}, {name: A, value: '2'}]", 1),
			[]string{"Deployment/dup: spec.template.spec.containers[0].env[1].name: A is in"}},
		{"an image without a name, and a label that is too long, at once", strings.Replace(workload("web", ""), "example.org/web:1", "''", 1) + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, labels: {a: " + strings.Repeat("x", 70) + "}}\n",
			[]string{"2 things are wrong", "Deployment/web: spec.template.spec.containers[0].image: it is missing", "ConfigMap/c: metadata.labels.a"}},
		{"a host in upper case", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: WEB.eksempel.kommune.no, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}\n",
			[]string{"Ingress/i: the API server refuses it", "spec.rules[0].host"}},
		{"a number where a text belongs", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: 0123}\n", []string{"ConfigMap/c: data.a: it is a number, and must be text"}},
		{"a field that there is not, in plain words", strings.Replace(workload("web", ""), "replicas:", "replics: 1\n  replicas:", 1) + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndat: {a: b}\n",
			[]string{"ConfigMap/c: dat: Kubernetes has no such field here, and refuses the object; write data"}},
		{"a value that only the API server knows to be wrong", strings.Replace(workload("web", ""), "image: example.org/web:1", "image: example.org/web:1, imagePullPolicy: Sometimes", 1), []string{"Deployment/web: the API server refuses it", "imagePullPolicy"}},
		{"what the rules refuse is said beside", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: ClusterIP, selector: {app: a}, ports: [{port: 80, nodePort: 31000}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: UPPER}\n",
			[]string{"2 things are wrong", "Service/s: spec.ports[0].nodePort", `ConfigMap/UPPER: metadata.name: "UPPER" can't be the name`}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			app := sells(t, unique("tried"), only(tc.object))
			versionOf(t, app.Name, refusedWith(tc.want...))
		})
	}
}

func TestWhatWasMadeToFitIsSaid(t *testing.T) {
	parallel(t)
	app := sells(t, unique("fits"), only(workload("web", "")+"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: other, uid: 11111111-1111-1111-1111-111111111111}\n"))
	versionOf(t, app.Name, func(v v1alpha1.VersionStatus) error {
		if !v.Available {
			return errors.New(v.Message)
		}
		return holds(strings.Join(v.Adjusted, "; "), "metadata.namespace other is taken off", "Deployment/web: seccompProfile RuntimeDefault is set", "ConfigMap/c: metadata.uid taken off")
	})
	m := town(t, "fits", adopts(app.Name))
	runs(t, m.Name+"-prod", app.Name, "1.0.0")
}

func TestAVersionThatWasNeverAvailableMayChangeItsSource(t *testing.T) {
	parallel(t)
	app := sells(t, unique("burnt"), only("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: NodePort}\n"))
	versionOf(t, app.Name, refusedWith("NodePort"))
	better := unique("better")
	put(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: better, Namespace: operatorNamespace}, Data: only("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n")})
	edit(t, app, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].Source = fromConfigMap(better) })
	checked(t, app)
	deniesChange(t, admin, app, func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].Source = fromConfigMap("another") }, "offer a new version")
}

func TestADeploymentOfSomebodyElsesMakingIsDrift(t *testing.T) {
	parallel(t)
	app := publish(t, unique("guard"), nil, files("guard", nil))
	m := town(t, "guard", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	web := at(&appsv1.Deployment{}, ns, "guard")
	before := read(t, web).Spec.Template.Spec
	patch := func(text string) client.Patch {
		return client.RawPatch("application/strategic-merge-patch+json", []byte(text))
	}
	for _, tc := range []struct {
		reason string
		spoil  func() error
	}{
		{"another image, by the app's own field manager", func() error {
			o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "guard", "namespace": ns},
				"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": before.Containers[0].Name, "image": "example.org/evil"}}}}}}}
			return admin.Patch(t.Context(), o, client.MergeFrom(&unstructured.Unstructured{Object: map[string]any{}}), client.FieldOwner("allmenning-app-"+app.Name))
		}},
		{"a sidecar", func() error {
			return admin.Patch(t.Context(), read(t, web), patch(`{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"example.org/evil"}]}}}}`))
		}},
		{"a command", func() error {
			return admin.Patch(t.Context(), read(t, web), patch(fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":%q,"command":["sh"]}]}}}}`, before.Containers[0].Name)))
		}},
		{"a Secret as a volume", func() error {
			return admin.Patch(t.Context(), read(t, web), patch(`{"spec":{"template":{"spec":{"volumes":[{"name":"v","secret":{"secretName":"x"}}]}}}}`))
		}},
		{"a sidecar, by an update in the name of the app's field manager", func() error {
			return admin.Patch(t.Context(), read(t, web), client.RawPatch("application/json-patch+json",
				[]byte(`[{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"sidecar","image":"example.org/evil"}}]`)), client.FieldOwner("allmenning-app-"+app.Name))
		}},
		{"another image, beside an annotation that leaves it to others", func() error {
			return admin.Patch(t.Context(), read(t, web), patch(fmt.Sprintf(`{"metadata":{"annotations":{"allmenning.dev/ignore-fields":"spec.template.spec.containers"}},
				"spec":{"template":{"spec":{"containers":[{"name":%q,"image":"example.org/evil"}]}}}}`, before.Containers[0].Name)))
		}},
		{"the image again, now that the annotation is there", func() error {
			return admin.Patch(t.Context(), read(t, web), patch(fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":%q,"image":"example.org/evil2"}]}}}}`, before.Containers[0].Name)))
		}},
		{"field ownership that was reset beside a forged annotation", func() error {
			edit(t, web, func(o *appsv1.Deployment) {
				o.ManagedFields = []metav1.ManagedFieldsEntry{{}}
				o.Annotations = map[string]string{"cache.allmenning.dev/content": "x.y"}
				o.Spec.Template.Spec.Containers[0].Image = "example.org/evil"
			})
			return nil
		}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if err := tc.spoil(); err != nil {
				t.Fatal(err)
			}
			until(t, "it is as it was", web, func(d *appsv1.Deployment) error {
				s := d.Spec.Template.Spec
				return errors.Join(expect("containers", len(s.Containers), len(before.Containers)), expect("image", s.Containers[0].Image, before.Containers[0].Image),
					expect("command", len(s.Containers[0].Command), 0), expect("volumes", len(s.Volumes), len(before.Volumes)))
			})
			runs(t, ns, app.Name, "1.0.0")
		})
	}
}

func TestAKeyThatIsDroppedFromASecretGoes(t *testing.T) {
	parallel(t)
	secret := func(keys string) map[string]string {
		return only("apiVersion: v1\nkind: Secret\nmetadata: {name: sd}\nstringData: " + keys + "\n")
	}
	app := publish(t, unique("stringdata"), func(a *v1alpha1.SharedApp) {
		for i := range a.Spec.Versions {
			a.Spec.Versions[i].Parameters = nil
		}
	}, secret("{a: one, b: two}"), secret("{a: one}"))
	m := town(t, "sd", adopts(app.Name))
	ns := m.Name + "-prod"
	runs(t, ns, app.Name, "1.0.0")
	promote(t, app, "1.1.0")
	runs(t, ns, app.Name, "1.1.0")
	sd := at(&corev1.Secret{}, ns, "sd")
	if data := read(t, sd).Data; len(data) != 1 || string(data["a"]) != "one" {
		t.Errorf("after the upgrade: %v", data)
	}
	edit(t, sd, func(s *corev1.Secret) { s.Data["a"], s.Data["c"] = []byte("evil"), []byte("more") })
	until(t, "it is put back", sd, func(s *corev1.Secret) error {
		return errors.Join(expect("a", string(s.Data["a"]), "one"), expect("keys", len(s.Data), 1))
	})
}

func TestReplicasAreLeftToTheAutoscaler(t *testing.T) {
	parallel(t)
	scaler := "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: hpa}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: hpa}, minReplicas: 2, maxReplicas: 5}\n"
	bundle := func(image string) map[string]string {
		return only(strings.Replace(workload("hpa", ""), "example.org/web:1", image, 1) + "---\n" + scaler)
	}
	app := publish(t, unique("scaled"), func(a *v1alpha1.SharedApp) { a.Spec.Versions[0].Parameters, a.Spec.Versions[1].Parameters = nil, nil }, bundle("example.org/web:1"), bundle("example.org/web:2"))
	m := town(t, "scaled", adopts(app.Name))
	ns := m.Name + "-prod"
	web := at(&appsv1.Deployment{}, ns, "hpa")
	until(t, "it is there", web, func(*appsv1.Deployment) error { return nil })
	fresh := read(t, web)
	if err := admin.SubResource("scale").Patch(t.Context(), fresh, client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"replicas":4}}`))); err != nil {
		t.Fatal(err)
	}
	promote(t, app, "1.1.0")
	until(t, "the next version is applied", web, func(d *appsv1.Deployment) error {
		return errors.Join(expect("image", d.Spec.Template.Spec.Containers[0].Image, "example.org/web:2"), expect("replicas", *d.Spec.Replicas, 4))
	})
}

func TestAJobWithATimeToLiveRunsOnce(t *testing.T) {
	parallel(t)
	app := sells(t, unique("ttl"), only("apiVersion: batch/v1\nkind: Job\nmetadata: {name: ttl}\nspec: {template: {spec: "+strings.Replace(pod, "containers:", "restartPolicy: Never, containers:", 1)+"}}\n"))
	m := town(t, "ttl", adopts(app.Name))
	ns := m.Name + "-prod"
	job := at(&batchv1.Job{}, ns, "ttl")
	until(t, "it is there", job, func(*batchv1.Job) error { return nil })
	waits(t, ns, app.Name, "Job/ttl: it has not succeeded yet")
	succeeds(t, job)
	i := runs(t, ns, app.Name, "1.0.0")
	until(t, "that is remembered", i, func(i *v1alpha1.AppInstallation) error { return expect("done", i.Status.Inventory[0].Done, true) })
	if err := admin.Delete(t.Context(), read(t, job), client.PropagationPolicy(metav1.DeletePropagationBackground)); err != nil {
		t.Fatal(err)
	}
	edit(t, i, func(i *v1alpha1.AppInstallation) { // has it looked at again
		i.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "now"}
	})
	until(t, "it was looked at again", i, func(i *v1alpha1.AppInstallation) error {
		return expect("handled", i.Status.LastHandledReconcileAt, "now")
	})
	runs(t, ns, app.Name, "1.0.0")
	gone(t, job)
}
