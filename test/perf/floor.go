package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/test/operator"
)

// contextFile is where a bundle gets the facts of the tenant from.
const contextFile = "allmenning-context.yaml"

// measureFloor prepares the same namespaces without the operator, and builds the apps for
// each, before the clock starts. The floor is how fast the same objects can be written at all, those of the
// bundles and the policy of each installation; its requests are the bench's own.
func measureFloor(ctx context.Context, s size, o options, say *progress, m made) (f phase, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	home, err := startCluster(ctx, whole(o), say)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, home.plane.Stop()) }()
	say.step("floor: preparing %d namespaces, without the operator", s.environments())
	if err := home.copyTenancy(ctx, o, say, m.tenancy); err != nil {
		return f, err
	}
	objects, err := buildAll(s)
	if err != nil {
		return f, err
	}
	inBundles := len(objects)
	for _, wall := range m.walls {
		objects = append(objects, bare(wall))
	}
	healthy := newTally(current)
	for _, resource := range appResources() {
		if err := follow(ctx, home.reader, resource, appSelector, healthy); err != nil {
			return f, err
		}
	}
	say.step("floor: writing %d objects, %d at a time", len(objects), writers)
	before, began := reading{cpu: home.cpu()}, time.Now()
	profile := meter{home: home, profiles: o.profiles}.profile(ctx, "floor")
	if err := home.apply(ctx, objects); err != nil {
		return f, err
	}
	if err := await(ctx, o.timeout, nil, say, expectation{"objects", healthy, inBundles}); err != nil {
		return f, err
	}
	elapsed := time.Since(began)
	say.step("  done in %.2f s", elapsed.Seconds())
	if err := profile(); err != nil {
		return f, err
	}
	after := reading{cpu: home.cpu(), metrics: operator.Metrics{Requests: operator.Requests{}}}
	for _, object := range objects {
		after.metrics.Requests[operator.Call{Verb: "apply", Resource: strings.ToLower(object.GetKind())}]++
	}
	return newPhase("floor", "installations", s.installations(), elapsed, before, after), nil
}

// copyTenancy makes the namespaces as the operator made them, and waits until the cluster
// has done its part: counted the quotas, made the default service accounts, and published
// the root certificates.
func (c *cluster) copyTenancy(ctx context.Context, o options, say *progress, tenancy []*unstructured.Unstructured) error {
	var namespaces, others []*unstructured.Unstructured
	names := sets.New[string]()
	for _, object := range tenancy {
		if object.GetKind() == "Namespace" {
			namespaces = append(namespaces, bare(object))
			names.Insert(object.GetName())
		} else {
			others = append(others, bare(object))
		}
	}
	counted := newTally(func(object *unstructured.Unstructured) bool {
		hard, found, err := unstructured.NestedMap(object.Object, "status", "hard")
		return err == nil && found && len(hard) > 0
	})
	accounts := newTally(func(object *unstructured.Unstructured) bool {
		return names.Has(object.GetNamespace()) && object.GetName() == "default"
	})
	certificates := newTally(func(object *unstructured.Unstructured) bool {
		return names.Has(object.GetNamespace()) && object.GetName() == "kube-root-ca.crt"
	})
	err := errors.Join(
		follow(ctx, c.reader, schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}, "", counted),
		follow(ctx, c.reader, schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}, "", accounts),
		follow(ctx, c.reader, schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, "", certificates),
		c.apply(ctx, namespaces),
	)
	if err != nil {
		return err
	}
	if err := c.apply(ctx, others); err != nil {
		return err
	}
	return await(ctx, o.timeout, nil, say, expectation{"quotas", counted, countKind(others, "ResourceQuota")},
		expectation{"accounts", accounts, len(namespaces)}, expectation{"certificates", certificates, len(namespaces)})
}

func countKind(objects []*unstructured.Unstructured, kind string) int {
	count := 0
	for _, object := range objects {
		if object.GetKind() == kind {
			count++
		}
	}
	return count
}

// bare is the object without what the API server adds.
func bare(object *unstructured.Unstructured) *unstructured.Unstructured {
	out := object.DeepCopy()
	delete(out.Object, "status")
	for _, field := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(out.Object, "metadata", field)
	}
	if out.GetKind() == "Namespace" {
		unstructured.RemoveNestedField(out.Object, "spec", "finalizers")
	}
	return out
}

// buildAll builds all apps for all environments.
func buildAll(s size) ([]*unstructured.Unstructured, error) {
	objects := make([]*unstructured.Unstructured, 0, s.installations()*objectsPerInstallation)
	for _, m := range municipalities(s) {
		for i := range s.apps {
			built, err := buildFor(m, appName(i))
			if err != nil {
				return nil, err
			}
			objects = append(objects, built...)
		}
	}
	return objects, nil
}

// buildFor builds an app for both environments of a municipality, as the operator does,
// but for its labels.
func buildFor(m *unstructured.Unstructured, app string) ([]*unstructured.Unstructured, error) {
	files, err := readFolder(app, firstVersion)
	if err != nil {
		return nil, err
	}
	number, _, err := unstructured.NestedString(m.Object, "spec", "number")
	if err != nil {
		return nil, fmt.Errorf("reading municipality %s: %w", m.GetName(), err)
	}
	displayName, _, err := unstructured.NestedString(m.Object, "spec", "displayName")
	if err != nil {
		return nil, fmt.Errorf("reading municipality %s: %w", m.GetName(), err)
	}
	if files[contextFile], err = withFacts(files[contextFile], map[string]any{"number": number, "displayName": displayName}); err != nil {
		return nil, err
	}
	folder := filesys.MakeFsInMemory()
	for name, content := range files {
		if err := folder.WriteFile(path.Join("/app", name), content); err != nil {
			return nil, fmt.Errorf("building the app: %w", err)
		}
	}
	built, err := kustomize(folder, "/app")
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, environment := range []string{"prod", "test"} {
		for _, object := range built {
			placed := object.DeepCopy()
			placed.SetNamespace(m.GetName() + "-" + environment)
			all = append(all, placed)
		}
	}
	return all, nil
}

// withFacts puts the facts of a tenant into the data of a context file.
func withFacts(content []byte, facts map[string]any) ([]byte, error) {
	var parsed unstructured.Unstructured
	if err := yaml.Unmarshal(content, &parsed.Object); err != nil {
		return nil, fmt.Errorf("reading %s: %w", contextFile, err)
	}
	data, _, err := unstructured.NestedMap(parsed.Object, "data")
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", contextFile, err)
	}
	maps.Copy(data, facts)
	parsed.Object["data"] = data
	return yaml.Marshal(parsed.Object)
}
