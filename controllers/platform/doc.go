// Package platform reports whether the Platform, where there is one, is in force.
//
// Code that needs a value of the Platform reads it where it is needed, so this
// controller has nothing to make. It answers a person who has edited it: the
// operator has seen this generation, and nothing in it stands in the way. Of its
// strategy it reports the same as a Network does of its own (internal/strategycheck).
package platform
