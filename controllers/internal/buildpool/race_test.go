//go:build race

package buildpool_test

// ownMemory is how much more memory this process may take: the race detector keeps some of its own.
const ownMemory = 200 << 20

// workerMemory is how much a worker may hold: the race detector takes that many times more.
const workerMemory = 10 * 256 << 20
