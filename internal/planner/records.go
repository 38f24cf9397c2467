package planner

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
)

// KeepRecords is how many ended Rollouts of one group and app are kept.
const KeepRecords = 10

// Wish is what a group wants of an app now.
type Wish struct {
	// Network, or the Channel that direct adopters follow.
	Network, Channel string
	App              string
	// Release that the channel points at; nil while it is not known, or can't be had.
	Release *v1alpha1.Release
	// Asked says that the group asks for the app at all.
	Asked bool
	// Withdrawn are releases whose version was withdrawn; another version may have the same digest.
	Withdrawn map[v1alpha1.Release]bool
	Retries   []v1alpha1.Retry
	// Moved are rollouts of the release that installations record, whose own records may be gone.
	Moved []Moved
	// Began says whether an installation records that a Rollout moved it in a wave, which the Rollout itself may not say
	// yet; nil where nobody knows.
	Began func(rollout string) bool
}

// Moved is an attempt that an installation records, and when it moved one last.
type Moved struct {
	Attempt int32
	At      time.Time
}

// Course says which Rollouts to end, and which one to make or to go on with.
type Course struct {
	// End come first: a Rollout is ended before the next is made.
	End []Ending
	// Create is nil where there is one to go on with, or nothing to do.
	Create *v1alpha1.RolloutSpec
	// Current is the one to go on with; nil where one must be made first, or none is asked for.
	Current *v1alpha1.Rollout
}

// Ending is how a Rollout ends before it completed.
type Ending struct {
	Rollout *v1alpha1.Rollout
	Phase   v1alpha1.RolloutPhase
	Message string
}

// Ended says whether a Rollout takes no further steps.
func Ended(r *v1alpha1.Rollout) bool {
	return r.Status.Phase == v1alpha1.RolloutSuperseded || r.Status.Phase == v1alpha1.RolloutWithdrawn
}

// Choose finds the course among the Rollouts of one group and app, in any order. The newest
// one counts: if it brings what is wished for, it goes on; else a new one takes its place,
// also where an older one brought the same, which then is one more attempt.
func Choose(records []*v1alpha1.Rollout, wish Wish) Course {
	records = slices.SortedFunc(slices.Values(records), newestFirst)
	var course Course
	for _, r := range records {
		if !Ended(r) && !Completed(r) && wish.Withdrawn[release(r)] { //guard:withdrawn-ends
			course.End = append(course.End, Ending{r, v1alpha1.RolloutWithdrawn, fmt.Sprintf("version %s was withdrawn; who has it keeps it", r.Spec.Version)})
		}
	}
	newest := course.newest(records)
	switch {
	case !wish.Asked: //guard:nobody-asks
		course.supersede(records, "nobody in the group asks for the app any longer")
	case wish.Release == nil:
		course.Current = newest
	case newest == nil || release(newest) != *wish.Release:
		course.create(records, wish)
	case wish.retries(newest):
		course.create(records, wish)
	default:
		course.Current = newest
		course.supersede(slices.DeleteFunc(slices.Clone(records), func(r *v1alpha1.Rollout) bool { return r == newest }), "a newer rollout took its place")
	}
	return course
}

// newest is the newest Rollout, if it may go on.
func (c *Course) newest(records []*v1alpha1.Rollout) *v1alpha1.Rollout {
	if len(records) == 0 || Ended(records[0]) || c.ends(records[0]) {
		return nil
	}
	return records[0]
}

func (c *Course) ends(r *v1alpha1.Rollout) bool {
	return slices.ContainsFunc(c.End, func(e Ending) bool { return e.Rollout == r })
}

func (c *Course) create(records []*v1alpha1.Rollout, wish Wish) {
	c.Create = &v1alpha1.RolloutSpec{
		Network: wish.Network, Channel: wish.Channel, App: wish.App,
		Version: wish.Release.Version, Digest: wish.Release.Digest, Attempt: 1, Sequence: 1,
		Completed: wish.completed(records),
	}
	for _, r := range records {
		c.Create.Sequence = max(c.Create.Sequence, r.Spec.Sequence+1)
		if r.Spec.Digest == wish.Release.Digest || slug(r.Spec.Version) == slug(wish.Release.Version) {
			c.Create.Attempt = max(c.Create.Attempt, r.Spec.Attempt+1) //guard:attempts-are-counted -> 1
		}
	}
	for _, m := range wish.Moved {
		c.Create.Attempt = max(c.Create.Attempt, m.next(records))
	}
	c.supersede(records, fmt.Sprintf("%s, attempt %d, took its place", wish.Release.Version, c.Create.Attempt))
}

// next is the attempt after one that installations record. Where its own record is gone, it is the
// same attempt, as somebody deleted the record of what goes on; or one more, where a rollout was made
// since, so that it had ended: an attempt that ended is never made again.
func (m Moved) next(records []*v1alpha1.Rollout) int32 {
	since := func(r *v1alpha1.Rollout) bool {
		return !r.CreationTimestamp.Time.Before(m.At) || (r.Status.StartedAt != nil && r.Status.StartedAt.After(m.At)) || (!Ended(r) && !Completed(r))
	}
	if slices.ContainsFunc(records, since) {
		return m.Attempt + 1
	}
	return m.Attempt
}

// supersede ends what has not completed. What has completed, and is under way again as somebody
// joined, is completed from then on.
func (c *Course) supersede(records []*v1alpha1.Rollout, why string) {
	for _, r := range records {
		switch {
		case Ended(r) || c.ends(r):
		case !Completed(r):
			c.End = append(c.End, Ending{r, v1alpha1.RolloutSuperseded, why})
		case r.Status.Phase != v1alpha1.RolloutCompleted:
			c.End = append(c.End, Ending{r, v1alpha1.RolloutCompleted, "completed; " + why})
		}
	}
}

