package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InstallationState is whether an app should be installed.
// +kubebuilder:validation:Enum=Present;Absent
type InstallationState string

// The states that an installation can be asked to have.
const (
	// InstallationPresent asks for the app to be installed.
	InstallationPresent InstallationState = "Present"
	// InstallationAbsent asks for the app to be uninstalled. This, and nothing else, uninstalls.
	InstallationAbsent InstallationState = "Absent"
)

// DecisionLevel is the level that decided.
// +kubebuilder:validation:Enum=National;Network;Municipality
type DecisionLevel string

// The levels that decide.
const (
	// LevelNational decides by what it offers, and by withdrawing.
	LevelNational DecisionLevel = "National"
	// LevelNetwork decides by what it proposes.
	LevelNetwork DecisionLevel = "Network"
	// LevelMunicipality decides for itself.
	LevelMunicipality DecisionLevel = "Municipality"
)

// Decider is who decided.
type Decider struct {
	// level that decided: National, Network or Municipality; empty where nobody decides any longer.
	// +optional
	Level DecisionLevel `json:"level,omitempty"`
	// name of the SharedApp, Network or Municipality that decided.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`
}

// DecidedBy is who decided, and why.
type DecidedBy struct {
	// level that decided: National, Network or Municipality; empty where nobody decides any longer.
	// +optional
	Level DecisionLevel `json:"level,omitempty"`
	// name of the SharedApp, Network or Municipality that decided.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`
	// reason of the decision, in words.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
}

// Tenant holds the facts of the environment that an app is installed in. Bundles may
// read them; they are here so that an installation is complete by itself.
type Tenant struct {
	// municipality is the name of the Municipality.
	// +required
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:MinLength=1
	Municipality string `json:"municipality,omitempty"`
	// number is its official number.
	// +required
	// +kubebuilder:validation:MaxLength=4
	// +kubebuilder:validation:MinLength=1
	Number string `json:"number,omitempty"`
	// displayName is the name that people know.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:MinLength=1
	DisplayName string `json:"displayName,omitempty"`
	// county is the number of its county, as in the label allmenning.dev/county.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	County string `json:"county,omitempty"`
	// environment of the municipality.
	// +required
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:MinLength=1
	Environment string `json:"environment,omitempty"`
	// stage of the environment.
	// +required
	Stage Stage `json:"stage,omitempty"`
	// zone of the environment.
	// +required
	Zone Zone `json:"zone,omitempty"`
	// domain is the first of the municipality's domains.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Domain string `json:"domain,omitempty"`
}

