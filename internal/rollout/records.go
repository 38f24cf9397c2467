package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// KeepRecords is how many ended Rollouts of one group and app are kept.
const KeepRecords = 10

// Wish is what a group wants of an app now.
type Wish struct {
	// Network, or the Channel that direct adopters follow.
	Network, Channel string
	App              string
	// Release that the channel points at; nil while it can't be told, or can't be had.
	Release *v1alpha1.Release
	// Asked says that the group asks for the app at all.
	Asked bool
	// Withdrawn are releases whose version was withdrawn; another version may have the same digest.
	Withdrawn map[v1alpha1.Release]bool
	Retries   []v1alpha1.Retry
	// Moved are rollouts of the release that installations tell of, whose records may be gone.
	Moved []Moved
}

// Moved is an attempt that an installation tells of, and when it moved one last.
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
		if !Ended(r) && r.Status.Phase != v1alpha1.RolloutCompleted && wish.Withdrawn[release(r)] { //guard:withdrawn-ends
			course.End = append(course.End, Ending{r, v1alpha1.RolloutWithdrawn, fmt.Sprintf("version %s was withdrawn", r.Spec.Version)})
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
		Completed: completed(records, wish.Withdrawn),
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

// next is the attempt after one whose record is gone: itself, as somebody deleted the record of
// what goes on, or one more where a rollout was made since, so that it had ended.
func (m Moved) next(records []*v1alpha1.Rollout) int32 {
	if slices.ContainsFunc(records, func(r *v1alpha1.Rollout) bool { return r.CreationTimestamp.After(m.At) }) {
		return m.Attempt + 1
	}
	return m.Attempt
}

// supersede ends what has not completed.
func (c *Course) supersede(records []*v1alpha1.Rollout, why string) {
	for _, r := range records {
		if !Ended(r) && r.Status.Phase != v1alpha1.RolloutCompleted && !c.ends(r) {
			c.End = append(c.End, Ending{r, v1alpha1.RolloutSuperseded, why})
		}
	}
}

// completed is what the group completed last and may still have.
func completed(records []*v1alpha1.Rollout, withdrawn map[v1alpha1.Release]bool) *v1alpha1.Release {
	for _, r := range records {
		if Completed(r) && !withdrawn[release(r)] {
			last := release(r)
			return &last
		}
	}
	if len(records) > 0 && records[0].Spec.Completed != nil && !withdrawn[*records[0].Spec.Completed] {
		return records[0].Spec.Completed
	}
	return nil
}

// Completed says whether a Rollout was completed, with at least one member at its version.
func Completed(r *v1alpha1.Rollout) bool { return r.Status.Phase == v1alpha1.RolloutCompleted }

// retries says whether somebody asked for one more attempt, where one can be made: the
// rollout was halted, or completed although members failed.
func (w Wish) retries(r *v1alpha1.Rollout) bool {
	if r.Status.Phase != v1alpha1.RolloutHalted && (r.Status.Phase != v1alpha1.RolloutCompleted || r.Status.Failed == 0) { //guard:retry-needs-a-failure
		return false
	}
	return slices.Contains(w.Retries, v1alpha1.Retry{App: r.Spec.App, Digest: r.Spec.Digest, Attempt: r.Spec.Attempt + 1})
}

func release(r *v1alpha1.Rollout) v1alpha1.Release {
	return v1alpha1.Release{Version: r.Spec.Version, Digest: r.Spec.Digest}
}

// newestFirst sorts by age; of those of one second, what goes on is the newest, and what has
// ended the oldest.
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
		b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(b.Spec.Attempt, a.Spec.Attempt),
		cmp.Compare(a.Name, b.Name),
	)
}

// Stale are the ended and completed Rollouts of one group and app that need not be kept
// any longer. What approvals and retries name is kept: an attempt must not be counted anew
// while an approval of it stands.
func Stale(records []*v1alpha1.Rollout, strategy Strategy) []*v1alpha1.Rollout {
	var stale []*v1alpha1.Rollout
	kept, lastCompleted := 0, false
	for _, r := range slices.SortedFunc(slices.Values(records), newestFirst) {
		first := Completed(r) && !lastCompleted
		lastCompleted = lastCompleted || Completed(r)
		switch {
		case !Ended(r) && !Completed(r), first, strategy.Names(r.Spec):
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
	return slices.ContainsFunc(s.Approvals, func(a v1alpha1.Approval) bool { return a.App == spec.App && a.Digest == spec.Digest }) ||
		slices.ContainsFunc(s.Retries, func(r v1alpha1.Retry) bool { return r.App == spec.App && r.Digest == spec.Digest })
}

// Name is the name of the Rollout with a spec: no two give one, as neither networks nor
// apps nor channels have a dot in their names, and no network is named "direct".
func Name(spec v1alpha1.RolloutSpec) string {
	group := spec.Network + "." + spec.App
	if spec.Network == "" {
		group = "direct." + spec.App + "." + spec.Channel
	}
	return fmt.Sprintf("%s.%s.%d", group, slug(spec.Version), spec.Attempt)
}

// AttemptOf reads from the name of a Rollout which attempt at a release of a group it is; false
// where it is of another group, app or version. The attempt of the spec does not matter.
func AttemptOf(name string, spec v1alpha1.RolloutSpec) (attempt int32, ok bool) {
	spec.Attempt = 0
	rest, ok := strings.CutPrefix(name, strings.TrimSuffix(Name(spec), "0"))
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(rest, 10, 32)
	return int32(n), err == nil && n > 0
}

// slug is a version in letters that a name may hold, of which each part between dots begins
// and ends with a letter or a digit.
func slug(version string) string {
	var parts []string
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.ToLower(version), "+", "-"), ".") {
		if part = strings.Trim(part, "-"); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ".")
}

// End is the status of a Rollout that ends before it completed. Its counts stay as they were,
// but nobody is moved by it any longer.
func End(e Ending) v1alpha1.RolloutStatus {
	next := *e.Rollout.Status.DeepCopy()
	next.ObservedGeneration = e.Rollout.Generation
	next.Phase, next.Next, next.NextAt, next.OnTheWay, next.Moving = e.Phase, cut(e.Message), nil, nil, 0
	for i := range next.Waves {
		next.Waves[i].Moving = 0
		next.Waves[i].WaitsFor, next.Waves[i].WaitingSince = "", nil
	}
	return next
}

// PilotsWait says which of an app's pilot networks has not completed a release, for a group
// that is none of them; empty where all have.
func PilotsWait(app *v1alpha1.SharedApp, network string, target v1alpha1.Release, records []*v1alpha1.Rollout) string {
	if slices.Contains(app.Spec.PilotNetworks, network) {
		return ""
	}
	for _, pilot := range app.Spec.PilotNetworks {
		done := slices.ContainsFunc(records, func(r *v1alpha1.Rollout) bool {
			return r.Spec.Network == pilot && r.Spec.App == app.Name && release(r) == target && Completed(r)
		})
		if !done {
			return fmt.Sprintf("pilot network %s to complete %s (spec.pilotNetworks of SharedApp %s)", pilot, target.Version, app.Name)
		}
	}
	return ""
}
