// Package contract knows what a bundle may hold: the table of docs/bundles.md, one function for
// each rule.
//
// [Check] judges the objects that a bundle was built to, for the sample tenant when a version enters the
// catalogue and for each tenant before anything is written, and returns all that is wrong with them at
// once. [Fit] comes before it: what can be made to fit without changing what the app does is changed, and
// what was changed is said. The rules are in the files that are named for what they are about.
//
// Nothing here talks to Kubernetes: what the cluster and its platform allow comes in [Terms].
package contract
