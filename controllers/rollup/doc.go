// Package rollup carries the truth upwards: from the status of AppInstallations to
// counts in the status of Municipalities, Networks and SharedApps.
//
// An installation is measured against what is decided now, and not against what it
// was last asked for: package resolution is asked for its verdicts again. So when a
// channel is promoted, nobody counts as ready for being well at the version before.
//
// Three small reconcilers, one for each kind, share the same four verbs. observe.go
// reads from the cache. The rest is pure: place.go judges one app in one
// environment; municipality.go, network.go and sharedapp.go count, and make the
// statuses; patience.go says how long a status that is about to change again may
// wait. apply.go writes, as a field manager of its own, only what differs, and only
// the fields and the one condition, AppsReady, that are the rollup's. watches.go
// lets a pause of a second pass between an event and the look at what came of it,
// so that a burst of events makes one write.
package rollup
