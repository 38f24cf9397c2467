package appinstallation

import (
	"flag"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

const digest = "sha256:24"

// world is svarut 2.4.1, which may be installed in vinje-prod and is not there yet.
func world(change ...func(*observed)) observed {
	seen := observed{
		installation: v1alpha1.AppInstallation{
			ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: "vinje-prod", UID: "i", Generation: 2},
			Spec: v1alpha1.AppInstallationSpec{App: "svarut", Version: "2.4.1", Digest: digest, State: v1alpha1.InstallationPresent,
				Tenant: v1alpha1.Tenant{Municipality: "vinje", Environment: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}},
		},
		namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "vinje-prod", Labels: map[string]string{v1alpha1.LabelMunicipality: "vinje"}}},
		municipality: &v1alpha1.Municipality{
			ObjectMeta: metav1.ObjectMeta{Name: "vinje"},
			Spec:       v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed}}},
			Status:     v1alpha1.MunicipalityStatus{Environments: []v1alpha1.EnvironmentStatus{{Name: "prod", State: v1alpha1.EnvironmentReady}}},
		},
		app: &v1alpha1.SharedApp{ObjectMeta: metav1.ObjectMeta{Name: "svarut"}, Spec: v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{{
			Version: "2.4.1",
			Parameters: &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(
				`{"type":"object","properties":{"sender":{"type":"string","maxLength":10,"default":"post"},"password":{"type":"string","maxLength":20,` +
					`"x-kubernetes-validations":[{"rule":"self.size() < 4","messageExpression":"self + ' is too long'"}]}}}`)}},
		}}}},
		bundle: &bundle.Bundle{Digest: digest, Files: map[string][]byte{
			"kustomization.yaml": []byte("resources: [web.yaml]\n"),
			"web.yaml":           []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {securityContext: {runAsNonRoot: true}, containers: [{name: web, image: web}]}}}\n"),
		}},
		dependencies: map[string]*v1alpha1.AppInstallation{},
		secrets:      map[string]map[string][]byte{},
		live:         map[ref]*unstructured.Unstructured{},
		salt:         "salt",
		roleRules:    []rbacv1.PolicyRule{{APIGroups: []string{"", "apps"}, Resources: []string{"deployments", "services"}, Verbs: []string{"create", "patch"}}},
	}
	for _, c := range change {
		c(&seen)
	}
	if seen.app != nil {
		seen.offer = catalogue.Compile(seen.app)
	}
	return seen
}

func absent(s *observed) { s.installation.Spec.State = v1alpha1.InstallationAbsent }

// configMap is an object as a build gives it: labelled as the app's.
func configMap(name, value string) *unstructured.Unstructured {
	return of(world(), "ConfigMap", name, map[string]any{"data": map[string]any{"key": value}})
}

func of(seen observed, kind, name string, content map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: content}
	o.SetAPIVersion("v1")
	o.SetKind(kind)
	o.SetName(name)
	o.SetNamespace(seen.installation.Namespace)
	o.SetLabels(ownLabels(&seen.installation))
	return o
}

// answered is an object as the API server returns it after an apply.
func answered(sent *unstructured.Unstructured) *unstructured.Unstructured {
	live := sent.DeepCopy()
	live.SetUID(types.UID("uid-of-" + refOf(sent).String()))
	live.SetManagedFields([]metav1.ManagedFieldsEntry{{
		Manager: apply.ManagerOf("svarut"), Operation: metav1.ManagedFieldsOperationApply, APIVersion: "v1", FieldsType: "FieldsV1",
		FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`),
	}})
	return live
}

// view is that of the process that the tests play.
var view = apply.NewView("allmenning-system")

// cached is an object as the cache holds it.
func cached(t testing.TB, live *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	o := live.DeepCopy()
	view.Slim(o)
	return o
}

// executed is what comes of a plan where the API server refuses nothing.
func executed(seen observed, todo planned) applied {
	done := applied{live: map[ref]*unstructured.Unstructured{}, sent: map[ref]bool{}}
	for name, o := range seen.live {
		done.live[name] = o
	}
	for _, o := range todo.objects {
		if o.send {
			done.live[o.ref], done.sent[o.ref] = answered(o.desired), true
			view.Slim(done.live[o.ref])
		}
	}
	return done
}

// next is the world after a plan: the cache has caught up, and the status is written.
func next(t testing.TB, seen observed, todo planned) observed {
	t.Helper()
	done := executed(seen, todo)
	after := seen
	after.installation.Status, _ = status(seen, todo, done, now)
	after.live = map[ref]*unstructured.Unstructured{}
	for name, o := range done.live {
		after.live[name] = cached(t, o)
	}
	for _, o := range todo.prune {
		delete(after.live, refOf(o))
	}
	return after
}

// installed is the world in which some objects were installed.
func installed(t testing.TB, objects ...*unstructured.Unstructured) observed {
	t.Helper()
	seen := world()
	todo, err := plan(seen, rendered{objects: objects})
	if err != nil {
		t.Fatal(err)
	}
	if todo.outcome != nil {
		t.Fatalf("nothing is installed: %+v", todo.outcome)
	}
	return next(t, seen, todo)
}

func sends(todo planned) []string {
	var names []string
	for _, o := range todo.objects {
		if o.send {
			names = append(names, o.String())
		}
	}
	return names
}

func prunes(todo planned) []string {
	var names []string
	for _, o := range todo.prune {
		names = append(names, refOf(o).String())
	}
	return names
}

func keeps(todo planned) []string {
	var names []string
	for _, name := range todo.kept {
		names = append(names, name.String())
	}
	return names
}

// brief is an outcome in a line, without its message.
func brief(o *condition.Outcome) string {
	if o == nil {
		return ""
	}
	return map[condition.State]string{condition.Ready: "Ready", condition.Progressing: "Progressing",
		condition.Retrying: "Retrying", condition.Stalled: "Stalled"}[o.State] + " " + o.Reason
}
