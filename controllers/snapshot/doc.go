// Package snapshot keeps the one model of the country for the controllers. A Holder feeds it
// from the cache's informers and from what the controllers write themselves, hands out
// snapshots that nobody changes, and wakes whom a change concerns.
//
//   - holder.go: the model, its lock and its clock.
//   - objects.go: what happens to objects, for the model.
//   - written.go: what a controller has just written, which the cache need not hold yet, or what was refused.
//   - heartbeat.go: since when the operator has been looking, as it is kept over restarts.
//   - behind.go: whether the model has an object yet as the cache has it.
//   - wake.go: the sources by which controllers are woken.
package snapshot
