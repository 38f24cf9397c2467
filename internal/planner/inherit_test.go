package planner_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

func TestInherit(t *testing.T) {
	general := v1alpha1.RolloutStrategy{
		Waves: []v1alpha1.Wave{{Name: "coast"}}, Windows: []v1alpha1.Window{{Schedule: "0 8 * * *"}}, Freezes: []v1alpha1.FreezePeriod{{Reason: "election"}},
		Announcement: &metav1.Duration{Duration: time.Hour}, MaxIntroductions: new(int32(5)),
		Approvals: []v1alpha1.Approval{{App: "kobo"}}, Retries: []v1alpha1.Retry{{App: "kobo"}},
	}
	own := v1alpha1.RolloutStrategy{Waves: []v1alpha1.Wave{{Name: "own"}}, Approvals: []v1alpha1.Approval{{App: "svarut"}}}
	mixed := general
	mixed.Waves, mixed.Approvals, mixed.Retries = own.Waves, own.Approvals, nil
	inherited := general
	inherited.Approvals, inherited.Retries = nil, nil
	always := inherited
	always.Windows = []v1alpha1.Window{}
	cases := []struct {
		reason       string
		general, own *v1alpha1.RolloutStrategy
		want         v1alpha1.RolloutStrategy
	}{
		{"nobody says anything", nil, nil, v1alpha1.RolloutStrategy{}},
		{"a network that says nothing has all but approvals and retries of the Platform", &general, nil, inherited},
		{"one that says some has the rest of the Platform", &general, &own, mixed},
		{"without a Platform, what it says is all", nil, &own, own},
		{"an empty list is said: it has no windows", &general, &v1alpha1.RolloutStrategy{Windows: []v1alpha1.Window{}}, always},
	}
	for _, tc := range cases {
		diff(t, tc.reason, "strategy", planner.Inherit(tc.general, tc.own), tc.want)
	}
}
