package retry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var (
	pods      = schema.GroupResource{Resource: "pods"}
	somebody  = apierrors.NewConflict(pods, "web", errors.New("fields"))
	invalid   = apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "web", nil)
	errSilent = errors.New("connection refused")
	forbidden = apierrors.NewForbidden(pods, "web", errors.New("denied by policy"))
)

func of(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}

// fails has a reconciler fail with an error, and returns the pause that follows.
func fails(t *testing.T, p *Pauses, name string, err error) time.Duration {
	t.Helper()
	r := p.Reconciler(reconcile.Func(func(context.Context, ctrl.Request) (ctrl.Result, error) { return ctrl.Result{}, err }))
	if _, got := r.Reconcile(t.Context(), of(name)); !errors.Is(got, err) {
		t.Fatalf("the error became %v", got)
	}
	return p.When(of(name))
}

func TestClassOf(t *testing.T) {
	for _, tc := range []struct {
		reason string
		err    error
		want   class
	}{
		{"nobody answers", errSilent, unclear},
		{"somebody else wrote", fmt.Errorf("write: %w", somebody), conflict},
		{"a field is wrong", fmt.Errorf("write: %w", invalid), refused},
		{"a policy refuses it", forbidden, refused},
		{"the API server is busy", apierrors.NewTooManyRequests("busy", 1), unclear},
		{"a right is not known yet", apierrors.NewForbidden(pods, "web", errors.New(`User "x" cannot patch resource "pods"`)), unclear},
		{"all were refused", errors.Join(invalid, forbidden), refused},
		{"one of several may be over soon", errors.Join(invalid, errSilent), unclear},
		{"others wrote, here and there", errors.Join(somebody, somebody), conflict},
		{"somebody wrote, and one is refused", errors.Join(somebody, invalid), unclear},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := classOf(tc.err); got != tc.want {
				t.Errorf("class %d, want %d", got, tc.want)
			}
		})
	}
}

func TestPausesGrowByTheFault(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	for _, tc := range []struct {
		reason string
		err    error
		want   []time.Duration // what each pause is at least; half of it may come on top
	}{
		{"a conflict is over soon", somebody, []time.Duration{10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, s, s}},
		{"what is refused waits for a person", invalid, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 20 * s, 20 * s}},
		{"all else begins soon, and slows down", errSilent, []time.Duration{10 * ms, 20 * ms, 40 * ms, 80 * ms, 160 * ms, 320 * ms, 640 * ms, 1280 * ms, 2560 * ms, 5120 * ms, 10240 * ms, 20 * s, 20 * s}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			p := NewPauses()
			for n, least := range tc.want {
				if got := fails(t, p, "a", tc.err); got < least || got > least+least/2 {
					t.Errorf("pause %d is %s, want %s and up to half of it more", n, got, least)
				}
			}
			if got := p.NumRequeues(of("a")); got != len(tc.want) {
				t.Errorf("%d failures, want %d", got, len(tc.want))
			}
		})
	}
}

func TestPausesBeginAgain(t *testing.T) {
	p := NewPauses()
	for range 8 {
		fails(t, p, "a", errSilent)
	}
	for _, tc := range []struct {
		reason string
		pause  func() time.Duration
		most   time.Duration
	}{
		{"for another object", func() time.Duration { return fails(t, p, "b", errSilent) }, 15 * time.Millisecond},
		{"after another fault", func() time.Duration { return fails(t, p, "a", somebody) }, 15 * time.Millisecond},
		{"after a success", func() time.Duration { p.Forget(of("b")); return fails(t, p, "b", errSilent) }, 15 * time.Millisecond},
		{"where a reconciler panics after it was refused", func() time.Duration {
			fails(t, p, "c", invalid)
			return p.When(of("c"))
		}, 15 * time.Millisecond},
	} {
		if got := tc.pause(); got > tc.most {
			t.Errorf("%s: %s, want at most %s", tc.reason, got, tc.most)
		}
	}
}

// TestWhatFailsAtOnceComesAgainOneByOne: after an outage a country does not knock at one moment.
func TestWhatFailsAtOnceComesAgainOneByOne(t *testing.T) {
	p, all := NewPauses(), map[time.Duration]bool{}
	for n := range 100 {
		all[fails(t, p, fmt.Sprint(n), errSilent)] = true
	}
	if len(all) < 50 {
		t.Errorf("100 objects come again at %d moments", len(all))
	}
	grown := []time.Duration{After(time.Second, 0), After(time.Second, 1), After(time.Second, 60)}
	if !slices.IsSorted(grown) || grown[0] < time.Second || grown[2] < longest || grown[2] > longest*3/2 {
		t.Errorf("pauses %v", grown)
	}
}
