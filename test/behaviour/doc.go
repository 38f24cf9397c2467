// Package behaviour tests what the operator does, against a real control plane, with the
// rights of its own service account and nothing of it replaced. One file is about one
// behaviour.
package behaviour
