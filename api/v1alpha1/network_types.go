package v1alpha1

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Obligation is how strongly a network asks its members to take an app.
// +kubebuilder:validation:Enum=Mandatory;Recommended;Optional
type Obligation string

// The obligations, the strongest first.
const (
	// ObligationMandatory installs; declining needs a reason.
	ObligationMandatory Obligation = "Mandatory"
	// ObligationRecommended installs unless the member declines or defers.
	ObligationRecommended Obligation = "Recommended"
	// ObligationOptional installs only where the member adopts.
	ObligationOptional Obligation = "Optional"
)

// DefaultChannel is followed where nobody names another.
const DefaultChannel = "stable"

// NetworkSpec says who introduces which apps together.
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.approvals) || self.rollout.approvals.all(a, !has(a.channel) || a.channel.size() == 0)",message="channel goes with approvals of the Platform only: an approval of a network opens the network's own waves; take channel out",fieldPath=".rollout.approvals"
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.retries) || self.rollout.retries.all(r, !has(r.channel) || r.channel.size() == 0)",message="channel goes with retries of the Platform only; take channel out",fieldPath=".rollout.retries"
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.approvals) || self.rollout.approvals.all(a, has(self.apps) && self.apps.exists(p, p.name == a.app))",message="each of rollout.approvals[].app must be the name of one of apps",fieldPath=".rollout.approvals"
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.retries) || self.rollout.retries.all(r, has(self.apps) && self.apps.exists(p, p.name == r.app))",message="each of rollout.retries[].app must be the name of one of apps",fieldPath=".rollout.retries"
type NetworkSpec struct {
	// displayName is the name that people know.
	// Example: Digi Telemark Vestfold
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName,omitempty"`

	// priority decides between networks that propose one app with the same obligation: the
	// greater wins. Default: 0.
	// Example: 10
	// +optional
	// +kubebuilder:validation:Minimum=-1000
	// +kubebuilder:validation:Maximum=1000
	Priority *int32 `json:"priority,omitempty"`

	// members of the network. A municipality may be in several networks, or in none. One that
	// leaves keeps its apps, at the version they have. Empty is nobody.
	// Example: {selector: {matchLabels: {allmenning.dev/county: "40"}}, names: [siljan]}
	// +optional
	Members Members `json:"members,omitzero"`

	// apps that the members introduce together. Default: none.
	// Example: [{name: svarut, obligation: Recommended}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Apps []Proposal `json:"apps,omitempty"`

	// rollout is the order in which members get a new version, and the conditions for going on. What
	// it leaves out is taken from the Platform, but for approvals and retries. Default: that of the
	// Platform, else one pilot and then the rest.
	// Example: {waves: [{name: pilot, members: {names: [vinje]}, soak: 24h}, {name: everyone, requireApproval: true}]}
	// +optional
	Rollout *RolloutStrategy `json:"rollout,omitempty"`

	// access gives groups and users of the identity provider a role in the network.
	// Default: nobody but the platform's operators has access.
	// Example: [{role: Coordinator, groups: [digi-tv-sekretariat]}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Access []NetworkAccess `json:"access,omitempty"`

	// ends is when the network ends, as an RFC 3339 time: from then on it proposes nothing. Its
	// members keep their apps, and belong to its successor, if it names one. Default: never.
	// Example: "2027-12-31T23:00:00Z"
	// +optional
	Ends *metav1.Time `json:"ends,omitempty"`

	// successor is the Network that takes the members over, when this one ends: at once, unless
	// ends says when. Apps that the successor proposes too go on without being installed again.
	// Default: none.
	// Example: digi-sor
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Successor string `json:"successor,omitempty"`

	// pause stops new moves of this network's rollouts. Members under way are watched, and return if
	// they fail. Default: false.
	// Example: true
	// +optional
	Pause *bool `json:"pause,omitempty"`

	// suspend stops this network's rollouts: nobody is moved, and nobody who fails returns. What runs
	// keeps running, and drift is corrected. Default: false.
	// Example: true
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// Members picks municipalities: those that the selector matches, those that are named, and the
// members of other networks.
type Members struct {
	// selector over the labels of Municipalities. Default: it picks nobody.
	// Example: {matchExpressions: [{key: allmenning.dev/county, operator: In, values: ["39", "40"]}]}
	// +optional
	// +kubebuilder:validation:XValidation:rule="(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)",message="an empty selector would pick every municipality in the country: name a label"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// names of Municipalities. A name that does not exist is shown in status. Default: none.
	// Example: [vinje, tokke]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Names []string `json:"names,omitempty"`

	// networks whose members belong to this network too. Networks may be nested to any depth, but a
	// network can't contain itself: such a circle is reported in the conditions, and adds nobody.
	// Default: none.
	// Example: [vest-telemark]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Networks []string `json:"networks,omitempty"`

	// observers are names of Municipalities that see this network, such as a county that follows its
	// municipalities: they get no apps by it, and count nowhere, also where they are picked otherwise.
	// A name that does not exist is shown in status. Default: none.
	// Example: [telemark]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Observers []string `json:"observers,omitempty"`
}

// Proposal is one app that a network introduces.
type Proposal struct {
	// name of the SharedApp.
	// Example: svarut
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`

	// channel of the SharedApp that the network follows. Default: stable.
	// Example: pilot
	// +optional
	// +kubebuilder:default=stable
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// obligation is how strongly the network asks: Mandatory and Recommended install unless the
	// member declines or defers, Optional only where it adopts. Default: Recommended.
	// Example: Mandatory
	// +optional
	// +kubebuilder:default=Recommended
	Obligation Obligation `json:"obligation,omitempty"`

	// stages of the environments that the app goes to. Default: Test and Production.
	// A stage that is taken out stops new installations there; installed ones stay.
	// Example: [Test, Production]
	// +optional
	// +listType=set
	// +kubebuilder:default={Test,Production}
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	Stages []Stage `json:"stages,omitempty"`

	// priority of the introduction, where the network carries no more than rollout.maxIntroductions
	// at once: the greater goes first, of equals the first by name. Default: 0.
	// Example: 10
	// +optional
	// +kubebuilder:validation:Minimum=-1000
	// +kubebuilder:validation:Maximum=1000
	Priority *int32 `json:"priority,omitempty"`
}

// ElsewhereNote names a member for which another network, or its own choice, decides.
type ElsewhereNote struct {
	// name of the Municipality.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
	// decidedBy is who decides in place of this network.
	// +required
	DecidedBy Decider `json:"decidedBy,omitzero"`
}

// NetworkApp is how one app is doing among the members of a network.
type NetworkApp struct {
	// name of the SharedApp.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name,omitempty"`
	// wanted is the version that the members should have: the one that the channel points at.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Wanted string `json:"wanted,omitempty"`
	// running is the number of members whose installations are healthy at the version that they are
	// asked to have now.
	// +optional
	Running int32 `json:"running,omitempty"`
	// upToDate is the number of members whose installations are healthy at the wanted version.
	// +optional
	UpToDate int32 `json:"upToDate,omitempty"`
	// members is the number of members that the app should be installed at, by this network.
	// +optional
	Members int32 `json:"members,omitempty"`
	// optedOut is the number of members that declined, deferred or hold the app, keep a higher version,
	// or are suspended. One that can't take the app did not opt out, though its Rollout excuses it: it
	// should have the app, counts among members, and is not up to date.
	// +optional
	OptedOut int32 `json:"optedOut,omitempty"`
	// elsewhere is the number of members for which another network, or their own choice, decides.
	// +optional
	Elsewhere int32 `json:"elsewhere,omitempty"`
	// rollout that brings the version.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Rollout string `json:"rollout,omitempty"`
	// phase of that rollout.
	// +optional
	Phase RolloutPhase `json:"phase,omitempty"` //nolint:kubeapilinter // the word that the Rollout itself shows
	// versions that members have, the most frequent first, at most 16. More than one is skew: it is
	// there while a rollout is under way, and where members hold.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Versions []VersionUsage `json:"versions,omitempty"`
	// optedOutMembers are the members that opted out, and why, at most 50; fewer where the whole status
	// would get too large.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	OptedOutMembers []MemberNote `json:"optedOutMembers,omitempty"`
	// notReady names members that should have it and are not ready, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=128
	NotReady []string `json:"notReady,omitempty"`
	// decidedElsewhere are members whose version somebody else decides, and who, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	DecidedElsewhere []ElsewhereNote `json:"decidedElsewhere,omitempty"`
	// message says what is wrong with the proposal itself, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// NetworkStatus is what the operator made of a Network.
type NetworkStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was
	// acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// members is the number of municipalities that are members now.
	// +optional
	Members *int32 `json:"members,omitempty"`

	// unknownMembers are names in spec.members.names that no Municipality has, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=40
	UnknownMembers []string `json:"unknownMembers,omitempty"`

	// coordinators are those who may approve now: spec.access without the entries that have expired.
	// +optional
	Coordinators *Coordinators `json:"coordinators,omitempty"`

	// observers is the number of municipalities that observe the network now.
	// +optional
	Observers *int32 `json:"observers,omitempty"`

	// running is the number of (member, app) pairs that are healthy at the version that they are
	// asked to have now, of those that this network decides, as "42/42".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Running string `json:"running,omitempty"`

	// upToDate is the number of (member, app) pairs that are healthy at the wanted version, which is what
	// the channel points at, of those that this network decides, as "3/42". Members that wait for their
	// wave are running, and not up to date.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	UpToDate string `json:"upToDate,omitempty"`

	// apps says how each proposed app is doing.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Apps []NetworkApp `json:"apps,omitempty"`

	// conditions of the object: Ready is about the network's own spec, AppsReady about its members' apps;
	// Reconciling, Stalled and Suspended are there while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Network is a group of municipalities that introduce shared apps together.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Running",type=string,JSONPath=`.status.running`
// +kubebuilder:printcolumn:name="Up to date",type=string,JSONPath=`.status.upToDate`
// +kubebuilder:printcolumn:name="Apps",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].reason`
// +kubebuilder:printcolumn:name="Priority",type=integer,JSONPath=`.spec.priority`,priority=1
// +kubebuilder:printcolumn:name="Freezes",type=string,JSONPath=`.spec.rollout.freezes`,priority=1
// +kubebuilder:printcolumn:name="Pause",type=boolean,JSONPath=`.spec.pause`
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Apps message",type=string,JSONPath=`.status.conditions[?(@.type=="AppsReady")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be at most 63 characters",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.contains('.') && self.metadata.name != 'direct'",message="metadata.name must hold no dot, and not be direct: it begins the names of the network's Rollouts",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.successor) || self.spec.successor != self.metadata.name",message="a network can't be its own successor: name another network",fieldPath=".spec.successor"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.members) || !has(self.spec.members.networks) || !(self.metadata.name in self.spec.members.networks)",message="a network can't be its own member: take it out of members.networks",fieldPath=".spec.members.networks"
type Network struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says who introduces which apps together.
	// +required
	Spec NetworkSpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status NetworkStatus `json:"status,omitzero"`
}

// NetworkList is a list of Networks.
// +kubebuilder:object:root=true
type NetworkList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []Network `json:"items"`
}

// Proposal returns the proposal of an app; nil where the network makes none.
func (s *NetworkSpec) Proposal(app string) *Proposal {
	for i := range s.Apps {
		if s.Apps[i].Name == app {
			return &s.Apps[i]
		}
	}
	return nil
}

// For says whether the proposal is for environments of a stage; none is for any.
func (p *Proposal) For(stage Stage) bool { return p != nil && slices.Contains(p.Stages, stage) }
