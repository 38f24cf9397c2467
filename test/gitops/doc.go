// Package gitops plays the stories of docs/gitops.md on the repository that it shows, docs/gitops/repository: a Git
// repository on disk, the real API server, the operator, and what applies the folders is the library that Flux's
// kustomize-controller applies with.
package gitops
