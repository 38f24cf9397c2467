package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FunctionArea is the part of a municipality's work that an app serves.
// +kubebuilder:validation:Enum=UserService;ProcessControl;DataManagement;Support
type FunctionArea string

// VersionState says whether a version may still be taken into use.
// +kubebuilder:validation:Enum=Active;Deprecated;Withdrawn
type VersionState string

// The states of a version.
const (
	// VersionActive may be installed.
	VersionActive VersionState = "Active"
	// VersionDeprecated may still be installed; status says who runs it.
	VersionDeprecated VersionState = "Deprecated"
	// VersionWithdrawn is not newly installed anywhere; where it runs, it runs on.
	VersionWithdrawn VersionState = "Withdrawn"
)

// SharedAppSpec is the national offer of one common component.
// +kubebuilder:validation:XValidation:rule="!has(self.ownNamespace) || (has(self.isolation) && self.isolation == 'Own')",message="spec.ownNamespace is for spec.isolation Own: set that, or take it out",fieldPath=".ownNamespace"
// +kubebuilder:validation:XValidation:rule="!has(self.channels) || self.channels.all(c, self.versions.exists(v, v.version == c.version))",message="each of spec.channels[].version must be one of spec.versions[].version",fieldPath=".channels"
type SharedAppSpec struct {
	// displayName is the name that people know.
	// Example: SvarUt
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// owner is the organization that is responsible for the app.
	// Example: KS Digitale fellestjenester
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Owner string `json:"owner,omitempty"`

	// functionArea is the part of a municipality's work that it serves: UserService,
	// ProcessControl, DataManagement or Support.
	// Example: Support
	// +optional
	FunctionArea FunctionArea `json:"functionArea,omitempty"`

	// personalData says whether the app handles personal data. Default: false.
	// Example: true
	// +optional
	PersonalData *bool `json:"personalData,omitempty"`

	// isolation says where installations of the app live: Shared, in the namespace of the environment, beside
	// other apps; or Own, in a namespace of its own each, named <environment's namespace>--<app>, where no name
	// can be taken, and at which the access of people may end (spec.access[].apps of a Municipality). Default:
	// Shared. It can't change once a version was available.
	// Example: Own
	// +optional
	// +kubebuilder:default=Shared
	Isolation Isolation `json:"isolation,omitempty"`

	// ownNamespace says what the namespaces of isolation Own are like. Default: the defaults of its fields.
	// Example: {quota: {cpu: "1", memory: 2Gi}}
	// +optional
	OwnNamespace *OwnNamespace `json:"ownNamespace,omitempty"`

	// hosting says that one installation of the app may serve other municipalities, which connect to the services that its
	// versions list (versions[].services). Default: it serves its own municipality alone.
	// Example: {by: Network}
	// +optional
	Hosting *Hosting `json:"hosting,omitempty"`

	// channels point at versions. To promote a version, change one field: spec.channels[].version.
	// Default: none, so that members can only name a version.
	// Example: [{name: stable, version: 2.4.1}, {name: pilot, version: 2.5.0}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Channels []Channel `json:"channels,omitempty"`

	// versions that are offered. Once a version was available neither its source nor what it requires can change, and
	// its schema never can: offer a new version.
	// A version that is in use can't be taken out.
	// Example: [{version: 2.4.1, source: {configMap: {name: svarut-2.4.1}}}]
	// +required
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Versions []Version `json:"versions,omitempty"`

	// imagePullSecretRef names a Secret of type kubernetes.io/dockerconfigjson in the operator's
	// namespace, which the platform has labelled allmenning.dev/secret-for=image-pull: with it the cluster
	// may pull the app's images. The operator copies it beside
	// each installation, as <app>-image-pull, and names it in the app's pods. Default: the images
	// need no password.
	// Example: {name: ks-images}
	// +optional
	ImagePullSecretRef *LocalReference `json:"imagePullSecretRef,omitempty"`

	// pilotNetworks go first: other networks, and those who take the app directly, start a version
	// when each of these has completed its rollout of it. Default: none.
	// Example: [digi-rogaland]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	PilotNetworks []string `json:"pilotNetworks,omitempty"`

	// pause stops new moves of this app, in every network, for direct adopters, and those that a
	// municipality asks for itself, such as by a pin. Members under way are watched, and return if they
	// fail. Default: false.
	// Example: true
	// +optional
	Pause *bool `json:"pause,omitempty"`

	// suspend stops this app's rollouts everywhere: its bundles are not fetched, nobody is moved, and
	// nobody who fails returns. What runs keeps running, and drift is corrected. Default: false.
	// Example: true
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// Channel points at a version.
type Channel struct {
	// name of the channel; networks follow "stable" unless they name another.
	// Example: stable
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// version that the channel offers. Changing it promotes.
	// Example: 2.4.1
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`
}

// VersionStatus says whether a version can be installed, and why not.
type VersionStatus struct {
	// version number.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:MinLength=1
	Version string `json:"version,omitempty"`
	// digest of its bundle. It is remembered after the version was taken out of the spec, so that
	// one number never means two things.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`
	// available is true when the bundle was fetched and has passed every check.
	// +optional
	Available bool `json:"available,omitempty"` //nolint:kubeapilinter // false and not said mean the same
	// requires is a digest of what the version requires, as it was when it became available. It is remembered
	// like the digest of the bundle: what one number requires never changes.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Requires string `json:"requires,omitempty"`
	// message says why it is not available, and what to do: all that is wrong, as far as there is room.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
	// adjusted lists what was changed to make the bundle fit, such as fields that the Pod Security Standard
	// asks for, at most 32.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=512
	Adjusted []string `json:"adjusted,omitempty"`
	// warnings list what may not be meant, and keeps no version out, at most 32.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=512
	Warnings []string `json:"warnings,omitempty"`
	// exceeds is the digest of a bundle that takes more memory or time to build than it may. It is not
	// tried again.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	Exceeds string `json:"exceeds,omitempty"`
}

// SharedAppStatus is what the operator made of a SharedApp.
type SharedAppStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was
	// acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// versions says per version whether it can be installed, and why not. Versions that were taken
	// out of the spec stay with their digest, the 64 latest of them.
	// +optional
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MaxItems=96
	Versions []VersionStatus `json:"versions,omitempty"`

	// versionsAvailable is the number of available versions, of those in the spec that are not withdrawn, as "3/3".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	VersionsAvailable string `json:"versionsAvailable,omitempty"`

	// warnings is the number of warnings about versions in the spec, which status.versions lists; empty where there are
	// none.
	// +optional
	Warnings int32 `json:"warnings,omitempty"`

	// usage is the number of installations per version.
	// +optional
	// +listType=map
	// +listMapKey=version
	// +kubebuilder:validation:MaxItems=96
	Usage []VersionUsage `json:"usage,omitempty"`

	// installations is the number of installations.
	// +optional
	Installations *int32 `json:"installations,omitempty"`

	// running is the number of installations that are healthy at the version that they are asked to
	// have now, of those that there should be, as "714/714".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Running string `json:"running,omitempty"`

	// upToDate is the number of installations that are healthy at the wanted version, which is what a
	// channel or a decision points at, of those that there should be, as "20/714".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	UpToDate string `json:"upToDate,omitempty"`

	// networks says how the app is doing in each network that proposes it, those first that are not
	// done, at most 100. Those who take the app directly are listed under the name "direct".
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Networks []NetworkAdoption `json:"networks,omitempty"`

	// runWithdrawn names installations of withdrawn versions, as namespace, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=128
	RunWithdrawn []string `json:"runWithdrawn,omitempty"`

	// notReady names installations that are not ready, as namespace, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=128
	NotReady []string `json:"notReady,omitempty"`

	// conditions of the object: Ready is about the catalogue entry, AppsReady about the installations;
	// Reconciling, Stalled and Suspended are there while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NetworkAdoption is how an app is doing in one network.
type NetworkAdoption struct {
	// name of the Network; "direct" for those who take the app directly.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`
	// wanted is the version that its members should have; for direct, empty where they follow different
	// channels.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Wanted string `json:"wanted,omitempty"`
	// running is the number of members that are healthy at the version that they are asked to have
	// now, of those that should have the app, as "42/42".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Running string `json:"running,omitempty"`
	// upToDate is the number of members that are healthy at the wanted version, of those that should have
	// the app, as "38/42".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	UpToDate string `json:"upToDate,omitempty"`
	// optedOut is the number of members that declined, deferred or hold the app, keep a higher version,
	// or are suspended. One that can't take the app counts, and is not up to date.
	// +optional
	OptedOut int32 `json:"optedOut,omitempty"`
	// phase of its rollout; for direct, of the one furthest from its end.
	// +optional
	Phase RolloutPhase `json:"phase,omitempty"` //nolint:kubeapilinter // the word that the Rollout itself shows
}

// VersionUsage counts who runs a version.
type VersionUsage struct {
	// version number.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:MinLength=1
	Version string `json:"version,omitempty"`
	// installations is the number of installations at this version.
	// +required
	Installations int32 `json:"installations"`
}

// SharedApp is a common component that the nation offers to municipalities.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=sapp,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Stable",type=string,JSONPath=`.spec.channels[?(@.name=="stable")].version`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Versions",type=string,JSONPath=`.status.versionsAvailable`
// +kubebuilder:printcolumn:name="Warnings",type=integer,JSONPath=`.status.warnings`
// +kubebuilder:printcolumn:name="Running",type=string,JSONPath=`.status.running`
// +kubebuilder:printcolumn:name="Up to date",type=string,JSONPath=`.status.upToDate`
// +kubebuilder:printcolumn:name="Apps",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].reason`
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner`,priority=1
// +kubebuilder:printcolumn:name="Pause",type=boolean,JSONPath=`.spec.pause`
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Apps message",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="metadata.name must be at most 40 characters, begin with a letter and hold only a-z, 0-9 and dashes",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.versions) || self.spec.versions.all(v, !oldSelf.spec.versions.exists(o, o.version == v.version && o.source != v.source) || !oldSelf.status.versions.exists(s, s.version == v.version && has(s.digest)))",message="the source of a version that was available can't change: its members would run different things under one number; offer a new version",fieldPath=".spec.versions"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.versions) || self.spec.versions.all(v, !oldSelf.spec.versions.exists(o, o.version == v.version && (has(o.requires) != has(v.requires) || (has(v.requires) && o.requires != v.requires))) || !oldSelf.status.versions.exists(s, s.version == v.version && has(s.requires)))",message="what a version requires can't change once it was available: its members would get other walls under the same number, ahead of their turn; offer a new version",fieldPath=".spec.versions"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.versions) || self.spec.versions.all(v, !oldSelf.spec.versions.exists(o, o.version == v.version && (has(o.services) != has(v.services) || (has(v.services) && o.services != v.services))) || !oldSelf.status.versions.exists(s, s.version == v.version && has(s.digest)))",message="the services of a version that was available can't change: doors would open to other pods under one number; offer a new version",fieldPath=".spec.versions"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.versions) || !oldSelf.status.versions.exists(s, has(s.digest)) || (has(self.spec.isolation) && self.spec.isolation == 'Own') == (has(oldSelf.spec.isolation) && oldSelf.spec.isolation == 'Own')",message="spec.isolation can't change once a version was available: what is installed stays in its namespace; offer another SharedApp",fieldPath=".spec.isolation"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status) || !has(oldSelf.status.versions) || self.spec.versions.all(v, !oldSelf.spec.versions.exists(o, o.version == v.version && (has(o.chart) != has(v.chart) || (has(v.chart) && o.chart != v.chart))) || !oldSelf.status.versions.exists(s, s.version == v.version && has(s.digest)))",message="the chart settings of a version that was available can't change: its members would run different things under one number; offer a new version",fieldPath=".spec.versions"
type SharedApp struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is the national offer.
	// +required
	Spec SharedAppSpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status SharedAppStatus `json:"status,omitzero"`
}

// SharedAppList is a list of SharedApps.
// +kubebuilder:object:root=true
type SharedAppList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []SharedApp `json:"items"`
}
