package bundle

import (
	"errors"
	"fmt"
	"path"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
)

// Built is what a bundle comes to for one tenant.
type Built struct {
	// Objects in the order in which to apply them, each in the tenant's namespace and labelled with what it
	// belongs to.
	Objects []*unstructured.Unstructured
	// Adjusted says what was changed to make them fit, one sentence for an object; see contract.Fit.
	Adjusted []string
	// Restarts are those of Adjusted that are about annotations which a chart draws to restart pods.
	Restarts []chart.Restart
	// Files are the templates that the objects of a chart come from, by Kind/name; none for other bundles.
	Files map[string]string
	// Warnings are findings on what is changed to make them fit, and on a chart, that keep nobody from installing it.
	Warnings []contract.Finding
}

// RefusedError says all that is wrong with a bundle.
type RefusedError struct {
	// Findings are what is wrong, at least one.
	Findings []contract.Finding
}

// Error is all that was found.
func (e *RefusedError) Error() string { return contract.Text(e.Findings) }

// Try scans a bundle and builds it. A *RefusedError says why it may not be built, or does not: a chart that
// comes to something else the second time may not either.
func Try(b Bundle, c Context) (Built, error) {
	if found := Scan(b); len(found) > 0 {
		return Built{}, &RefusedError{found}
	}
	built, err := Build(b, c)
	if err != nil || !b.IsChart() {
		return built, err
	}
	return built, steady(built, b, c)
}

// Build returns the objects of a bundle for one tenant. The bundle should have passed Scan. It must not
// run twice at a time in one process, since kustomize keeps state in globals, and takes as much memory and
// time as the bundle makes it: package buildpool runs it where both are bounded. Errors name the
// object or file and never show a parameter's value; a panic in kustomize is an error like any other. Beside a
// *RefusedError about single objects there are all objects, so that the rest of what is wrong can be said at once.
func Build(b Bundle, c Context) (Built, error) {
	if b.IsChart() {
		return chartFor(b, c)
	}
	if c.Chart != nil {
		return Built{}, errors.New("chart of the version is set, and the bundle is no Helm chart: take it out, or offer a chart")
	}
	built, err := build(b, c)
	if err != nil {
		return built, redact(err, c.Parameters)
	}
	return built, nil
}

func build(b Bundle, c Context) (Built, error) {
	folder, contextName, err := folderFor(b, c)
	if err != nil {
		return Built{}, err
	}

	resources, err := runKustomize(folder)
	if err != nil {
		if named := configurationAtFault(b, err); named != nil {
			return Built{}, named
		}
		return Built{}, fmt.Errorf("building with kustomize: %w", err)
	}

	keepTexts(resources, c)
	objects, found, err := decode(resources)
	if err != nil {
		return Built{}, err
	}

	warnings := contract.Mentions(objects, c.Namespace)
	adjusted := contract.Fit(objects)
	leaveReplicas(objects)
	for _, object := range objects {
		if object.GetKind() == "ConfigMap" && contextName != "" && object.GetName() == contextName {
			return Built{}, fmt.Errorf("%s: it is part of the result; no patch may remove its annotation %s", ContextFile, localConfig)
		}
		found = append(found, place(object, c)...)
	}

	sortForInstall(objects)
	out := Built{Objects: objects, Adjusted: adjusted, Warnings: warnings}
	if len(found) > 0 {
		return out, &RefusedError{found}
	}
	return out, nil
}

// place makes an object the tenant's, and returns what is in the way of that.
func place(object *unstructured.Unstructured, c Context) []contract.Finding {
	found := checkIdentity(object)
	if err := own(object, c); err != nil {
		found = append(found, contract.Finding{Rule: "build", Problem: err.Error()})
	}
	return found
}

// root is where a bundle lies in the file system in memory.
const root = "/bundle"

// folderFor lays the bundle out in memory, with the context written in, and returns the name of the
// context's ConfigMap, if the bundle has one. Files with names that kustomize can't hold are left out: Scan
// has found that nothing uses them.
func folderFor(b Bundle, c Context) (filesys.FileSystem, string, error) {
	folder := filesys.MakeFsInMemory()
	contextName := ""
	for name, content := range b.Files {
		if !usableName(name) {
			continue
		}
		if name == ContextFile {
			parsed, err := parseContext(content)
			if err != nil {
				return nil, "", fmt.Errorf("%s: %w", ContextFile, err)
			}
			contextName = parsed.Name
			if content, err = withContext(parsed, c); err != nil {
				return nil, "", err
			}
		}
		if err := folder.WriteFile(path.Join(root, name), content); err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
	}
	return folder, contextName, nil
}

// runKustomize uses kustomize's defaults: no plugins, and no file from outside the folder.
func runKustomize(folder filesys.FileSystem) (resources resmap.ResMap, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("kustomize panicked: %v; a kustomization file probably misses a field or has an empty entry", cause)
		}
	}()
	return krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(folder, root)
}

// decode returns the objects, and what is wrong with those that can't be read.
func decode(resources resmap.ResMap) (objects []*unstructured.Unstructured, found []contract.Finding, err error) {
	if resources.Size() > MaxObjects {
		return nil, nil, fmt.Errorf("the bundle builds to %d objects, at most %d are allowed; split the app", resources.Size(), MaxObjects)
	}
	if resources.Size() == 0 {
		return nil, nil, errors.New("kustomization.yaml: the bundle builds to no objects; list files under resources")
	}

	size := 0
	for _, resource := range resources.Resources() {
		written, err := resource.MarshalJSON()
		if twice := repeatedKey.FindStringSubmatch(fmt.Sprint(err)); err != nil && twice != nil {
			found = append(found, contract.Finding{Rule: "build", Object: resource.GetKind() + "/" + resource.GetName(), Field: twice[1],
				Problem: "it is there twice", Fix: "take one out; where another object begins, write --- on a line before it"})
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		if size += len(written); size > MaxRenderedBytes {
			return nil, nil, fmt.Errorf("the bundle builds to more than %d bytes of JSON; split the app", MaxRenderedBytes)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(written); err != nil {
			return nil, nil, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		objects = append(objects, object)
	}
	return objects, found, nil
}

// repeatedKey is what the YAML library says of a key that a mapping has twice.
var repeatedKey = regexp.MustCompile(`mapping key "([^"]*)" already defined`)
