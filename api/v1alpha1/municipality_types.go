package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Stage is how close an environment is to the people it serves. An app reaches
// Development first, then Test, then Production.
// +kubebuilder:validation:Enum=Development;Test;Production
type Stage string

// The stages of an environment, in the order in which an app reaches them.
const (
	StageDevelopment Stage = "Development"
	StageTest        Stage = "Test"
	StageProduction  Stage = "Production"
)

// Zone is how an environment is walled off. Closed: nothing comes in or goes out
// but what an installed app declares. Open: it may reach the internet, and the
// platform's ingress controller may reach it.
// +kubebuilder:validation:Enum=Open;Closed
type Zone string

// The zones of an environment.
const (
	ZoneOpen   Zone = "Open"
	ZoneClosed Zone = "Closed"
)

// DeletionPolicy says what becomes of the namespaces when a Municipality, or an
// environment of it, is deleted.
// +kubebuilder:validation:Enum=Retain;Delete
type DeletionPolicy string

// The deletion policies.
const (
	// DeletionRetain keeps the namespaces, and all that runs in them.
	DeletionRetain DeletionPolicy = "Retain"
	// DeletionDelete uninstalls the apps, then deletes the namespaces.
	DeletionDelete DeletionPolicy = "Delete"
)

// AccessRole is what a person may do in a tenant's namespaces.
// +kubebuilder:validation:Enum=Administrator;Developer;Viewer
type AccessRole string

// The access roles.
const (
	// AccessAdministrator may change workloads, configuration and secrets.
	AccessAdministrator AccessRole = "Administrator"
	// AccessDeveloper may change workloads and configuration, but sees no secrets.
	AccessDeveloper AccessRole = "Developer"
	// AccessViewer may look at everything but secrets.
	AccessViewer AccessRole = "Viewer"
)

// Decision is what a municipality says to an app.
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

// MunicipalitySpec describes a tenant and its own decisions.
// +kubebuilder:validation:XValidation:rule="!has(self.formerNumbers) || !(self.number in self.formerNumbers)",message="spec.formerNumbers must not hold the current spec.number",fieldPath=".formerNumbers"
// +kubebuilder:validation:XValidation:rule="!has(self.access) || self.access.all(a, !has(a.environments) || a.environments.all(n, self.environments.exists(e, e.name == n)))",message="each of spec.access[].environments must be the name of one of spec.environments",fieldPath=".access"
// +kubebuilder:validation:XValidation:rule="!has(self.apps) || self.apps.all(a, !has(a.environments) || a.environments.all(o, self.environments.exists(e, e.name == o.name)))",message="each of spec.apps[].environments must be the name of one of spec.environments",fieldPath=".apps"
type MunicipalitySpec struct {
	// number is the municipality's official number (kommunenummer): four digits, of which
	// the first two are the county's. It may change with a reform; keep the earlier one in
	// formerNumbers. Of two Municipalities with one number the older object wins; the other
	// stalls before anything is created for it.
	// Example: "4036"
	// +required
	// +kubebuilder:validation:MinLength=4
	// +kubebuilder:validation:MaxLength=4
	// +kubebuilder:validation:Pattern=`^[0-9]{4}$`
	Number string `json:"number,omitempty"`

	// formerNumbers are numbers that the municipality had before a reform. They stay its own:
	// no other Municipality may use them. Default: none.
	// Example: ["0834", "3824"]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:Pattern=`^[0-9]{4}$`
	// +kubebuilder:validation:items:MaxLength=4
	FormerNumbers []string `json:"formerNumbers,omitempty"`

	// displayName is the name that people know. Bundles may read it.
	// Example: Vinje
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// inhabitants picks the size class that gives the default quotas. Default: the smallest class.
	// Example: 3800
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000000
	Inhabitants *int32 `json:"inhabitants,omitempty"` //nolint:kubeapilinter // a pointer tells "not said" from a number at every use

	// environments each become one namespace, named <municipality>-<environment>. An environment
	// that is taken out of the list is kept and shown as Retained, unless deletionPolicy is Delete.
	// Example: [{name: prod, stage: Production, zone: Closed}, {name: test, stage: Test, zone: Open}]
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Environments []Environment `json:"environments,omitempty"`

	// access gives groups and users of the identity provider a role in the environments.
	// Default: nobody but the platform's operators has access.
	// Example: [{role: Administrator, groups: [vinje-ikt]}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Access []Access `json:"access,omitempty"`

	// domains are the host names that the municipality's workloads may claim. Bundles may read
	// the first one. Default: none.
	// Example: [vinje.kommune.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Domains []string `json:"domains,omitempty"`

	// apps are the municipality's own decisions. They outrank what its networks propose; an app
	// that is not listed follows the networks. Default: none.
	// Example: [{name: svarut, decision: Adopt, parameters: {sender: Vinje kommune}}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Apps []AppDecision `json:"apps,omitempty"`

	// deletionPolicy says what becomes of the namespaces when this Municipality, or one of its
	// environments, is deleted: Retain keeps them and their apps running; Delete uninstalls and
	// deletes. Default: Retain. A change holds for the next deletion.
	// Example: Delete
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// suspend holds the operator off: nothing of this municipality is changed, its apps included.
	// What runs keeps running. Default: false.
	// Example: true
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// Environment is one isolated namespace of a municipality.
type Environment struct {
	// name of the environment. It has no dash, so that two municipalities can't arrive at the same
	// namespace name. A renamed environment is a new one; the old one is retained.
	// Example: prod
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z][a-z0-9]*$')",message="an environment's name begins with a letter and holds only a-z and 0-9, no dash, such as preprod"
	Name string `json:"name,omitempty"`

	// stage says how close to the citizens it is: Development, Test or Production. A change takes
	// effect at once, also on which apps a network installs here.
	// Example: Production
	// +required
	Stage Stage `json:"stage,omitempty"`

	// zone is Open or Closed, and decides the network policies. A change rewrites them at once.
	// Example: Closed
	// +required
	Zone Zone `json:"zone,omitempty"`

	// quota bounds what the environment may use. Default: by the size class.
	// Example: {cpu: "4", memory: 8Gi}
	// +optional
	Quota *Quota `json:"quota,omitempty"`
}

