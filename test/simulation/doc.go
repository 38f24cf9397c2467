// Command simulation plays months of rollouts in virtual time, and checks from what truly
// happened that the promises of a rollout were kept:
//
//	make simulate WORLDS=1000 SEED=1
//	go run ./test/simulation --world=4711
//
// A world holds real API objects. Its operator plans with packages country and planner,
// which are what the controllers and the command line plan with, and writes as the
// controllers do: it can be killed between any two writes, see the world as it was a write
// ago, and have a write refused. An installer brings installations to what they are asked
// to be, or fails to. People promote, withdraw, approve, hold, decline, join, leave and
// merge. Everything follows from the seed of the world.
//
//   - world.go, queue.go: virtual time, and what happens in it.
//   - store.go: the objects; a write replaces an object, so a reader keeps what it saw.
//   - operator.go, consent.go: what the controllers do.
//   - installer.go, fate.go: what becomes of an installation.
//   - build.go, people.go, catalogue.go, members.go, faults.go, hard.go: a random world, and its events.
//   - seam.go: all that the judge is given of the operator.
//   - judge.go, settle.go: when package truth judges, which holds what is so and the promises.
//   - script.go, stories.go, wrong.go, further.go: worlds that are played as a diary.
//   - diary.go: what people read.
package main
