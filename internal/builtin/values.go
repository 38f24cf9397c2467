package builtin

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/podtemplate"
)

// port judges a number that means a port, whatever it is a part of.
func (r *reading) port(name string, value any, at string) {
	number, ok := value.(int64)
	isPort := slices.Contains([]string{"containerPort", "port", "targetPort", "hostPort", "nodePort"}, name) || strings.HasSuffix(at, ".port.number")
	if !ok || !isPort || number >= 1 && number <= 65535 || number == 0 && (name == "hostPort" || name == "nodePort") {
		return
	}
	r.fault(at, fmt.Sprintf("%d is not a port", number), "write a number from 1 to 65535")
}

// repeats finds the entries of a list that have one key: a list that is merged by it can hold each once.
func (r *reading) repeats(value any, key, at string) {
	entries, ok := value.([]any)
	if !ok || !slices.Contains([]string{"name", "mountPath", "devicePath", "containerPort", "port"}, key) {
		return
	}
	first := map[string]int{}
	for i, entry := range entries {
		fields, _ := entry.(map[string]any)
		id, what := fields[key], key
		if id == nil || id == "" {
			continue
		}
		name := fmt.Sprint(id)
		if key == "containerPort" || key == "port" {
			protocol, _ := fields["protocol"].(string)
			if protocol == "" {
				protocol = "TCP"
			}
			name, what = name+"/"+protocol, key+" and protocol"
		}
		before, repeated := first[name]
		if !repeated {
			first[name] = i
			continue
		}
		r.fault(fmt.Sprintf("%s[%d].%s", at, i, key), fmt.Sprintf("%s is in %s[%d] too, and each %s may be there once", name, at, before, what), "take one of the two out")
	}
}

// names judges the name of an object, and its labels and annotations and those of its pods. Kubernetes' own checks say what a name may be.
func names(o *unstructured.Unstructured) []Fault {
	var found []Fault
	if wrong := wrongName(o); len(wrong) > 0 && o.GetName() != "" {
		found = append(found, Fault{Field: "metadata.name", Problem: fmt.Sprintf("%q can't be the name: %s", o.GetName(), plain(wrong)), Fix: "give it another name, and write that wherever it is named"})
	}
	found = append(found, labels(o, "metadata")...)
	if template := podtemplate.Path(o.GroupVersionKind()); template != nil {
		found = append(found, labels(o, append(template, "metadata")...)...)
	}
	return found
}

// plain leaves the pattern out that Kubernetes adds to what it says of a name.
func plain(wrong []string) string {
	said := make([]string, 0, len(wrong))
	for _, text := range wrong {
		text, _, _ = strings.Cut(text, " (e.g.")
		said = append(said, text)
	}
	return strings.Join(said, "; ")
}

// maxCronJob leaves room for what the Jobs of a CronJob have behind its name.
const maxCronJob = 52

func wrongName(o *unstructured.Unstructured) []string {
	name := o.GetName()
	switch gvk := o.GroupVersionKind(); gvk.Group + "/" + gvk.Kind {
	case "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding":
		return content.IsPathSegmentName(name)
	case "/Service":
		return content.IsDNS1123Label(name)
	case "batch/CronJob":
		if len(name) > maxCronJob {
			return []string{fmt.Sprintf("must be no more than %d characters", maxCronJob)}
		}
	}
	return content.IsDNS1123Subdomain(name)
}

// labels judges the labels and annotations in the metadata of an object, or of a part of it.
func labels(o *unstructured.Unstructured, path ...string) []Fault {
	var found []Fault
	at := strings.Join(path, ".")
	say := func(field, key string, wrong []string, fix string) {
		if len(wrong) > 0 {
			found = append(found, Fault{Field: join(at+"."+field, key), Problem: plain(wrong), Fix: fix})
		}
	}
	all, _, _ := unstructured.NestedStringMap(o.Object, append(slices.Clone(path), "labels")...)
	for _, key := range sortedKeys(all) {
		say("labels", key, content.IsLabelKey(key), "write another key")
		say("labels", key, content.IsLabelValue(all[key]), "write another value, or make it an annotation, which may hold any text")
	}
	annotations, _, _ := unstructured.NestedStringMap(o.Object, append(slices.Clone(path), "annotations")...)
	for _, key := range sortedKeys(annotations) {
		say("annotations", key, content.IsLabelKey(strings.ToLower(key)), "write another key")
	}
	return found
}
