package appinstallation

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/builtin"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// belongings are annotations that say which workloads and claims of the namespace are the app's, for the policy tenant-apps:
// those that it is to have, and those that it has. They are on the policy that lets its pods out, which comes before the
// app's first object and goes after its last. Where nothing could be built, or read, what was noted before stays.
func (p *planned) belongings(seen observed) map[string]string {
	if before := noted(seen); len(p.objects) == 0 && len(before) > 0 {
		return before
	}
	workloads, claims := sets.New[string](), sets.New[string]()
	note := func(o *unstructured.Unstructured) {
		gvk := o.GroupVersionKind()
		if podtemplate.Selector(gvk) != nil || !builtin.Has(gvk.Group) { // an autoscaler may scale kinds of the app's own
			workloads.Insert(refOf(o).String())
		}
		if gvk.Kind == claimKind {
			claims.Insert(o.GetName())
		}
		for _, prefix := range claimPrefixes(o) {
			claims.Insert(prefix + "*")
		}
	}
	for i := range p.objects {
		note(p.objects[i].desired)
	}
	for name := range inventory(seen.previous()) {
		if live := seen.live[name]; live != nil {
			note(live)
		}
	}

	notes := map[string]string{}
	for key, names := range map[string]sets.Set[string]{v1alpha1.AnnotationAppWorkloads: workloads, v1alpha1.AnnotationAppClaims: claims} {
		if text := within(sets.List(names)); text != "" {
			notes[key] = text
		}
	}
	return notes
}

// noted is what was noted before.
func noted(seen observed) map[string]string {
	notes := map[string]string{}
	live := seen.policies[outName(seen.installation.Spec.App)]
	if live == nil {
		return notes
	}
	for _, key := range []string{v1alpha1.AnnotationAppWorkloads, v1alpha1.AnnotationAppClaims} {
		if text := live.Annotations[key]; text != "" {
			notes[key] = text
		}
	}
	return notes
}

// within is a list as one text, as long as an annotation may be that leaves room for another.
func within(names []string) string {
	const letters = 100_000
	text := strings.Join(names, ",")
	if len(text) <= letters {
		return text
	}
	return text[:strings.LastIndexByte(text[:letters+1], ',')]
}

// claimPrefixes are what the names of the claims that a StatefulSet makes begin with: <template>-<StatefulSet>-; a number
// follows. Other kinds make none.
func claimPrefixes(o *unstructured.Unstructured) []string {
	if o.GetKind() != "StatefulSet" {
		return nil
	}
	templates, _, err := unstructured.NestedSlice(o.Object, "spec", "volumeClaimTemplates")
	if err != nil {
		return nil
	}
	var all []string
	for _, t := range templates {
		template, ok := t.(map[string]any)
		if !ok {
			continue
		}
		name, _, _ := unstructured.NestedString(template, "metadata", "name")
		all = append(all, name+"-"+o.GetName()+"-")
	}
	return all
}
