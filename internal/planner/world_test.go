package planner_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/planner"
)

var update = flag.Bool("update", false, "write the golden files")

// It is a Sunday at noon; the rollout was made an hour ago.
var (
	now    = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	made   = now.Add(-time.Hour)
	before = v1alpha1.Release{Version: "2.4.1", Digest: "sha256:24"}
	target = v1alpha1.Release{Version: "2.5.0", Digest: "sha256:25"}
	other  = v1alpha1.Release{Version: "2.6.0", Digest: "sha256:26"}
)

const rolloutName = "digi-tv.svarut.2.5.0.1"

// change is something about the world that is not as usual.
type change = func(*planner.Input)

// world is a rollout of 2.5.0, after 2.4.1, with waves as they are by default and no members.
func world(changes ...change) planner.Input {
	strategy, _ := planner.Compile(nil)
	in := planner.Input{
		Rollout: &v1alpha1.Rollout{
			ObjectMeta: metav1.ObjectMeta{Name: rolloutName, Generation: 1, CreationTimestamp: metav1.NewTime(made)},
			Spec: v1alpha1.RolloutSpec{
				Network: "digi-tv", App: "svarut", Version: target.Version, Digest: target.Digest, Attempt: 1, Completed: &before,
			},
		},
		Group: "Network digi-tv", Strategy: strategy,
		Releases: map[v1alpha1.Release]planner.Availability{before: planner.Available, target: planner.Available},
		Now:      now,
	}
	for _, c := range changes {
		c(&in)
	}
	if in.Rollout.Status.Memory == nil {
		in.Rollout.Status.Memory = memory(in.Members)
	}
	return in
}

// memory is what the status says of those who were moved and that nobody has observed since.
func memory(members []planner.Member) []v1alpha1.MemberMemory {
	var all []v1alpha1.MemberMemory
	for _, m := range members {
		for _, place := range m.Places {
			if i := place.Installed; i != nil && !i.Current && i.Stamp != nil && i.Stamp.Name == rolloutName {
				all = append(all, v1alpha1.MemberMemory{Name: m.Name, Reason: "Unseen", Since: &i.Stamp.MovedAt})
				break
			}
		}
	}
	return all
}

// strategy of the world. It must be without a fault.
func strategy(spec v1alpha1.RolloutStrategy) change {
	return func(in *planner.Input) {
		compiled, faults := planner.Compile(&spec)
		if len(faults) > 0 {
			panic(faults)
		}
		in.Strategy = compiled
	}
}

// waves of the world.
func waves(all ...v1alpha1.Wave) change { return strategy(v1alpha1.RolloutStrategy{Waves: all}) }

// wave of named members; of everybody else where none is named.
func wave(name string, members ...string) v1alpha1.Wave {
	w := v1alpha1.Wave{Name: name}
	if len(members) > 0 {
		w.Members = &v1alpha1.WaveMembers{Names: members}
	}
	return w
}

func number(n int32) *intstr.IntOrString   { return new(intstr.FromInt32(n)) }
func percent(p string) *intstr.IntOrString { return new(intstr.FromString(p)) }
func lasting(d time.Duration) *metav1.Duration {
	return &metav1.Duration{Duration: d}
}

// done notes in the status that waves are done.
func done(names ...string) change {
	return func(in *planner.Input) {
		for _, name := range names {
			in.Rollout.Status.Waves = append(in.Rollout.Status.Waves, v1alpha1.WaveStatus{
				Name: name, State: v1alpha1.WaveDone, StartedAt: at(-50 * time.Minute), CompletedAt: at(-30 * time.Minute),
			})
		}
	}
}

// completed notes in the status that the rollout is.
func completed(in *planner.Input) {
	in.Rollout.Status.Phase = v1alpha1.RolloutCompleted
	in.Rollout.Status.StartedAt, in.Rollout.Status.CompletedAt = at(-50*time.Minute), at(-30*time.Minute)
}

func at(d time.Duration) *metav1.Time { return new(metav1.NewTime(now.Add(d))) }

// member joins the world. Nothing said, it has the version before in production.
func member(name string, details ...func(*planner.Member)) change {
	return func(in *planner.Input) {
		m := planner.Member{Name: name}
		for _, d := range details {
			d(&m)
		}
		if m.Places == nil {
			prod(has(before))(&m)
		}
		in.Members = append(in.Members, m)
		slices.SortFunc(in.Members, func(a, b planner.Member) int { return cmp.Compare(a.Name, b.Name) })
	}
}

func suspended(m *planner.Member) { m.Suspended = true }
func paused(m *planner.Member)    { m.Paused = true }

func labelled(key, value string) func(*planner.Member) {
	return func(m *planner.Member) { m.Labels = map[string]string{key: value} }
}

// weekdays is a calendar whose next opening is tomorrow at eight in Norway.
func weekdays(m *planner.Member) {
	m.Calendar, _ = calendar.New([]v1alpha1.Window{{Schedule: "0 8 * * 1-5", Duration: metav1.Duration{Duration: 6 * time.Hour}}}, nil)
}

