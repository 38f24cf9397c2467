// Package operatorsecret says which Secrets of the operator's namespace may be used for what. A SharedApp
// names them, and its authors are not the platform's administrators: without a label that the platform sets,
// an app could have any Secret of the operator copied into every municipality.
package operatorsecret

import (
	"encoding/base64"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Use is what a Secret is named for.
type Use struct {
	// label is the value of v1alpha1.LabelSecretFor.
	label string
	// key holds what is used.
	key string
	// kind is the type that the Secret must have; empty where any will do.
	kind corev1.SecretType
}

// ImagePull is the use of a Secret that is copied beside an app's pods to pull their images.
func ImagePull() Use {
	return Use{label: v1alpha1.SecretForImagePull, key: corev1.DockerConfigJsonKey, kind: corev1.SecretTypeDockerConfigJson}
}

// Login is the use of a Secret that a registry is asked for bundles with.
func Login() Use {
	return Use{label: v1alpha1.SecretForRegistryLogin, key: corev1.DockerConfigJsonKey, kind: corev1.SecretTypeDockerConfigJson}
}

// Authority is the use of a Secret whose certificates a registry is trusted by.
func Authority() Use { return Use{label: v1alpha1.SecretForRegistryCA, key: "ca.crt"} }

// Value returns what is used of a Secret, decoded, or what is wrong with it, with the fix. All faults are
// named at once, and no value is.
func (u Use) Value(o *unstructured.Unstructured) (value []byte, problem string) {
	name := fmt.Sprintf("Secret %s in namespace %s", o.GetName(), o.GetNamespace())
	if got := o.GetLabels()[v1alpha1.LabelSecretFor]; got != u.label {
		problem = fmt.Sprintf("; the platform has not labelled it for this use: kubectl label --overwrite secret -n %s %s %s=%s", o.GetNamespace(), o.GetName(), v1alpha1.LabelSecretFor, u.label)
	}
	if got, _, _ := unstructured.NestedString(o.Object, "type"); u.kind != "" && got != string(u.kind) {
		problem += fmt.Sprintf("; its type is %q, which can't be changed: create it again with type %s", got, u.kind)
	}
	text, _, _ := unstructured.NestedString(o.Object, "data", u.key)
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(value) == 0 {
		problem += fmt.Sprintf("; it has no key %s: add it", u.key)
	}
	if problem != "" {
		return nil, name + " can't be used: " + problem[len("; "):]
	}
	return value, ""
}
