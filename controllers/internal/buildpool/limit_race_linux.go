//go:build race

package buildpool

// overhead is how many times more memory a program takes with the race detector, at most
// (https://go.dev/doc/articles/race_detector#Runtime_Overheads).
const overhead = 10

// limitMemory does nothing: the race detector maps far more than it uses, which the kernel would count.
func limitMemory(int, uint64) error { return nil }
