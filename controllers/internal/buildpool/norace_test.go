//go:build !race

package buildpool_test

// ownMemory is how much more memory this process may take.
const ownMemory = 20 << 20

// workerMemory is how much a worker may hold.
const workerMemory = 256 << 20
