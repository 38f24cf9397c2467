// Package rollout brings versions to the members of a group: a network, or those who
// follow a channel by their own decision.
//
// One reconcile looks at one group and all of its apps, so that it can mind how many
// introductions the group carries at once. What to do is worked out by packages country
// and planner under internal/, which are pure; this package observes, carries out and
// reports. It carries out in an order that may stop anywhere: a Rollout is ended before the
// next is made; the installations that a step moves are written side by side, each with
// its own record; the status comes last, and says again what can be seen.
package rollout
