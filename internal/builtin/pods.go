package builtin

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8slabels "k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/allmenning/allmenning/internal/podtemplate"
)

// workload judges what makes pods, and the pods.
func workload(o *unstructured.Unstructured) []Fault {
	found := selector(o)
	path := podtemplate.Spec(o.GroupVersionKind())
	fields, there, err := unstructured.NestedMap(o.Object, path...)
	if path == nil || !there || err != nil {
		return found
	}
	var spec corev1.PodSpec
	if runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &spec) != nil {
		return found // each field has its own fault
	}
	at := strings.Join(path, ".")
	found = append(found, containers(at+".initContainers", spec.InitContainers)...)
	found = append(found, containers(at+".containers", spec.Containers)...)
	if o.GetKind() != "StatefulSet" { // whose claims are volumes too
		found = append(found, mounts(at, &spec)...)
	}
	if policy := spec.RestartPolicy; o.GroupVersionKind().Group == "batch" && policy != corev1.RestartPolicyNever && policy != corev1.RestartPolicyOnFailure {
		found = append(found, Fault{Field: at + ".restartPolicy", Problem: "the pods of a Job end", Fix: "write OnFailure, or Never"})
	}
	return found
}

// selector judges whether a workload selects the pods that it makes.
func selector(o *unstructured.Unstructured) []Fault {
	if podtemplate.Selector(o.GroupVersionKind()) == nil {
		return nil
	}
	fields, there, err := unstructured.NestedMap(o.Object, "spec", "selector")
	if err != nil {
		return nil
	}
	labels, _, _ := unstructured.NestedStringMap(o.Object, append(podtemplate.Path(o.GroupVersionKind()), "metadata", "labels")...)
	if !there || len(fields) == 0 {
		return []Fault{{Field: "spec.selector", Problem: "it is missing: nothing says which pods are its own", Fix: "write matchLabels with labels of spec.template.metadata.labels"}}
	}
	var read metav1.LabelSelector
	if runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &read) != nil {
		return nil
	}
	parsed, err := metav1.LabelSelectorAsSelector(&read)
	if err != nil {
		return []Fault{{Field: "spec.selector", Problem: "it is not a selector: " + err.Error(), Fix: "correct it"}}
	}
	if parsed.Matches(k8slabels.Set(labels)) {
		return nil
	}
	return []Fault{{Field: "spec.selector", Problem: "it does not select the pods that the template makes", Fix: "write the same labels here and in spec.template.metadata.labels"}}
}

func containers(at string, all []corev1.Container) []Fault {
	var found []Fault
	for i := range all {
		c, field := &all[i], fmt.Sprintf("%s[%d]", at, i)
		if wrong := content.IsDNS1123Label(c.Name); len(wrong) > 0 {
			found = append(found, Fault{Field: field + ".name", Problem: fmt.Sprintf("%q can't be the name of a container: %s", c.Name, plain(wrong)), Fix: "write a name of small letters, digits and hyphens"})
		}
		if strings.TrimSpace(c.Image) == "" {
			found = append(found, Fault{Field: field + ".image", Problem: "it is missing", Fix: "name the image of the container"})
		}
	}
	return found
}

// mounts judges whether containers mount volumes that the pod has.
func mounts(at string, spec *corev1.PodSpec) []Fault {
	var found []Fault
	for _, list := range []struct {
		name string
		all  []corev1.Container
	}{{"initContainers", spec.InitContainers}, {"containers", spec.Containers}} {
		for i := range list.all {
			for j, mount := range list.all[i].VolumeMounts {
				if mount.Name == "" || slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
					continue
				}
				found = append(found, Fault{Field: fmt.Sprintf("%s.%s[%d].volumeMounts[%d].name", at, list.name, i, j),
					Problem: fmt.Sprintf("the pod has no volume %q", mount.Name), Fix: "add it to " + at + ".volumes, or correct the name"})
			}
		}
	}
	return found
}
