package rollup

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

const (
	// maxNames keeps an aggregate small, however many members it has.
	maxNames = 50
	// maxMessage is the longest message, in bytes, of one app in a status.
	maxMessage = 512
	// maxNote is the longest message, in bytes, of one member in a status.
	maxNote = 256
)

// The reasons of AppsReady where apps are not ready.
const (
	// reasonAppsFailed means that somebody must change something.
	reasonAppsFailed = "AppsFailed"
	// reasonAppsProgressing means that it goes on by itself.
	reasonAppsProgressing = "AppsProgressing"
)

// summary counts places, or members.
type summary struct {
	// counted are those that there should be.
	counted int
	// running are healthy at the version that they are asked to have now, and upToDate at the wanted one.
	running, upToDate int
	// failed says whether one of them waits for a person.
	failed bool
	// first is what to tell about the first that is not ready, one that failed before all others.
	first string
}

// add counts a place.
func (s *summary) add(p *place, name string) {
	if !p.counted {
		return
	}
	s.counted++
	if p.ready {
		s.upToDate++
	}
	if p.settled {
		s.running++
		return
	}
	failed := failing(p.shown.State)
	if s.first == "" || (failed && !s.failed) {
		s.first = name + ": " + cmp.Or(p.shown.Message, p.shown.Next, strings.ToLower(string(p.shown.State)))
	}
	s.failed = s.failed || failed
}

// ofCounted is a number of those that there should be, as "9/10".
func (s summary) ofCounted(number int) string { return fmt.Sprintf("%d/%d", number, s.counted) }

// outcome for the condition AppsReady. The noun is what is counted.
func (s summary) outcome(noun string) condition.Outcome {
	left := s.counted - s.running
	switch {
	case s.counted == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: "no " + noun}
	case left == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("%s %s running", s.ofCounted(s.running), noun)}
	}
	out := condition.Outcome{State: condition.Progressing, Reason: reasonAppsProgressing, Message: fmt.Sprintf("%s %s running; %s", s.ofCounted(s.running), noun, s.first)}
	if s.failed {
		out.State, out.Reason = condition.Stalled, reasonAppsFailed
	}
	if left > 1 {
		out.Message += fmt.Sprintf("; and %d more", left-1)
	}
	return out
}

// failing says whether a state waits for a person.
func failing(state v1alpha1.AppState) bool {
	return state == v1alpha1.AppFailed || state == v1alpha1.AppStuck || state == v1alpha1.AppBlocked || state == v1alpha1.AppReturned
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }
