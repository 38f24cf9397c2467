package bundle

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// checkIdentity refuses objects whose place the bundle can't choose, and those that would get another
// name each time. An object without a name is refused by kustomize.
func checkIdentity(object *unstructured.Unstructured) []contract.Finding {
	var found []contract.Finding
	if namespace := object.GetNamespace(); namespace != "" {
		found = append(found, contract.Finding{Rule: "build", Object: contract.Name(object), Field: "metadata.namespace",
			Problem: fmt.Sprintf("%q: the objects of the bundle name several namespaces, and a tenant has one", namespace), Fix: "take metadata.namespace out, and write the names of Services without a namespace"})
	}
	if object.GetGenerateName() != "" {
		found = append(found, contract.Finding{Rule: "build", Object: contract.Name(object), Field: "metadata.generateName",
			Problem: "each apply would make another object", Fix: "take it out, and give the object a name"})
	}
	return found
}

// own puts an object in the tenant's namespace, labels it and its pods with what they belong to, and
// narrows to the app what selects pods.
func own(object *unstructured.Unstructured, c Context) error {
	object.SetNamespace(c.Namespace)
	err := addLabels(object, []string{"metadata", "labels"}, map[string]string{
		v1alpha1.LabelManagedBy:    v1alpha1.ManagedBy,
		v1alpha1.LabelApp:          c.App,
		v1alpha1.LabelMunicipality: c.Municipality,
		v1alpha1.LabelEnvironment:  c.Environment,
	})
	if err != nil {
		return err
	}
	if err := narrow(object, c.App); err != nil {
		return err
	}
	if err := placeSubjects(object, c.Namespace); err != nil {
		return err
	}
	template := podtemplate.Path(object.GroupVersionKind())
	if len(template) == 0 {
		return nil
	}
	err = addLabels(object, append(template, "metadata", "labels"), map[string]string{
		v1alpha1.LabelApp:          c.App,
		v1alpha1.LabelMunicipality: c.Municipality,
	})
	if err != nil {
		return err
	}
	return nameByContent(object, c)
}

// leaveReplicas leaves the number of a workload's pods to the autoscaler of the bundle, where there is one.
func leaveReplicas(objects []*unstructured.Unstructured) {
	const field = "spec.replicas"
	for _, scaler := range objects {
		kind, name := contract.ScaleTarget(scaler)
		for _, o := range objects {
			if kind == "" || o.GetKind() != kind || o.GetName() != name {
				continue
			}
			ignored := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]
			if slices.ContainsFunc(contract.IgnoredFields(o), func(steps []string) bool { return strings.Join(steps, ".") == field }) {
				continue
			}
			if ignored != "" {
				ignored += ","
			}
			o.SetAnnotations(withAnnotation(o, ignored+field))
		}
	}
}

func withAnnotation(o *unstructured.Unstructured, ignored string) map[string]string {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationIgnoreFields] = ignored
	return annotations
}

// placeSubjects has a RoleBinding mean the accounts of the tenant's namespace, where it names none.
func placeSubjects(object *unstructured.Unstructured, namespace string) error {
	if object.GetKind() != "RoleBinding" {
		return nil
	}
	subjects, found, err := unstructured.NestedSlice(object.Object, "subjects")
	if err != nil || !found {
		return nil //nolint:nilerr // the API server says what is wrong with it
	}
	for _, s := range subjects {
		if subject, ok := s.(map[string]any); ok && subject["kind"] == "ServiceAccount" && subject["namespace"] == nil {
			subject["namespace"] = namespace
		}
	}
	return unstructured.SetNestedSlice(object.Object, subjects, "subjects")
}