// Access gives groups and users a role.
// +kubebuilder:validation:XValidation:rule="(has(self.groups) && self.groups.size() > 0) || (has(self.users) && self.users.size() > 0)",message="an access entry needs at least one of groups or users"
type Access struct {
	// role is Administrator, Developer or Viewer.
	// Example: Developer
	// +required
	Role AccessRole `json:"role,omitempty"`

	// groups of the identity provider. Groups that begin with "system:" belong to Kubernetes and are refused.
	// Example: [vinje-ikt]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.all(g, !g.startsWith('system:'))",message="access groups must not begin with system: those are Kubernetes' own; name a group of the identity provider"
	Groups []string `json:"groups,omitempty"`

	// users of the identity provider. Names that begin with "system:" are refused.
	// Example: [kari.nordmann@vinje.kommune.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.all(u, !u.startsWith('system:'))",message="access users must not begin with system: those are Kubernetes' own; name a user of the identity provider"
	Users []string `json:"users,omitempty"`

	// environments that the access is for. Default: all of them.
	// Example: [test]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=15
	Environments []string `json:"environments,omitempty"`

	// expires is when the access ends by itself, as an RFC 3339 time. Default: never.
	// Example: "2027-03-01T00:00:00Z"
	// +optional
	Expires *metav1.Time `json:"expires,omitempty"`
}

