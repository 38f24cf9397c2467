// Package network reports what a Network comes to: who its members and coordinators are,
// and whether what it proposes can be had.
//
// A Network installs nothing by itself. The rollout controller reads it, and acts on
// its members; the overview controller counts how their apps are doing. What is left is
// to answer the people who edit it: a name that nobody has, a selector that does
// not parse, an app or a channel that does not exist, waves that overlap, an approval
// of what nobody offers (internal/strategycheck). And to let its coordinators in, for as
// long as their access lasts (access.go); what they may change of a Network, the policy
// network-delegation.allmenning.dev says.
//
// It reads top to bottom in four verbs, one file each: observe, plan, status, apply.
package network
