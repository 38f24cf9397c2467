package bundle

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Builder builds bundles for tenants, one at a time, since kustomize keeps state in globals, and
// remembers what it built. Make one per process, with NewBuilder.
type Builder struct {
	kustomize sync.Mutex
	built     *cache
}

// NewBuilder returns a Builder that remembers at most maxEntries results of at most maxBytes together,
// counted as JSON; the decoded objects take several times that.
func NewBuilder(maxEntries, maxBytes int) *Builder {
	return &Builder{built: newCache(maxEntries, maxBytes)}
}

// Build returns the objects of a bundle for one tenant, in the order in which to apply them, each in
// the tenant's namespace and labelled with what it belongs to. The objects are the caller's own to
// change. The bundle should have passed Scan. Errors name the object or file and never show a
// parameter's value; a panic in kustomize is an error like any other.
func (b *Builder) Build(bundle Bundle, c Context) ([]*unstructured.Unstructured, error) {
	facts, err := json.Marshal(c)
	if err != nil {
		return nil, errors.New("the parameters can't be written as JSON") // the cause could hold a value
	}
	key := cacheKey{digest: bundle.Digest, context: sha256.Sum256(facts)}
	if objects, found := b.built.get(key); found {
		return objects, nil
	}
	b.kustomize.Lock()
	defer b.kustomize.Unlock()
	if objects, found := b.built.get(key); found {
		return objects, nil
	}
	objects, size, err := build(bundle, c)
	if err != nil {
		return nil, redact(err, c.Parameters)
	}
	b.built.put(key, objects, size)
	return deepCopy(objects), nil
}

func build(bundle Bundle, c Context) ([]*unstructured.Unstructured, int, error) {
	folder, contextName, err := folderFor(bundle, c)
	if err != nil {
		return nil, 0, err
	}

	resources, err := runKustomize(folder)
	if err != nil {
		return nil, 0, fmt.Errorf("building with kustomize: %w", err)
	}

	objects, size, err := decode(resources)
	if err != nil {
		return nil, 0, err
	}

	for _, object := range objects {
		if object.GetKind() == "ConfigMap" && contextName != "" && object.GetName() == contextName {
			return nil, 0, fmt.Errorf("%s: it is part of the result; no patch may remove its annotation %s", ContextFile, localConfig)
		}
		if err := checkIdentity(object); err != nil {
			return nil, 0, err
		}
		if err := own(object, c); err != nil {
			return nil, 0, err
		}
	}

	sortForInstall(objects)
	return objects, size, nil
}

// root is where a bundle lies in the file system in memory.
const root = "/bundle"

// folderFor lays the bundle out in memory, with the context written in, and returns the name of the
// context's ConfigMap, if the bundle has one.
func folderFor(bundle Bundle, c Context) (filesys.FileSystem, string, error) {
	folder := filesys.MakeFsInMemory()
	contextName := ""
	for name, content := range bundle.Files {
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

func decode(resources resmap.ResMap) ([]*unstructured.Unstructured, int, error) {
	if resources.Size() > MaxObjects {
		return nil, 0, fmt.Errorf("the bundle builds to %d objects, at most %d are allowed; split the app", resources.Size(), MaxObjects)
	}
	if resources.Size() == 0 {
		return nil, 0, errors.New("kustomization.yaml: the bundle builds to no objects; list files under resources")
	}

	size := 0
	objects := make([]*unstructured.Unstructured, 0, resources.Size())
	for _, resource := range resources.Resources() {
		written, err := resource.MarshalJSON()
		if err != nil {
			return nil, 0, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		size += len(written)
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(written); err != nil {
			return nil, 0, fmt.Errorf("%s %s: %w", resource.GetKind(), resource.GetName(), err)
		}
		objects = append(objects, object)
	}

	if size > MaxRenderedBytes {
		return nil, 0, fmt.Errorf("the bundle builds to %d bytes of JSON, at most %d are allowed; split the app", size, MaxRenderedBytes)
	}
	return objects, size, nil
}
