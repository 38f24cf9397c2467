// Package walls knows what opens in the walls around an app: what its versions require, and no more than the
// Platform allows. Policies are written from it, versions are judged by it, and changes are described by it.
//
//   - bounds.go: what the Platform allows versions to ask for.
//   - endpoint.go: external systems that the Platform names.
//   - walls.go: what is open, for one version or for several at once.
//   - ranges.go: whether the addresses of the cluster itself are private.
//   - compare.go: what one set of openings has and another lacks.
//
// It is pure.
package walls
