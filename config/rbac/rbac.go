// Package rbac holds the manifest of the installer role, for programs that judge a bundle without a cluster.
package rbac

import _ "embed" // for the manifest

// Installer is installer.yaml: the ClusterRoles whose rules list the kinds that a bundle may hold.
//
//go:embed installer.yaml
var Installer []byte
