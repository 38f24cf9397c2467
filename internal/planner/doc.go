// Package planner plans how a version comes to the members of a group: a network, or
// those who follow a channel by their own decision.
//
// It is pure. Plan gets a Rollout with its status, the strategy, what was observed of
// the members, the gates and the time; it returns the next step: which installations to
// move, which to take back, and the status to write. The program that carries the step out may be
// killed in the middle of it: the next plan is made from what is then observed.
//
// A plan is made in three parts.
//
// Count. Each member belongs to a wave. Its environments are walked stage by stage, up to
// the first stage that is not verified: what is found there says how the member is doing.
// It is verified, waiting, moving, failed, excused (it decided otherwise) or away (it can't
// be moved for now, for a reason that is not the version's). Waves are counted, and judged
// in their order: one is done when the one before is, it is approved if it has to be, nobody
// in it waits or moves, and no more failed than may. What is done stays done. Once it is
// made, the methods of a count are questions: they change nothing.
//
// Move. Members that failed go back to what was verified there last. Members on their way go
// to their next stage. Then others begin, in the first wave that is not done, as many as its
// maxConcurrent leaves free, if every gate is open. Joiners that have nothing get what the
// group runs now until their turn comes.
//
// Report. The status says for people what is so once the step is made, what is waited for and
// until when, and how a person can end that. For the next plan it remembers what can be read
// from nothing else.
//
// The files in the order of a plan:
//
//   - records.go, name.go: which Rollout is the one to work on, and whether a new one is needed.
//   - inherit.go, strategy.go: what a network leaves out it takes from the platform; waves with their defaults, compiled from the spec.
//   - input.go, outages.go, pilots.go, member.go, installed.go, stamp.go: what a plan rests on.
//   - rules.go: what each member is held to.
//   - standing.go, waves.go: how one member is doing, and in which wave.
//   - count.go, gates.go: how the waves are doing, and what must be so before anybody is moved.
//   - plan.go, move.go, verified.go: who is moved, and who goes back to what.
//   - report.go, notes.go, words.go: what people see of it, and what is remembered.
//   - wait.go: what one environment waits for.
//   - introductions.go: several rollouts of one group, of which it carries only so many at once.
//   - own.go: the moves that a municipality decides on by itself.
//   - forecast.go: the plan played forward, for those who ask when their turn comes.
//
// What was done to an installation is recorded on the installation (spec.move): who
// was moved when, by which rollout in which wave, and what came of it. What was verified
// there last goes with it from move to move (spec.lastVerified), by every writer.
// Counts, and the halt of a rollout, follow from that.
package planner
