package rollout

import (
	"context"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// logged is what is written to the log meanwhile, a line each.
func logged(report func(context.Context, *Reconciler)) []string {
	var lines []string
	log := funcr.New(func(_, line string) { lines = append(lines, line) }, funcr.Options{})
	report(ctrl.LoggerInto(context.Background(), log), &Reconciler{Events: events.NewFakeRecorder(10)})
	return lines
}

func TestStatusIsLogged(t *testing.T) {
	with := func(phase v1alpha1.RolloutPhase, approval v1alpha1.ApprovalState) v1alpha1.RolloutStatus {
		return v1alpha1.RolloutStatus{Phase: phase, Progress: "4/10", Next: "what comes next", Waves: []v1alpha1.WaveStatus{{Name: "everyone", Approval: approval}}}
	}
	cases := []struct {
		reason       string
		before, then v1alpha1.RolloutStatus
		want         []string
	}{
		{"an approval is logged once", with(v1alpha1.RolloutProgressing, v1alpha1.ApprovalWanting), with(v1alpha1.RolloutProgressing, v1alpha1.ApprovalGiven), []string{"approved"}},
		{"and not the next time", with(v1alpha1.RolloutProgressing, v1alpha1.ApprovalGiven), with(v1alpha1.RolloutProgressing, v1alpha1.ApprovalGiven), nil},
		{"a halt", with(v1alpha1.RolloutProgressing, ""), with(v1alpha1.RolloutHalted, ""), []string{"halted"}},
		{"a completion", with(v1alpha1.RolloutProgressing, ""), with(v1alpha1.RolloutCompleted, ""), []string{"completed"}},
		{"an end", with(v1alpha1.RolloutProgressing, ""), with(v1alpha1.RolloutSuperseded, ""), []string{"ended"}},
		{"that it goes on is seen from the moves", with(v1alpha1.RolloutPending, ""), with(v1alpha1.RolloutProgressing, ""), nil},
		{"a lost status says nothing new of a completion", with(v1alpha1.RolloutCompleted, ""), with(v1alpha1.RolloutCompleted, ""), nil},
	}
	for _, c := range cases {
		lines := logged(func(ctx context.Context, r *Reconciler) {
			r.reportStatus(ctx, &v1alpha1.Rollout{Spec: v1alpha1.RolloutSpec{App: "svarut"}, Status: c.before}, c.then)
		})
		if len(lines) != len(c.want) {
			t.Errorf("%s: logged %v, want %v", c.reason, lines, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(lines[i], `"msg"="`+want+`"`) || !strings.Contains(lines[i], `"app"="svarut"`) {
				t.Errorf("%s: logged %s, want one line %q with the app", c.reason, lines[i], want)
			}
		}
	}
}
