// Package e2e tests the operator as it is deployed: a process of its own, with the rights
// of its service account and what the repository ships around it, on a whole control
// plane. It is stopped, killed and started again; its definitions are deleted under it.
package e2e
