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
//     writes it, and installs what it says.
//   - A [Rollout] is how a version comes to the members of a network: in waves, with
//     gates and a budget for failures. The operator writes it, and keeps it as the record.
//   - A [Platform], of which there is at most one, describes what the cluster looks
//     like: where its DNS and its ingress controller live, what is private.
//
// # Times
//
// A time is an RFC 3339 time. In a spec it has the word that a person would say: from,
// until, ends, expires. In a status the time of an event ends in At (startedAt,
// completedAt, appliedAt), and the beginning of what still lasts is since, or ends in
// Since (healthySince, waitingSince). metadata and conditions keep Kubernetes' own
// names. A length of time is a duration such as 24h, and is named by what lasts: soak,
// announcement, progressDeadline.
//
// # Brakes
//
// Four fields stop the operator, from the mildest to the strongest. pause and freezes
// (pause, in a period) stop new moves: members under way are watched, and return if
// they fail. freeze, of the Platform, stops returns and uninstalling too; drift is
// corrected. suspend stops the operator at the object that has it, and on the Platform
// everywhere; Freeze, of a Municipality, stops its people too. docs/operations.md has the table.
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
