package contract

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/podtemplate"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Fit changes objects where that is safe: it takes off what only an API server writes, and adds what only
// restricts. It returns what it changed, one sentence for an object. Doing it again changes nothing.
//
// What a publisher means by a field, such as as whom pods run, is left alone.
func Fit(objects []*unstructured.Unstructured) []string {
	var changed []string
	for _, o := range objects {
		if dispensable(o.GroupVersionKind()) { // it is refused, and where it would go is no fault beside
			unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
		}
	}
	if namespaces := leavable(objects); len(namespaces) > 0 {
		for _, o := range objects {
			withoutNamespace(o, namespaces)
		}
		changed = append(changed, fmt.Sprintf("metadata.namespace %s is taken off: the objects go to the namespace of each tenant", strings.Join(namespaces, ", ")))
	}
	for _, o := range objects {
		if at := slices.Concat(fitOutdated(o), fitExported(o), fitNulls(o), fitSecret(o), fitPods(o), fitJob(o)); len(at) > 0 {
			changed = append(changed, Name(o)+": "+strings.Join(at, ", "))
		}
	}
	return changed
}

// fitExported takes off what "kubectl get -o yaml" shows and only the API server writes.
func fitExported(o *unstructured.Unstructured) []string {
	var taken []string
	for _, name := range []string{"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"} {
		value, found, err := unstructured.NestedFieldNoCopy(o.Object, "metadata", name)
		if err != nil || !found {
			continue
		}
		unstructured.RemoveNestedField(o.Object, "metadata", name)
		if value != nil { // many tools write creationTimestamp: null
			taken = append(taken, "metadata."+name)
		}
	}
	if status, found := o.Object["status"]; found {
		delete(o.Object, "status")
		if fields, ok := status.(map[string]any); !ok || len(fields) > 0 {
			taken = append(taken, "status")
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return []string{strings.Join(taken, ", ") + " taken off: only the API server writes it"}
}

// fitNulls takes off labels and annotations without a value; "key: null" means none.
func fitNulls(o *unstructured.Unstructured) []string {
	paths := [][]string{{"metadata", "labels"}, {"metadata", "annotations"}}
	if template := podtemplate.Path(o.GroupVersionKind()); template != nil {
		for _, path := range [][]string{{"spec", "jobTemplate", "metadata"}, append(slices.Clone(template), "metadata")} {
			if value, found, err := unstructured.NestedFieldNoCopy(o.Object, path...); err == nil && found && value == nil {
				unstructured.RemoveNestedField(o.Object, path...)
			}
		}
		paths = append(paths, append(slices.Clone(template), "metadata", "labels"), append(slices.Clone(template), "metadata", "annotations"))
	}
	var taken []string
	for _, path := range paths {
		for _, key := range dropNulls(o, path) {
			taken = append(taken, strings.Join(path, ".")+"["+key+"]")
		}
	}
	if len(taken) == 0 {
		return nil
	}
	return []string{strings.Join(taken, ", ") + " taken off: it has no value"}
}

// dropNulls takes the keys without a value out of a map, or the map where it has none itself, and returns the keys.
func dropNulls(o *unstructured.Unstructured, path []string) []string {
	value, found, err := unstructured.NestedFieldNoCopy(o.Object, path...)
	if err != nil || !found {
		return nil
	}
	if value == nil {
		unstructured.RemoveNestedField(o.Object, path...)
		return nil
	}
	values, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	var taken []string
	for _, key := range sortedKeys(values) {
		if values[key] == nil {
			delete(values, key)
			taken = append(taken, key)
		}
	}
	return taken
}

// fitSecret writes stringData as data: server-side apply can't take back what came by stringData
// (kubernetes/kubernetes#108008), so that a key that a version drops would stay.
func fitSecret(o *unstructured.Unstructured) []string {
	if !is(o, "", "Secret") {
		return nil
	}
	given, found := o.Object["stringData"]
	texts, ok := textsOf(given)
	if !found || !ok {
		return nil
	}
	data, ok := o.Object["data"].(map[string]any)
	if !ok && o.Object["data"] != nil {
		return nil
	}
	if data == nil {
		data = map[string]any{}
	}
	for key, text := range texts {
		data[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	delete(o.Object, "stringData")
	if len(data) > 0 {
		o.Object["data"] = data
	}
	return []string{"stringData is written as data"}
}

// textsOf are the texts of a map, of which one that is null is empty, as the API server reads it; false where it holds anything else.
func textsOf(value any) (map[string]string, bool) {
	values, ok := value.(map[string]any)
	if !ok {
		return nil, value == nil
	}
	texts := make(map[string]string, len(values))
	for key, value := range values {
		text, ok := value.(string)
		if !ok && value != nil {
			return nil, false
		}
		texts[key] = text
	}
	return texts, true
}

// fitPods fills in what the Pod Security Standard restricted asks for and what only restricts, and gives a
// container that requests more than the default limit a limit of its own.
func fitPods(o *unstructured.Unstructured) []string {
	path := podtemplate.Spec(o.GroupVersionKind())
	if path == nil {
		return nil
	}
	spec, found, err := unstructured.NestedFieldNoCopy(o.Object, path...)
	pod, ok := spec.(map[string]any)
	if err != nil || !found || !ok || isWindows(pod) {
		return nil
	}
	var changed []string
	note := func(what string) {
		if !slices.Contains(changed, what) {
			changed = append(changed, what)
		}
	}
	containers := containersOf(pod)
	if fitProfile(pod, containers) {
		note("seccompProfile RuntimeDefault is set")
	}
	for _, c := range containers {
		for _, what := range fitContainer(c) {
			note(what)
		}
	}
	return changed
}

func fitContainer(c map[string]any) []string {
	security := child(c, "securityContext")
	if security == nil {
		return nil
	}
	var changed []string
	if _, set := security["allowPrivilegeEscalation"]; !set && security["privileged"] != true {
		security["allowPrivilegeEscalation"] = false
		changed = append(changed, "allowPrivilegeEscalation false is set")
	}
	if fitCapabilities(security) {
		changed = append(changed, "capabilities are dropped")
	}
	return append(changed, fitLimits(c)...)
}

func isWindows(pod map[string]any) bool {
	name, _, _ := unstructured.NestedString(pod, "os", "name")
	return name == string(corev1.Windows)
}

// containersOf are all containers of a pod that are objects.
func containersOf(pod map[string]any) []map[string]any {
	var all []map[string]any
	for _, list := range []string{"initContainers", "containers"} {
		items, ok := pod[list].([]any)
		if !ok {
			continue
		}
		for _, item := range items {
			if c, ok := item.(map[string]any); ok {
				all = append(all, c)
			}
		}
	}
	return all
}

// child is a field that holds an object, made where it is missing; nil where it holds something else.
func child(of map[string]any, name string) map[string]any {
	if of[name] == nil {
		made := map[string]any{}
		of[name] = made
		return made
	}
	found, ok := of[name].(map[string]any)
	if !ok {
		return nil
	}
	return found
}

// fitProfile sets the seccomp profile of a pod, unless the pod or each container has one.
func fitProfile(pod map[string]any, containers []map[string]any) bool {
	has := func(of map[string]any) bool {
		_, found, err := unstructured.NestedFieldNoCopy(of, "securityContext", "seccompProfile")
		return found || err != nil
	}
	if has(pod) || (len(containers) > 0 && !slices.ContainsFunc(containers, func(c map[string]any) bool { return !has(c) })) {
		return false
	}
	security := child(pod, "securityContext")
	if security == nil {
		return false
	}
	security["seccompProfile"] = map[string]any{"type": string(corev1.SeccompProfileTypeRuntimeDefault)}
	return true
}

func fitCapabilities(security map[string]any) bool {
	capabilities := child(security, "capabilities")
	if capabilities == nil {
		return false
	}
	dropped, ok := capabilities["drop"].([]any)
	if capabilities["drop"] != nil && !ok {
		return false
	}
	if slices.Contains(dropped, any("ALL")) {
		return false
	}
	capabilities["drop"] = append(slices.Clone(dropped), "ALL")
	return true
}

// fitLimits gives a container that requests more than the default limit of an environment a limit as high as
// its request: the API server would refuse its pods.
func fitLimits(c map[string]any) []string {
	var changed []string
	defaults := tenancy.ContainerLimits()
	for _, name := range sortedKeys(defaults) {
		limit := defaults[name]
		asked, found, err := unstructured.NestedFieldNoCopy(c, "resources", "requests", string(name))
		if err != nil || !found {
			continue
		}
		amount, err := resource.ParseQuantity(fmt.Sprint(asked))
		if err != nil || amount.Cmp(limit) <= 0 {
			continue
		}
		if _, set, err := unstructured.NestedFieldNoCopy(c, "resources", "limits", string(name)); set || err != nil {
			continue
		}
		if err := unstructured.SetNestedField(c, asked, "resources", "limits", string(name)); err != nil {
			continue
		}
		changed = append(changed, fmt.Sprintf("the limit of %s is as high as the request, as the default of %s is lower", name, limit.String()))
	}
	return changed
}
