package bulletin

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/outlook"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
)

// people are the municipalities that a promotion concerns, each in one list.
type people struct {
	// gets are those who get the version somewhere, in the order in which they do.
	gets []arrival
	// hold, decline and wait are those who do not.
	hold, decline, wait []string
	// approvals are the networks that somebody must approve in.
	approvals []approval
}

// arrival is the first time that a municipality gets the version.
type arrival struct {
	municipality string
	at           time.Time
	// queued is set where the time counts from a turn that nobody knows.
	queued bool
}

// approval is how many municipalities need one by somebody.
type approval struct {
	by    string
	count int
}

func peopleOf(o *outlook.Outlook) people {
	var p people
	seen := map[string]bool{}
	for i := range o.Groups {
		for _, v := range o.Groups[i].Visits {
			if v.Reason == "" && v.At != nil {
				p.gets = append(p.gets, arrival{v.Municipality, *v.At, o.Groups[i].Queue != nil})
			}
		}
	}
	slices.SortStableFunc(p.gets, func(a, b arrival) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.municipality, b.municipality)) })
	p.gets = slices.DeleteFunc(p.gets, func(a arrival) bool {
		again := seen[a.municipality]
		seen[a.municipality] = true
		return again
	})
	for i := range o.Groups {
		p.take(&o.Groups[i], seen)
	}
	return p
}

// take takes in those of a group who do not get the version; seen are those who are in a list already.
func (p *people) take(g *outlook.Group, seen map[string]bool) {
	unapproved := map[string]bool{}
	for _, a := range g.Approvals {
		unapproved[a.Wave] = true
	}
	approve := map[string]bool{}
	for _, v := range g.Visits {
		switch {
		case unapproved[v.Wave] && (v.Reason == "" || v.Reason == v1alpha1.ReasonWaiting):
			approve[v.Municipality] = true
		case v.Reason != "" && v.Reason != planner.ReasonPresent && !seen[v.Municipality]:
			seen[v.Municipality] = true
			p.takeBlocked(v)
		}
	}
	if len(approve) > 0 {
		by := g.Name
		if by == country.Direct {
			by = "the nation"
		}
		p.approvals = append(p.approvals, approval{by, len(approve)})
	}
}

func (p *people) takeBlocked(v outlook.Visit) {
	switch v.Reason {
	case v1alpha1.ReasonHeld:
		p.hold = append(p.hold, v.Municipality)
	case v1alpha1.ReasonDeclined:
		p.decline = append(p.decline, v.Municipality)
	default:
		p.wait = append(p.wait, v.Municipality)
	}
}

// headline sums a promotion up: who gets the version and when, and who does not.
func headline(o *outlook.Outlook) string {
	p := peopleOf(o)
	parts := []string{fmt.Sprintf("nobody gets %s", o.Version)}
	if n := len(p.gets); n > 0 {
		first := p.gets[0]
		parts[0] = fmt.Sprintf("%s %s, first %s on %s", count(n, "municipality gets", "municipalities get"), o.Version, first.municipality, day(first.at, o.At))
		if first.queued {
			parts[0] += " at the earliest"
		}
	}
	for _, part := range []struct {
		all       []string
		one, more string
	}{{p.hold, "holds", "hold"}, {p.decline, "declines", "decline"}, {p.wait, "waits", "wait"}} {
		if n := len(part.all); n > 0 {
			parts = append(parts, count(n, part.one, part.more))
		}
	}
	for _, a := range p.approvals {
		parts = append(parts, fmt.Sprintf("%s approval by %s", count(a.count, "needs", "need"), a.by))
	}
	return strings.Join(parts, "; ")
}

func count(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// day is a date as people say it, in UTC; with the year where it is another one than that of asking.
func day(at, asked time.Time) string {
	if at, asked = at.UTC(), asked.UTC(); at.Year() != asked.Year() {
		return at.Format("2 January 2006")
	}
	return at.Format("2 January")
}
