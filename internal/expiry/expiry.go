// Package expiry says until when access lasts that a spec grants.
package expiry

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Expiring is something that ends by itself, such as access.
type Expiring interface {
	// ExpiresAt is when that is; nil if never.
	ExpiresAt() *metav1.Time
}

// Expired says whether something has ended.
func Expired(e Expiring, now time.Time) bool {
	end := e.ExpiresAt()
	return end != nil && !now.Before(end.Time)
}

// Next is how long until the next of them ends, or 0 where none will.
func Next[E Expiring](all []E, now time.Time) time.Duration {
	var next time.Duration
	for _, e := range all {
		end := e.ExpiresAt()
		if end == nil || Expired(e, now) {
			continue
		}
		if left := end.Sub(now); next == 0 || left < next {
			next = left
		}
	}
	return next
}
