package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RolloutPhase is how far a rollout has come.
// +kubebuilder:validation:Enum=Pending;Progressing;Halted;Completed;Superseded;Withdrawn
type RolloutPhase string

// The phases of a rollout.
const (
	// RolloutPending means that no member was moved yet; the message says what it waits for.
	RolloutPending RolloutPhase = "Pending"
	// RolloutProgressing means that members are on their way, or wait for their wave.
	RolloutProgressing RolloutPhase = "Progressing"
	// RolloutHalted means that more members failed than the strategy allows: nobody else is moved.
	RolloutHalted RolloutPhase = "Halted"
	// RolloutCompleted means that every wave is done. Those who join later get the version too.
	RolloutCompleted RolloutPhase = "Completed"
	// RolloutSuperseded means that another version took its place before it completed.
	RolloutSuperseded RolloutPhase = "Superseded"
	// RolloutWithdrawn means that its version was withdrawn: nobody else is moved.
	RolloutWithdrawn RolloutPhase = "Withdrawn"
)

// Release is a version of an app with its digest.
type Release struct {
	// version number.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`
	// digest of its bundle.
	// +required
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`
}

// RolloutSpec is which version is brought to whom. The operator writes it, once.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Rollout is a record and can't change: promote another version in spec.channels of the SharedApp, or ask for a retry in spec.rollout.retries of the Network"
// +kubebuilder:validation:XValidation:rule="has(self.network) != has(self.channel)",message="a Rollout is either a network's, or that of a channel's direct adopters"
type RolloutSpec struct {
	// network whose members get the version; empty for municipalities that follow a channel by
	// their own decision.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Network string `json:"network,omitempty"`

	// channel that direct adopters follow; empty for a network's rollout.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// app is the name of the SharedApp.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`

	// version that the rollout brings.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Version string `json:"version,omitempty"`

	// digest of its bundle. Approvals name it.
	// +required
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	Digest string `json:"digest,omitempty"`

	// attempt to bring this digest to these members: 1, and one more each time that it is tried
	// again, or moved back to. Approvals name it.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Attempt int32 `json:"attempt,omitempty"`

	// sequence orders the Rollouts of one group and app: each has one more than the one before it,
	// whatever the clocks of API servers say.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000
	Sequence int32 `json:"sequence,omitempty"`

	// completed is the release that the group completed last when this rollout began. A member that
	// joins gets it until its wave comes. Empty at a first introduction.
	// +optional
	Completed *Release `json:"completed,omitempty"`
}

// WaveState is how far a wave has come.
// +kubebuilder:validation:Enum=Waiting;Running;Done;Halted;Ended
type WaveState string

// The states of a wave.
const (
	// WaveWaiting means that it has not begun.
	WaveWaiting WaveState = "Waiting"
	// WaveRunning means that its members are on their way.
	WaveRunning WaveState = "Running"
	// WaveDone means that each member is verified, excused or failed within the budget.
	WaveDone WaveState = "Done"
	// WaveHalted means that more of its members failed than it allows.
	WaveHalted WaveState = "Halted"
	// WaveEnded means that its rollout ended before the wave was done: nobody waits for it.
	WaveEnded WaveState = "Ended"
)

// ApprovalState says how a wave that requires an approval is doing with it.
// +kubebuilder:validation:Enum=Wanting;Given
type ApprovalState string

// The states of an approval.
const (
	// ApprovalWanting means that nobody has approved the wave: it waits, and so do all later ones.
	ApprovalWanting ApprovalState = "Wanting"
	// ApprovalGiven means that the wave was approved.
	ApprovalGiven ApprovalState = "Given"
)

// WaveStatus is how one wave is doing.
type WaveStatus struct {
	// name of the wave.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
	// state of the wave: Waiting, Running, Done, Halted or Ended.
	// +required
	State WaveState `json:"state,omitempty"`
	// members of the wave.
	// +optional
	Members int32 `json:"members,omitempty"`
	// verified is the number of members that were healthy at the version for the soak.
	// +optional
	Verified int32 `json:"verified,omitempty"`
	// moving is the number of members that are on their way.
	// +optional
	Moving int32 `json:"moving,omitempty"`
	// excused is the number of members that don't take part: they declined, deferred or hold the app,
	// are suspended, or can't take it.
	// +optional
	Excused int32 `json:"excused,omitempty"`
	// failed is the number of members that failed.
	// +optional
	Failed int32 `json:"failed,omitempty"`
	// waiting is the number of members whose turn has not come.
	// +optional
	Waiting int32 `json:"waiting,omitempty"`
	// away is the number of members that can't be moved for now, and take part when they can.
	// +optional
	Away int32 `json:"away,omitempty"`
	// approval of the wave, where it requires one: Wanting or Given.
	// +optional
	Approval ApprovalState `json:"approval,omitempty"`
	// standIn is the member that goes in the first wave because none of its own members takes part.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	StandIn string `json:"standIn,omitempty"`
	// startedAt is when its first member was moved.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// completedAt is when it was done. It stays done.
	// +optional
	CompletedAt *metav1.Time `json:"completedAt,omitempty"`
	// waitsFor says what keeps the wave from going on, besides its own members.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	WaitsFor string `json:"waitsFor,omitempty"`
	// waitingSince is when it began to wait for that.
	// +optional
	WaitingSince *metav1.Time `json:"waitingSince,omitempty"`
}

