package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is the planner without one of its guards.
type mutant struct {
	guard string
	file  string
	old   string
	new   string
	// story is one that tells on it, where a random world seldom does; its diary is another then.
	story string
}

const (
	planner = "internal/rollout/"
	brings  = "internal/country/"
)

var mutants = []mutant{
	{"maxConcurrent is a limit", planner + "strategy.go", "return max(1, part(w.MaxConcurrent, members))", "return members + 1", ""},
	{"only as many begin as are free", planner + "steps.go", "!gate.closed() && free > 0 {", "!gate.closed() {", ""},
	{"a wave waits for the one before", planner + "gates.go", "if !p.tallies[before].done {", "if false {", ""},
	{"a wave waits for its approval", planner + "gates.go", "if !w.RequireApproval {", "if true {", ""},
	{"an approval counts for one attempt", planner + "strategy.go", "case a.Digest == spec.Digest && attempt == spec.Attempt:", "case a.Digest == spec.Digest && attempt > 0:", ""},
	{"an approval counts for one digest", planner + "strategy.go", "case a.Digest == spec.Digest && attempt == spec.Attempt:", "case attempt == spec.Attempt:", ""},
	{"the first wave waits for the announcement", planner + "gates.go", "if p.in.Now.Before(announced) {", "if false {", ""},
	{"failures are counted against the budget", planner + "plan.go", "t.halted = t.failed > t.budget", "t.halted = false", ""},
	{"a halted rollout moves nobody", planner + "gates.go", "if p.halted() {", "if false {", ""},
	{"nothing new starts outside the group's windows", planner + "gates.go", "Calendar.Open(p.in.Now); !days.Open {", "Calendar.Open(p.in.Now); days.Open != days.Open {", ""},
	{"nothing new starts outside the municipality's windows", brings + "members.go", "Calendar: c.calendarOf(m),", "Calendar: nil,", ""},
	{"a pause is minded", planner + "gates.go", "[]string{p.in.Gates.Paused, p.in.Gates.Fault}", "[]string{p.in.Gates.Fault}", ""},
	{"a platform freeze is minded", planner + "gates.go", "[]string{p.in.Gates.Frozen, p.in.Gates.Suspended}", "[]string{p.in.Gates.Suspended}", ""},
	{"a suspended network is minded", planner + "gates.go", "[]string{p.in.Gates.Frozen, p.in.Gates.Suspended}", "[]string{p.in.Gates.Frozen}", ""},
	{"a suspended municipality is minded", brings + "members.go", "Suspended: ptr.Deref(m.Spec.Suspend, false)", "Suspended: false", ""},
	{"pilot networks come first", planner + "gates.go", "[]string{p.in.Gates.Pilots, p.in.Gates.Queued}", "[]string{p.in.Gates.Queued}", ""},
	{"introductions queue", planner + "gates.go", "[]string{p.in.Gates.Pilots, p.in.Gates.Queued}", "[]string{p.in.Gates.Pilots}", ""},
	{"a version that can't be had is not moved to", planner + "gates.go", "return gate{waitsFor: p.in.Gates.Unavailable}", "return gate{}", ""},
	{"what is healthy soaks", planner + "installed.go", "return i.healthy() && !i.HealthySince.Add(soak).After(now)", "return i.healthy()", ""},
	{
		"health of another version, or of an earlier spec, does not count", planner + "installed.go",
		"if ready == nil || i.Status.ObservedGeneration != i.Generation || ready.ObservedGeneration != i.Generation {",
		"applied = release\n\tif ready == nil {", "",
	},
	{"a spec that is touched while it soaks is no failure", planner + "member.go", "since = latest(begun, p.unseenSince(s.member.Name))", "_ = p.unseenSince(s.member.Name)", ""},
	{"a stage waits for the one before", planner + "member.go", "if p.enter(s, w, stage) {", "if p.enter(s, w, stage) && false {", ""},
	{"excuses are minded", brings + "members.go", "p.Excuse = c.excuse(m, v, there)", "p.Excuse = rollout.Excuse{}", ""},
	{"who failed holds", planner + "member.go", "if stamp.Outcome == v1alpha1.OutcomeReturned || held {", "if false && held {", ""},
	{"nobody goes back to what was withdrawn", planner + "steps.go", "case !p.in.Usable[*next.Verified]:", "case false:", ""},
	{"nobody goes back to what never was well", planner + "steps.go", "case there.soaked(soak, p.in.Now), there.healthy() && completed != nil && *completed == there.Release:", "case completed == nil || completed != nil:", ""},
	{"what nobody looked at can't have failed", planner + "member.go", "begun := latest(p.movedAt(place), p.in.Watching)", "begun := p.movedAt(place)", ""},
	{"who failed and left still counts", brings + "members.go", `l.Failed = l.Failed || i.Spec.Rollout.Outcome != ""`, "l.Failed = false", ""},
	{"attempts are counted", planner + "records.go", "c.Create.Attempt = max(c.Create.Attempt, r.Spec.Attempt+1)", "c.Create.Attempt = 1", ""},
	{"records that an approval names are kept", brings + "plan.go", "!strategy.Names(r.Spec) && ", "", ""},
	{"who catches up minds windows and pauses", planner + "steps.go", "|| !p.in.Usable[*last] || p.newStep().closed() {", "|| !p.in.Usable[*last] {", ""},
	{"nobody moves a municipality on its way out", brings + "members.go", "if !m.DeletionTimestamp.IsZero() || !belongs(m) {", "if !belongs(m) {", ""},
	{"an environment must be there", brings + "members.go", "if c.Seen.Missing[v1alpha1.NamespaceFor(m.Name, v.Environment)] {", "if false {", ""},
	{"required apps must be there", brings + "members.go", `unmet != "" {`, `unmet != "" && false {`, ""},
	{"who is not well in time has failed", planner + "member.go", "if !p.in.Now.Before(deadline) {", "if false {", ""},
	{"a rollout completes when nobody is on the way", planner + "status.go", "all.verified > 0 && all.moving == 0 && !p.halted() {", "all.verified > 0 && !p.halted() {", ""},
	{"who went first stays there", planner + "waves.go", "case waves[i] == 0, p.wasFirst(m):", "case waves[i] == 0:", ""},
	{"the first wave always has somebody", planner + "waves.go", "!active && !done && standIn >= 0", "!active && !done && standIn < -1", ""},
	{"the first wave is done when somebody tried", planner + "plan.go", "(wave != 0 || t.tried() || len(p.tallies) == 1)", "true", ""},
	{"a wave is not done by absences alone", planner + "plan.go", "(t.away == 0 || verified > 0)", "true", ""},
	{"a wave waits for failures to be recorded", planner + "plan.go", "t.moving == 0 && t.unrecorded == 0 &&", "t.moving == 0 &&", "frozen-failure"},
	{"who fails goes back once", planner + "steps.go", `|| (stamp != nil && stamp.Outcome != "") {`, "{", ""},
	{"who failed and declined still counts", planner + "member.go", "failedBefore && !there && !p.wasMoved(m)", "failedBefore && !there && false", ""},
	{"who resumes minds maxConcurrent", planner + "steps.go", "if !nextStage.closed() && room > 0 {", "if !nextStage.closed() {", "own-windows"},
	{"who comes and goes has failed", planner + "member.go", "if !p.in.Now.Before(last) {", "if false {", ""},
	{"what was withdrawn is not gone on with", planner + "records.go", "r.Status.Phase != v1alpha1.RolloutCompleted && wish.Withdrawn[release(r)]", "false", "withdrawn"},
	{"a retry needs a halt, or a failure", planner + "records.go", "if r.Status.Phase != v1alpha1.RolloutHalted && (r.Status.Phase != v1alpha1.RolloutCompleted || r.Status.Failed == 0) {", "if false {", ""},
	{"who catches up minds the municipality's windows", planner + "steps.go", "!s.started && s.member.Calendar.Open(p.in.Now).Open", "!s.started", ""},
	{"who catches up minds maxConcurrent", planner + "steps.go", "s.wave != wave || room <= 0 ||", "s.wave != wave ||", ""},
	{"priorities are minded", planner + "introductions.go", "cmp.Compare(all[b].Priority, all[a].Priority),", "cmp.Compare(all[a].Priority, all[b].Priority),", "queue"},
	{"what an ended network began is not gone on with", planner + "records.go", "case !wish.Asked:", "case false:", ""},
}

