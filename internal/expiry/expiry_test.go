package expiry_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/expiry"
)

func TestExpiry(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	ending := func(in time.Duration) v1alpha1.Access {
		return v1alpha1.Access{Expires: new(metav1.NewTime(now.Add(in)))}
	}
	cases := []struct {
		reason  string
		all     []v1alpha1.Access
		expired bool // the first of them
		next    time.Duration
	}{
		{"it never ends", []v1alpha1.Access{{}}, false, 0},
		{"it ends in an hour", []v1alpha1.Access{ending(time.Hour)}, false, time.Hour},
		{"it ends now", []v1alpha1.Access{ending(0)}, true, 0},
		{"the next is the one that ends first of those that have not", []v1alpha1.Access{ending(-time.Hour), ending(3 * time.Hour), {}, ending(2 * time.Hour)}, true, 2 * time.Hour},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			if got := expiry.Expired(c.all[0], now); got != c.expired {
				t.Errorf("%s: expired is %t, want %t", c.reason, got, c.expired)
			}
			if got := expiry.Next(c.all, now); got != c.next {
				t.Errorf("%s: the next ends in %s, want %s", c.reason, got, c.next)
			}
		})
	}
}
