package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// guards are what the planner must not do without, in the order of docs/simulation.md: each is
// marked in the code of the operator, and named here, so that none gets lost when code is rewritten.
var guards = []guard{
	{"max-concurrent", "maxConcurrent is a limit"},
	{"only-as-many-begin-as-are-free", "no more members begin than are free"},
	{"waves-in-order", "a wave waits for the one before"},
	{"approval", "a wave waits for its approval"},
	{"approval-of-next-stages", "nobody goes on to a further stage either, where the approval is asked for later"},
	{"approval-holds-back-later-waves", "later waves wait for the approval of a wave, also where nobody is in it"},
	{"approval-of-one-channel", "an approval counts for one channel"},
	{"approval-of-one-attempt", "an approval counts for one attempt"},
	{"approval-of-one-digest", "an approval counts for one digest"},
	{"only-own-moves-begin", "only a move of its own begins a rollout"},
	{"percentages-of-those-who-take-part", "percentages are of those who take part"},
	{"announcement", "the first wave waits for the announcement"},
	{"budget", "failures are counted against the budget"},
	{"halted-moves-nobody", "a halted rollout moves nobody"},
	{"windows-of-the-group", "nothing new starts outside the group's windows"},
	{"windows-of-the-municipality", "nothing new starts outside the municipality's windows"},
	{"pause", "a pause starts nothing new"},
	{"platform-freeze", "a frozen platform moves nobody"},
	{"suspended-group", "a suspended network or app moves nobody"},
	{"paused-municipality", "nothing new comes to a municipality that is paused"},
	{"suspended-municipality", "a suspended municipality is not moved"},
	{"pilot-networks-first", "pilot networks come first"},
	{"pilots-next-attempt", "with the attempt that they are about to make"},
	{"pilots-that-went-back", "and have not gone back since"},
	{"introductions-queue", "introductions queue"},
	{"priorities", "the queue goes by priority"},
	{"version-available", "a version that is not available is not moved to"},
	{"soak", "what is healthy soaks"},
	{"health-of-this-spec", "health of another version, or of an earlier spec, does not count"},
	{"touched-spec-is-no-failure", "a spec that is touched while it soaks is no failure"},
	{"own-status-lost-is-no-failure", "nor is a status that was lost, of what a municipality named itself"},
	{"deleted-by-hand-is-no-failure", "what somebody deleted is watched from when it is back"},
	{"stages-in-order", "a stage waits for the one before"},
	{"excuses", "who is excused is not moved"},
	{"failed-holds", "who failed is not moved again"},
	{"no-return-to-withdrawn", "nobody goes back to what was withdrawn"},
	{"no-return-to-unverified", "nobody goes back to what was never verified"},
	{"nobody-looked-is-no-failure", "what nobody looked at has not failed"},
	{"deadline", "who is not healthy in time has failed"},
	{"comes-and-goes-has-failed", "who is never healthy for the soak has failed"},
	{"waits-for-what-it-returns-to", "who fails waits while what it returns to is unavailable"},
	{"moved-after-it-was-done", "nor is one verified that was moved since, by a clock that was set back"},
	{"done-stays-done", "what becomes of a member after its wave was done is not the rollout's any more"},
	{"passed-over-is-judged", "but who decided otherwise before it was verified is judged when it takes part"},
	{"had-it-is-judged", "and so is who comes with the version, of which nobody knows that it was verified"},
	{"done-bears-its-failures", "and what had failed in it by then halts it no more"},
	{"who-came-late-stays-verified", "who was verified after its wave was done stays so"},
	{"absence-is-no-fault", "who was away for what it was to get keeps what it had"},
	{"done-without-it", "who soaks when its wave is done without it goes on soaking"},
	{"who-stood-in-stays-first", "who had the version and stood in stays in the first wave"},
	{"who-stood-in-stays-named", "also where others went first"},
	{"found-is-not-brought", "who finds a version has not brought it, also where it fails"},
	{"own-fault-is-away", "a fault of the municipality's own is not the version's"},
	{"returns-once", "who fails goes back once"},
	{"failed-and-left-counts", "who failed and left still counts"},
	{"failed-elsewhere-counts", "who failed where it follows the group no longer counts still"},
	{"failed-and-declined-counts", "who failed and declined still counts"},
	{"failures-are-recorded-first", "a wave waits for failures to be recorded"},
	{"attempts-are-counted", "attempts are counted"},
	{"named-records-are-kept", "records that an approval names are kept"},
	{"retry-needs-a-failure", "a retry needs a halt, or a failure"},
	{"withdrawn-ends", "a rollout of a withdrawn version ends"},
	{"nobody-asks", "what nobody asks for any longer ends"},
	{"catch-up-minds-windows", "who catches up minds windows and pauses"},
	{"catch-up-minds-own-windows", "who catches up minds the municipality's windows"},
	{"joiners-get-nothing-that-was-left", "who catches up gets what the group runs, not what it left"},
	{"catch-up-minds-max-concurrent", "who catches up minds maxConcurrent"},
	{"catch-up-minds-what-fits", "nobody catches up to what it lacks a parameter or an app for, or in a zone that does not fit"},
	{"resuming-minds-max-concurrent", "who resumes minds maxConcurrent"},
	{"municipality-on-its-way-out", "a municipality on its way out is not moved"},
	{"number-taken", "nothing is done in the name of a municipality whose number belongs to an older one"},
	{"environment-must-exist", "an environment must exist"},
	{"refused-is-away", "what the API server refuses keeps nobody waiting"},
	{"unseen-is-remembered", "what nobody saw yet has its time, whatever else its member does"},
	{"leaving-has-failed", "what is uninstalled with its environment before it was verified has failed"},
	{"moved-elsewhere-holds-back", "what was not verified where it follows its group no longer does not come to later stages"},
	{"own-record-stays", "the only record of a move of the municipality's own stays"},
	{"required-apps-must-run", "required apps must run"},
	{"required-apps-stay", "and nobody rests on a version of one that may yet go back"},
	{"failed-until-recorded", "who failed does not have its time again while nothing records that"},
	{"failed-keeps-its-place", "who failed keeps its place among those on their way until that is recorded"},
	{"completes-when-nobody-moves", "a rollout completes when nobody is on the way"},
	{"found-and-failed-is-not-tried", "who had the version and failed did not go first"},
	{"who-went-first-stays-first", "who went first stays in the first wave"},
	{"first-wave-has-somebody", "the first wave always has somebody"},
	{"later-waves-began-after-the-first", "while somebody is on its way in a later wave, nobody else goes first"},
	{"stand-in-has-recovered", "who failed and has yet to recover does not stand in"},
	{"first-wave-was-tried", "the first wave is done when somebody tried"},
	{"not-done-by-absences", "a wave is not done by absences alone"},
}

// guard is something that the planner checks before it acts.
type guard struct{ name, promise string }

// firstWorld and enoughWorlds are the worlds in which a mutant must be caught: some of those
// in which TestWorlds finds nothing wrong with the planner as it is. They are
// small ones, and most mutants are caught in the first few.
const (
	firstWorld   = "8"
	enoughWorlds = "200"
)

// TestGuardsAreMarked finds each guard marked in the code, and each mark in the list.
func TestGuardsAreMarked(t *testing.T) {
	marked := map[string]bool{}
	for _, m := range marksBelow(t, root(t, "internal")) {
		marked[m.guard] = true
		if !slices.ContainsFunc(guards, func(g guard) bool { return g.name == m.guard }) {
			t.Errorf("%s:%d: guard %s is not in the list of guards_test.go", m.file, m.line, m.guard)
		}
	}
	for _, g := range guards {
		if !marked[g.name] {
			t.Errorf("guard %s (%s) is marked nowhere below internal: mark the code that sees to it with //guard:%s", g.name, g.promise, g.name)
		}
	}
}

var (
	guardsOf   = flag.Uint64("of", 1, "how many turns the guards are divided among")
	guardsTurn = flag.Uint64("turn", 0, "which turn it is; beyond the last it begins at the first again")
)

// TestGuards takes each guard out of the planner whose turn it is, and the simulator finds out.
func TestGuards(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("it builds the simulator many times over")
	}
	all := marksBelow(t, root(t, "internal"))
	for i, g := range guards {
		if uint64(i)%*guardsOf != *guardsTurn%*guardsOf {
			continue
		}
		t.Run(g.name, func(t *testing.T) {
			program := g.without(t, all)
			out, caught := firstViolation(t, program)
			if !caught {
				out, caught = otherDiary(t, program)
			}
			if !caught {
				t.Errorf("without the guard that %s, nothing is found in %s worlds, nor in any story", g.promise, enoughWorlds)
			}
			t.Log(out)
		})
	}
}

// without builds the simulator without the guard.
func (g guard) without(t *testing.T, all []mark) (program string) {
	t.Helper()
	files := map[string][]mark{}
	for _, m := range all {
		if m.guard == g.name {
			files[m.file] = append(files[m.file], m)
		}
	}
	folder := t.TempDir()
	replaced := map[string]string{}
	for file, marks := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		mutant, err := mutate(string(source), marks)
		if err != nil {
			t.Fatal(err)
		}
		replaced[file] = filepath.Join(folder, strings.ReplaceAll(strings.TrimPrefix(file, root(t)), string(filepath.Separator), "_"))
		put(t, replaced[file], []byte(mutant))
	}
	overlay, program := filepath.Join(folder, "overlay.json"), filepath.Join(folder, "simulation")
	content, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	put(t, overlay, content)
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", program, "./test/simulation")
	build.Dir = root(t)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the mutant: %v\n%s", err, out)
	}
	return program
}

// firstViolation plays worlds until one breaks a promise.
func firstViolation(t *testing.T, program string) (string, bool) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, "--first", "--seed="+firstWorld, "--worlds="+enoughWorlds).Output()
	first, _, _ := strings.Cut(string(out), "\n")
	return first, err != nil && strings.Contains(first, "world ")
}

// otherDiary tells the stories, and says which has another diary than the one under testdata.
func otherDiary(t *testing.T, program string) (string, bool) {
	t.Helper()
	for _, s := range stories {
		want, err := os.ReadFile(filepath.Join("testdata", s.name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), program, "--story="+s.name).Output()
		if err != nil || !bytes.Equal(got, want) {
			return "story " + s.name + ": the diary is another", true
		}
	}
	return "", false
}

// root is the folder of the module, or one in it.
func root(t *testing.T, folder ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{"..", ".."}, folder...)...))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func put(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
