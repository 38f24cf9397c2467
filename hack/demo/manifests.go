package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// manifests are what the demo applies, in this order.
type manifests struct {
	platform       []*unstructured.Unstructured // config/default
	settings       []*unstructured.Unstructured // the Platform
	apps           []*unstructured.Unstructured // SharedApps and their bundles, the bad version's too
	tenants        []*unstructured.Unstructured // networks and municipalities
	strict         []*unstructured.Unstructured // Platform and networks again, with their waves and a short deadline for pilots
	patient        []*unstructured.Unstructured // the same, with a long one
	municipalities []v1alpha1.Municipality      // those of the tenants
}

// loadManifests reads everything before anything is started, so that a broken
// file costs seconds.
func loadManifests(chosen scenario) (manifests, error) {
	var all manifests
	var err error
	if all.platform, err = build(defaultFolder); err != nil {
		return all, err
	}
	if all.settings, err = readFile(platformFile); err != nil {
		return all, err
	}
	if all.apps, err = build(appsFolder); err != nil {
		return all, err
	}
	if all.apps, err = withBroken(all.apps, chosen.bad.app, chosen.bad.from, chosen.bad.to); err != nil {
		return all, err
	}
	if all.tenants, err = build(chosen.folder); err != nil {
		return all, err
	}
	if all.municipalities, err = municipalitiesOf(all.tenants); err != nil {
		return all, err
	}
	err = all.split()
	return all, err
}

// split takes the strategies out of what is applied first: the country comes to where it is
// at once, and moves in waves from then on.
func (m *manifests) split() error {
	var err error
	everything := slices.Concat(m.settings, m.tenants)
	if m.strict, err = hurried(everything, shortDeadline); err != nil {
		return err
	}
	if m.patient, err = hurried(everything, longDeadline); err != nil {
		return err
	}
	if m.settings, err = withoutStrategies(m.settings); err != nil {
		return err
	}
	m.tenants, err = withoutStrategies(m.tenants)
	return err
}

// build does what `kubectl kustomize` does.
func build(folder string) ([]*unstructured.Unstructured, error) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, fmt.Errorf("building %s: %w", folder, err)
	}
	objects := make([]*unstructured.Unstructured, 0, built.Size())
	for _, resource := range built.Resources() {
		content, err := resource.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("building %s: %w", folder, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return nil, fmt.Errorf("building %s: %w", folder, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// readFile reads the objects of one YAML file.
func readFile(path string) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a sample: %w", err)
	}
	var objects []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096); ; {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		objects = append(objects, object)
	}
}

// municipalitiesOf decodes the Municipalities among the objects, strictly.
func municipalitiesOf(objects []*unstructured.Unstructured) ([]v1alpha1.Municipality, error) {
	var found []v1alpha1.Municipality
	for _, object := range objects {
		if object.GetKind() != "Municipality" {
			continue
		}
		var m v1alpha1.Municipality
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, &m, true); err != nil {
			return nil, fmt.Errorf("reading municipality %s: %w", object.GetName(), err)
		}
		found = append(found, m)
	}
	return found, nil
}
