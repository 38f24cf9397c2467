package v1alpha1_test

import (
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestSuspensionIsABooleanOrAWord(t *testing.T) {
	for _, tc := range []struct {
		reason, text      string
		want              v1alpha1.Suspension
		suspended, frozen bool
		// back is what it is written as; the same where it is empty.
		back string
	}{
		{reason: "nothing is said", text: "{}\n"},
		{reason: "null says nothing", text: "{suspend: null}", back: "{}\n"},
		{reason: "the boolean of the other kinds", text: "suspend: true\n", want: v1alpha1.SuspensionOperator, suspended: true},
		{reason: "its opposite", text: "suspend: false\n", want: v1alpha1.SuspensionNone},
		{reason: "a freeze is a suspension", text: "suspend: Freeze\n", want: v1alpha1.SuspensionFreeze, suspended: true, frozen: true},
		{reason: "what the API server refuses stops nothing here", text: "suspend: Sometimes\n", want: "Sometimes"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var in struct {
				Suspend v1alpha1.Suspension `json:"suspend,omitempty"`
			}
			if err := yaml.Unmarshal([]byte(tc.text), &in); err != nil {
				t.Fatal(err)
			}
			if in.Suspend != tc.want || in.Suspend.IsSuspended() != tc.suspended || in.Suspend.IsFrozen() != tc.frozen {
				t.Errorf("got %q, suspended %t, frozen %t", in.Suspend, in.Suspend.IsSuspended(), in.Suspend.IsFrozen())
			}
			out, err := yaml.Marshal(in)
			want := tc.back
			if want == "" {
				want = tc.text
			}
			if err != nil || string(out) != want {
				t.Errorf("written as %q (%v), want %q", out, err, want)
			}
		})
	}
	var s v1alpha1.Suspension
	if err := yaml.Unmarshal([]byte("3"), &s); err == nil {
		t.Error("a number is no suspension")
	}
}
