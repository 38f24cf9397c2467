// Package v1alpha1 holds the API of Allmenning, the platform that many
// municipalities share.
//
// # The story
//
// The nation offers, the network proposes, the municipality decides.
//
//   - A [SharedApp] is the national offer: a common component, its versions,
//     and the channels that point at one of them. It forces nobody.
//   - A [Network] is a group of municipalities that introduce apps together.
//     It lists the apps, the channel it follows, and how strongly it asks.
//   - A [Municipality] is a tenant. Each of its environments becomes one
//     isolated namespace, and its own decisions (adopt, decline, defer, hold)
//     outrank what its networks propose.
//   - An [AppInstallation] is what came out of it: this app, in this version,
//     in this namespace, decided by this level and for this reason. The operator
//     writes it, and reads from it what it shall install.
//   - A [Rollout] is how a version comes to the members of a network: in waves, with
//     gates and a budget for failures. The operator writes it, and keeps it as the record.
//   - A [Platform], of which there is at most one, describes what the cluster looks
//     like: where its DNS and its ingress controller live, what is private.
//
// Data flows in one direction: spec of the first three, then the spec of
// AppInstallation, then objects in the tenant's namespace, then status, upwards.
//
// # Deleting is not uninstalling
//
// Deleting an object of this group never uninstalls an app by itself. An app goes
// when a municipality declines it, or when a Municipality with deletionPolicy
// Delete is deleted.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=allmenning.dev
package v1alpha1
