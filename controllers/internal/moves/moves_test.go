package moves_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/moves"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// at is an installation at a version, to which a rollout moved it so many minutes after noon.
func at(version string, minutes int, outcome v1alpha1.MoveOutcome) *v1alpha1.AppInstallation {
	i := &v1alpha1.AppInstallation{Spec: v1alpha1.AppInstallationSpec{
		App: "svarut", Version: version, State: v1alpha1.InstallationPresent, Tenant: v1alpha1.Tenant{Municipality: "vinje", Environment: "prod"},
		Move: &v1alpha1.Move{
			Rollout: "digi-tv.svarut.2.5.0.1", Network: "digi-tv", Attempt: 1, Target: v1alpha1.Release{Version: "2.5.0"}, Wave: "pilot",
			MovedAt: metav1.NewTime(noon.Add(time.Duration(minutes) * time.Minute)), Outcome: outcome,
		},
	}}
	if outcome != "" {
		i.Annotations = map[string]string{v1alpha1.AnnotationFailure: "was not healthy"}
	}
	return i
}

func unmoved(version string) *v1alpha1.AppInstallation {
	i := at(version, 0, "")
	i.Spec.Move = nil
	return i
}

func leaving(i *v1alpha1.AppInstallation) *v1alpha1.AppInstallation {
	i.Spec.State = v1alpha1.InstallationAbsent
	return i
}

func TestWritten(t *testing.T) {
	cases := []struct {
		reason     string
		live, want *v1alpha1.AppInstallation
		line       string
		from, why  string
		event      bool
	}{
		{"the first version of all", nil, at("2.5.0", 0, ""), moves.Moved, "", "", false},
		{"another version", at("2.4.1", 0, ""), at("2.5.0", 5, ""), moves.Moved, "2.4.1", "", false},
		{"another attempt at the version that is there", at("2.5.0", 0, v1alpha1.OutcomeStuck), at("2.5.0", 5, ""), moves.Moved, "2.5.0", "", false},
		{"other parameters move nothing", at("2.5.0", 0, ""), at("2.5.0", 0, ""), "", "", "", false},
		{"nor do those of one that returned", at("2.4.1", 0, v1alpha1.OutcomeReturned), at("2.4.1", 0, v1alpha1.OutcomeReturned), "", "", "", false},
		{"nor those of one that nobody moved", unmoved("2.5.0"), unmoved("2.5.0"), "", "", "", false},
		{"it goes back", at("2.5.0", 0, ""), at("2.4.1", 5, v1alpha1.OutcomeReturned), moves.Returned, "2.5.0", "was not healthy", true},
		{"there is nothing to go back to", at("2.5.0", 0, ""), at("2.5.0", 0, v1alpha1.OutcomeStuck), moves.Stuck, "2.5.0", "was not healthy", true},
		{"a second attempt that goes back, too", at("2.4.1", 0, v1alpha1.OutcomeReturned), at("2.4.1", 5, v1alpha1.OutcomeReturned), moves.Returned, "2.4.1", "was not healthy", true},
		{"an app that is asked to go", at("2.5.0", 0, ""), leaving(at("2.4.1", 5, "")), "", "", "", false},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			logged := map[string]any{}
			log := funcr.NewJSON(func(line string) {
				if err := json.Unmarshal([]byte(line), &logged); err != nil {
					t.Error(err)
				}
			}, funcr.Options{})
			recorder := events.NewFakeRecorder(1)
			if got := moves.Written(ctrl.LoggerInto(t.Context(), log), recorder, "Rollout", c.live, c.want); got != c.line {
				t.Errorf("line %q, want %q", got, c.line)
			}
			if event := len(recorder.Events) > 0; event != c.event {
				t.Errorf("event %v, want %v", event, c.event)
			}
			if c.line == "" {
				if len(logged) > 0 {
					t.Errorf("logged %v, want nothing", logged)
				}
				return
			}
			want := map[string]any{
				"logger": "", "level": 0.0, "msg": c.line, "rollout": "digi-tv.svarut.2.5.0.1", "network": "digi-tv", "channel": "", "app": "svarut", "version": "2.5.0", "attempt": 1.0,
				"municipality": "vinje", "environment": "prod", "wave": "pilot", "from": c.from, "to": c.want.Spec.Version, "why": c.why,
			}
			if diff := cmp.Diff(want, logged); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}