// AppDecision is what the municipality says to one app.
// +kubebuilder:validation:XValidation:rule="!has(self.until) || (has(self.decision) && self.decision == 'Defer')",message="until goes with decision Defer; to keep a version for a while use hold",fieldPath=".until"
// +kubebuilder:validation:XValidation:rule="!has(self.version) || (has(self.decision) && self.decision == 'Adopt')",message="version goes with decision Adopt; to keep a version for a while use hold",fieldPath=".version"
// +kubebuilder:validation:XValidation:rule="!has(self.channel) || (has(self.decision) && self.decision == 'Adopt')",message="channel goes with decision Adopt",fieldPath=".channel"
// +kubebuilder:validation:XValidation:rule="!has(self.network) || (has(self.decision) && self.decision == 'Adopt')",message="network goes with decision Adopt",fieldPath=".network"
// +kubebuilder:validation:XValidation:rule="[has(self.network), has(self.channel), has(self.version)].filter(x, x).size() <= 1",message="Adopt follows one of network, channel or version"
type AppDecision struct {
	// name of the SharedApp.
	// Example: svarut
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`

	// decision is Adopt, Decline or Defer. Default: none, the networks' proposal holds, with the
	// parameters and hold given here.
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

	// channel to follow, whatever the networks say. Default with Adopt: the network's, else "stable".
	// Example: pilot
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// version to install and stay at, whatever the channels say.
	// Example: 2.4.1
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// reason is shown to everybody who asks. Required to decline an app that a network has made Mandatory.
	// Example: budget 2027
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// until is when a deferral ends by itself, as an RFC 3339 time. Default: when it is taken out.
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
	// version to keep. Where another version is installed, it is kept as it is: a hold never
	// moves an app back.
	// Example: 2.3.0
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// reason is shown to everybody who asks.
	// Example: year-end closing
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Reason string `json:"reason,omitempty"`

	// until is when the hold ends by itself, as an RFC 3339 time. Default: when it is taken out.
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

	// until is when a deferral of this environment ends. Default: when it is taken out.
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

// EnvironmentState is where an environment stands.
// +kubebuilder:validation:Enum=Ready;Pending;Failed;Retained;Deleting
type EnvironmentState string

// The states of an environment.
const (
	// EnvironmentReady means that the namespace stands, is walled off and has a quota in force.
	EnvironmentReady EnvironmentState = "Ready"
	// EnvironmentPending means that it is being made.
	EnvironmentPending EnvironmentState = "Pending"
	// EnvironmentFailed means that it can't be made; the message says why.
	EnvironmentFailed EnvironmentState = "Failed"
	// EnvironmentRetained means that it is no longer in the spec, and kept.
	EnvironmentRetained EnvironmentState = "Retained"
	// EnvironmentDeleting means that it is on its way out.
	EnvironmentDeleting EnvironmentState = "Deleting"
)

// EnvironmentStatus is where one environment stands.
type EnvironmentStatus struct {
	// name of the environment.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name,omitempty"`
	// namespace that it has become.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:MinLength=1
	Namespace string `json:"namespace,omitempty"`
	// state is Ready, Pending, Failed, Retained or Deleting.
	// +required
	State EnvironmentState `json:"state,omitempty"`
	// message says why it is not Ready, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// MunicipalityApp is how one app stands in one environment.
type MunicipalityApp struct {
	// name of the SharedApp.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name,omitempty"`
	// environment of the municipality.
	// +required
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:MinLength=1
	Environment string `json:"environment,omitempty"`
	// version that is installed; empty while none is.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`
	// wanted is the version that it should have; empty where it should have none.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Wanted string `json:"wanted,omitempty"`
	// state of it, in a word: Ready, Progressing, Failed, Missing, Declined, Deferred, Held, Kept, Blocked or Removing.
	// +required
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:MinLength=1
	State string `json:"state,omitempty"`
	// decidedBy says which level decided this, and why.
	// +optional
	DecidedBy DecidedBy `json:"decidedBy,omitzero"`
	// message says why it is not as wanted, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// MunicipalityStatus is what the operator made of a Municipality.
type MunicipalityStatus struct {
	// observedGeneration is the generation that the conditions speak of; -1 before the first visit.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// sizeClass that gave the default quotas.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	SizeClass string `json:"sizeClass,omitempty"`

	// environments are those of the spec and those that are kept after they left it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Environments []EnvironmentStatus `json:"environments,omitempty"`

	// environmentsReady is the number of environments that are Ready, of those in the spec, as "2/2".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	EnvironmentsReady string `json:"environmentsReady,omitempty"`

	// appsReady is the number of installations that run well at the version they should, of those
	// that there should be, as "9/10".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	AppsReady string `json:"appsReady,omitempty"`

	// apps tells how each app stands in each environment, at most 200 of them: those that are not
	// well come first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Apps []MunicipalityApp `json:"apps,omitempty"`

	// conditions are Ready speaks of the tenancy, AppsReady of the apps; Reconciling, Stalled and
	// Suspended are there while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Municipality is a tenant: isolated namespaces, one per environment, the people
// who may use them, and its own decisions on shared apps.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=muni,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Number",type=string,JSONPath=`.spec.number`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Environments",type=string,JSONPath=`.status.environmentsReady`
// +kubebuilder:printcolumn:name="Apps",type=string,JSONPath=`.status.appsReady`
// +kubebuilder:printcolumn:name="Size",type=string,JSONPath=`.status.sizeClass`,priority=1
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Apps message",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].message`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40",message="metadata.name must be at most 40 characters, so that namespace names fit",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="metadata.name must begin with a letter and hold only a-z, 0-9 and dashes",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['kube', 'allmenning', 'default']) && !self.metadata.name.startsWith('kube-')",message="metadata.name must not be kube, allmenning or default, nor begin with kube-: its namespaces would look like the cluster's own",fieldPath=".metadata"
type Municipality struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata; the name begins the names of the namespaces.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec describes the tenant and its own decisions.
	// +required
	Spec MunicipalitySpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status MunicipalityStatus `json:"status,omitzero"`
}

// MunicipalityList is a list of Municipalities.
// +kubebuilder:object:root=true
type MunicipalityList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []Municipality `json:"items"`
}

// NamespaceFor returns the name of the namespace of one environment. Municipality
// names may hold dashes and environment names may not, so no two pairs give one name.
func NamespaceFor(municipality, environment string) string {
	return municipality + "-" + environment
}
