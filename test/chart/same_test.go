package chart_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// byHelm are the objects of config/ that no chart has, with the reason.
var byHelm = map[string]string{
	"Namespace /allmenning-system": "Helm creates the release's namespace, with --create-namespace, or takes one that exists",
}

// TestSameAsConfig compares the chart with config/default, object by object.
func TestSameAsConfig(t *testing.T) {
	files, err := render(load(t), "allmenning-system", `image: {tag: dev}`)
	if err != nil {
		t.Fatal(err)
	}
	got := objectsOf(t, files)
	want := configured(t)

	for id := range byHelm {
		if want[id] == nil {
			t.Errorf("config/default has no %s any longer: the exception can go", id)
		}
		delete(want, id)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("objects of config/default (-) and of the chart (+):\n%s", diff)
	}
	for id, o := range want {
		if got[id] == nil {
			continue
		}
		withoutMarksOfHelm(o)
		withoutMarksOfHelm(got[id])
		if diff := cmp.Diff(asJSON(t, o), asJSON(t, got[id])); diff != "" {
			t.Errorf("%s in config/default (-) and in the chart (+):\n%s", id, diff)
		}
	}
}

func configured(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../config/default")
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return objectsOf(t, map[string]string{"config/default.yaml": string(text)})
}

// asJSON makes numbers of one type, however they were read.
func asJSON(t *testing.T, o *unstructured.Unstructured) any {
	t.Helper()
	content, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(content, &plain); err != nil {
		t.Fatal(err)
	}
	return plain
}