// firstWorld and enoughWorlds are the worlds in which a mutant must be caught: some of those
// in which TestWorlds finds nothing wrong with the planner as it is. They are
// small ones, and most mutants are caught in the first few.
const (
	firstWorld   = "8"
	enoughWorlds = "200"
)

// TestGuards takes each guard out of the planner, and the simulator finds out.
func TestGuards(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("it builds the simulator many times over")
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(strings.ReplaceAll(m.guard, " ", "-"), func(t *testing.T) {
			out, caught := m.run(t, root)
			if !caught {
				t.Errorf("%s: without %q in %s nothing is found in %s worlds", m.guard, m.old, m.file, enoughWorlds)
			}
			t.Log(out)
		})
	}
}

// run builds the simulator with the mutant and plays worlds, until one tells on it.
func (m mutant) run(t *testing.T, root string) (first string, caught bool) {
	t.Helper()
	file := filepath.Join(root, m.file)
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.old); n != 1 {
		t.Fatalf("%s has %d times %q: the guard has changed, and the table must follow", m.file, n, m.old)
	}
	folder := t.TempDir()
	mutated, overlay, program := filepath.Join(folder, "mutated.go"), filepath.Join(folder, "overlay.json"), filepath.Join(folder, "simulation")
	put(t, mutated, []byte(strings.Replace(string(source), m.old, m.new, 1)))
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {file: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	put(t, overlay, replace)
	if m.story != "" {
		return m.tell(t, root, overlay)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", program, "./test/simulation")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the mutant: %v\n%s", err, out)
	}
	play := exec.CommandContext(t.Context(), program, "--first", "--seed="+firstWorld, "--worlds="+enoughWorlds)
	out, err := play.Output()
	first, _, _ = strings.Cut(string(out), "\n")
	return first, err != nil && strings.Contains(first, "world ")
}

// tell tells one story with the mutant, and holds it to its diary.
func (m mutant) tell(t *testing.T, root, overlay string) (first string, caught bool) {
	t.Helper()
	story := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-overlay", overlay, "-run", "^TestStories$/^"+m.story+"$", "./test/simulation")
	story.Dir = root
	story.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := story.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "the diary is another") {
			return "story " + m.story + ": " + strings.TrimSpace(line), err != nil
		}
	}
	return string(out), false
}

func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
