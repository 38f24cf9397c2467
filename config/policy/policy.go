// Package policy holds the admission policies as they are shipped, for the operator, which reports those that are missing or
// changed in its cluster.
package policy

import "embed"

// Files are the manifests, and the kustomization that lists them.
//
//go:embed *.yaml
var Files embed.FS
