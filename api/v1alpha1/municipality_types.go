package v1alpha1

import (
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

// Zone is how an environment is isolated from the network. In a Closed one nothing comes in or goes
// out but what an installed app declares. An Open one may reach the internet, and the platform's
// ingress controller may reach it.
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
	// DeletionDelete uninstalls the apps, then deletes the namespaces, save those that hold volumes.
	DeletionDelete DeletionPolicy = "Delete"
)

// MunicipalitySpec describes a tenant and its own decisions.
// +kubebuilder:validation:XValidation:rule="!has(self.formerNumbers) || !(self.number in self.formerNumbers)",message="spec.formerNumbers must not hold the current spec.number",fieldPath=".formerNumbers"
// +kubebuilder:validation:XValidation:rule="!has(self.access) || self.access.all(a, !has(a.environments) || a.environments.all(n, self.environments.exists(e, e.name == n)))",message="each of spec.access[].environments must be the name of one of spec.environments",fieldPath=".access"
// +kubebuilder:validation:XValidation:rule="!has(self.hosts) || self.hosts.all(h, self.environments.exists(e, e.name == h.environment))",message="each of spec.hosts[].environment must be the name of one of spec.environments",fieldPath=".hosts"
// +kubebuilder:validation:XValidation:rule="!has(self.connects) || self.connects.all(c, self.environments.exists(e, e.name == c.environment))",message="each of spec.connects[].environment must be the name of one of spec.environments",fieldPath=".connects"
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

	// inhabitants is the number of people who live there. It picks the size class that gives the
	// default quotas. Default: the smallest class.
	// Example: 3800
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000000
	Inhabitants *int32 `json:"inhabitants,omitempty"` //nolint:kubeapilinter // a pointer distinguishes unset from a number at every use

	// environments of the municipality. Each becomes one namespace, named
	// <municipality>-<environment>. An environment that is taken out of the list is kept and shown as
	// Retained, unless deletionPolicy is Delete.
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

	// domains are the host names that the municipality's workloads may claim, with all names below them.
	// Bundles may read the first one. A domain that an older Municipality has, or one above or below it, is
	// not given: status.refusedDomains says so. Default: none.
	// Example: [vinje.kommune.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self.all(d, !isIP(d) && d.split('.').all(l, l.size() <= 63))",message="each of spec.domains must be a host name such as vinje.kommune.no: no address, and at most 63 characters between two dots"
	Domains []string `json:"domains,omitempty"`

	// apps are the municipality's own decisions. They outrank what its networks propose; an app
	// that is not listed follows the networks. Default: none.
	// Example: [{name: svarut, decision: Adopt, parameters: {sender: Vinje kommune}}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Apps []AppDecision `json:"apps,omitempty"`

	// hosts offers services of apps that are installed here to others: the host's half of each grant. The door opens when the
	// other side asks for it in its spec.connects. Taking an entry out closes its doors at once, and changes nothing
	// else. status.doors shows every door, both ways. Default: none.
	// Example: [{app: lonn, environment: prod, service: payroll, zone: Closed, to: {municipalities: [seljord]}, reason: "joint payroll, agreement 2026/114", contact: drift@vinje.kommune.no}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Hosts []DoorOffer `json:"hosts,omitempty"`

	// connects asks for services of apps that others have: the consumer's half of each grant. The door opens when the
	// host offers it in its spec.hosts. Taking an entry out closes the door at once, and changes nothing else:
	// what its clients know of the address stays. Default: none.
	// Example: [{app: lonn, service: payroll, environment: prod, host: vinje, clients: [lonn-kobling], reason: "joint payroll, agreement 2026/114"}]
	// +optional
	// +listType=map
	// +listMapKey=app
	// +listMapKey=service
	// +listMapKey=environment
	// +kubebuilder:validation:MaxItems=64
	Connects []DoorRequest `json:"connects,omitempty"`

	// windows in which new versions may come to this municipality. Default: at any time that its
	// network allows.
	// Example: [{schedule: "0 18 * * 1-5", duration: 4h}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Windows []Window `json:"windows,omitempty"`

	// freezes are periods in which no new version comes to this municipality: the same as pause, from
	// one time until another. Default: none.
	// Example: [{from: "2026-12-15T00:00:00Z", until: "2027-01-05T00:00:00Z", reason: year-end closing}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Freezes []FreezePeriod `json:"freezes,omitempty"`

	// deletionPolicy says what becomes of the namespaces when this Municipality, or one of its
	// environments, is deleted: Retain keeps them and their apps running behind their walls, and with a
	// Municipality that is gone the access of its people ends; Delete uninstalls the apps
	// and deletes the namespaces, but keeps those that hold PersistentVolumeClaims, unless the
	// annotation allmenning.dev/delete-volumes is "true". It reaches no namespace that this Municipality took
	// up while it was Delete. Default: Retain. A change also counts for a deletion that has begun.
	// Example: Delete
	// +optional
	// +kubebuilder:default=Retain
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`

	// pause stops new moves: no new version comes to this municipality, neither from a network nor by
	// its own decision. A move under way is watched, and returns if it fails. Default: false.
	// Example: true
	// +optional
	Pause *bool `json:"pause,omitempty"`

	// suspend stops the operator at this municipality: nothing that is new in its spec takes effect, and no
	// app is installed, moved, returned or uninstalled. What runs keeps running, with drift of the apps' own
	// objects corrected, and rollouts go on without it. Its walls are put back where somebody changes them,
	// and access that has expired, or is taken out of access, ends. Freeze does the same, and the
	// municipality's people and accounts change nothing in its namespaces, so that all is as it was when it
	// is taken out; platform operators and the cluster's controllers go on. Only platform operators set
	// Freeze, take it out, and change a spec that has it. Default: false.
	// Example: Freeze
	// +optional
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Enum=true;false;Freeze
	Suspend Suspension `json:"suspend,omitempty"`
}

// MunicipalityStatus is what the operator made of a Municipality.
type MunicipalityStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was
	// acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// sizeClass that gave the default quotas.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	SizeClass string `json:"sizeClass,omitempty"`

	// environments of the spec, and those that are kept although they were taken out of it.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Environments []EnvironmentStatus `json:"environments,omitempty"`

	// environmentsReady is the number of environments that are Ready, of those in the spec, as "2/2".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	EnvironmentsReady string `json:"environmentsReady,omitempty"`

	// refusedDomains are the domains of the spec that the municipality is not given, and why.
	// +optional
	// +listType=map
	// +listMapKey=domain
	// +kubebuilder:validation:MaxItems=64
	RefusedDomains []RefusedDomain `json:"refusedDomains,omitempty"`

	// running is the number of installations that are healthy at the version that they are asked to
	// have now, of those that there should be, as "9/10". One that waits for its wave, or returned to
	// the previous version, counts; one that waits for its first version, or is blocked from it, does not.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Running string `json:"running,omitempty"`

	// upToDate is the number of installations that are healthy at the wanted version, which is what a
	// channel or a decision points at, of those that there should be, as "3/10".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	UpToDate string `json:"upToDate,omitempty"`

	// networks that the municipality belongs to now, by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Networks []MunicipalityNetwork `json:"networks,omitempty"`

	// apps says how each app is doing in each environment, at most 1,000 of them: those that are not
	// ready come first. Where all of their texts would not fit, these are shortened, first those of apps
	// that run, and AppsReady says so.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=1000
	Apps []MunicipalityApp `json:"apps,omitempty"`

	// doors are all doors of the municipality, as the host and as the consumer, at most 256 of them: those that are not
	// open come first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Doors []Door `json:"doors,omitempty"`

	// doorsOpen is the number of doors that are open, of those that both sides speak of, or that this one asks for, as "2/3"; empty where
	// there are none.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	DoorsOpen string `json:"doorsOpen,omitempty"`

	// conditions of the object: Ready is about the tenancy, AppsReady about the apps; Reconciling,
	// Stalled and Suspended are there while they are true. AppsReady is False, too, while
	// spec.windows, spec.freezes or spec.apps have a fault, and True where there are no apps.
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
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Environments",type=string,JSONPath=`.status.environmentsReady`
// +kubebuilder:printcolumn:name="Running",type=string,JSONPath=`.status.running`
// +kubebuilder:printcolumn:name="Up to date",type=string,JSONPath=`.status.upToDate`
// +kubebuilder:printcolumn:name="Apps",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].reason`
// +kubebuilder:printcolumn:name="Doors",type=string,JSONPath=`.status.doorsOpen`,priority=1
// +kubebuilder:printcolumn:name="Size",type=string,JSONPath=`.status.sizeClass`,priority=1
// +kubebuilder:printcolumn:name="Freezes",type=string,JSONPath=`.spec.freezes`,priority=1
// +kubebuilder:printcolumn:name="Pause",type=boolean,JSONPath=`.spec.pause`
// +kubebuilder:printcolumn:name="Suspend",type=string,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Apps message",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40",message="metadata.name must be at most 40 characters, so that namespace names fit",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([a-z0-9-]*[a-z0-9])?$')",message="metadata.name must begin with a letter and hold only a-z, 0-9 and dashes",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['kube', 'allmenning', 'default']) && !self.metadata.name.startsWith('kube-')",message="metadata.name must not be kube, allmenning or default, nor begin with kube-: its namespaces would look like the cluster's own",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.connects) || self.spec.connects.all(c, c.host != self.metadata.name)",message="a municipality does not connect to itself: its apps reach each other within an environment",fieldPath=".spec.connects"
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || !self.metadata.name.contains('--')",message="metadata.name must not hold two dashes in a row: they part the name of an app's own namespace",fieldPath=".metadata",optionalOldSelf=true
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

// Environment returns the environment of a name; nil where the spec has none.
func (s *MunicipalitySpec) Environment(name string) *Environment {
	for i := range s.Environments {
		if s.Environments[i].Name == name {
			return &s.Environments[i]
		}
	}
	return nil
}

// Decision returns what the municipality decided on an app; nil where it decided nothing.
func (s *MunicipalitySpec) Decision(app string) *AppDecision {
	for i := range s.Apps {
		if s.Apps[i].Name == app {
			return &s.Apps[i]
		}
	}
	return nil
}

// StageOf returns the stage of an environment; empty where the spec has none of that name.
func (s *MunicipalitySpec) StageOf(environment string) Stage {
	if e := s.Environment(environment); e != nil {
		return e.Stage
	}
	return ""
}
