package resolution

import "slices"

// links lead from each network, by its index, to others.
type links [][]int

// open leaves out every link that is part of a circle, so that a circle counts for
// nobody, whichever of its links came last. The circles are reported for each network that
// is on one: the shortest way from it back to itself.
func (l links) open() (left links, circles [][]int) {
	left, circles = make(links, len(l)), make([][]int, len(l))
	before := make([][]int, len(l))
	for from := range l {
		before[from] = l.walk(from)
		circles[from] = wayBack(from, before[from])
	}
	for from := range l {
		for _, to := range l[from] {
			if len(before[to]) == 0 || before[to][from] < 0 {
				left[from] = append(left[from], to)
			}
		}
	}
	return left, circles
}

// walk goes from one network as far as links lead. Of each that it reaches it returns
// which one came before, on the shortest way; -1 where it does not come. It is nil where
// no link leads on.
func (l links) walk(from int) []int {
	if len(l[from]) == 0 {
		return nil
	}
	before := slices.Repeat([]int{-1}, len(l))
	for queue := []int{from}; len(queue) > 0; queue = queue[1:] {
		for _, to := range l[queue[0]] {
			if before[to] < 0 {
				before[to] = queue[0]
				queue = append(queue, to)
			}
		}
	}
	return before
}

// reversed leads back along every link.
func (l links) reversed() links {
	back := make(links, len(l))
	for from := range l {
		for _, to := range l[from] {
			back[to] = append(back[to], from)
		}
	}
	return back
}

// reach is a network and all that links lead to from it.
func (l links) reach(from int) []int {
	reached := []int{from}
	for to, before := range l.walk(from) {
		if before >= 0 {
			reached = append(reached, to)
		}
	}
	return reached
}

func wayBack(to int, before []int) []int {
	if len(before) == 0 || before[to] < 0 {
		return nil
	}
	way := []int{to}
	for at := before[to]; at != to; at = before[at] {
		way = append(way, at)
	}
	way = append(way, to)
	slices.Reverse(way)
	return way
}
