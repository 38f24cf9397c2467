package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Decision is what a municipality decides about an app.
// +kubebuilder:validation:Enum=Adopt;Decline;Defer
type Decision string

// The decisions of a municipality.
const (
	// DecisionAdopt takes the app, whether or not a network proposes it.
	DecisionAdopt Decision = "Adopt"
	// DecisionDecline refuses the app; where it is installed, it is uninstalled.
	DecisionDecline Decision = "Decline"
	// DecisionDefer waits: nothing is installed before spec.apps[].until, and an
	// installed app stays at its version.
	DecisionDefer Decision = "Defer"
)

// AppDecision is what the municipality decides about one app.
// +kubebuilder:validation:XValidation:rule="!has(self.until) || (has(self.decision) && self.decision == 'Defer')",message="until goes with decision Defer; to keep a version for a while use hold",fieldPath=".until"
// +kubebuilder:validation:XValidation:rule="!has(self.version) || (has(self.decision) && self.decision == 'Adopt')",message="version goes with decision Adopt; to keep a version for a while use hold",fieldPath=".version"
// +kubebuilder:validation:XValidation:rule="!has(self.channel) || (has(self.decision) && self.decision == 'Adopt')",message="channel goes with decision Adopt",fieldPath=".channel"
// +kubebuilder:validation:XValidation:rule="!has(self.network) || (has(self.decision) && self.decision == 'Adopt')",message="network goes with decision Adopt",fieldPath=".network"
// +kubebuilder:validation:XValidation:rule="[has(self.network), has(self.channel), has(self.version)].filter(x, x).size() <= 1",message="Adopt follows one of network, channel or version"
// +kubebuilder:validation:XValidation:rule="!has(self.immediate) || !self.immediate || has(self.version) || has(self.hold) || (has(self.environments) && self.environments.exists(e, has(e.hold)))",message="immediate goes with version or hold: what a network or a channel brings comes by its rollout",fieldPath=".immediate"
type AppDecision struct {
	// name of the SharedApp.
	// Example: svarut
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`

	// decision is Adopt, Decline or Defer. Default: none, the networks' proposal is followed, with
	// the parameters and the hold that are given here.
	// Example: Adopt
	// +optional
	Decision Decision `json:"decision,omitempty"`

	// network whose proposal to follow, for a municipality in several. Default: the strongest
	// obligation, then the greatest priority, then the oldest, then the name.
	// Example: digi-tv
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network,omitempty"`

	// channel to follow, in place of the networks'. Default with Adopt: the network's, else "stable".
	// Example: pilot
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// version to install and stay at, whatever the channels offer. Default: that of the channel.
	// Example: 2.4.1
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// immediate brings the version that this decision names to every environment at once: it skips
	// stages, soak, and the municipality's windows and freezes, and does not return when it fails. It
	// goes with version, or with hold. Default: false, the version comes stage by stage, in the
	// municipality's own windows, and returns when it fails.
	// Example: true
	// +optional
	Immediate *bool `json:"immediate,omitempty"`

	// reason is shown to everybody who asks. Required to decline an app that a network has made Mandatory.
	// Example: budget 2027
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// until is when a deferral ends by itself, as an RFC 3339 time. Default: never, it ends when it is
	// taken out of the spec.
	// Example: "2027-01-15T00:00:00Z"
	// +optional
	Until *metav1.Time `json:"until,omitempty"`

	// hold keeps the app at a version for a while. Default: no hold.
	// Example: {version: 2.3.0, reason: "year-end closing", until: "2027-01-10T00:00:00Z"}
	// +optional
	Hold *Hold `json:"hold,omitempty"`

	// parameters of the app, as its version's schema asks. Default: the schema's defaults.
	// A change installs the app again with the new values.
	// Example: {sender: Vinje kommune}
	// +optional
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// parametersFrom adds parameters from Secrets of each environment's namespace. Default: none.
	// Example: [{secretRef: {name: svarut-credentials}}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ParametersFrom []ParametersSource `json:"parametersFrom,omitempty"`

	// environments decides differently for some of the environments. Default: the same for all.
	// Example: [{name: test, parameters: {sender: TEST}}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Environments []EnvironmentDecision `json:"environments,omitempty"`
}

// Hold keeps an app at a version.
type Hold struct {
	// version to keep. Where another version is installed, that one is kept: a hold never moves an
	// app. Where none is installed, this version is. Default: what is installed; where nothing is, a
	// hold without a version installs nothing.
	// Example: 2.3.0
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// reason is shown to everybody who asks.
	// Example: year-end closing
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// until is when the hold ends by itself, as an RFC 3339 time. Default: never, it ends when it is
	// taken out of the spec.
	// Example: "2027-01-10T00:00:00Z"
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// EnvironmentDecision overrides an AppDecision for one environment.
// +kubebuilder:validation:XValidation:rule="!has(self.until) || (has(self.decision) && self.decision == 'Defer')",message="until goes with decision Defer; to keep a version for a while use hold",fieldPath=".until"
type EnvironmentDecision struct {
	// name of the environment.
	// Example: test
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Name string `json:"name,omitempty"`

	// decision for this environment. Default: as for the others.
	// Example: Decline
	// +optional
	Decision Decision `json:"decision,omitempty"`

	// reason for it. Default: as for the others.
	// Example: no test partner yet
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// until is when a deferral of this environment ends by itself, as an RFC 3339 time. Default: never,
	// it ends when it is taken out of the spec.
	// Example: "2027-01-15T00:00:00Z"
	// +optional
	Until *metav1.Time `json:"until,omitempty"`

	// hold for this environment. Default: as for the others.
	// Example: {version: 2.3.0, reason: "load test"}
	// +optional
	Hold *Hold `json:"hold,omitempty"`

	// parameters for this environment, merged over the municipality's, key by key. Default: the same.
	// Example: {sender: TEST}
	// +optional
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// parametersFrom for this environment, in place of the municipality's. Default: the same.
	// Example: [{secretRef: {name: svarut-credentials-test}}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ParametersFrom []ParametersSource `json:"parametersFrom,omitempty"`
}
