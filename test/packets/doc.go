// Package packets tests what the operator does for a cluster that runs: on a real node (test/node), with the operator as the
// Deployment that is shipped, in an image of the program built here, and with apps whose pods run.
//
// `make test-node` runs it; it takes two to three minutes, and needs root. The tests share one node, and run in the order of the files:
//
//   - apps_test.go: what is applied as users do, and that all of it comes to run.
//   - matrix_test.go: who reaches whom, against the golden file, with the operator running, stopped and killed, and without policies.
//   - gone_test.go: what a cluster can do while the operator is gone.
//   - ending_test.go, young_test.go: the last and the first moments of a pod.
package packets
