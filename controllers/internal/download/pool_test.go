package download

import (
	"context"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/oci"
	"github.com/allmenning/allmenning/internal/bundle"
)

// registry answers as the test lets it.
type registry struct {
	started chan string
	answers map[string]chan error
}

func newRegistry(repositories ...string) *registry {
	r := &registry{started: make(chan string, 100), answers: map[string]chan error{}}
	for _, name := range repositories {
		r.answers[name] = make(chan error)
	}
	return r
}

func (r *registry) Fetch(ctx context.Context, request oci.Request) (bundle.Bundle, error) {
	r.started <- request.Repository
	select {
	case err := <-r.answers[request.Repository]:
		return bundle.Bundle{Digest: request.Digest}, err
	case <-ctx.Done():
		return bundle.Bundle{}, ctx.Err()
	}
}

func startPool(t *testing.T, r *registry, workers int, timeout time.Duration) *Pool {
	t.Helper()
	p := NewPool(r, clock.RealClock{}, workers, timeout)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := p.Start(ctx); err != nil {
			t.Errorf("Start: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return p
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(10 * time.Second):
		t.Fatalf("%s: nothing in 10 s", what)
		panic("unreachable")
	}
}

func TestASlowRegistryHoldsUpNobodyElse(t *testing.T) {
	r := newRegistry("slow", "fast")
	p := startPool(t, r, 2, time.Minute)
	slow, fast := oci.Request{Repository: "slow"}, oci.Request{Repository: "fast", Digest: "sha256:1"}
	p.Want("a", KeyOf(slow, ""), slow)
	p.Want("b", KeyOf(fast, ""), fast)
	receive(t, "first fetch", r.started)
	receive(t, "second fetch", r.started)
	r.answers["fast"] <- nil
	if e := receive(t, "end of the fast one", p.Ended()); e.Object.GetName() != "b" {
		t.Errorf("notified %s, want b", e.Object.GetName())
	}
	if s := p.State(KeyOf(fast, "")); s.Running || s.Bundle == nil || s.Bundle.Digest != "sha256:1" || s.Attempts != 1 {
		t.Errorf("the fast one: %+v", s)
	}
	if s := p.State(KeyOf(slow, "")); !s.Running || s.Bundle != nil {
		t.Errorf("the slow one: %+v", s)
	}
}

func TestOneFetchServesAllWhoWantIt(t *testing.T) {
	r := newRegistry("one")
	p := startPool(t, r, 2, time.Minute)
	request := oci.Request{Repository: "one"}
	for _, app := range []string{"a", "b", "a"} {
		p.Want(app, KeyOf(request, ""), request)
	}
	r.answers["one"] <- nil
	notified := map[string]bool{}
	for range 2 {
		notified[receive(t, "end", p.Ended()).Object.GetName()] = true
	}
	if !notified["a"] || !notified["b"] || len(r.started) != 1 {
		t.Errorf("notified %v after %d fetches, want a and b after 1", notified, len(r.started))
	}
	p.Keep("a", nil)
	if p.State(KeyOf(request, "")).Bundle == nil {
		t.Error("b still wants it")
	}
	p.Keep("b", nil)
	if p.State(KeyOf(request, "")).Bundle != nil {
		t.Error("nobody wants it, and it is still in memory")
	}
}

func TestAFaultIsToldAndTriedAgainOnlyWhenWanted(t *testing.T) {
	r := newRegistry("one")
	p := startPool(t, r, 1, time.Minute)
	request := oci.Request{Repository: "one"}
	key := KeyOf(request, "")
	p.Want("a", key, request)
	r.answers["one"] <- &oci.Fault{Reason: v1alpha1.ReasonUnauthorized, Message: "no"}
	receive(t, "end", p.Ended())
	if s := p.State(key); s.Running || s.Fault == nil || s.Fault.Reason != v1alpha1.ReasonUnauthorized {
		t.Fatalf("after the fault: %+v", s)
	}
	p.Want("a", key, request)
	r.answers["one"] <- nil
	receive(t, "second end", p.Ended())
	if s := p.State(key); s.Fault != nil || s.Bundle == nil || s.Attempts != 2 {
		t.Errorf("after the second: %+v", s)
	}
}

func TestAFetchEndsInTime(t *testing.T) {
	r := newRegistry("dead")
	p := startPool(t, r, 1, 10*time.Millisecond)
	request := oci.Request{Repository: "dead"}
	p.Want("a", KeyOf(request, ""), request)
	receive(t, "end", p.Ended())
	if s := p.State(KeyOf(request, "")); s.Fault == nil || !s.Fault.Transient {
		t.Errorf("a registry that does not answer is a passing fault: %+v", s)
	}
}

func TestKeyOf(t *testing.T) {
	base := oci.Request{Repository: "r", Digest: "d", Credentials: []byte("c")}
	for _, tc := range []struct {
		reason string
		other  Key
		same   bool
	}{
		{"the same request is the same fetch", KeyOf(base, ""), true},
		{"a new password is worth a new try", KeyOf(oci.Request{Repository: "r", Digest: "d", Credentials: []byte("x")}, ""), false},
		{"a person asks again", KeyOf(base, "now"), false},
	} {
		if got := KeyOf(base, "") == tc.other; got != tc.same {
			t.Errorf("%s: same = %v", tc.reason, got)
		}
	}
}
