// Package country is the one model of who has what, who decides, and who belongs where.
//
// It is pure. A Model takes objects as they come and go; Settle brings the country up to
// date by what changed, and says whom that concerns. Readers get a Country, which nobody
// changes: the controllers by way of a holder, the command line and the simulator by Compile.
//
// It brings together package resolution, which knows what each municipality decided, and
// package planner, which plans one rollout: the first says who the members of a group are, and
// the second what becomes of them.
//
//   - country.go, key.go: what readers see, and how it is sorted.
//   - tenant.go, place.go: one municipality, its verdicts, and how a rollout counts each place.
//   - requirements.go: when a place may rest on another app, and who is looked at again then.
//   - subject.go: one app of one group, its members and records.
//   - status.go: how a place is doing, measured against what was decided.
//   - share.go, tally.go, adoption.go, counts.go: what municipalities add up to, in networks and by app.
//   - strategy.go: a network's strategy, else the Platform's.
//   - plan.go: what a group does next.
//   - offer.go: what a channel offers, as a rollout asks for it.
//   - pilots.go: what keeps pilot networks from going first.
//   - numbers.go: who claims which official number.
//   - takenout.go: what is installed in environments that left the spec.
//   - refusal.go: writes that the API server refused for good.
//   - own.go: what a municipality does next with the versions that it names itself.
//   - consent.go: what its decisions ask of its AppInstallations.
//   - installation.go: the AppInstallation that a move asks for.
//   - model.go, common.go: what the model takes.
//   - settle.go, file.go: what follows from it, and whom it concerns (change.go, specs.go).
//   - objects.go: a country of a list of objects.
package country
