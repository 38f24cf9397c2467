// Package spelling finds the names that somebody may have meant by one that does not exist.
package spelling

import (
	"slices"
	"strings"
)

// mostNear is how many names are suggested in the place of a wrong one.
const mostNear = 3

// Near are those of some names that somebody may have meant by another, the nearest first.
func Near(name string, all []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var candidates []candidate
	for _, other := range all {
		switch {
		case Alike(name, other):
			candidates = append(candidates, candidate{other, distance(name, other)})
		case len(name) > 2 && other != name && strings.HasPrefix(other, name):
			candidates = append(candidates, candidate{other, len(other)})
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return a.distance - b.distance })

	names := make([]string, 0, mostNear)
	for _, c := range candidates[:min(len(candidates), mostNear)] {
		names = append(names, c.name)
	}
	return names
}

// Alike says whether one name is easily written for another: one letter of four is wrong at most.
func Alike(a, b string) bool {
	return a != b && distance(a, b) <= max(1, min(len(a), len(b))/4)
}

// distance is how many letters must be added, taken out, changed or swapped with the next to
// make one text of the other.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}

	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
