package bundle

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/allmenning/allmenning/controllers/internal/podtemplate"
)

// PodSecurity runs the checks of the Pod Security Standard "restricted" over the pods that the
// objects make, as the API server will in a tenant's namespace. The error names the first object
// that breaks it, and every check that it breaks.
func PodSecurity(objects []*unstructured.Unstructured) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return fmt.Errorf("preparing the Pod Security checks: %w", err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, object := range objects {
		pod, err := podOf(object)
		if err != nil {
			return fmt.Errorf("%s: %w", nameOf(object), err)
		}
		if pod == nil {
			continue
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
		if !result.Allowed {
			return fmt.Errorf("%s: its pods break the Pod Security Standard restricted: %s", nameOf(object), result.ForbiddenDetail())
		}
	}
	return nil
}

// podOf returns the pod that an object is, or makes, or nil.
func podOf(object *unstructured.Unstructured) (*corev1.PodTemplateSpec, error) {
	content := object.Object
	if path := podtemplate.Path(object.GroupVersionKind()); len(path) > 0 {
		template, _, err := unstructured.NestedMap(object.Object, path...)
		if err != nil {
			return nil, fmt.Errorf("not a valid pod template: %w", err)
		}
		content = template
	} else if gvk := object.GroupVersionKind(); gvk.Group != "" || gvk.Kind != "Pod" {
		return nil, nil //nolint:nilnil // an object that makes no pod is no error
	}
	pod := &corev1.PodTemplateSpec{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, pod); err != nil {
		return nil, fmt.Errorf("not a valid pod: %w", err)
	}
	return pod, nil
}
