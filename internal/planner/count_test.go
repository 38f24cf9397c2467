package planner

import (
	"fmt"
	"strings"
	"testing"
)

// TestAPanicReachesWhoPlans shows that what panics in one of many members can be recovered by who asked
// for the plan, as a reconcile's panic is, and says where it was.
func TestAPanicReachesWhoPlans(t *testing.T) {
	c := &count{rules: rules{in: &Input{}}, members: make([]standing, many)} // more than there are members of
	defer func() {
		if why := fmt.Sprint(recover()); !strings.Contains(why, "index out of range") || !strings.Contains(why, "count.go") {
			t.Errorf("recovered %q, want what happened in count.go", why)
		}
	}()
	c.standAll(make([]int, many))
}
