package apply

import (
	"encoding/json"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func account() Object {
	return ServiceAccount(corev1ac.ServiceAccount("default", "vinje-prod").
		WithLabels(map[string]string{"a": "b"}).WithAutomountServiceAccountToken(false))
}

// liveAccount is the account as the API server has it, with the fields that a manager owns.
func liveAccount(manager string, fields map[string]any) *corev1.ServiceAccount {
	raw, err := json.Marshal(fields)
	if err != nil {
		panic(err) // the fields stand in this file
	}
	return &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{
			Name: "default", Namespace: "vinje-prod", Labels: map[string]string{"a": "b", "team": "x"},
			ManagedFields: []metav1.ManagedFieldsEntry{{
				Manager: manager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: "v1",
				FieldsType: "FieldsV1", FieldsV1: metav1.NewFieldsV1(string(raw)),
			}},
		},
		AutomountServiceAccountToken: new(false),
	}
}

func TestChanged(t *testing.T) {
	type fields = map[string]any
	all := fields{"f:metadata": fields{"f:labels": fields{"f:a": fields{}}}, "f:automountServiceAccountToken": fields{}}
	cases := []struct {
		reason string
		live   client.Object
		want   bool
	}{
		{"there is none", nil, true},
		{"it is as it should be; a label of somebody's is theirs", liveAccount(Owner, all), false},
		{"somebody took a field over", liveAccount(Owner, fields{"f:automountServiceAccountToken": fields{}}), true},
		{"another manager owns it", liveAccount("kubectl", all), true},
		{"we own a field that we no longer want", liveAccount(Owner, fields{
			"f:metadata":                     fields{"f:labels": fields{"f:a": fields{}, "f:team": fields{}}},
			"f:automountServiceAccountToken": fields{},
		}), true},
		{"the value differs", func() client.Object {
			a := liveAccount(Owner, all)
			a.AutomountServiceAccountToken = new(true)
			return a
		}(), true},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got, err := account().Changed(tc.live)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("Changed = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestChangedRefusesAnotherKind(t *testing.T) {
	if _, err := account().Changed(&corev1.ConfigMap{}); err == nil {
		t.Error("a ConfigMap was compared with a ServiceAccount")
	}
}
