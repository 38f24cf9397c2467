package country

import "github.com/tidwall/btree"

// Tally counts places, or members, by how they are doing. It is brought up to date one by one.
type Tally struct {
	// Counted are those that there should be.
	Counted int
	// Running, UpToDate and Settled are the numbers of them; see Status.
	Running, UpToDate, Settled int

	// behind are those that are not settled, and failed those of them that wait for a person, by name.
	behind, failed btree.Map[string, Status]
}

// First is what to report of one that is not settled, of those that failed before all others;
// false where all are settled.
func (t *Tally) First() (name string, s Status, found bool) {
	if name, s, found = t.failed.Min(); found {
		return name, s, found
	}
	return t.behind.Min()
}

// Behind goes through the names of those that are not settled, sorted.
func (t *Tally) Behind(yield func(string) bool) {
	t.behind.Scan(func(name string, _ Status) bool { return yield(name) })
}

func (t *Tally) copy() Tally {
	next := *t
	next.behind, next.failed = *t.behind.Copy(), *t.failed.Copy()
	return next
}

func (t *Tally) add(name string, s Status) {
	t.count(s, 1)
	if s.Counted && !s.Settled {
		t.behind.Set(name, s)
		if Failed(s.State) {
			t.failed.Set(name, s)
		}
	}
}

func (t *Tally) remove(name string, s Status) {
	t.count(s, -1)
	t.behind.Delete(name)
	t.failed.Delete(name)
}

func (t *Tally) count(s Status, by int) {
	if !s.Counted {
		return
	}
	t.Counted += by
	if s.Running {
		t.Running += by
	}
	if s.UpToDate {
		t.UpToDate += by
	}
	if s.Settled {
		t.Settled += by
	}
}

// numbers counts by name; a name whose count is zero is not in it.
type numbers struct{ by btree.Map[string, int] }

func (n *numbers) add(name string, by int) {
	count, _ := n.by.Get(name)
	if count += by; count == 0 {
		n.by.Delete(name)
		return
	}
	n.by.Set(name, count)
}

// all goes through the counts, sorted by name.
func (n *numbers) all(yield func(string, int) bool) { n.by.Scan(yield) }

func (n *numbers) copy() numbers { return numbers{*n.by.Copy()} }
