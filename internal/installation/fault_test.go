package installation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/installation"
)

func TestFaultOf(t *testing.T) {
	notReady := func(reason string) []metav1.Condition {
		return []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: "fix it", ObservedGeneration: 3}}
	}
	is := func(b installation.Blame, code string) installation.Fault {
		return installation.Fault{Blame: b, Code: code, Message: "fix it"}
	}
	cases := []struct {
		reason     string
		conditions []metav1.Condition
		want       installation.Fault
	}{
		{"nobody looked at it yet", nil, installation.Fault{}},
		{"it is ready", []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: 3}}, installation.Fault{}},
		{"the fault was of an earlier spec", []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNameTaken, ObservedGeneration: 2}}, installation.Fault{}},
		{"the tenant's object is in the way", notReady("NameTaken"), is("Member", "NameTaken")},
		{"the member's quota is full", notReady("QuotaExceeded"), is("Member", "QuotaExceeded")},
		{"the member's parameters do not fit", notReady("InvalidParameters"), is("Member", "InvalidParameters")},
		{"the member's Secret is missing", notReady("SecretMissing"), is("Member", "SecretMissing")},
		{"the environment has another zone", notReady("ZoneUnfit"), is("Member", "ZoneUnfit")},
		{"the environment is not complete", notReady("EnvironmentNotReady"), is("Member", "EnvironmentNotReady")},
		{"a required app is missing", notReady("RequiredAppMissing"), is("Member", "RequiredAppMissing")},
		{"a required app has another version", notReady("RequiredAppVersion"), is("Member", "RequiredAppVersion")},
		{"a required app is not ready", notReady("RequiredAppNotReady"), is("Member", "RequiredAppNotReady")},
		{"the app is gone from the catalogue", notReady("SharedAppMissing"), is("Catalogue", "SharedAppMissing")},
		{"the version is gone from the catalogue", notReady("VersionMissing"), is("Catalogue", "VersionMissing")},
		{"the bundle is gone from the store", notReady("BundleMissing"), is("Catalogue", "BundleMissing")},
		{"the stored bundle was changed", notReady("BundleTampered"), is("Catalogue", "BundleTampered")},
		{"the pull secret is missing", notReady("PullSecretMissing"), is("Catalogue", "PullSecretMissing")},
		{"the Platform does not allow what it requires", notReady("EgressNotAllowed"), is("Catalogue", "EgressNotAllowed")},
		{"the municipality has no domain for its routes", notReady("DomainMissing"), is("Member", "DomainMissing")},
		{"a definition, or a role of the operator, is missing", notReady("KindUnreadable"), is("Catalogue", "KindUnreadable")},
		{"its pods crash", notReady("Unhealthy"), is("Version", "Unhealthy")},
		{"the API server refuses an object of the bundle", notReady("Refused"), is("Version", "Refused")},
		{"it is starting", notReady(v1alpha1.ReasonProgressing), is("Version", "Progressing")},
		{"a reason that is not known here", notReady("Novel"), is("Version", "Novel")},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Status: v1alpha1.AppInstallationStatus{ObservedGeneration: 3, Conditions: tc.conditions}}
			if diff := cmp.Diff(tc.want, installation.FaultOf(i)); diff != "" {
				t.Errorf("fault (-want +got):\n%s", diff)
			}
		})
	}
}
