// Package buildpool builds bundles in processes of their own.
//
// A bundle comes from outside, and building it takes as much memory and time as it makes kustomize take. So
// the operator's program runs itself again with one argument ([Serve] is what it does then), keeps a few of
// these workers warm, and sends each one question at a time: a bundle, unless the worker has it from the
// question before, and a context. The kernel bounds the memory of a worker, and the pool the time of an
// answer; a worker that goes beyond is killed, and another is started for the next question. What killed a
// worker is remembered, and not asked again.
//
// Of one bundle only one build runs at a time, so that a slow one leaves a worker to others.
package buildpool
