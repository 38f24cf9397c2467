package rollout

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

const (
	// maxNotes keeps a status small, however many members there are.
	maxNotes = 50
	// maxNote and maxMessage are the longest texts, in bytes, that the schema allows.
	maxNote    = 256
	maxMessage = 512
)

// noted tells how a member stands.
func (s *standing) noted() v1alpha1.MemberNote {
	n := v1alpha1.MemberNote{Name: s.member.Name, Reason: cmp.Or(s.reason, ReasonWaiting), Message: condition.Within(s.message, maxNote)}
	if !s.since.IsZero() {
		n.Since = new(metav1.NewTime(s.since).Rfc3339Copy())
	}
	return n
}

// notes of the first members that are wanted. Since when a member has stood so, where nothing
// else tells, is what the notes of before say, else now.
func (p *planner) notes(before []v1alpha1.MemberNote, wanted func(*standing) bool) []v1alpha1.MemberNote {
	var all []v1alpha1.MemberNote
	known := make(map[string]v1alpha1.MemberNote, len(before))
	for _, note := range before {
		known[note.Name] = note
	}
	for i := range p.members {
		if len(all) == maxNotes {
			break
		}
		if wanted(&p.members[i]) {
			note := p.members[i].noted()
			if was := known[note.Name]; note.Since == nil && was.Reason == note.Reason {
				note.Since = was.Since
			}
			if note.Since == nil {
				note.Since = new(metav1.NewTime(p.in.Now).Rfc3339Copy())
			}
			all = append(all, note)
		}
	}
	return all
}

// failures are the members that failed, those first that left afterwards: they are in no
// other list.
func (p *planner) failures() []v1alpha1.MemberNote {
	var all []v1alpha1.MemberNote
	for _, gone := range p.in.Left {
		if gone.Failed {
			all = append(all, v1alpha1.MemberNote{Name: gone.Name, Wave: gone.Wave, Reason: "Left", Message: "failed, and left the group afterwards"})
		}
	}
	for i := range p.members {
		if s := &p.members[i]; s.state == failed && len(all) < maxNotes {
			note := s.noted()
			note.Wave = p.strategy.Waves[s.wave].Name
			all = append(all, note)
		}
	}
	return slices.Clip(all[:min(len(all), maxNotes)])
}

// cut keeps a message within what the schema allows.
func cut(message string) string { return condition.Within(message, maxMessage) }
