// Package rollup carries the truth upwards: from the status of AppInstallations and
// Rollouts to the status of Municipalities, Networks and SharedApps.
//
// An installation is measured against what is decided now, and not against what it
// was last asked for: package resolution is asked for its verdicts again. So when a
// channel is promoted, nobody of a network counts as ready for being well at the version
// before: waiting for AppsReady of a Network, or of a SharedApp, ends when the promotion is
// through. Who is excused is not waited for.
//
// AppsReady of a Municipality asks for less: that its apps are as they should be now. One
// that runs well at the version before, and waits for its turn, is; so is one that failed
// and went back, of which the message tells. One that has nothing yet, or that stays at a
// version that failed, is not.
//
// Three small reconcilers, one for each kind, share the same four verbs. observe.go
// reads from the cache. The rest is pure:
//
//   - place.go, measure.go: how one app stands in one environment.
//   - decision.go: what a municipality's own decisions name that is not there.
//   - turn.go, wave.go: what a place waits for until its turn comes, and when that is.
//   - municipality.go, network.go, sharedapp.go, adoption.go: they count, and make the statuses.
//   - summary.go, size.go: one condition for many, and lists that stay small.
//   - patience.go: how long a status that is about to change again may wait.
//
// apply.go writes, as a field manager of its own, only what differs, and only
// the fields and the one condition, AppsReady, that are the rollup's. watches.go
// lets a pause of a second pass between an event and the look at what came of it,
// so that a burst of events makes one write. Of a Rollout it heeds what changes for many,
// and none of the counts.
package rollup
