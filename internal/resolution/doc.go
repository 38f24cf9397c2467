// Package resolution decides who gets which app in which version, and says who
// decided. It is one pure function with its concerns in a file each.
//
// The nation offers, the network proposes, the municipality decides:
//
//   - decision.go: what the municipality says for itself, per environment.
//   - proposal.go: what its networks propose, and which of them it follows.
//   - target.go: the version that this points at, and whether it may be had.
//   - resolve.go: the verdict for each app and environment.
//
// Two rules keep people safe. An installed app is uninstalled for one reason only:
// its municipality declined it. And when it becomes unclear what should be done, or
// it can't be done, what runs is kept.
package resolution
