package appinstallation

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// untried are the objects that the API server was not asked about yet, with what names them together. When a
// version entered the catalogue all its objects were tried, as built for the sample tenant; so only those are
// left that differ from these, and those that change what is there already, be it by a parameter. What was sent as it
// is wished now is corrected without.
func untried(seen observed, wanted rendered, todo planned) ([]*unstructured.Unstructured, string) {
	if todo.outcome != nil {
		return nil, ""
	}
	known := inventory(seen.previous())
	sample := map[ref]*unstructured.Unstructured{}
	for _, o := range wanted.sample {
		sample[refOf(o)] = o
	}
	var objects []*unstructured.Unstructured
	var key strings.Builder
	for _, o := range todo.objects {
		if (!o.send && o.waits == "") || known[o.ref].Sent == o.sent {
			continue
		}
		if o.live == nil && sample[o.ref] != nil && sameContent(o.desired, sample[o.ref]) {
			continue
		}
		objects = append(objects, o.desired)
		key.WriteString(o.String() + "=" + o.sent + ";")
	}
	return objects, key.String()
}

// sameContent says whether two objects are the same but for the tenant that they belong to.
func sameContent(a, b *unstructured.Unstructured) bool {
	return reflect.DeepEqual(nobodys(a).Object, nobodys(b).Object)
}

// nobodys is an object without what every object of a tenant has of it.
func nobodys(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	o.SetNamespace("")
	paths := [][]string{{"metadata", "labels"}}
	if template := podtemplate.Path(o.GroupVersionKind()); template != nil {
		paths = append(paths, append(template, "metadata", "labels"))
	}
	for _, path := range paths {
		for _, label := range []string{v1alpha1.LabelMunicipality, v1alpha1.LabelEnvironment} {
			unstructured.RemoveNestedField(o.Object, append(path[:len(path):len(path)], label)...)
		}
	}
	return o
}
