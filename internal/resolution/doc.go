// Package resolution decides who gets which app in which version, and says who
// decided. It is two pure steps, with their concerns in a file each.
//
// Who belongs to which network now: networks that hold others, that end and that hand
// over (networks.go), and the circles that people may make of them by mistake (circle.go).
//
// Then the verdict. The nation offers, the network proposes, the municipality decides:
//
//   - decision.go, said.go: what the municipality says for itself, per environment, and what of it is in force.
//   - proposal.go: what its networks propose, and which of them it follows.
//   - target.go: the version that this points at, and who brought what is installed.
//   - obstacle.go: what keeps the version away.
//   - group.go: whose rollout brings it.
//   - input.go, resolve.go: the verdict for each app and environment.
//   - remember.go: what runs though its AppInstallation was deleted.
//
// Two rules keep people safe. An installed app is uninstalled for one reason only:
// its municipality declined it. And when it becomes unclear what should be done, or
// it can't be done, what runs is kept.
//
// A verdict says what a place should have, not when. The members of a network, and those
// who follow a channel, move in turn with their group: their verdict is Install while
// the network is suspended and while the platform is frozen, and the group's rollout
// waits. Only where the municipality itself moves a place does a freeze stand in the way
// of the verdict: a version that it names, the first installation of a hold, a decline.
package resolution
