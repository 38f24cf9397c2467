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
	ready, counted int
	// failed says whether one of them waits for a person.
	failed bool
	// first is what to tell about the first that is not ready, one that failed before all others.
	first string
}

// add counts a place. Whether it counts as ready is the caller's to say: a municipality asks
// for less than a network.
func (s *summary) add(p *place, ready bool, name string) {
	if !p.counted {
		return
	}
	s.counted++
	if ready {
		s.ready++
		return
	}
	failed := failing(p.shown.State)
	if s.first == "" || (failed && !s.failed) {
		s.first = name + ": " + cmp.Or(p.shown.Message, p.shown.Next, strings.ToLower(p.shown.State))
	}
	s.failed = s.failed || failed
}

func (s summary) String() string { return fmt.Sprintf("%d/%d", s.ready, s.counted) }

// outcome for the condition AppsReady. The noun is what is counted.
func (s summary) outcome(noun string) condition.Outcome {
	left := s.counted - s.ready
	switch {
	case s.counted == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: "no " + noun}
	case left == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("%s %s ready", s, noun)}
	}
	out := condition.Outcome{State: condition.Progressing, Reason: reasonAppsProgressing, Message: fmt.Sprintf("%s %s ready; %s", s, noun, s.first)}
	if s.failed {
		out.State, out.Reason = condition.Stalled, reasonAppsFailed
	}
	if left > 1 {
		out.Message += fmt.Sprintf("; and %d more", left-1)
	}
	return out
}

// failing says whether a state waits for a person.
func failing(state string) bool {
	return state == stateFailed || state == stateBlocked || state == stateReturned
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }
