package planner

import (
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// Input is all that a plan rests on.
type Input struct {
	// Rollout with what its status remembers. It is not changed.
	Rollout *v1alpha1.Rollout
	// Group in words for people, such as "Network digi-tv".
	Group    string
	Strategy Strategy
	// SecurityFix makes the rollout quick: nothing is announced, nothing soaks, and it does not queue.
	SecurityFix bool
	// Members that follow the group, sorted by name, also those that are excused now.
	Members []Member
	// Left are municipalities that this rollout moved and that are no members any longer.
	Left []Left
	// Elsewhere are members with places that this rollout moved and that follow the group no longer, as the network
	// asks for fewer stages by now. They are needed only where the status says nothing of who failed: it was lost, or
	// somebody deleted the Rollout.
	Elsewhere []Left
	// Releases of the app, as the catalogue has them; one without a digest is any of its version. Nil
	// where there is no SharedApp: then all of them are unavailable for now, and none is gone.
	Releases map[v1alpha1.Release]Availability
	Gates    Gates
	// Outages are the times in which the operator did not look. Deadlines do not count them:
	// what nobody looked at can't have failed.
	Outages Outages
	Now     time.Time

	// own says that the moves are a municipality's own: see PlanOwn.
	own bool
}

// Left is a municipality that left after it had been moved.
type Left struct {
	Name string
	// Wave that it took part in.
	Wave string
	// Failed says that it had failed before, and returned. Leaving does not undo that.
	Failed bool
	// Places that still record a move of this rollout.
	Places []MemberPlace
}

// Availability says whether an installation may go back to a release.
type Availability string

// How available a release can be.
const (
	// Gone releases are no longer in the catalogue. It is what a release is that nothing is known of.
	Gone Availability = ""
	// Available releases may be installed.
	Available Availability = "Available"
	// Unavailable releases can't be had for the moment, such as while their bundle is fetched again.
	Unavailable Availability = "Unavailable"
	// Withdrawn releases are never newly installed.
	Withdrawn Availability = "Withdrawn"
)

// availability of a release; without a catalogue, nothing can be said to be gone.
func (in *Input) availability(r v1alpha1.Release) Availability {
	if in.Releases == nil {
		return Unavailable
	}
	if a, known := in.Releases[r]; known {
		return a
	}
	return in.Releases[v1alpha1.Release{Version: r.Version}]
}

// deadline is when somebody will have had so long, all of it watched; in the past where they had.
func (in *Input) deadline(since time.Time, patience time.Duration) time.Time {
	if since.After(in.Now) {
		return since.Add(patience)
	}
	watched := in.Outages.Watched(since, in.Now) //guard:nobody-looked-is-no-failure -> in.Now.Sub(since)
	return in.Now.Add(patience - watched)
}
