package appinstallation

import (
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/internal/condition"
)

// TestALackedRightIsAskedForLessAndLess: most come within the first pause, and one that is really missing costs ever less.
func TestALackedRightIsAskedForLessAndLess(t *testing.T) {
	var m memory
	seen, outcome := world(), condition.Outcome{State: condition.Retrying}
	lacking := applied{failed: &objectError{err: apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "web", errors.New("cannot patch resource"))}}
	pass := func(done applied) time.Duration {
		t.Helper()
		result, err := goOn(seen, planned{}, done, outcome, 0, m.lackedRights(seen.installation.UID, lacksRight(done, outcome)))
		if done.failed != nil && err != nil {
			t.Fatal(err)
		}
		return result.RequeueAfter
	}
	for n, least := 0, rightsPause; n < 10; n++ {
		if got := pass(lacking); got < least || got > least*3/2 {
			t.Errorf("pause %d is %s, want %s and up to half of it more", n, got, least)
		}
		least = min(2*least, 20*time.Second)
	}
	pass(applied{})
	if got := pass(lacking); got > rightsPause*3/2 {
		t.Errorf("after a pass that lacked none it waits %s", got)
	}
}
