package appinstallation

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/trial"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
)

func TestFailure(t *testing.T) {
	web := ref{GroupKind: schema.GroupKind{Kind: "Deployment"}, Name: "web"}
	deployments, kind := schema.GroupResource{Resource: "deployments"}, schema.GroupKind{Kind: "Deployment"}
	invalid := func(message string) error {
		return apierrors.NewInvalid(kind, "web", field.ErrorList{field.Invalid(field.NewPath("spec", "selector"), "x", message)})
	}
	cases := []struct {
		reason string
		err    error
		want   string
		says   string
	}{
		{"a spent quota names the environment to raise it in", apierrors.NewForbidden(deployments, "web", errors.New("exceeded quota: allmenning, requested: services=1")),
			"Stalled QuotaExceeded", "raise quota of environment prod in spec.environments of Municipality vinje"},
		{"a quota that is not counted yet passes", apierrors.NewForbidden(deployments, "web", errors.New("status unknown for quota: allmenning")), "Retrying Retrying", "status unknown"},
		{"somebody was faster", apierrors.NewConflict(deployments, "web", errors.New("conflict with kubectl")), "Retrying Retrying", "kubectl"},
		{"a field can't be changed", invalid("field is immutable"), "Stalled ImmutableField", "must name this object otherwise"},
		{"a field is wrong", invalid("must be a label"), "Stalled Refused", "must be a label"},
		{"the API server is busy", apierrors.NewTooManyRequests("busy", 1), "Retrying Retrying", "busy"},
		{"a policy refuses it", apierrors.NewForbidden(deployments, "web", errors.New("denied by policy")), "Stalled Refused", "denied by policy"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := failure(world(), objectError{ref: web, err: tc.err})
			if brief(&got) != tc.want || !strings.Contains(got.Message, tc.says) || !strings.HasPrefix(got.Message, "Deployment/web: ") {
				t.Errorf("%s: %q, want %s, the object's name and %q", brief(&got), got.Message, tc.want, tc.says)
			}
		})
	}
}

func TestRefusedBefore(t *testing.T) {
	fixed := contract.Finding{Rule: trial.RuleImmutable, Object: "Job/import", Problem: apply.ImmutableFix("Job") + ": spec.template: field is immutable"}
	wrong := contract.Finding{Rule: "api-server", Object: "Service/web", Problem: "the API server refuses it: spec.ports: Required value"}
	var many []contract.Finding
	for n := range 40 {
		many = append(many, contract.Finding{Rule: "api-server", Object: fmt.Sprintf("ConfigMap/settings-of-something-%d", n), Problem: "the API server refuses it: data: Too long"})
	}
	applied := func(s *observed) {
		s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = s.installation.Spec.Version, s.installation.Spec.Digest
	}
	fresh := func(*observed) {}
	for _, tc := range []struct {
		reason  string
		change  func(*observed)
		refused []contract.Finding
		want    string
		says    []string
	}{
		{"What can't be changed has its own reason, and the annotation that helps.", fresh, []contract.Finding{fixed}, "Stalled ImmutableField",
			[]string{"Job/import: ", v1alpha1.AnnotationReplace + ": recreate", "spec.template", "nothing of the version is applied"}},
		{"Where something else is wrong, the bundle must be corrected; both are said.", fresh, []contract.Finding{fixed, wrong}, "Stalled Refused",
			[]string{"Job/import, Service/web: correct it in the bundle", v1alpha1.AnnotationReplace, "spec.ports: Required value"}},
		{"However many are refused, what to do is not cut.", fresh, many, "Stalled Refused",
			[]string{"ConfigMap/settings-of-something-2 and 37 more: correct it in the bundle, and offer that as a new version of SharedApp svarut"}},
		{"What a parameter did is corrected by parameters.", applied, []contract.Finding{wrong}, "Stalled Refused",
			[]string{`Service/web: correct the parameters of "svarut" in spec.apps of Municipality vinje; nothing of it is applied`}},
	} {
		got := refusedBefore(world(tc.change), tc.refused)
		got.Message = condition.Within(got.Message, 1024)
		if brief(&got) != tc.want {
			t.Errorf("%s %s; want %s", tc.reason, brief(&got), tc.want)
		}
		for _, part := range tc.says {
			if !strings.Contains(got.Message, part) {
				t.Errorf("%s %q does not say %q", tc.reason, got.Message, part)
			}
		}
	}
}

// TestARefusalShowsNoSecretOfTheBundle: an admission webhook may quote what it refuses.
func TestARefusalShowsNoSecretOfTheBundle(t *testing.T) {
	const password = "correct-horse-battery"
	seen := world(func(s *observed) {
		s.bundled = []*unstructured.Unstructured{of(*s, "Secret", "db", map[string]any{"data": map[string]any{"password": base64.StdEncoding.EncodeToString([]byte(password))}})}
	})
	says := `admission webhook "strong.example.org" denied the request: ` + password + " is too weak"
	for reason, got := range map[string]condition.Outcome{
		"when it is tried":   refusedBefore(seen, []contract.Finding{{Rule: "api-server", Object: "Secret/db", Problem: says}}),
		"when it is written": failure(seen, objectError{ref: ref{Name: "db"}, err: errors.New(says)}),
	} {
		if strings.Contains(got.Message, password) || !strings.Contains(got.Message, "is too weak") {
			t.Errorf("%s: %s", reason, got.Message)
		}
	}
	if err := quiet(seen, errors.New(says)); strings.Contains(err.Error(), password) {
		t.Errorf("in the log: %v", err)
	}
}
