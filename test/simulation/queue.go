package main

import (
	"container/heap"
	"time"
)

// event happens at a time of its own, measured from the beginning of the world: it does
// not mind what the clock shows.
type event struct {
	at    time.Duration
	order int
	do    func()
}

// queue holds what is to come, the earliest first; of one time, in the order it was put in.
type queue struct {
	events []event
	count  int
}

func (q *queue) put(at time.Duration, do func()) {
	q.count++
	heap.Push((*byTime)(q), event{at, q.count, do})
}

func (q *queue) take() event { return heap.Pop((*byTime)(q)).(event) } //nolint:errcheck // a queue holds nothing else

func (q *queue) empty() bool { return len(q.events) == 0 }

// next is when the earliest happens.
func (q *queue) next() time.Duration { return q.events[0].at }

// byTime makes a heap of a queue.
type byTime queue

func (b *byTime) Len() int { return len(b.events) }

func (b *byTime) Less(i, j int) bool {
	x, y := b.events[i], b.events[j]
	return x.at < y.at || (x.at == y.at && x.order < y.order)
}

func (b *byTime) Swap(i, j int) { b.events[i], b.events[j] = b.events[j], b.events[i] }

func (b *byTime) Push(x any) { b.events = append(b.events, x.(event)) } //nolint:errcheck // a queue holds nothing else

func (b *byTime) Pop() any {
	last := b.events[len(b.events)-1]
	b.events = b.events[:len(b.events)-1]
	return last
}
