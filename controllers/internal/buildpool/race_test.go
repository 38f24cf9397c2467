//go:build race

package buildpool_test

// ownMemory is how much more memory this process may take: the race detector keeps some of its own.
const ownMemory = 200 << 20
