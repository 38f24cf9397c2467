// Package overview reports upwards: how apps are doing, in the status of Municipalities, Networks
// and SharedApps.
//
// Who decides, which version is wanted and how each place is doing it reads from the snapshot of
// package country; what a place waits for, from the plan of its rollout or of the municipality's own
// moves. It judges nothing itself.
//
// AppsReady of a Municipality is about what its apps should be now. One that runs at the previous
// version, and waits for its turn, is as it should be; so is one that failed and went back, of which
// the message speaks. One that has nothing yet, or that stays at a version that failed, is not. It is
// the same for Networks and SharedApps; how many are at the wanted version, upToDate counts.
//
// Three small reconcilers, one for each kind, share the same verbs. observe.go reads. The rest is pure:
//
//   - plans.go: what the places of a municipality wait for.
//   - place.go: how one app is doing in one environment, as a status shows it.
//   - municipality.go, network.go, sharedapp.go: the statuses.
//   - summary.go, size.go: one condition for many, and lists that stay small.
//   - adoption.go: how an app is doing in each network.
//   - patience.go, waiting.go, counts.go: how long a status that is about to change again may wait.
//
// apply.go writes, as a field manager of its own, only what differs, and only the fields and the one
// condition, AppsReady, that are the overview's. watches.go lets a pause of a second pass between a
// change and the look at what came of it, so that a burst of changes makes one write.
package overview