// AppInstallationSpec is all that is to be installed. The operator writes it.
// +kubebuilder:validation:XValidation:rule="(has(self.isolation) && self.isolation == 'Own') == (has(oldSelf.isolation) && oldSelf.isolation == 'Own')",message="isolation can't change: what is installed stays in its namespace",fieldPath=".isolation"
type AppInstallationSpec struct {
	// app is the name of the SharedApp; the installation has the same name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="app can't change: an installation of another app is another AppInstallation"
	App string `json:"app,omitempty"`

	// isolation says where the app's objects are: Own is a namespace of the installation's own, which
	// status.namespace names; without it they are in the namespace of this object. It stays as it was when the
	// installation was made.
	// +optional
	Isolation Isolation `json:"isolation,omitempty"`

	// version to install now, which is not the wanted one while another comes in its turn: see
	// status.apps of the Municipality.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// digest of the bundle to install.
	// +required
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:MinLength=1
	Digest string `json:"digest,omitempty"`

	// state that the app should have: Present, or Absent to uninstall it. Default: Present.
	// +optional
	// +kubebuilder:default=Present
	State InstallationState `json:"state,omitempty"`

	// tenant holds the facts of the environment.
	// +required
	// +structType=atomic
	Tenant Tenant `json:"tenant,omitzero"`

	// parameters of the app, before the version's defaults. Default: none.
	// +optional
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Parameters *apiextensionsv1.JSON `json:"parameters,omitempty"`

	// parametersFrom adds parameters from Secrets of this namespace. Default: none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	ParametersFrom []ParametersSource `json:"parametersFrom,omitempty"`

	// doors that the municipality asks for with this app among the clients: what its bundle may know of them. Default: none.
	// +optional
	// +listType=map
	// +listMapKey=app
	// +listMapKey=service
	// +kubebuilder:validation:MaxItems=64
	Doors []InstalledDoor `json:"doors,omitempty"`

	// decidedBy is who decided this; empty where nobody asks for the app any longer. The annotation
	// allmenning.dev/decision has the reason.
	// +optional
	// +structType=atomic
	DecidedBy Decider `json:"decidedBy,omitzero"`

	// move is the last change of version: who brought it, and what became of it. Empty where the
	// version is the first one, and no rollout brought it.
	// +optional
	// +structType=atomic
	Move *Move `json:"move,omitempty"`

	// lastVerified is the release that was verified here last: healthy for the soak, or completed by
	// the group while it was healthy here. A move that fails returns to it. Empty where none was.
	// +optional
	// +structType=atomic
	LastVerified *Release `json:"lastVerified,omitempty"`

	// lastVerifiedBy is whose Rollout brought lastVerified; empty where the municipality named it
	// itself. After a return it is who brought what is installed: a network that moves its channel
	// back lowers only what its own Rollouts brought.
	// +optional
	LastVerifiedBy Bringer `json:"lastVerifiedBy,omitzero"`

	// suspend stops the operator at this installation: nothing is applied, corrected or removed.
	// Rollouts count it as away, and no wave waits for it. A platform operator may set it while looking
	// into a fault. Default: false.
	// Example: true
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// InstalledObject is one object of an installation, and whether it is as it should be.
type InstalledObject struct {
	// apiVersion of the object.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:MinLength=1
	APIVersion string `json:"apiVersion,omitempty"`
	// kind of the object.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:MinLength=1
	Kind string `json:"kind,omitempty"`
	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
	// uid of the object: one of the same name that somebody else made has another.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	UID string `json:"uid,omitempty"`
	// sent is a hash of what was last sent to the API server.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Sent string `json:"sent,omitempty"`
	// content is a keyed hash of what the app wrote of the object, as the API server had it after that, and of
	// all that decides what runs; a difference is drift.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Content string `json:"content,omitempty"`
	// done is true for a Job that has succeeded: it is not made again when it is gone.
	// +optional
	Done bool `json:"done,omitempty"` //nolint:kubeapilinter // false and not said mean the same
}

// InstalledVersion is one entry of the history.
type InstalledVersion struct {
	// version number.
	// +required
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:MinLength=1
	Version string `json:"version,omitempty"`
	// digest of its bundle.
	// +required
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:MinLength=1
	Digest string `json:"digest,omitempty"`
	// appliedAt is when its objects had all been applied.
	// +required
	AppliedAt metav1.Time `json:"appliedAt,omitzero"`
}

// AppInstallationStatus is what the operator made of an AppInstallation.
type AppInstallationStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was
	// acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// namespace that the app's objects are in, where it is the installation's own; empty where they are in that of
	// this object.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// appliedVersion is the version whose objects were all applied.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	AppliedVersion string `json:"appliedVersion,omitempty"`

	// appliedDigest is the digest of the bundle whose objects were all applied.
	// +optional
	// +kubebuilder:validation:MaxLength=71
	AppliedDigest string `json:"appliedDigest,omitempty"`

	// wallsOf are the versions whose requirements are open for the app's pods: that of the spec and, until it
	// is ready, those that it comes from, whose pods may still run.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	WallsOf []string `json:"wallsOf,omitempty"`

	// healthySince is when the app became healthy at appliedDigest; empty while it is not.
	// +optional
	HealthySince *metav1.Time `json:"healthySince,omitempty"`

	// longestHealthy is the longest time without a break that the app was healthy at appliedDigest
	// before a fault: a short fault does not undo that it has soaked. Empty while there was no fault.
	// +optional
	LongestHealthy *metav1.Duration `json:"longestHealthy,omitempty"`

	// faultEndedAt is when a fault ended that was not the version's: one of the municipality's own, of
	// the catalogue, or that the installation was suspended. The deadline of a move counts from then, as
	// the version could not run before. Empty while there was none.
	// +optional
	FaultEndedAt *metav1.Time `json:"faultEndedAt,omitempty"`

	// inventory lists the objects of the installation. It can be lost: the operator finds its
	// objects again by their labels.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Inventory []InstalledObject `json:"inventory,omitempty"`

	// kept lists objects, as Kind/name, that are no longer part of the app and are not deleted by the
	// operator: PersistentVolumeClaims, and objects annotated allmenning.dev/prune=disabled. Delete
	// them by hand.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=320
	Kept []string `json:"kept,omitempty"`

	// generated names the parameters whose values the operator made; they are kept in the Secret <app>-generated.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	Generated []string `json:"generated,omitempty"`

	// history of the versions that were applied, the latest first, at most 10.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	History []InstalledVersion `json:"history,omitempty"`

	// conditions of the object: Ready always; Reconciling, Stalled and Suspended while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// AppInstallation is one app in one environment of a municipality. The operator writes it,
// and its status is the truth about it.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,shortName=appinst,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.status.appliedVersion`
// +kubebuilder:printcolumn:name="Asked for",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Decided by",type=string,JSONPath=`.spec.decidedBy.name`
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.metadata.annotations.allmenning\.dev/decision`,priority=1
// +kubebuilder:printcolumn:name="Objects in",type=string,JSONPath=`.status.namespace`,priority=1
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name == self.spec.app",message="metadata.name must be the name of the app: there is one installation of an app in an environment",fieldPath=".metadata"
type AppInstallation struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata; the name is the app's.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is all that is to be installed.
	// +required
	Spec AppInstallationSpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status AppInstallationStatus `json:"status,omitzero"`
}

// AppInstallationList is a list of AppInstallations.
// +kubebuilder:object:root=true
type AppInstallationList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []AppInstallation `json:"items"`
}