// completed is what the group completed last, may still have, and has not left since: who is moved back has left what is
// higher, whatever became of that rollout. Records are the newest first.
func (w Wish) completed(records []*v1alpha1.Rollout) *v1alpha1.Release {
	var remembered *v1alpha1.Release
	lowest := "" // of the versions that rollouts began to bring since
	runs := func(r v1alpha1.Release) bool {
		return !w.Withdrawn[r] &&
			(lowest == "" || !catalogue.Lower(lowest, r.Version)) //guard:joiners-get-nothing-that-was-left
	}

	for _, r := range records {
		if last := release(r); Completed(r) && runs(last) {
			return &last
		}
		if w.began(r) && (lowest == "" || catalogue.Lower(r.Spec.Version, lowest)) {
			lowest = r.Spec.Version
		}
		if before := r.Spec.Completed; remembered == nil && before != nil && runs(*before) {
			remembered = before
		}
	}
	return remembered
}

// began says whether a Rollout moved anybody, or completed, as all had its version.
func (w Wish) began(r *v1alpha1.Rollout) bool {
	return r.Status.StartedAt != nil || Completed(r) || (w.Began != nil && w.Began(r.Name))
}

// Completed says whether a Rollout was completed once, with at least one member at its version. It
// stays so while a joiner is on the way.
func Completed(r *v1alpha1.Rollout) bool {
	return !Ended(r) && (r.Status.CompletedAt != nil || r.Status.Phase == v1alpha1.RolloutCompleted)
}

// retries says whether somebody asked for one more attempt, where one can be made: the
// rollout was halted, or completed although members failed.
func (w Wish) retries(r *v1alpha1.Rollout) bool {
	if r.Status.Phase != v1alpha1.RolloutHalted && (!Completed(r) || r.Status.Failed == 0) { //guard:retry-needs-a-failure
		return false
	}
	return slices.Contains(w.Retries, v1alpha1.Retry{App: r.Spec.App, Digest: r.Spec.Digest, Channel: r.Spec.Channel, Attempt: r.Spec.Attempt + 1})
}

func release(r *v1alpha1.Rollout) v1alpha1.Release {
	return v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}
}

// Newest is the newest of some Rollouts of one group and app, in any order; nil where there is none.
func Newest(records []*v1alpha1.Rollout) *v1alpha1.Rollout {
	if len(records) == 0 {
		return nil
	}
	return slices.MinFunc(records, newestFirst)
}

// newestFirst sorts by sequence, whatever the clocks said when they were made; those that were made
// before there were sequences are older than all others, and sort by age. Of those of one second,
// what goes on is the newest, and what has ended the oldest.
func newestFirst(a, b *v1alpha1.Rollout) int {
	rank := func(r *v1alpha1.Rollout) int {
		switch {
		case Ended(r):
			return 2
		case Completed(r):
			return 1
		}
		return 0
	}
	return cmp.Or(
		cmp.Compare(b.Spec.Sequence, a.Spec.Sequence),
		b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(b.Spec.Attempt, a.Spec.Attempt),
		cmp.Compare(a.Name, b.Name),
	)
}

// Stale are the ended and completed Rollouts of one group and app that need not be kept any
// longer. What approvals, retries and moves of installations name is kept: an attempt must not be
// counted again while an approval or a move of it is there. One that nobody asks for any longer, and
// that brought nothing to anybody, is not kept at all, but for what was completed last: who joins gets that.
func Stale(records []*v1alpha1.Rollout, strategy Strategy, asked bool, named func(rollout string) bool) []*v1alpha1.Rollout {
	var stale []*v1alpha1.Rollout
	kept, lastCompleted := 0, false
	for _, r := range slices.SortedFunc(slices.Values(records), newestFirst) {
		first := Completed(r) && !lastCompleted
		lastCompleted = lastCompleted || Completed(r)
		switch {
		case strategy.Names(r.Spec), named(r.Name): //guard:named-records-are-kept
		case !asked && r.Status.StartedAt == nil && !first:
			stale = append(stale, r)
		case !Ended(r) && !Completed(r), first:
		case kept < KeepRecords:
			kept++
		default:
			stale = append(stale, r)
		}
	}
	return stale
}

// Names says whether an approval or a retry names what a Rollout brought.
func (s Strategy) Names(spec v1alpha1.RolloutSpec) bool {
	return slices.ContainsFunc(s.Approvals, func(a v1alpha1.Approval) bool {
		return a.App == spec.App && a.Digest == spec.Digest && a.Channel == spec.Channel
	}) || slices.ContainsFunc(s.Retries, func(r v1alpha1.Retry) bool {
		return r.App == spec.App && r.Digest == spec.Digest && r.Channel == spec.Channel
	})
}

// End is the status of a Rollout that takes no further steps. Its counts stay as they were, but
// nobody is moved by it any longer, and no wave of it goes on.
func End(e Ending) v1alpha1.RolloutStatus {
	next := *e.Rollout.Status.DeepCopy()
	next.ObservedGeneration = e.Rollout.Generation
	next.Phase, next.Next, next.NextAt, next.OnTheWay, next.Moving = e.Phase, cut(e.Message), nil, nil, 0
	for i := range next.Waves {
		w := &next.Waves[i]
		w.Moving, w.WaitsFor, w.WaitingSince = 0, "", nil
		if w.State == v1alpha1.WaveRunning || w.State == v1alpha1.WaveWaiting {
			w.State = v1alpha1.WaveEnded
		}
	}
	return next
}