// MemberNote explains the state of a member.
type MemberNote struct {
	// name of the Municipality.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
	// wave that it takes part in, where that matters.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Wave string `json:"wave,omitempty"`
	// reason in one word, such as Declined, Held, Soaking or Unhealthy.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Reason string `json:"reason,omitempty"`
	// message explains the reason in a sentence.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Message string `json:"message,omitempty"`
	// since is when that began.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// MemberMemory is what has to be remembered about a member and can be read from nothing else.
type MemberMemory struct {
	// name of the Municipality.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
	// reason that it is remembered for, such as Failed (it failed, and its installation is gone),
	// Unseen (its installation was not observed yet) or the reason that it is away for.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Reason string `json:"reason,omitempty"`
	// wave that it took part in, where that matters.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Wave string `json:"wave,omitempty"`
	// environments that it is about, where it is not about all of them: those in which it was passed over.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Environments []string `json:"environments,omitempty"`
	// since is when that began.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
}

// RolloutStatus is how far a rollout has come.
type RolloutStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// phase is Pending, Progressing, Halted, Completed, Superseded or Withdrawn.
	// +optional
	Phase RolloutPhase `json:"phase,omitempty"` //nolint:kubeapilinter // one word for its progress, besides the conditions

	// wave that is running, or that comes next.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Wave string `json:"wave,omitempty"`

	// progress is the number of verified members, of those that are not excused, as "38/42".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Progress string `json:"progress,omitempty"`

	// members is the number of members of all waves.
	// +optional
	Members int32 `json:"members,omitempty"`
	// verified is the number of members that were healthy at the version for the soak.
	// +optional
	Verified int32 `json:"verified,omitempty"`
	// moving is the number of members that are on their way.
	// +optional
	Moving int32 `json:"moving,omitempty"`
	// waiting is the number of members whose turn has not come.
	// +optional
	Waiting int32 `json:"waiting,omitempty"`
	// away is the number of members that can't be moved for now, and take part when they can.
	// +optional
	Away int32 `json:"away,omitempty"`
	// excused is the number of members that don't take part: they declined, deferred or hold the app,
	// are suspended, or can't take it.
	// +optional
	Excused int32 `json:"excused,omitempty"`
	// failed is the number of members that failed, including those that left afterwards.
	// +optional
	Failed int32 `json:"failed,omitempty"`
	// left is the number of municipalities that left after they had been moved.
	// +optional
	Left int32 `json:"left,omitempty"`

	// startedAt is when the first member was moved.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// completedAt is when the last wave was done.
	// +optional
	CompletedAt *metav1.Time `json:"completedAt,omitempty"`

	// next says what happens next.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Next string `json:"next,omitempty"`
	// nextAt is when that happens, where the clock alone decides it.
	// +optional
	NextAt *metav1.Time `json:"nextAt,omitempty"`

	// waves in their order.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Waves []WaveStatus `json:"waves,omitempty"`

	// securityFix is true while the version is a security fix: the rollout skips announcement and soak,
	// and does not wait in the queue.
	// +optional
	SecurityFix bool `json:"securityFix,omitempty"` //nolint:kubeapilinter // false and not said mean the same

	// memory is what the operator has to remember about members, and waves that were done. It is
	// complete up to 5,000 entries, as an object has to fit in 1.5 MB; where there are more, those are
	// kept that would be missed most, and next says so. The lists below are for people, and cut at 50.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +listMapKey=reason
	// +kubebuilder:validation:MaxItems=5000
	Memory []MemberMemory `json:"memory,omitempty"`

	// onTheWay are members that move, soak or wait within a running wave, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	OnTheWay []MemberNote `json:"onTheWay,omitempty"`

	// failedMembers are members that failed, and what became of them, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	FailedMembers []MemberNote `json:"failedMembers,omitempty"`

	// excusedMembers are members that do not take part, and why, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	ExcusedMembers []MemberNote `json:"excusedMembers,omitempty"`

	// conditions of the object: Ready, which is True when the rollout has completed; Reconciling and
	// Stalled while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Rollout brings one version of one app to the members of one network, or to those who follow
// a channel by their own decision. The operator writes it and keeps it as a record.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="App",type=string,JSONPath=`.spec.app`,priority=1
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.version`,priority=1
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Wave",type=string,JSONPath=`.status.wave`
// +kubebuilder:printcolumn:name="Verified",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Moving",type=integer,JSONPath=`.status.moving`
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.failed`
// +kubebuilder:printcolumn:name="Excused",type=integer,JSONPath=`.status.excused`,priority=1
// +kubebuilder:printcolumn:name="Security fix",type=boolean,JSONPath=`.status.securityFix`,priority=1
// +kubebuilder:printcolumn:name="Attempt",type=integer,JSONPath=`.spec.attempt`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.next`
type Rollout struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata. The name is made of network (or "direct", app and
	// channel), app, version and attempt.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec is which version is brought to whom.
	// +required
	Spec RolloutSpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status RolloutStatus `json:"status,omitzero"`
}

// RolloutList is a list of Rollouts.
// +kubebuilder:object:root=true
type RolloutList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []Rollout `json:"items"`
}
