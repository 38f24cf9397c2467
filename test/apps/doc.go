// Package apps installs apps that are written as public bodies write theirs: each goes through its life on a real
// control plane, with nodes that play at running pods. It is checked and pushed by the publisher's own command,
// available in the catalogue, installed, upgraded, failed and taken back, and uninstalled.
//
// An app is a txtar archive in testdata: the folders 1.0.0 and 1.1.0 are the bundles of its versions. The version
// that fails is 1.1.0 whose pods never get ready.
package apps
