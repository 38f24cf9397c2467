// Package municipality makes the tenancy of a Municipality: for each environment
// a namespace with its quota, its defaults, its network policies, its service
// accounts and the access of its people.
//
// It reads top to bottom in four verbs, one file each. observe reads everything
// from the cache. plan decides, purely, what must be applied and what removed.
// apply writes it. status says what came of it, purely, and is written once. The pure
// concerns of the plan have a file each: quota, policies, access, zone, deletion.
//
// The state of each environment in that status is what everybody else goes by; see package
// tenancy.
package municipality
