// Package network tells what a Network comes to: who its members are, and whether
// what it proposes can be had.
//
// A Network makes nothing by itself. The rollout controller reads it, and acts on
// its members; the rollup controller counts how their apps stand. What is left is
// to answer the people who edit it: a name that nobody has, a selector that does
// not parse, an app or a channel that does not exist.
//
// It reads top to bottom in four verbs, one file each: observe, plan, status, apply.
package network