// shortly is a calendar that opens in ten minutes.
func shortly(m *planner.Member) {
	m.Calendar, _ = calendar.New(nil, []v1alpha1.FreezePeriod{{From: *at(-time.Hour), Until: *at(10 * time.Minute), Reason: "election"}})
}

func prod(details ...func(*planner.MemberPlace)) func(*planner.Member) {
	return in("prod", v1alpha1.StageProduction, details)
}

func test(details ...func(*planner.MemberPlace)) func(*planner.Member) {
	return in("test", v1alpha1.StageTest, details)
}

func dev(details ...func(*planner.MemberPlace)) func(*planner.Member) {
	return in("dev", v1alpha1.StageDevelopment, details)
}

func in(environment string, stage v1alpha1.Stage, details []func(*planner.MemberPlace)) func(*planner.Member) {
	return func(m *planner.Member) {
		p := planner.MemberPlace{Environment: environment, Stage: stage}
		for _, d := range details {
			d(&p)
		}
		m.Places = append(m.Places, p)
	}
}

// has a release, and has been healthy for long.
func has(r v1alpha1.Release) func(*planner.MemberPlace) { return healthy(r, 240*time.Hour) }

// healthy at a release for a while.
func healthy(r v1alpha1.Release, since time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) {
		p.Installed = &planner.Installed{Release: r, Current: true, HealthySince: now.Add(-since)}
	}
}

// unhealthy at a release for a while.
func unhealthy(r v1alpha1.Release, since time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) {
		p.Installed = &planner.Installed{Release: r, Current: true, UnhealthySince: now.Add(-since), Message: "Deployment web: 0/1 ready"}
	}
}

// soakedOnce was healthy for a time before a fault.
func soakedOnce(longest time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Installed.Longest = longest }
}

// unseen is asked to have a release, and nothing was observed of it.
func unseen(r v1alpha1.Release) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Installed = &planner.Installed{Release: r} }
}

// moved by this rollout in a wave, some time ago, from the version before.
func moved(wave string, ago time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) {
		p.Installed.Stamp = &planner.Stamp{Name: rolloutName, Wave: wave, MovedAt: *at(-ago), Verified: &before}
		p.Installed.LastVerified = &before
	}
}

// created some time ago, after the move: somebody deleted what was there before.
func created(ago time.Duration) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Installed.Created = now.Add(-ago) }
}

// outcome of the move.
func outcome(o v1alpha1.MoveOutcome, message string) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Installed.Stamp.Outcome, p.Installed.Stamp.Message = o, message }
}

// never says that nothing was verified before the move.
func never(p *planner.MemberPlace) { p.Installed.LastVerified = nil }

func excused(code, message string) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Excuse = planner.Excuse{Reason: code, Message: message} }
}

func away(code, message string) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Excuse = planner.Excuse{Reason: code, Message: message, Away: true} }
}

// barred are versions that can't be installed at a place where nothing is.
func barred(versions ...string) func(*planner.MemberPlace) {
	return func(p *planner.MemberPlace) { p.Barred = versions }
}

// failed once, and went back.
func returned(wave string) func(*planner.Member) {
	return prod(has(before), moved(wave, 20*time.Minute), outcome(v1alpha1.OutcomeReturned, "went back to 2.4.1"))
}

// verified is at the target for longer than the soak.
func verified(wave string) func(*planner.Member) {
	return prod(healthy(target, 90*time.Minute), moved(wave, 100*time.Minute))
}

// moves of a step, one in a line.
func moves(step planner.Step) []string {
	var all []string
	for _, m := range step.Moves {
		line := fmt.Sprintf("%s/%s %s %s", m.Municipality, m.Environment, m.Kind, m.To.Version)
		if m.Stamp.Wave != "" {
			line += " wave " + m.Stamp.Wave
		}
		all = append(all, line)
	}
	return all
}

// waveIn is the status of one wave.
func waveIn(t *testing.T, step planner.Step, name string) v1alpha1.WaveStatus {
	t.Helper()
	at := slices.IndexFunc(step.Status.Waves, func(w v1alpha1.WaveStatus) bool { return w.Name == name })
	if at < 0 {
		t.Fatalf("the status has no wave %s: %+v", name, step.Status.Waves)
	}
	return step.Status.Waves[at]
}

// noted finds the note on a member, in the list that it stands in.
func noted(status v1alpha1.RolloutStatus, name string) (list string, note v1alpha1.MemberNote) {
	for _, l := range []struct {
		name  string
		notes []v1alpha1.MemberNote
	}{{"onTheWay", status.OnTheWay}, {"failed", status.FailedMembers}, {"excused", status.ExcusedMembers}} {
		for _, n := range l.notes {
			if n.Name == name {
				return l.name, n
			}
		}
	}
	return "", v1alpha1.MemberNote{}
}

func diff(t *testing.T, reason, what string, got, want any) {
	t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("%s: %s (-want +got):\n%s", reason, what, d)
	}
}

// mentions checks for a part of a text; nothing wanted is nothing checked.
func mentions(t *testing.T, reason, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%s: got %q, want one that says %q", reason, got, want)
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs; -update writes it (-want +got):\n%s", path, d)
	}
}
