//go:build !race

package buildpool_test

// ownMemory is how much more memory this process may take.
const ownMemory = 20 << 20
