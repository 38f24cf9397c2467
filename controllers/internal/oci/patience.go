package oci

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// maxPatience is the longest that a registry may ask to be left alone.
const maxPatience = time.Hour

// patience notes how long a registry asks to be left alone (RFC 9110, Retry-After), which its client does
// not pass on.
type patience struct {
	next  http.RoundTripper
	asked atomic.Int64
}

// RoundTrip passes a request on.
func (p *patience) RoundTrip(req *http.Request) (*http.Response, error) {
	response, err := p.next.RoundTrip(req)
	if err == nil && (response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusServiceUnavailable) {
		p.asked.Store(int64(retryAfter(response.Header.Get("Retry-After"), response.Header.Get("Date"))))
	}
	return response, err
}

// wait is how long the registry asked to be left alone; 0 where it did not.
func (p *patience) wait() time.Duration { return time.Duration(p.asked.Load()) }

// retryAfter reads seconds, or a time, which counts from the registry's own.
func retryAfter(value, date string) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return min(time.Duration(seconds)*time.Second, maxPatience)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), maxPatience)
}
