package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// Pilot is a pilot network of an app, as the groups see it that wait for it.
type Pilot struct {
	// Network by its name.
	Network string
	// Absent says, in words, why the network can have no Rollout of the app, such as that it does not
	// propose it, and Fix what a person can do. Empty where it can.
	Absent, Fix string
	// Wanted is what the network's channel points at now; nil where that can't be had.
	Wanted *v1alpha1.Release
	// Next is the Rollout that the network is about to make, such as for a retry; nil where it makes none.
	Next *v1alpha1.RolloutSpec
	// Records are the network's Rollouts of the app, in any order.
	Records []*v1alpha1.Rollout
}

// PilotsGate is the gate of the first member of a group that is no pilot itself: each pilot
// network has completed the release with its newest attempt, most who take part have it, and the network
// has not gone back since, or completed a higher version after that. It says what keeps the first that has not, and
// what a person can do.
func PilotsGate(app string, target v1alpha1.Release, pilots []Pilot) Gate {
	for _, pilot := range pilots {
		if why, how := pilot.keepsBack(target); why != "" {
			return Gate{
				WaitsFor: fmt.Sprintf("pilot network %s to complete %s (spec.pilotNetworks of SharedApp %s): %s", pilot.Network, target.Version, app, why),
				How:      fmt.Sprintf("%s, or take %s out of spec.pilotNetworks of SharedApp %s", how, pilot.Network, app),
			}
		}
	}
	return Gate{}
}

// PilotsProof says which pilot networks have completed the release though no more than half of their
// members have it, as the others are excused. It opens the gate, and who decides on others should know.
// Empty where there is none.
func PilotsProof(target v1alpha1.Release, pilots []Pilot) string {
	var all []string
	for i := range pilots {
		p := &pilots[i]
		if why, _ := p.keepsBack(target); why != "" {
			continue
		}
		if s := &p.newest(target).Status; 2*s.Verified <= s.Members {
			all = append(all, fmt.Sprintf("pilot network %s completed %s with %d of %d members", p.Network, target.Version, s.Verified, s.Members)+
				inWords(number{int(s.Excused), "excused"}, number{toCome(s), "to come"}, number{int(s.Failed), "failed"}))
		}
	}
	return strings.Join(all, "; ")
}

// keepsBack says why a pilot network has not completed a release, and what a person can do about it.
func (p *Pilot) keepsBack(target v1alpha1.Release) (why, how string) {
	r := p.newest(target)
	switch {
	case p.Absent != "":
		return p.Absent, p.Fix
	case p.Next != nil && p.Next.Version == target.Version && p.Next.Digest == target.Digest: //guard:pilots-next-attempt
		return "its Rollout is about to be made", "wait"
	case r != nil && p.wentBackTo(target) != "": //guard:pilots-that-went-back
		return "it has gone back to " + p.wentBackTo(target), "point its channel at " + target.Version
	case r == nil && p.Wanted != nil && *p.Wanted != target:
		return "its channel points at " + p.Wanted.Version, "point its channel at " + target.Version
	case r == nil:
		return "its Rollout is about to be made", "wait"
	}
	return p.records(r)
}

// records says what its Rollout says about why a pilot network has not completed a release.
func (p *Pilot) records(r *v1alpha1.Rollout) (why, how string) {
	s := &r.Status
	again := "ask for a retry in spec.rollout.retries of Network " + p.Network
	switch s.Phase {
	case v1alpha1.RolloutHalted:
		return fmt.Sprintf("Rollout %s is halted", r.Name), again
	case v1alpha1.RolloutSuperseded, v1alpha1.RolloutWithdrawn:
		return fmt.Sprintf("Rollout %s ended before it completed", r.Name), again
	case v1alpha1.RolloutCompleted:
		return completedWithFew(r, again)
	case v1alpha1.RolloutPending, v1alpha1.RolloutProgressing:
	}
	if s.Members > 0 && s.Members == s.Excused {
		return fmt.Sprintf("all %d members are excused from Rollout %s", s.Members, r.Name), "let one of them take part"
	}
	if s.Phase != v1alpha1.RolloutProgressing {
		return fmt.Sprintf("Rollout %s has not begun", r.Name), "see Rollout " + r.Name
	}
	return fmt.Sprintf("Rollout %s has %s members verified", r.Name, s.Progress), "see Rollout " + r.Name
}

// completedWithFew says why a Rollout that completed proves too little: no more than half of those who
// take part have the version.
func completedWithFew(r *v1alpha1.Rollout, again string) (why, how string) {
	s := &r.Status
	if 2*s.Verified > s.Members-s.Excused {
		return "", ""
	}
	how = "let more of them have it"
	if toCome(s) == 0 && s.Failed > 0 {
		how = again
	}
	return fmt.Sprintf("Rollout %s is completed with no more than %d of %d members", r.Name, s.Verified, s.Members-s.Excused) +
		inWords(number{toCome(s), "to come"}, number{int(s.Failed), "failed"}), how
}

// toCome is how many take part that have not got the version yet, and are not on their way.
func toCome(s *v1alpha1.RolloutStatus) int { return int(s.Waiting + s.Away) }

// wentBackTo is the lower version that the pilot went back to, or is about to, since it completed a release, or a higher
// version that passes, or began another attempt at it; empty where it did not go back.
func (p *Pilot) wentBackTo(target v1alpha1.Release) string {
	if p.Next != nil && catalogue.Lower(p.Next.Version, target.Version) {
		return p.Next.Version
	}
	for _, r := range slices.SortedFunc(slices.Values(p.Records), newestFirst) {
		switch {
		case release(r) == target, catalogue.Lower(target.Version, r.Spec.Version) && p.passes(r):
			return ""
		case catalogue.Lower(r.Spec.Version, target.Version):
			return r.Spec.Version
		}
	}
	return ""
}

// passes says whether a Rollout of the pilot completed, and proves enough.
func (p *Pilot) passes(r *v1alpha1.Rollout) bool {
	why, _ := p.records(r)
	return why == ""
}

// newest is the pilot's newest Rollout of a release; nil where there is none.
func (p *Pilot) newest(target v1alpha1.Release) *v1alpha1.Rollout {
	return Newest(slices.DeleteFunc(slices.Clone(p.Records), func(r *v1alpha1.Rollout) bool { return release(r) != target }))
}
