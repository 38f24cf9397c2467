package argocd_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/test/argocd"
)

// healthTests is a health_test.yaml in the form of the Argo CD project.
type healthTests struct {
	Tests []struct {
		HealthStatus argocd.Health `json:"healthStatus"`
		InputPath    string        `json:"inputPath"`
	} `json:"tests"`
}

// actionTests is an action_test.yaml in the form of the Argo CD project.
type actionTests struct {
	DiscoveryTests []struct {
		InputPath string `json:"inputPath"`
		Result    []struct {
			Name     string `json:"name"`
			Disabled bool   `json:"disabled"`
		} `json:"result"`
	} `json:"discoveryTests"`
	ActionTests []struct {
		Action             string `json:"action"`
		InputPath          string `json:"inputPath"`
		ExpectedOutputPath string `json:"expectedOutputPath"`
	} `json:"actionTests"`
}

// decode reads a file of YAML; what it does not know is an error.
func decode[T any](t *testing.T, file string) T {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var into T
	if err := yaml.UnmarshalStrict(raw, &into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return into
}

// strictly reads an object as its kind has it: a field that it has not is an error.
func strictly(t *testing.T, file string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	if _, _, err := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer().Decode(raw, nil, nil); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}

func kindOf(object map[string]any) string {
	return (&unstructured.Unstructured{Object: object}).GetKind()
}

// TestHealth gives each file of testdata the health that health_test.yaml says, and the library of kstatus agrees.
func TestHealth(t *testing.T) {
	tests := decode[healthTests](t, argocd.Customizations+"/_/health_test.yaml")
	seen := map[string][]string{}
	for _, tc := range tests.Tests {
		t.Run(tc.InputPath, func(t *testing.T) {
			file := filepath.Join(argocd.Customizations, "_", tc.InputPath)
			strictly(t, file)
			object := decode[map[string]any](t, file)
			got, err := argocd.HealthOf(t.Context(), argocd.HealthScript, object)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.HealthStatus, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			seen[kindOf(object)] = append(seen[kindOf(object)], got.Status)
			computed, err := status.Compute(whole(t, object))
			if err != nil {
				t.Fatal(err)
			}
			if want := argocd.OfKstatus(computed.Status); want != got.Status && got.Status != "Suspended" && !ended(object) {
				t.Errorf("kstatus says %s: %s", computed.Status, computed.Message)
			}
		})
	}
	for kind := range definitions(t) {
		for _, health := range []string{"Healthy", "Progressing", "Degraded", "Suspended"} {
			if !slices.Contains(seen[kind], health) && (kind != "Rollout" || health != "Suspended") {
				t.Errorf("no %s is %s in testdata", kind, health)
			}
		}
	}
}

// ended says whether an object is a Rollout that ended before it completed: kstatus knows no such record.
func ended(object map[string]any) bool {
	phase, _, _ := unstructured.NestedString(object, "status", "phase")
	return phase == "Superseded" || phase == "Withdrawn"
}

// whole gives the numbers of an object the type that they have in Kubernetes.
func whole(t *testing.T, object map[string]any) *unstructured.Unstructured {
	t.Helper()
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return u
}

// definitions are the definitions of all kinds, by kind.
func definitions(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../config/crd/bases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	all := map[string]string{}
	for _, file := range files {
		kind, found, err := unstructured.NestedString(decode[map[string]any](t, file), "spec", "names", "kind")
		if err != nil || !found {
			t.Fatal(file, err)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[kind] = string(raw)
	}
	return all
}

// TestActions runs each action_test.yaml, and each kind that can be paused has one.
func TestActions(t *testing.T) {
	files, err := filepath.Glob(argocd.Customizations + "/*/actions/action_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		folder := filepath.Dir(file)
		kind := filepath.Base(filepath.Dir(folder))
		found = append(found, kind)
		tests := decode[actionTests](t, file)
		for _, tc := range tests.DiscoveryTests {
			t.Run(kind+" "+tc.InputPath, func(t *testing.T) {
				object := decode[map[string]any](t, filepath.Join(folder, tc.InputPath))
				got, err := argocd.ActionsOf(t.Context(), filepath.Join(folder, "discovery.lua"), object)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]argocd.Action{}
				for _, r := range tc.Result {
					want[r.Name] = argocd.Action{Disabled: r.Disabled}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if kindOf(object) != kind {
					t.Errorf("it is a %s", kindOf(object))
				}
			})
		}
		for _, tc := range tests.ActionTests {
			t.Run(kind+" "+tc.Action, func(t *testing.T) {
				got, err := argocd.Act(t.Context(), filepath.Join(folder, tc.Action, "action.lua"), decode[map[string]any](t, filepath.Join(folder, tc.InputPath)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(decode[map[string]any](t, filepath.Join(folder, tc.ExpectedOutputPath)), got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
	for kind, definition := range definitions(t) {
		if canPause := strings.Contains(definition, "\n              pause:\n"); canPause != slices.Contains(found, kind) {
			t.Errorf("%s can be paused: %v, and has actions: %v", kind, canPause, !canPause)
		}
	}
}
