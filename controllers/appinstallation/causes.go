package appinstallation

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

const (
	// causePatience is how long an app may be not ready before its pods are looked at: most are ready within it, and no watch
	// reports on pods.
	causePatience = 20 * time.Second
	// causePause is how long to wait before looking at them again.
	causePause = time.Minute
	// maxPods is how many pods of an app are looked at.
	maxPods = 100
)

// causes is why the pods of an app were not ready, at a time.
type causes struct {
	digest string
	by     map[string]string
	at     time.Time
}

// glances bounds how often pods are looked at, of all apps together. The zero value is ready.
type glances struct {
	lock    sync.Mutex
	limiter *rate.Limiter
}

// may says whether pods may be looked at now.
func (g *glances) may(now time.Time) bool {
	const aSecond, burst = 5, 20
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.limiter == nil {
		g.limiter = rate.NewLimiter(aSecond, burst)
	}
	return g.limiter.AllowN(now, 1)
}

// waitsForPods says whether a workload of the app that was applied is not as it should be.
func waitsForPods(todo planned, done applied) bool {
	if todo.outcome != nil || done.failed != nil || done.refused != nil {
		return false
	}
	for _, o := range todo.objects {
		live := done.live[o.ref]
		if o.done || o.waits != "" || live == nil || podtemplate.Path(o.desired.GroupVersionKind()) == nil {
			continue
		}
		if state, _ := health.Of(live, todo.rules); state != health.Healthy {
			return true
		}
	}
	return false
}

// notReadySince is when the app ceased to be ready, as far as it was reported, or when all of it was applied after that; now where
// it was not.
func notReadySince(seen *observed) time.Time {
	i := &seen.installation
	c := meta.FindStatusCondition(i.Status.Conditions, v1alpha1.ConditionReady)
	if c == nil || c.Status == metav1.ConditionTrue {
		return seen.now
	}
	if len(i.Status.History) > 0 && i.IsApplied() && i.Status.History[0].AppliedAt.After(c.LastTransitionTime.Time) {
		return i.Status.History[0].AppliedAt.Time
	}
	return c.LastTransitionTime.Time
}

// claimsIn are the names of the claims among objects.
func claimsIn(live map[ref]*unstructured.Unstructured) map[string]bool {
	all := map[string]bool{}
	for name := range live {
		if name.Kind == claimKind {
			all[name.Name] = true
		}
	}
	return all
}
