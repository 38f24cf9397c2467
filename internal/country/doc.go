// Package country asks the questions whose answers rest on everybody: who follows which
// group, which Rollouts a group needs, and what each of them does next.
//
// It is pure. It brings together package resolution, which knows what each municipality
// decided, and package rollout, which plans one rollout: the first tells who the members
// of a group are, and the second what becomes of them. The controller carries the answers
// out; the command line shows them, also for a folder of manifests; the simulator plays
// months of them.
//
//   - country.go: the objects, and the verdicts on them.
//   - group.go: a group, and what it wants of which app.
//   - members.go: the members of a group, as a rollout counts them.
//   - plan.go: what a group does next.
//   - installation.go: the AppInstallation that a verdict, or a move, asks for.
package country
