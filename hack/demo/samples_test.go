package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const root = "../../"

// TestVersionsHaveTheirBundles reads the samples as `kubectl apply -k` would, and
// compares what the apps offer with the ConfigMaps that carry it.
func TestVersionsHaveTheirBundles(t *testing.T) {
	objects, err := build(root + appsFolder)
	if err != nil {
		t.Fatal(err)
	}
	bundles := map[string]bool{}
	for _, object := range objects {
		if object.GetKind() == "ConfigMap" {
			bundles[object.GetName()] = true
			compareWithFolder(t, object)
		}
	}
	for _, object := range objects {
		if object.GetKind() != "SharedApp" {
			continue
		}
		var app v1alpha1.SharedApp
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &app, true); err != nil {
			t.Errorf("%s: %v", object.GetName(), err)
		}
		for _, version := range app.Spec.Versions {
			name := version.Source.ConfigMap.Name
			if name != app.Name+"-"+version.Version || !bundles[name] {
				t.Errorf("%s %s: source %q is no ConfigMap of the samples, or is named after another version", app.Name, version.Version, name)
			}
			delete(bundles, name)
		}
	}
	for name := range bundles {
		t.Errorf("bundle %s is offered by no app", name)
	}
}

// compareWithFolder fails when the ConfigMap does not hold each file of the
// version's folder: a file that kustomization.yaml forgets would be missed only
// at install.
func compareWithFolder(t *testing.T, bundle *unstructured.Unstructured) {
	t.Helper()
	data, _, err := unstructured.NestedStringMap(bundle.Object, "data")
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(bundle.GetName(), "-")
	folder := filepath.Join(root+appsFolder, bundle.GetName()[:at], bundle.GetName()[at+1:])
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want[file.Name()] = string(content)
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Errorf("%s differs from its folder (-folder +ConfigMap):\n%s", bundle.GetName(), diff)
	}
}

// TestBundlesAreFitForTenants builds each version and checks its pods against
// the Pod Security level of the namespaces, and all stable ones together against
// the quota of the smallest size class, with the extra pod of a rolling update.
func TestBundlesAreFitForTenants(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	folders, err := filepath.Glob(root + appsFolder + "/*/*/kustomization.yaml")
	if err != nil || len(folders) < 7 {
		t.Fatalf("found %d bundles: %v", len(folders), err)
	}
	greatest := map[string]corev1.ResourceList{}
	for _, file := range folders {
		folder := filepath.Dir(file)
		objects, err := build(folder)
		if err != nil {
			t.Errorf("%s: %v", folder, err)
			continue
		}
		if len(objects) < 3 || len(objects) > 6 {
			t.Errorf("%s: builds to %d objects, want 3 to 6", folder, len(objects))
		}
		for _, object := range objects {
			if object.GetNamespace() != "" {
				t.Errorf("%s: %s %s has a namespace", folder, object.GetKind(), object.GetName())
			}
			if object.GetName() == "allmenning-context" {
				t.Errorf("%s: the context itself would be installed", folder)
			}
			pod := podOf(t, object)
			if pod == nil {
				continue
			}
			result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
			if !result.Allowed {
				t.Errorf("%s: %s %s: %s", folder, object.GetKind(), object.GetName(), result.ForbiddenDetail())
			}
			greatest[filepath.Dir(folder)] = needs(pod.Spec)
		}
	}
	cpu, memory := resource.Quantity{}, resource.Quantity{}
	for _, need := range greatest {
		cpu.Add(*need.Cpu())
		cpu.Add(*need.Cpu())
		memory.Add(*need.Memory())
		memory.Add(*need.Memory())
	}
	if cpu.Cmp(resource.MustParse("4")) > 0 || memory.Cmp(resource.MustParse("8Gi")) > 0 {
		t.Errorf("five apps with two pods each need %s CPUs and %s of memory, a small tenant has 4 and 8Gi", cpu.String(), memory.String())
	}
}

// podOf returns the pod template of a workload, or nil for other kinds.
func podOf(t *testing.T, object *unstructured.Unstructured) *corev1.PodTemplateSpec {
	t.Helper()
	content, err := yaml.Marshal(object.Object)
	if err != nil {
		t.Fatal(err)
	}
	switch object.GetKind() {
	case "Deployment":
		var workload appsv1.Deployment
		if err := yaml.UnmarshalStrict(content, &workload); err != nil {
			t.Fatal(err)
		}
		return &workload.Spec.Template
	case "StatefulSet":
		var workload appsv1.StatefulSet
		if err := yaml.UnmarshalStrict(content, &workload); err != nil {
			t.Fatal(err)
		}
		return &workload.Spec.Template
	}
	return nil
}

// needs are the CPU requests and the memory limits of a pod's containers.
func needs(pod corev1.PodSpec) corev1.ResourceList {
	cpu, memory := resource.Quantity{}, resource.Quantity{}
	for _, container := range pod.Containers {
		cpu.Add(*container.Resources.Requests.Cpu())
		memory.Add(*container.Resources.Limits.Memory())
	}
	return corev1.ResourceList{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory}
}

