package chart_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	helm "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// folder is the chart's.
const folder = "../../charts/allmenning"

// load reads the chart as Helm does.
func load(t *testing.T) *helm.Chart {
	t.Helper()
	chart, err := loader.LoadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// render returns the templates' output, by file, for values in YAML. The error is Helm's: of the schema, or of a template.
func render(chart *helm.Chart, namespace, values string, apis ...string) (map[string]string, error) {
	var given map[string]any
	if err := yaml.Unmarshal([]byte(values), &given); err != nil {
		return nil, fmt.Errorf("values of the test: %w", err)
	}
	capabilities := *common.DefaultCapabilities
	capabilities.APIVersions = append(append(common.VersionSet{}, capabilities.APIVersions...), apis...)
	release := common.ReleaseOptions{Name: "allmenning", Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, given, release, &capabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

// objectsOf reads the objects of all files, by kind, namespace and name.
func objectsOf(t *testing.T, files map[string]string) map[string]*unstructured.Unstructured {
	t.Helper()
	objects := map[string]*unstructured.Unstructured{}
	for file, text := range files {
		if path.Ext(file) != ".yaml" {
			continue
		}
		for _, o := range read(t, file, text) {
			if objects[idOf(o)] != nil {
				t.Errorf("%s: %s is there twice", file, idOf(o))
			}
			objects[idOf(o)] = o
		}
	}
	return objects
}

func read(t *testing.T, file, text string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(text)), 1<<16)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", file, err, text)
		}
		if len(o.Object) > 0 {
			objects = append(objects, o)
		}
	}
}

func idOf(o *unstructured.Unstructured) string {
	return strings.Trim(o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName(), "/")
}

// withoutMarksOfHelm takes away what says which release an object belongs to, and whether it stays.
func withoutMarksOfHelm(o *unstructured.Unstructured) {
	labels := o.GetLabels()
	maps.DeleteFunc(labels, func(key, _ string) bool {
		return key == "helm.sh/chart" || strings.HasPrefix(key, "app.kubernetes.io/")
	})
	if len(labels) == 0 {
		labels = nil
	}
	o.SetLabels(labels)

	annotations := o.GetAnnotations()
	delete(annotations, "helm.sh/resource-policy")
	if len(annotations) == 0 {
		annotations = nil
	}
	o.SetAnnotations(annotations)
}
