package apply

import (
	"errors"
	"fmt"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestOnlyConflicts(t *testing.T) {
	conflict := fmt.Errorf("apply svarut: %w", apierrors.NewConflict(schema.GroupResource{Resource: "appinstallations"}, "svarut", errors.New("changed")))
	fault := errors.New("no route to host")
	cases := []struct {
		reason string
		err    error
		want   bool
	}{
		{"a conflict is one, also when it was wrapped", conflict, true},
		{"several are nothing else", errors.Join(conflict, errors.Join(conflict, nil)), true},
		{"a fault among them is reported", errors.Join(conflict, fault), false},
		{"a fault is no conflict", fault, false},
		{"no error is no conflict", nil, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := OnlyConflicts(tc.err); got != tc.want {
				t.Errorf("OnlyConflicts(%v) = %v, want %v", tc.err, got, tc.want)
			}
		})
	}
}
