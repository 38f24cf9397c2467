//go:build race

package country_test

// randomSeeds are fewer with the race detector, under which the comparisons take ten times as long.
const randomSeeds = 30
