package overview

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/country"
)

const (
	// maxNames keeps an aggregate small, however many members it has.
	maxNames = 50
	// maxMessage is the longest message, in bytes, of one app in a status.
	maxMessage = 512
	// maxNote is the longest message, in bytes, of one member in a status.
	maxNote = 256
)

// summary counts places, or members.
type summary struct {
	// counted are those that there should be.
	counted int
	// running, upToDate and settled are the numbers of them; see country.Status.
	running, upToDate, settled int
	// failed says whether one of them waits for a person.
	failed bool
	// first is what to report about the first that is not settled, one that failed before all others.
	first string
}

// add counts a place of a municipality.
func (s *summary) add(p *place) {
	if !p.Counted {
		return
	}
	s.counted++
	if p.Running {
		s.running++
	}
	if p.UpToDate {
		s.upToDate++
	}
	if p.Settled {
		s.settled++
		return
	}
	s.report(p.shown.Environment+"/"+p.shown.Name, p.State, p.said())
}

// addAll counts what was counted before. The prefix goes before the name of one of them.
func (s *summary) addAll(t *country.Tally, prefix string) {
	s.counted += t.Counted
	s.running += t.Running
	s.upToDate += t.UpToDate
	s.settled += t.Settled
	if name, first, found := t.First(); found {
		s.report(prefix+name, first.State, cmp.Or(first.Message, strings.ToLower(string(first.State))))
	}
}

// report takes in one that is not settled.
func (s *summary) report(name string, state v1alpha1.AppState, said string) {
	failed := country.Failed(state)
	if s.first == "" || (failed && !s.failed) {
		s.first = name + ": " + said
	}
	s.failed = s.failed || failed
}

// ofCounted is a number of those that there should be, as "9/10".
func (s summary) ofCounted(number int) string { return fmt.Sprintf("%d/%d", number, s.counted) }

// outcome for the condition AppsReady. The noun is what is counted.
func (s summary) outcome(noun string) condition.Outcome {
	behind := s.counted - s.settled
	switch {
	case s.counted == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: "no " + noun}
	case behind == 0:
		return condition.Outcome{State: condition.Ready, Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("%s %s running", s.ofCounted(s.running), noun)}
	}

	out := condition.Outcome{State: condition.Progressing, Reason: v1alpha1.ReasonAppsProgressing, Message: fmt.Sprintf("%s %s running; %s", s.ofCounted(s.running), noun, s.first)}
	if s.failed {
		out.State, out.Reason = condition.Stalled, v1alpha1.ReasonAppsFailed
	}
	if behind > 1 {
		out.Message += fmt.Sprintf("; and %d more", behind-1)
	}
	return out
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }
