package planner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/planner"
)

// record is a Rollout of the group, made some hours ago.
func record(r v1alpha1.Release, attempt int32, phase v1alpha1.RolloutPhase, hours int, changes ...func(*v1alpha1.Rollout)) *v1alpha1.Rollout {
	spec := v1alpha1.RolloutSpec{Network: "digi-tv", App: "svarut", Version: r.Version, Digest: r.Digest, Attempt: attempt}
	out := &v1alpha1.Rollout{
		ObjectMeta: metav1.ObjectMeta{Name: planner.Name(spec), CreationTimestamp: *at(-time.Duration(hours) * time.Hour)},
		Spec:       spec, Status: v1alpha1.RolloutStatus{Phase: phase, Verified: 1},
	}
	for _, c := range changes {
		c(out)
	}
	return out
}

// course of a wish, one thing in a line.
func course(c planner.Course) []string {
	var all []string
	for _, e := range c.End {
		all = append(all, fmt.Sprintf("end %s %s: %s", e.Rollout.Name, e.Phase, e.Message))
	}
	if made := c.Create; made != nil {
		all = append(all, "create "+planner.Name(*made))
		if made.Completed != nil {
			all[len(all)-1] += " after " + made.Completed.Version
		}
	}
	if c.Current != nil {
		all = append(all, "current "+c.Current.Name)
	}
	return all
}

func TestChoose(t *testing.T) {
	const (
		pending    = v1alpha1.RolloutPending
		moving     = v1alpha1.RolloutProgressing
		halted     = v1alpha1.RolloutHalted
		complete   = v1alpha1.RolloutCompleted
		superseded = v1alpha1.RolloutSuperseded
		withdrawn  = v1alpha1.RolloutWithdrawn
	)
	failures := func(r *v1alpha1.Rollout) { r.Status.Failed = 1 }
	begun := func(r *v1alpha1.Rollout) { r.Status.StartedAt = at(-time.Minute) }
	after := func(release v1alpha1.Release) func(*v1alpha1.Rollout) {
		return func(r *v1alpha1.Rollout) { r.Spec.Completed = &release }
	}
	retry := func(attempt int32) func(*planner.Wish) {
		return func(w *planner.Wish) {
			w.Retries = []v1alpha1.Retry{{App: "svarut", Digest: target.Digest, Attempt: attempt}}
		}
	}
	gone := func(releases ...v1alpha1.Release) func(*planner.Wish) {
		return func(w *planner.Wish) {
			w.Withdrawn = map[v1alpha1.Release]bool{}
			for _, r := range releases {
				w.Withdrawn[r] = true
			}
		}
	}
	moved := func(attempt int32, hours int) func(*planner.Wish) {
		return func(w *planner.Wish) {
			w.Moved = append(w.Moved, planner.Moved{Attempt: attempt, At: now.Add(-time.Duration(hours) * time.Hour)})
		}
	}
	unavailable := func(w *planner.Wish) { w.Release = nil }
	unasked := func(w *planner.Wish) { w.Asked = false }
	wants := func(r v1alpha1.Release) func(*planner.Wish) { return func(w *planner.Wish) { w.Release = &r } }
	one, two := "digi-tv.svarut.2.5.0.1", "digi-tv.svarut.2.5.0.2"
	cases := []struct {
		reason  string
		records []*v1alpha1.Rollout
		wish    []func(*planner.Wish)
		want    []string
	}{
		{
			"a version whose candidate, the same bundle, was withdrawn goes on",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1)},
			[]func(*planner.Wish){gone(v1alpha1.Release{Version: "2.5.0-rc.1", Digest: target.Digest})}, []string{"current " + one},
		},
		{"a first introduction", nil, nil, []string{"create " + one}},
		{"its record was deleted while it went on: it is made again", nil, []func(*planner.Wish){moved(1, 5)}, []string{"create " + one}},
		{
			"its record went with the oldest, as others were made since: it is one more attempt",
			[]*v1alpha1.Rollout{record(other, 1, complete, 3)}, []func(*planner.Wish){moved(1, 5)}, []string{"create " + two + " after 2.6.0"},
		},
		{"all records were deleted: the last attempt goes on, and its approvals with it", nil, []func(*planner.Wish){moved(1, 9), moved(2, 5)}, []string{"create " + two}},
		{"what is wished for goes on", []*v1alpha1.Rollout{record(target, 1, moving, 1)}, nil, []string{"current " + one}},
		{"what is wished for is completed, and may have joiners", []*v1alpha1.Rollout{record(target, 1, complete, 1)}, nil, []string{"current " + one}},
		{"what is wished for is halted, and stays so", []*v1alpha1.Rollout{record(target, 1, halted, 1)}, nil, []string{"current " + one}},
		{"a promotion after one that completed", []*v1alpha1.Rollout{record(before, 1, complete, 9)}, nil, []string{"create " + one + " after 2.4.1"}},
		{
			"a promotion supersedes what is under way, and remembers what was completed",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1), record(before, 1, complete, 9)},
			[]func(*planner.Wish){wants(other)},
			[]string{"end " + one + " Superseded: 2.6.0, attempt 1, took its place", "create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"a promotion supersedes what is halted: fail forward",
			[]*v1alpha1.Rollout{record(target, 1, halted, 1)}, []func(*planner.Wish){wants(other)},
			[]string{"end " + one + " Superseded: 2.6.0, attempt 1, took its place", "create digi-tv.svarut.2.6.0.1"},
		},
		{
			"what was completed is remembered from the record, where its Rollout is gone",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1, after(before))}, []func(*planner.Wish){wants(other)},
			[]string{"end " + one + " Superseded: 2.6.0, attempt 1, took its place", "create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"the channel moves back: one more attempt",
			[]*v1alpha1.Rollout{record(other, 1, complete, 1), record(target, 1, complete, 5)}, nil,
			[]string{"create " + two + " after 2.6.0"},
		},
		{
			"it moves back, which does not complete, and then on: joiners get what the group runs, not what it left",
			[]*v1alpha1.Rollout{record(before, 2, moving, 1, begun), record(target, 1, complete, 5), record(before, 1, complete, 9)}, []func(*planner.Wish){wants(other)},
			[]string{"end digi-tv.svarut.2.4.1.2 Superseded: 2.6.0, attempt 1, took its place", "create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"as only installations say that it moved anybody",
			[]*v1alpha1.Rollout{record(before, 2, superseded, 1), record(target, 1, complete, 5), record(before, 1, complete, 9)},
			[]func(*planner.Wish){wants(other), func(w *planner.Wish) { w.Began = func(name string) bool { return name == "digi-tv.svarut.2.4.1.2" } }},
			[]string{"create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"it moves back, and nobody was moved: it runs what it completed",
			[]*v1alpha1.Rollout{record(before, 2, superseded, 1), record(target, 1, complete, 5), record(before, 1, complete, 9)}, []func(*planner.Wish){wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1 after 2.5.0"},
		},
		{
			"it moves back, and to what it left again, which completes",
			[]*v1alpha1.Rollout{record(target, 2, complete, 1), record(before, 2, superseded, 2, begun), record(target, 1, complete, 5)}, []func(*planner.Wish){wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1 after 2.5.0"},
		},
		{
			"what it left is not remembered from a record either, but what was before that",
			[]*v1alpha1.Rollout{record(before, 2, superseded, 1, begun, after(target)), record(target, 1, superseded, 5, begun, after(before))}, []func(*planner.Wish){wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"nor is anything, where nothing is known but what it left",
			[]*v1alpha1.Rollout{record(before, 2, superseded, 1, begun, after(target))}, []func(*planner.Wish){wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1"},
		},
		{
			"the same digest a second time, after it was superseded",
			[]*v1alpha1.Rollout{record(target, 1, superseded, 5)}, nil, []string{"create " + two},
		},
		{
			"the same digest under another number counts the attempts on",
			[]*v1alpha1.Rollout{record(v1alpha1.Release{Version: "2.5.0-rc", Digest: target.Digest}, 4, complete, 5)}, nil,
			[]string{"create digi-tv.svarut.2.5.0.5 after 2.5.0-rc"},
		},
		{
			"another version of the same letters counts the attempts on, or their names would be one",
			[]*v1alpha1.Rollout{record(v1alpha1.Release{Version: "2.5.0+X", Digest: "sha256:x"}, 1, complete, 5)},
			[]func(*planner.Wish){wants(v1alpha1.Release{Version: "2.5.0-x", Digest: "sha256:y"})},
			[]string{"create digi-tv.svarut.2.5.0-x.2 after 2.5.0+X"},
		},
		{"a retry of one that is halted", []*v1alpha1.Rollout{record(target, 1, halted, 1)}, []func(*planner.Wish){retry(2)}, []string{"end " + one + " Superseded: 2.5.0, attempt 2, took its place", "create " + two}},
		{"a retry of one that completed although members failed", []*v1alpha1.Rollout{record(target, 1, complete, 1, failures)}, []func(*planner.Wish){retry(2)}, []string{"create " + two + " after 2.5.0"}},
		{"no retry of one that completed well", []*v1alpha1.Rollout{record(target, 1, complete, 1)}, []func(*planner.Wish){retry(2)}, []string{"current " + one}},
		{"no retry of one that is under way", []*v1alpha1.Rollout{record(target, 1, moving, 1, failures)}, []func(*planner.Wish){retry(2)}, []string{"current " + one}},
		{"a retry counts for one attempt", []*v1alpha1.Rollout{record(target, 2, halted, 1), record(target, 1, superseded, 5)}, []func(*planner.Wish){retry(2)}, []string{"current " + two}},
		{"a retry of an attempt that is far off is none", []*v1alpha1.Rollout{record(target, 1, halted, 1)}, []func(*planner.Wish){retry(5)}, []string{"current " + one}},
		{
			"its version is withdrawn, and the channel points at nothing else yet",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1)}, []func(*planner.Wish){gone(target), unavailable},
			[]string{"end " + one + " Withdrawn: version 2.5.0 was withdrawn; who has it keeps it"},
		},
		{
			"its version is withdrawn, and the channel moves back",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1), record(before, 1, complete, 9)}, []func(*planner.Wish){gone(target), wants(before)},
			[]string{"end " + one + " Withdrawn: version 2.5.0 was withdrawn; who has it keeps it", "create digi-tv.svarut.2.4.1.2 after 2.4.1"},
		},
		{
			"what is withdrawn is not what joiners get",
			[]*v1alpha1.Rollout{record(target, 1, complete, 1), record(before, 1, complete, 9)}, []func(*planner.Wish){gone(target), wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1 after 2.4.1"},
		},
		{
			"nor is it remembered from a record",
			[]*v1alpha1.Rollout{record(target, 1, superseded, 1, after(before))}, []func(*planner.Wish){gone(before), wants(other)},
			[]string{"create digi-tv.svarut.2.6.0.1"},
		},
		{"a completed one stays the record when its version is withdrawn", []*v1alpha1.Rollout{record(target, 1, complete, 1)}, []func(*planner.Wish){gone(target), unavailable}, []string{"current " + one}},
		{"active again after it was withdrawn: one more attempt", []*v1alpha1.Rollout{record(target, 1, withdrawn, 1)}, nil, []string{"create " + two}},
		{
			"nobody asks any longer",
			[]*v1alpha1.Rollout{record(target, 1, moving, 1)}, []func(*planner.Wish){unasked},
			[]string{"end " + one + " Superseded: nobody in the group asks for the app any longer"},
		},
		{"nobody asks any longer, and it was completed", []*v1alpha1.Rollout{record(target, 1, complete, 1)}, []func(*planner.Wish){unasked}, nil},
		{"asked for again, where it was completed", []*v1alpha1.Rollout{record(target, 1, complete, 1)}, nil, []string{"current " + one}},
		{"what the channel points at is not known: what is under way goes on", []*v1alpha1.Rollout{record(target, 1, moving, 1)}, []func(*planner.Wish){unavailable}, []string{"current " + one}},
		{"what the channel points at is not known, and nothing goes on", []*v1alpha1.Rollout{record(target, 1, superseded, 1)}, []func(*planner.Wish){unavailable}, nil},
		{"what the channel points at is not known, and there was nothing", nil, []func(*planner.Wish){unavailable}, nil},
		{"two of one second: what has ended is the older", []*v1alpha1.Rollout{record(other, 1, superseded, 1), record(target, 1, pending, 1)}, nil, []string{"current " + one}},
		{"two of one second: what completed is the older", []*v1alpha1.Rollout{record(before, 1, complete, 1), record(target, 1, pending, 1)}, nil, []string{"current " + one}},
		{"two of one second: what completed is newer than what has ended", []*v1alpha1.Rollout{record(other, 1, superseded, 1), record(target, 1, complete, 1)}, nil, []string{"current " + one}},
		{"two attempts of one second: the later", []*v1alpha1.Rollout{record(target, 1, complete, 1), record(target, 2, complete, 1)}, nil, []string{"current " + two}},
		{
			"two go on, as the operator was killed between ending and making: the older ends",
			[]*v1alpha1.Rollout{record(other, 1, moving, 5), record(target, 1, pending, 1)}, nil,
			[]string{"end digi-tv.svarut.2.6.0.1 Superseded: a newer rollout took its place", "current " + one},
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			wish := planner.Wish{Network: "digi-tv", App: "svarut", Release: &target, Asked: true}
			for _, change := range c.wish {
				change(&wish)
			}
			diff(t, c.reason, "course", course(planner.Choose(c.records, wish)), c.want)
			slices.Reverse(c.records)
			diff(t, c.reason, "course, of the records in another order", course(planner.Choose(c.records, wish)), c.want)
		})
	}
}

func TestChooseForDirectAdopters(t *testing.T) {
	got := planner.Choose(nil, planner.Wish{Channel: "stable", App: "svarut", Release: &target, Asked: true})
	diff(t, "they follow a channel", "spec", got.Create, &v1alpha1.RolloutSpec{
		Channel: "stable", App: "svarut", Version: target.Version, Digest: target.Digest, Attempt: 1, Sequence: 1,
	})
}

func TestStale(t *testing.T) {
	var records []*v1alpha1.Rollout
	for i := range 30 {
		phase := v1alpha1.RolloutSuperseded
		if i == 25 || i == 27 {
			phase = v1alpha1.RolloutCompleted
		}
		r := v1alpha1.Release{Version: fmt.Sprintf("1.0.%d", i), Digest: fmt.Sprintf("sha256:%02d", i)}
		records = append(records, record(r, 1, phase, i+1))
	}
	records = append(records, record(target, 1, v1alpha1.RolloutHalted, 40))
	stale := planner.Stale(records, planner.Strategy{
		Approvals: []v1alpha1.Approval{{App: "svarut", Digest: "sha256:20"}},
		Retries:   []v1alpha1.Retry{{App: "svarut", Digest: "sha256:21"}, {App: "kobo", Digest: "sha256:22"}},
	}, true, func(name string) bool { return strings.Contains(name, ".1.0.23.") })
	got := map[string]bool{}
	for _, r := range stale {
		got[r.Spec.Version] = true
	}
	cases := []struct {
		reason, version string
		stale           bool
	}{
		{"the latest are kept", "1.0.0", false},
		{"the last of those that are kept", "1.0.9", false},
		{"one more is too many", "1.0.10", true},
		{"one that an approval names is kept", "1.0.20", false},
		{"one that a retry names is kept", "1.0.21", false},
		{"one that an installation names is kept", "1.0.23", false},
		{"what names another app keeps nothing", "1.0.22", true},
		{"what was completed last is kept, however old", "1.0.25", false},
		{"what was completed before that is not", "1.0.27", true},
		{"what has not ended is kept, however old", target.Version, false},
	}
	for _, c := range cases {
		diff(t, c.reason, "stale", got[c.version], c.stale)
	}
	diff(t, "nothing else goes", "number of stale ones", len(stale), 16)
}

func TestStaleWhereNobodyAsks(t *testing.T) {
	begun := func(r *v1alpha1.Rollout) { r.Status.StartedAt = at(-time.Hour) }
	release := func(n int) v1alpha1.Release {
		return v1alpha1.Release{Version: fmt.Sprintf("1.0.%d", n), Digest: fmt.Sprintf("sha256:%02d", n)}
	}
	records := []*v1alpha1.Rollout{
		record(release(4), 1, v1alpha1.RolloutSuperseded, 1), record(release(3), 1, v1alpha1.RolloutCompleted, 2),
		record(release(2), 1, v1alpha1.RolloutCompleted, 3), record(release(1), 1, v1alpha1.RolloutSuperseded, 4, begun),
	}
	var got []string
	for _, r := range planner.Stale(records, planner.Strategy{}, false, func(string) bool { return false }) {
		got = append(got, r.Spec.Version)
	}
	slices.Sort(got)
	diff(t, "what was completed last by members that had it is kept, and so is what moved somebody", "stale", got, []string{"1.0.2", "1.0.4"})
}

func TestEnd(t *testing.T) {
	r := record(target, 1, v1alpha1.RolloutProgressing, 1, func(r *v1alpha1.Rollout) {
		r.Generation = 3
		r.Status.NextAt, r.Status.OnTheWay = at(time.Hour), []v1alpha1.MemberNote{{Name: "vinje", Reason: "Soaking"}}
		r.Status.Waves = []v1alpha1.WaveStatus{
			{Name: "zero", State: v1alpha1.WaveDone}, {Name: "pilot", State: v1alpha1.WaveRunning, WaitsFor: "1 on the way", Verified: 1},
			{Name: "rest", State: v1alpha1.WaveWaiting, WaitsFor: "wave pilot"},
		}
	})
	kept := r.DeepCopy()
	got := planner.End(planner.Ending{Rollout: r, Phase: v1alpha1.RolloutWithdrawn, Message: "version 2.5.0 was withdrawn; who has it keeps it"})
	diff(t, "counts stay, and nothing is waited for", "status", got, v1alpha1.RolloutStatus{
		ObservedGeneration: 3, Phase: v1alpha1.RolloutWithdrawn, Next: "version 2.5.0 was withdrawn; who has it keeps it", Verified: 1,
		Waves: []v1alpha1.WaveStatus{
			{Name: "zero", State: v1alpha1.WaveDone}, {Name: "pilot", State: v1alpha1.WaveEnded, Verified: 1}, {Name: "rest", State: v1alpha1.WaveEnded},
		},
	})
	diff(t, "what was observed is not changed", "rollout", r, kept)
}

func TestName(t *testing.T) {
	long := v1alpha1.RolloutSpec{
		Network: strings.Repeat("n", 63), App: strings.Repeat("a", 40), Version: "1.0.0-" + strings.Repeat("r", 58), Attempt: 100000,
	}
	cases := []struct {
		reason string
		spec   v1alpha1.RolloutSpec
		want   string
	}{
		{"a network's", v1alpha1.RolloutSpec{Network: "digi-tv", App: "svarut", Version: "2.5.0", Attempt: 1}, "digi-tv.svarut.2.5.0.1"},
		{"that of direct adopters", v1alpha1.RolloutSpec{Channel: "stable", App: "svarut", Version: "2.5.0", Attempt: 2}, "direct.svarut.stable.2.5.0.2"},
		{"letters that a name may not hold", v1alpha1.RolloutSpec{Network: "n", App: "a", Version: "1.0.0-RC.1+Build.7", Attempt: 1}, "n.a.1.0.0-rc.1-build.7.1"},
		{"parts that begin or end with a dash", v1alpha1.RolloutSpec{Network: "n", App: "a", Version: "1.0.0-a.-b.c-.--", Attempt: 1}, "n.a.1.0.0-a.b.c.1"},
		{"the longest", long, long.Network + "." + long.App + "." + long.Version + ".100000"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			got := planner.Name(c.spec)
			diff(t, c.reason, "name", got, c.want)
			if faults := validation.IsDNS1123Subdomain(got); len(faults) > 0 {
				t.Errorf("%s: %q is no name of an object: %v", c.reason, got, faults)
			}
		})
	}
}

// FuzzName makes two Rollouts one after the other, as Choose would, of any two versions for any
// two groups, and holds their names apart.
func FuzzName(f *testing.F) {
	f.Add([]byte("ab"), []byte("+ab"), []byte("a"), []byte("b"), uint8(1))
	f.Add([]byte(".-"), []byte("-."), []byte("ab"), []byte("a"), uint8(2))
	f.Add([]byte("--"), []byte(""), []byte("a-b"), []byte("b"), uint8(0))
	f.Fuzz(func(t *testing.T, first, second, groupName, appName []byte, how uint8) {
		group, app := name(groupName), name(appName)
		wish := planner.Wish{Network: group, App: app, Release: &v1alpha1.Release{Version: version(first), Digest: "sha256:1"}, Asked: true}
		if how%3 == 1 {
			wish.Network, wish.Channel = "", group
		}
		one := planner.Choose(nil, wish).Create
		records := []*v1alpha1.Rollout{{
			ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(now)}, Spec: *one,
			Status: v1alpha1.RolloutStatus{Phase: v1alpha1.RolloutSuperseded},
		}}
		wish.Release = &v1alpha1.Release{Version: version(second), Digest: "sha256:2"}
		if how%3 == 2 { // of another group: the records are not its own
			wish.Network, wish.Channel, records = "", group, nil
		}
		two := planner.Choose(records, wish).Create
		a, b := planner.Name(*one), planner.Name(*two)
		if a == b {
			t.Errorf("%+v and %+v are both named %s", *one, *two, a)
		}
		for _, name := range []string{a, b} {
			if faults := validation.IsDNS1123Subdomain(name); len(faults) > 0 {
				t.Errorf("%q is no name of an object: %v", name, faults)
			}
		}
	})
}

// drawn makes a text of some letters from bytes.
func drawn(from []byte, letters string) (out string) {
	for _, b := range from[:min(len(from), 20)] {
		out += string(letters[int(b)%len(letters)])
	}
	return out
}

// version that the schema takes, made from bytes.
func version(from []byte) string {
	pre, build, hasBuild := strings.Cut(drawn(from, "aB1.-+"), "+")
	out := "1.0.0"
	if pre != "" {
		out += "-" + pre
	}
	if build = strings.ReplaceAll(build, "+", ""); hasBuild && build != "" {
		out += "+" + build
	}
	return out
}

// name that the schema takes for a network, an app or a channel, made from bytes.
func name(from []byte) string { return "a" + drawn(from, "ab-") + "b" }
