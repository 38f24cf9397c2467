// Package rollout writes the AppInstallations of a Municipality: which app, in
// which version, in which environment, decided by whom.
//
// It asks package resolution for verdicts and makes the specs of AppInstallations
// say the same. It installs nothing itself; that is the appinstallation
// controller's work. An installation is created, moved, asked to go
// (spec.state Absent) and, once it is gone, deleted here and nowhere else.
package rollout