// narrow has a Service, a PodDisruptionBudget and a workload mean the pods of their app alone: another app of
// the environment may use the same labels, and would get, hold up, count or take over what is not its own. A
// selector that is empty stays so; for a Service it means no pods. That of a workload can't be changed later:
// see AsCreated.
func narrow(object *unstructured.Unstructured, app string) error {
	gvk := object.GroupVersionKind()
	path := podtemplate.Selector(gvk)
	switch gvk.Group + "/" + gvk.Kind {
	case "/Service":
		path = []string{"spec", "selector"}
		if selector, _, err := unstructured.NestedStringMap(object.Object, path...); err == nil && len(selector) == 0 {
			return nil
		}
	case "policy/PodDisruptionBudget":
		path = []string{"spec", "selector", "matchLabels"}
	}
	if selector, found, err := unstructured.NestedMap(object.Object, "spec", "selector"); path == nil || (err == nil && (!found || selector == nil)) {
		return nil
	}
	return addLabels(object, path, map[string]string{v1alpha1.LabelApp: app})
}

// AsCreated is an object with the selector of the workload that is there, as far as narrow has to do with it: one
// that was made before selectors were narrowed, or by somebody else, goes on without. It is the object itself
// where nothing differs, else a copy.
func AsCreated(object, live *unstructured.Unstructured) *unstructured.Unstructured {
	path := podtemplate.Selector(object.GroupVersionKind())
	if path == nil || live == nil {
		return object
	}
	path = append(path, v1alpha1.LabelApp)
	if _, narrowed, err := unstructured.NestedString(live.Object, path...); narrowed || err != nil {
		return object
	}
	object = object.DeepCopy()
	unstructured.RemoveNestedField(object.Object, path...)
	return object
}

// nameByContent gives a Job that is to run once for each version a name that its content decides. The
// names of people and places in it count too: a Job that they change is another Job.
func nameByContent(object *unstructured.Unstructured, c Context) error {
	if object.GetKind() != "Job" || object.GetAnnotations()[v1alpha1.AnnotationRunOnce] != "true" {
		return nil
	}
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		return fmt.Errorf("%s: spec can't be written as JSON", contract.Name(object)) // the cause could hold a value
	}
	keyed := sha256.New()
	keyed.Write([]byte(c.Namespace + "\x00" + object.GetName() + "\x00")) // so that equal names show nothing of equal values elsewhere
	keyed.Write(spec)
	const longest = 63 - 9 // the names of its pods are made of it
	name := object.GetName()
	object.SetName(name[:min(len(name), longest)] + "-" + hex.EncodeToString(keyed.Sum(nil))[:8])
	return nil
}

func addLabels(object *unstructured.Unstructured, path []string, labels map[string]string) error {
	merged, _, err := unstructured.NestedStringMap(object.Object, path...)
	if err != nil {
		return fmt.Errorf("%s: labels must be a map of texts: %w", contract.Name(object), err)
	}
	if merged == nil {
		merged = map[string]string{}
	}
	for key, value := range labels {
		merged[key] = value
	}
	if err := unstructured.SetNestedStringMap(object.Object, merged, path...); err != nil {
		return fmt.Errorf("%s: %w", contract.Name(object), err)
	}
	return nil
}

// installOrder lists what others need before what needs it: accounts and rights, configuration, volumes,
// services, workloads, and last what leads requests to them. Kinds that only the app knows come before
// the workloads that look for them.
func installOrder() []string {
	return []string{
		"ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Secret", "PersistentVolumeClaim", "Service", ownKind,
		"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "Job", "CronJob",
		"HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress",
	}
}

// ownKind is the place in the order of kinds that it does not name.
const ownKind = ""

func sortForInstall(objects []*unstructured.Unstructured) {
	order := installOrder()
	rank := func(kind string) int {
		if i := slices.Index(order, kind); i >= 0 {
			return i
		}
		return slices.Index(order, ownKind)
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return cmp.Or(
			cmp.Compare(rank(a.GetKind()), rank(b.GetKind())),
			cmp.Compare(a.GetAPIVersion(), b.GetAPIVersion()),
			cmp.Compare(a.GetKind(), b.GetKind()),
			cmp.Compare(a.GetName(), b.GetName()),
		)
	})
}
