// Package crd holds the custom resource definitions as they are shipped, for programs that
// hold manifests to them without an API server.
package crd

import "embed"

// Bases are the files that `make manifests` writes, one for each kind, in the folder bases.
//
//go:embed bases/*.yaml
var Bases embed.FS
