//go:build !race

package country_test

const randomSeeds = 120
