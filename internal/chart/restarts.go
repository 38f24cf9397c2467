package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// Restart is an annotation of pods that a chart draws again with each rendering, and that was given one value for as long as
// nothing else of the chart changes.
type Restart struct {
	// Object whose pods have it, as Kind/name.
	Object string
	// Annotation is its key.
	Annotation string
}

// String says what was done about it.
func (r Restart) String() string {
	return fmt.Sprintf("%s: annotation %s of its pods changes when something else of the chart does, and not with each rendering", r.Object, r.Annotation)
}

// TakeOut takes the annotation out of an object that has it.
func (r Restart) TakeOut(o *unstructured.Unstructured) {
	at := annotationsOf(o)
	if at == nil || contract.Name(o) != r.Object {
		return
	}
	unstructured.RemoveNestedField(o.Object, append(at, r.Annotation)...)
	if left, found, err := unstructured.NestedMap(o.Object, at...); found && err == nil && len(left) == 0 {
		unstructured.RemoveNestedField(o.Object, at...)
	}
}

// steady says whether what is refused is in nothing that comes out, as in: default (randAlphaNum 8), or in nothing
// but what restarts pods, which it makes steady.
func (r *run) steady(objects []Object, files map[string][]byte, s Settings, f Facts) (made []Restart, same bool) {
	if r.broken {
		return nil, false
	}
	other, found := renderWith(files, s, f, 1)
	if len(found) > 0 || other.broken {
		return nil, false
	}
	if maps.Equal(r.texts, other.texts) {
		return nil, true
	}
	rendered, _ := assemble(other.chart, other.texts, f) // what is wrong with it is wrong with the first
	return restarts(objects, rendered.Objects, f.Namespace)
}

// restarts gives annotations of a workload's pods that are all in which two renderings differ one value for as long
// as nothing else of the chart changes. Charts draw them to restart the pods with each upgrade. It returns what it
// changed, and false where the renderings differ in more.
func restarts(first, second []Object, namespace string) (made []Restart, alone bool) {
	if len(first) != len(second) {
		return nil, false
	}
	type change struct {
		object Object
		path   []string
	}
	var found []change
	for i, o := range first {
		other := second[i]
		for _, key := range differing(o, other) {
			path := append(annotationsOf(o.Unstructured), key)
			unstructured.RemoveNestedField(o.Object, path...)
			unstructured.RemoveNestedField(other.Object, path...)
			found = append(found, change{o, path})
		}
		if !reflect.DeepEqual(o.Object, other.Object) {
			return nil, false
		}
	}

	digest, err := digestOf(first, namespace)
	if err != nil {
		return nil, false
	}
	for _, c := range found {
		if unstructured.SetNestedField(c.object.Object, digest, c.path...) != nil {
			return nil, false
		}
		made = append(made, Restart{Object: contract.Name(c.object.Unstructured), Annotation: c.path[len(c.path)-1]})
	}
	return made, true
}

// annotationsOf is where a workload keeps the annotations of its pods; nil for what is none.
func annotationsOf(o *unstructured.Unstructured) []string {
	if podtemplate.Selector(o.GroupVersionKind()) == nil {
		return nil
	}
	return append(podtemplate.Path(o.GroupVersionKind()), "metadata", "annotations")
}

// differing are the annotations of pods that both have, with different values.
func differing(o, other Object) []string {
	path := annotationsOf(o.Unstructured)
	if path == nil {
		return nil
	}
	// What are no annotations the API server refuses.
	mine, _, _ := unstructured.NestedMap(o.Object, path...)
	theirs, _, _ := unstructured.NestedMap(other.Object, path...)
	var keys []string
	for key, value := range mine {
		if changed, there := theirs[key]; there && !reflect.DeepEqual(changed, value) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// digestOf says whether objects are the same as before. It is keyed, so that it shows nothing of equal values elsewhere.
func digestOf(objects []Object, namespace string) (string, error) {
	keyed := sha256.New()
	keyed.Write([]byte(namespace + "\x00"))
	for _, o := range objects {
		written, err := json.Marshal(o.Object)
		if err != nil {
			return "", err
		}
		keyed.Write(written)
	}
	return hex.EncodeToString(keyed.Sum(nil))[:8], nil
}
