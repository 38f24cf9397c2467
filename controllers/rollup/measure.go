package rollup

import (
	"bytes"
	"encoding/json"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// hasRelease says whether an installation is asked to have the release of a verdict.
func hasRelease(v resolution.Verdict, i *v1alpha1.AppInstallation) bool {
	return i.Spec.Version == v.Version && i.Spec.Digest == v.Digest
}

// upToDate says whether all but the release has arrived at the installation's spec. Until
// it has, what the installation says about itself speaks of an earlier decision.
func upToDate(v resolution.Verdict, m *v1alpha1.Municipality, i *v1alpha1.AppInstallation) bool {
	return sameParameters(i.Spec.Parameters, v.Parameters) &&
		equality.Semantic.DeepEqual(i.Spec.ParametersFrom, v.ParametersFrom) &&
		sameTenant(i.Spec.Tenant, m, v.Environment)
}

// sameTenant says whether the installation knows the facts of its municipality as they are now.
func sameTenant(t v1alpha1.Tenant, m *v1alpha1.Municipality, environment string) bool {
	domain := ""
	if len(m.Spec.Domains) > 0 {
		domain = m.Spec.Domains[0]
	}
	if t.Number != m.Spec.Number || t.DisplayName != m.Spec.DisplayName || t.County != m.Labels[v1alpha1.LabelCounty] || t.Domain != domain {
		return false
	}
	return slices.ContainsFunc(m.Spec.Environments, func(e v1alpha1.Environment) bool {
		return e.Name == environment && e.Stage == t.Stage && e.Zone == t.Zone
	})
}

// sameParameters compares what they mean; mostly they are written alike.
func sameParameters(a, b *apiextensionsv1.JSON) bool {
	if a == nil || b == nil {
		return a == b
	}
	if bytes.Equal(a.Raw, b.Raw) {
		return true
	}
	var left, right any
	if json.Unmarshal(a.Raw, &left) != nil || json.Unmarshal(b.Raw, &right) != nil {
		return false
	}
	return equality.Semantic.DeepEqual(left, right)
}

// well says whether an installation has seen its spec, applied it, and is healthy.
func well(i *v1alpha1.AppInstallation) bool {
	ready := conditionOf(i)
	return i.Status.ObservedGeneration == i.Generation && i.Status.AppliedDigest == i.Spec.Digest &&
		ready.Status == metav1.ConditionTrue && ready.ObservedGeneration == i.Generation
}

// stalled says whether a person must mend something, going by the spec of now.
func stalled(i *v1alpha1.AppInstallation) bool {
	c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionStalled)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == i.Generation
}

// conditionOf is the installation's Ready condition; zero where it has none yet.
func conditionOf(i *v1alpha1.AppInstallation) metav1.Condition {
	if c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return *c
	}
	return metav1.Condition{}
}
