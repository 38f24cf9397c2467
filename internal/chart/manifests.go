package chart

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	helm "helm.sh/helm/v4/pkg/chart/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/contract"
)

// Object is one object of a chart.
type Object struct {
	*unstructured.Unstructured

	// File is the template that it comes from, within the bundle.
	File string
}

// assemble reads what the templates came to as objects, with their hooks as phases.
func assemble(c *helm.Chart, texts map[string]string, f Facts) (Rendered, []contract.Finding) {
	sources := map[string][]byte{}
	files := map[string]string{}
	each(c, func(c *helm.Chart) {
		for _, t := range c.Templates {
			name := path.Join(c.ChartFullPath(), t.Name)
			files[name], sources[pathOf(c)+t.Name] = pathOf(c)+t.Name, t.Data
		}
	})
	var objects []Object
	var found []contract.Finding
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parsed, err := documents(texts[name])
		if err != nil {
			found = append(found, fault(files[name], 0, "what it comes to is no manifest: "+oneLine(err.Error()), "look at it with kubectl allmenning bundle render, or helm template"))
			continue
		}
		for _, o := range parsed {
			objects = append(objects, Object{o, files[name]})
		}
	}
	if len(objects) > contract.MaxObjects {
		found = append(found, fault(File, 0, fmt.Sprintf("the chart comes to %d objects, at most %d are allowed", len(objects), contract.MaxObjects), "split the app"))
	}
	if len(found) > 0 {
		return Rendered{}, found
	}
	h := hooks{sources: sources, version: f.Version}
	out := Rendered{Objects: h.phases(objects)}
	out.Adjusted = h.adjusted
	if len(out.Objects) == 0 && len(h.found) == 0 {
		h.found = append(h.found, fault(File, 1, "the chart comes to no objects with these values", "enable what it installs in chart.values"))
	}
	h.found = append(h.found, twice(out.Objects)...)
	for _, o := range out.Objects {
		if o.GetNamespace() == f.Namespace {
			unstructured.RemoveNestedField(o.Object, "metadata", "namespace") // each goes there
		}
	}
	return out, h.found
}

// documents reads those of a template, and the items of lists, as kubectl does.
func documents(text string) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		written, err := yaml.YAMLToJSON(document)
		if err != nil {
			return nil, err
		}
		if string(written) == "null" {
			continue // comments alone
		}
		var content map[string]any
		if err := yaml.Unmarshal(document, &content); err != nil {
			return nil, errors.New("a document is no object with fields")
		}
		if content["apiVersion"] == nil || content["kind"] == nil {
			return nil, errors.New("a document has no apiVersion, or no kind")
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(written); err != nil {
			return nil, err
		}
		if all, err = flatten(all, o); err != nil {
			return nil, err
		}
	}
}

// flatten adds an object, or the items of a list.
func flatten(all []*unstructured.Unstructured, o *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if !o.IsList() {
		if o.GetName() == "" {
			return nil, fmt.Errorf("a %s has no metadata.name", o.GetKind())
		}
		return append(all, o), nil
	}
	list, err := o.ToList()
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		if all, err = flatten(all, &list.Items[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// twice are the objects that are there more than once.
func twice(objects []Object) []contract.Finding {
	seen := map[string]string{}
	var found []contract.Finding
	for _, o := range objects {
		key := o.GroupVersionKind().Group + "/" + contract.Name(o.Unstructured)
		if first, there := seen[key]; there {
			f := fault(o.File, 0, fmt.Sprintf("the object is there twice, from %s as well", first), "give one of them another name")
			f.Object = contract.Name(o.Unstructured)
			found = append(found, f)
			continue
		}
		seen[key] = o.File
	}
	return found
}
