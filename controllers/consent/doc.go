// Package consent makes the AppInstallations of a Municipality follow what was decided on
// them: that they stay or go, with which parameters, decided by whom.
//
// Package country says what is to be written. A version moves here only where the municipality
// named it itself, stage by stage, or returns; what a network or a channel brings comes by the
// rollout controller, in its turn. An app is asked to go (spec.state Absent), and its
// AppInstallation deleted once it is gone, here and nowhere else. Nothing is installed here;
// that is the appinstallation controller's work.
package consent
