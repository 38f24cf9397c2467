package tenancy_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

func TestComplete(t *testing.T) {
	cases := []struct {
		reason string
		change func(*v1alpha1.Municipality)
		waits  string // empty where the environment is complete
	}{
		{"a Municipality that nobody looked at", func(m *v1alpha1.Municipality) { m.Status = v1alpha1.MunicipalityStatus{ObservedGeneration: -1} }, "it is being made"},
		{"a complete environment", func(*v1alpha1.Municipality) {}, ""},
		{"a complete one, while another part of the spec changes", func(m *v1alpha1.Municipality) { m.Generation = 5 }, ""},
		{"one that is kept closed is complete", func(m *v1alpha1.Municipality) { m.Status.Environments[0].Message = "kept Closed" }, ""},
		{"a namespace without its quota", func(m *v1alpha1.Municipality) {
			m.Status.Environments[0].State, m.Status.Environments[0].Message = v1alpha1.EnvironmentPending, "its quota is not in force yet"
		}, "its quota is not in force yet"},
		{"one that can't be made", func(m *v1alpha1.Municipality) {
			m.Status.Environments[0].State, m.Status.Environments[0].Message = v1alpha1.EnvironmentFailed, "namespace vinje-prod exists"
		}, "namespace vinje-prod exists"},
		{"one on its way out", func(m *v1alpha1.Municipality) { m.Status.Environments[0].State = v1alpha1.EnvironmentDeleting }, "not ready"},
		{"one that a stalled Municipality asks for", func(m *v1alpha1.Municipality) {
			m.Status.Environments = nil
			m.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Message: "spec.number 4036 belongs to another"}}
		}, "spec.number 4036 belongs to another"},
		{"one of a Municipality that is being deleted", func(m *v1alpha1.Municipality) {
			m.Status.Environments = nil
			m.DeletionTimestamp = new(metav1.Now())
		}, "the Municipality is being deleted"},
		{"one that was added to the spec a moment ago", func(m *v1alpha1.Municipality) { m.Status.Environments[0].Name = "test" }, "it is being made"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := vinje()
			tc.change(m)
			got := tenancy.Waits(m, "prod")
			if tenancy.Complete(m, "prod") != (tc.waits == "") || (got == "") != (tc.waits == "") || !strings.Contains(got, tc.waits) {
				t.Errorf("complete %v, waits %q, want %q", tenancy.Complete(m, "prod"), got, tc.waits)
			}
		})
	}
	if m := vinje(); tenancy.Complete(m, "dev") {
		t.Error("an environment that is not in the spec is complete")
	}
}

func TestUninstalls(t *testing.T) {
	cases := []struct {
		reason   string
		state    v1alpha1.EnvironmentState
		observed int64
		want     bool
	}{
		{"an environment that is being deleted", v1alpha1.EnvironmentDeleting, 4, true},
		{"the wish may have changed since", v1alpha1.EnvironmentDeleting, 3, false},
		{"one that is kept", v1alpha1.EnvironmentRetained, 4, false},
		{"one that is ready", v1alpha1.EnvironmentReady, 4, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			m := vinje()
			m.Status.ObservedGeneration, m.Status.Environments[0].State = tc.observed, tc.state
			if got := tenancy.Uninstalls(m, "prod"); got != tc.want {
				t.Errorf("uninstalls: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestZone(t *testing.T) {
	cases := []struct {
		reason string
		status v1alpha1.Zone
		want   v1alpha1.Zone
	}{
		{"nobody has looked yet", "", v1alpha1.ZoneOpen},
		{"it is as the spec says", v1alpha1.ZoneOpen, v1alpha1.ZoneOpen},
		{"it is kept closed", v1alpha1.ZoneClosed, v1alpha1.ZoneClosed},
	}
	for _, tc := range cases {
		m := vinje()
		m.Spec.Environments[0].Zone, m.Status.Environments[0].Zone = v1alpha1.ZoneOpen, tc.status
		if got := tenancy.Zone(m, &m.Spec.Environments[0]); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.reason, got, tc.want)
		}
	}
}

func vinje() *v1alpha1.Municipality {
	return &v1alpha1.Municipality{
		ObjectMeta: metav1.ObjectMeta{Name: "vinje", Generation: 4},
		Spec:       v1alpha1.MunicipalitySpec{Environments: []v1alpha1.Environment{{Name: "prod"}}},
		Status: v1alpha1.MunicipalityStatus{ObservedGeneration: 4, Environments: []v1alpha1.EnvironmentStatus{
			{Name: "prod", Namespace: "vinje-prod", State: v1alpha1.EnvironmentReady},
		}},
	}
}
