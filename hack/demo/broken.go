package main

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// neverReady is what the bad version adds to its kustomization: the annotation that makes
// the played nodes keep its pods not ready.
const neverReady = `[{"op": "add", "path": "/spec/template/metadata/annotations", "value": {"allmenning.dev/simulate": "never-ready"}}]`

// withBroken are the apps of the samples and one more version of one of them: a copy of the
// version it is like, but for its pods, which never get ready. It is in no channel. The
// samples themselves hold nothing that is broken.
func withBroken(apps []*unstructured.Unstructured, app, like, version string) ([]*unstructured.Unstructured, error) {
	var more []*unstructured.Unstructured
	offered := false
	for _, object := range apps {
		object = object.DeepCopy()
		switch {
		case object.GetKind() == "ConfigMap" && object.GetName() == app+"-"+like:
			broken := object.DeepCopy()
			broken.SetName(app + "-" + version)
			if err := breakPods(broken); err != nil {
				return nil, fmt.Errorf("breaking %s: %w", broken.GetName(), err)
			}
			more = append(more, broken)
		case object.GetKind() == "SharedApp" && object.GetName() == app:
			if err := offerCopy(object, like, version); err != nil {
				return nil, fmt.Errorf("offering %s %s: %w", app, version, err)
			}
			offered = true
		}
		more = append(more, object)
	}
	if !offered || len(more) == len(apps) {
		return nil, fmt.Errorf("the samples do not offer %s %s", app, like)
	}
	return more, nil
}

// breakPods patches every Deployment that the bundle builds.
func breakPods(bundle *unstructured.Unstructured) error {
	const file = "kustomization.yaml"
	content, _, err := unstructured.NestedString(bundle.Object, "data", file)
	if err != nil {
		return err
	}
	var kustomization map[string]any
	if err := yaml.Unmarshal([]byte(content), &kustomization); err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	patches, _, err := unstructured.NestedSlice(kustomization, "patches")
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	kustomization["patches"] = append(patches, map[string]any{"target": map[string]any{"kind": "Deployment"}, "patch": neverReady})
	changed, err := yaml.Marshal(kustomization)
	if err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return unstructured.SetNestedField(bundle.Object, string(changed), "data", file)
}

// offerCopy adds a version to a SharedApp, with all that is said of the one it is like.
func offerCopy(app *unstructured.Unstructured, like, version string) error {
	versions, _, err := unstructured.NestedSlice(app.Object, "spec", "versions")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(versions, func(v any) bool {
		offer, ok := v.(map[string]any)
		return ok && offer["version"] == like
	})
	if at < 0 {
		return fmt.Errorf("there is no version %s to copy", like)
	}
	offer, _ := versions[at].(map[string]any) // that it is one was seen above
	offer = runtime.DeepCopyJSON(offer)
	offer["version"] = version
	if err := unstructured.SetNestedField(offer, app.GetName()+"-"+version, "source", "configMap", "name"); err != nil {
		return err
	}
	return unstructured.SetNestedSlice(app.Object, append(versions, offer), "spec", "versions")
}