// TestContextReachesTheObjects overwrites the context as the operator does, and
// looks for each value where it must arrive.
func TestContextReachesTheObjects(t *testing.T) {
	cases := []struct {
		reason, bundle string
		context        map[string]string
		want           []string
	}{
		{
			"facts and a parameter in the environment of a container, a number with a leading zero as text",
			"svarut/2.5.0",
			map[string]string{"number": "0301", "displayName": "Oslo", "stage": "Production", "parameter_sender": "Oslo kommune", "parameter_deliveryReceipts": "false"},
			[]string{`value: "0301"`, "value: Oslo\n", "value: Production", "value: Oslo kommune", `value: "false"`},
		},
		{
			"a number where a number belongs",
			"id-gateway/1.3.0",
			map[string]string{"parameter_replicas": "2", "parameter_sessionMinutes": "45"},
			[]string{"replicas: 2\n", `value: "45"`},
		},
		{
			"a host name from three values, and parameters of an object",
			"innbyggerportal/3.1.0",
			map[string]string{"environment": "prod", "domain": "vinje.kommune.no", "parameter_contact_email": "post@vinje.kommune.no"},
			[]string{"host: minside.prod.vinje.kommune.no", "- minside.prod.vinje.kommune.no", "value: post@vinje.kommune.no"},
		},
		{
			"a text of digits stays a text",
			"helsemelding/1.8.2",
			map[string]string{"parameter_herId": "8142519"},
			[]string{`value: "8142519"`},
		},
		{
			"a stateful app",
			"saksarkiv/5.0.3",
			map[string]string{"displayName": "Ås", "parameter_retentionYears": "25"},
			[]string{"value: Ås", `value: "25"`},
		},
	}
	for _, c := range cases {
		folder := copyBundle(t, root+appsFolder+"/"+c.bundle, c.context)
		objects, err := build(folder)
		if err != nil {
			t.Errorf("%s: %s: %v", c.reason, c.bundle, err)
			continue
		}
		var text strings.Builder
		for _, object := range objects {
			content, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			text.Write(content)
		}
		for _, want := range c.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: %s lacks %q:\n%s", c.reason, c.bundle, want, text.String())
			}
		}
	}
}

// copyBundle copies a bundle with some values of its context changed.
func copyBundle(t *testing.T, from string, values map[string]string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to, "allmenning-context.yaml")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var context corev1.ConfigMap
	if err := yaml.UnmarshalStrict(content, &context); err != nil {
		t.Fatal(err)
	}
	for key, value := range values {
		if _, known := context.Data[key]; !known {
			t.Fatalf("%s does not show %q", path, key)
		}
		context.Data[key] = value
	}
	if content, err = yaml.Marshal(context); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestScenariosAreWhole loads what each scenario applies, strictly, and checks
// that it names nothing that is not there.
func TestScenariosAreWhole(t *testing.T) {
	t.Chdir(root)
	want := map[string]int{"norway": 357, "vest-telemark": 6}
	for name, chosen := range scenarios() {
		all, err := loadManifests(chosen)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := len(all.municipalities); got != want[name] {
			t.Errorf("%s: got %d municipalities, want %d", name, got, want[name])
		}
		checkNames(t, name, all)
	}
}

func checkNames(t *testing.T, scenario string, all manifests) {
	t.Helper()
	known := map[string]bool{}
	for _, object := range append(all.apps, all.tenants...) {
		known[object.GetKind()+" "+object.GetName()] = true
	}
	mustKnow := func(who, what string) {
		if !known[what] {
			t.Errorf("%s: %s names %s, which is not there", scenario, who, what)
		}
	}
	for _, object := range all.strict { // networks as they are in the samples, but for the time that passes
		if object.GetKind() != "Network" {
			continue
		}
		var network v1alpha1.Network
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &network, true); err != nil {
			t.Errorf("%s: %v", scenario, err)
		}
		for _, app := range network.Spec.Apps {
			mustKnow(network.Name, "SharedApp "+app.Name)
		}
		for _, member := range network.Spec.Members.Names {
			mustKnow(network.Name, "Municipality "+member)
		}
		for _, wave := range network.Spec.Rollout.Waves {
			if wave.Members == nil {
				continue
			}
			for _, member := range wave.Members.Names {
				mustKnow("wave "+wave.Name+" of "+network.Name, "Municipality "+member)
			}
		}
	}
	for _, m := range all.municipalities {
		for _, app := range m.Spec.Apps {
			mustKnow(m.Name, "SharedApp "+app.Name)
			if app.Network != "" {
				mustKnow(m.Name, "Network "+app.Network)
			}
		}
	}
}

// TestSmallSamplesBuild checks the samples of the README: one of each kind, and a
// bundle that builds from the ConfigMap alone.
func TestSmallSamplesBuild(t *testing.T) {
	objects, err := build(root + "config/samples")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, object := range objects {
		kinds = append(kinds, object.GetKind())
		if object.GetKind() != "ConfigMap" {
			continue
		}
		if built := buildConfigMap(t, object); len(built) != 2 {
			t.Errorf("the bundle of the small sample builds to %d objects, want 2", len(built))
		}
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"ConfigMap", "ConfigMap", "Municipality", "Network", "Platform", "SharedApp"}, kinds); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}
