// Package truth is the judge of the simulation. It says what is so in a world, from the objects
// that people wrote and from what truly runs, and holds whatever the operator writes to the
// promises of docs/consent.md and docs/rollouts.md.
//
// The rules are written here a second time, in the simplest words that can be checked by reading:
// slow, without caches that matter, and without a look at the code that is judged. A test checks
// that the package imports nothing of the operator but the types of the API.
//
//   - objects.go: the objects of a world, and what truly runs.
//   - networks.go, consent.go, catalogue.go: who belongs where, who decides what, and what there is.
//   - windows.go, strategy.go: when something may start, and in which waves.
//   - ledger.go: what came about; no fault of a world makes it forget.
//   - standing.go, crowd.go: how members, and waves, are truly doing.
//   - moves.go, first.go, back.go, own.go: the promises about what is written to installations.
//   - records.go, status.go: the promises about Rollouts, and about what they say.
//   - rest.go: what must be so when every gate was opened and nothing happens any longer.
package truth
