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
		own        bool
	}{
		{"nobody looked at it yet", nil, installation.Fault{}, false},
		{"it is ready", []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonReady, ObservedGeneration: 3}}, installation.Fault{}, false},
		{"the fault was of an earlier spec", []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNameTaken, ObservedGeneration: 2}}, installation.Fault{}, false},
		{"the tenant's object is in the way", notReady("NameTaken"), is("Member", "NameTaken"), true},
		{"the member's quota is full", notReady("QuotaExceeded"), is("Member", "QuotaExceeded"), true},
		{"the member's parameters do not fit", notReady("InvalidParameters"), is("Member", "InvalidParameters"), true},
		{"the member's Secret is missing", notReady("SecretMissing"), is("Member", "SecretMissing"), true},
		{"the environment has another zone", notReady("ZoneUnfit"), is("Member", "ZoneUnfit"), true},
		{"the environment is not complete", notReady("EnvironmentNotReady"), is("Member", "EnvironmentNotReady"), true},
		{"a required app is missing", notReady("RequiredAppMissing"), is("Member", "RequiredAppMissing"), true},
		{"a required app has another version", notReady("RequiredAppVersion"), is("Member", "RequiredAppVersion"), true},
		{"a required app is not ready", notReady("RequiredAppNotReady"), is("Member", "RequiredAppNotReady"), true},
		{"the app is gone from the catalogue", notReady("SharedAppMissing"), is("Catalogue", "SharedAppMissing"), false},
		{"the version is gone from the catalogue", notReady("VersionMissing"), is("Catalogue", "VersionMissing"), false},
		{"the bundle is gone from the store", notReady("BundleMissing"), is("Catalogue", "BundleMissing"), false},
		{"the stored bundle was changed", notReady("BundleTampered"), is("Catalogue", "BundleTampered"), false},
		{"the pull secret is missing", notReady("PullSecretMissing"), is("Catalogue", "PullSecretMissing"), false},
		{"its pods crash", notReady("Unhealthy"), is("Version", "Unhealthy"), false},
		{"the API server refuses an object of the bundle", notReady("Refused"), is("Version", "Refused"), false},
		{"it is starting", notReady(v1alpha1.ReasonProgressing), is("Version", "Progressing"), false},
		{"a reason that is not known here", notReady("Novel"), is("Version", "Novel"), false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Generation: 3}, Status: v1alpha1.AppInstallationStatus{ObservedGeneration: 3, Conditions: tc.conditions}}
			if diff := cmp.Diff(tc.want, installation.FaultOf(i)); diff != "" {
				t.Errorf("fault (-want +got):\n%s", diff)
			}
			if _, own := installation.OwnFault(i); own != tc.own {
				t.Errorf("own fault of the member: %v, want %v", own, tc.own)
			}
		})
	}
}
