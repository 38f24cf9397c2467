package snapshot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/internal/planner"
)

func TestWatchIsReadAsItWasWritten(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	watch := planner.Watch{Since: noon.Add(-time.Hour), Until: noon, Outages: planner.Outages{{From: noon.Add(-2 * time.Minute), Until: noon.Add(-time.Minute)}}}
	l := &coordinationv1.Lease{}
	note(l, watch)
	if diff := cmp.Diff(watch, watchOf(l)); diff != "" {
		t.Errorf("watch (-written +read):\n%s", diff)
	}
	cases := []struct {
		reason string
		lease  *coordinationv1.Lease
	}{
		{"there is no Lease", &coordinationv1.Lease{}},
		{"somebody emptied it", &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: l.Spec.RenewTime}}},
		{"somebody wrote what can't be read", &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{annotationOutages: "x"}}, Spec: l.Spec}},
	}
	for _, c := range cases {
		if got := watchOf(c.lease); !cmp.Equal(got, planner.Watch{}) {
			t.Errorf("%s: %+v, want that nobody looked", c.reason, got)
		}
	}
}
