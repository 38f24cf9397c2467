// Package door opens doors between municipalities: it writes the network policies of both halves, each in a pass of the
// Municipality that it belongs to, takes them away when a door ends, and shows the doors in status.doors.
//
// Which doors there are, and whether they are to be open, internal/door says; it is asked of the model of the country.
//
//   - observe.go: the doors, the policies that there are, and which namespaces.
//   - plan.go, policies.go: which policies there are to be.
//   - spare.go: what stays while objects are away that went with their definition.
//   - apply.go: first what closes, then what opens.
//   - status.go: the doors as people see them.
package door
