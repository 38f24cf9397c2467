// Package door decides which doors there are between municipalities: one lets another in to one service of an app that it
// has, where both say so, each in its own spec. Policies are written from it, status and the command line show it.
//
//   - door.go: a door, and who is on its two sides.
//   - judge.go: whether it is open, and why not, in one sentence.
//   - offer.go: whom an offer reaches.
//   - lead.go: which pods and ports it leads to, and from which pods.
//
// It is pure, and the one place that knows when a door is open.
package door
