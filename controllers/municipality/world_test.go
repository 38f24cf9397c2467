package municipality

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/settings"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

// vinje has a closed environment for production and an open one for tests, and a
// supplier who may work in the latter for one more day.
func vinje(change ...func(*v1alpha1.Municipality)) v1alpha1.Municipality {
	m := v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{
			Name: "vinje", UID: "4036", Generation: 3, Labels: map[string]string{v1alpha1.LabelCounty: "40"},
			CreationTimestamp: *at(-time.Hour),
		},
		Spec: v1alpha1.MunicipalitySpec{
			Number: "4036", DisplayName: "Vinje", Inhabitants: new(int32(3800)), DeletionPolicy: v1alpha1.DeletionRetain,
			Environments: []v1alpha1.Environment{
				{Name: "prod", Stage: v1alpha1.StageProduction, Zone: v1alpha1.ZoneClosed},
				{Name: "test", Stage: v1alpha1.StageTest, Zone: v1alpha1.ZoneOpen, Quota: &v1alpha1.Quota{Pods: new(int32(7))}},
			},
			Access: []v1alpha1.Access{
				{Role: v1alpha1.AccessAdministrator, Groups: []string{"vinje-ikt"}},
				{Role: v1alpha1.AccessDeveloper, Groups: []string{"leverandor-x"}, Environments: []string{"test"}, Expires: at(24 * time.Hour)},
				{Role: v1alpha1.AccessViewer, Users: []string{"kari@vinje.kommune.no"}, Expires: at(-time.Minute)},
			},
		},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func deleting(m *v1alpha1.Municipality)     { m.DeletionTimestamp = at(-time.Second) }
func deletePolicy(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete }

// fresh is a world in which nothing of a municipality is there yet.
func fresh(m v1alpha1.Municipality) observed {
	seen := observed{municipality: m, platform: settings.WithDefaults(v1alpha1.PlatformSpec{}), environments: map[string]environment{}}
	for _, e := range m.Spec.Environments {
		seen.environments[e.Name] = environment{}
	}
	return seen
}

// settled is the world after everything that the plan for it asked for was applied,
// and the cluster has counted the quotas.
func settled(t testing.TB, m v1alpha1.Municipality) observed {
	t.Helper()
	seen := fresh(m)
	todo, err := plan(seen, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range todo.environments {
		seen.environments[e.name] = built(t, e.apply)
	}
	return seen
}

// built is an environment that consists of what was applied.
func built(t testing.TB, objects []apply.Object) environment {
	t.Helper()
	out := environment{objects: map[string]client.Object{}}
	for _, o := range objects {
		switch live := live(t, o).(type) {
		case *corev1.Namespace:
			out.namespace = live
		case *corev1.ResourceQuota:
			live.Status.Hard = live.Spec.Hard
			out.objects[key(o.Kind, o.Name)] = live
		default:
			out.objects[key(o.Kind, o.Name)] = live
		}
	}
	return out
}

// live is an object as the API server has it after it was applied, by the API
// server's own code for server-side apply. Others then change it.
func live(t testing.TB, o apply.Object, others ...func(*unstructured.Unstructured)) client.Object {
	t.Helper()
	raw, err := json.Marshal(o.Desired)
	if err != nil {
		t.Fatal(err)
	}
	sent := &unstructured.Unstructured{}
	if err := sent.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	gvk := sent.GroupVersionKind()
	manager := managedfieldstest.NewTestFieldManager(applyconfigurations.NewTypeConverter(clientscheme.Scheme), gvk)
	if err := manager.Apply(sent, apply.Owner, true); err != nil {
		t.Fatalf("apply %s %s: %v", o.Kind, o.Name, err)
	}
	for _, change := range others {
		changed, ok := manager.Live().(*unstructured.Unstructured)
		if !ok {
			t.Fatalf("live %s is a %T", o.Kind, manager.Live())
		}
		change(changed)
		if err := manager.Update(changed, "kubectl-edit"); err != nil {
			t.Fatal(err)
		}
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(manager.Live())
	if err != nil {
		t.Fatal(err)
	}
	typed, err := clientscheme.Scheme.New(gvk)
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, typed); err != nil {
		t.Fatal(err)
	}
	out, ok := typed.(client.Object)
	if !ok {
		t.Fatalf("%T is no object", typed)
	}
	return out
}

// golden compares with a file in testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); run with -update if it should change:\n%s", file, diff)
	}
}
