// Package upgrade runs the operator of an earlier commit and that of this one after the other, with the definitions and
// policies of each, over a country in the middle of a rollout: nobody moves twice, nothing that stays as it is is written, and
// the rollout comes to its end. Then the earlier one is put back.
//
//	go test ./test/upgrade                              # from the last release, or from the commit before where there is none
//	go test ./test/upgrade -before=5bb7a9b -members=357 # from a commit, with the whole country
package upgrade
