// Package rollout plans how a version comes to the members of a group: a network, or
// those who follow a channel by their own decision.
//
// It is pure. Plan gets a Rollout with its status, the strategy, what was observed of
// the members, the gates and the time; it returns the next step: which installations to
// move, which to take back, and the status to write. Whoever carries the step out may be
// killed in the middle of it: the next plan is made from what is then observed.
//
// The files read in the order of a plan:
//
//   - records.go: which Rollout is the one to work on, and whether a new one is needed.
//   - strategy.go: waves with their defaults, compiled from the spec.
//   - waves.go: who takes part in which wave.
//   - installed.go, member.go: how a member stands: waiting, moving, verified, failed, excused, away.
//   - gates.go: what must be so before anybody else is moved.
//   - plan.go, steps.go: who is moved, and who goes back.
//   - status.go, notes.go: what people see of it.
//   - introductions.go: several rollouts of one network, of which it carries only so many at once.
//   - forecast.go: the plan played forward, for those who ask when their turn comes.
//
// What was done to an installation is recorded on the installation (spec.rollout): who
// was moved when, by which rollout in which wave, and what came of it. Counts, and the
// halt of a rollout, follow from that; the status of a Rollout remembers only when
// waves began and were done, since when its members wait for something, and failures of
// which nothing else is left.
package rollout
