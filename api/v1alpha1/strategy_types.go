package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// RolloutStrategy is the order in which members get a version, and the conditions for going on. By
// default one pilot goes first, and then the rest, a quarter at a time.
// +kubebuilder:validation:XValidation:rule="!has(self.approvals) || !has(self.waves) || self.approvals.all(a, self.waves.exists(w, w.name == a.wave))",message="each of approvals[].wave must be the name of one of waves",fieldPath=".approvals"
type RolloutStrategy struct {
	// waves in their order. A member takes part in the first wave that names or selects it; one
	// that none does, in the last. A wave begins when the one before is done: each member of it is
	// verified, excused (declined, deferred, held, left, suspended) or failed within maxFailures.
	// The first of several waves always has somebody: where nobody in it takes part, the first
	// other member by name stands in.
	// Default: a wave "pilot" of one member (the first by name that may move), and then "everyone" with
	// maxConcurrent 25% and maxFailures 10%. A change takes effect at once, also on a rollout under
	// way: waves that are done stay done, and nobody is moved back.
	// Example: [{name: pilot, members: {names: [vinje]}, soak: 24h, requireApproval: true}, {name: everyone, soak: 1h}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:XValidation:rule="self.all(w, has(w.members) || w.name == self[self.size() - 1].name)",message="a wave without members is empty, unless it is the last, which takes everybody else: give it members, or move it to the end"
	// +kubebuilder:validation:XValidation:rule="self.size() == 0 || !has(self[self.size() - 1].members) || has(self[self.size() - 1].members.selector) || has(self[self.size() - 1].members.names)",message="the last wave takes everybody who is in no other, so members: {} in it would not be nobody: leave members out"
	// +kubebuilder:validation:XValidation:rule="self.all(w, !has(w.members) || !has(w.members.names) || w.members.names.all(n, self.exists_one(o, has(o.members) && has(o.members.names) && n in o.members.names)))",message="waves overlap: a municipality may be named in one wave only"
	Waves []Wave `json:"waves,omitempty"`

	// maxIntroductions is how many rollouts may be under way at once; the others wait, in the order
	// of the priority of their apps. Security fixes do not wait. Default: 3.
	// Example: 1
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	MaxIntroductions *int32 `json:"maxIntroductions,omitempty"` //nolint:kubeapilinter // a pointer distinguishes unset from a number at every use

	// announcement is how long members see what will come, and when, before the first wave begins.
	// It counts from when the Rollout was made. A security fix skips it. Default: none.
	// Example: 72h
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]+)?(h|m|s|ms))+$') && duration(self) >= duration('0s') && duration(self) <= duration('2160h')",message="announcement must be from 0s to 2160h (90 days), such as 72h"
	Announcement *metav1.Duration `json:"announcement,omitempty"`

	// windows in which new moves may start. Default: always.
	// Example: [{schedule: "0 8 * * 1-4", duration: 6h, timeZone: Europe/Oslo}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Windows []Window `json:"windows,omitempty"`

	// freezes are periods without new moves: the same as pause, from one time until another. Members
	// under way are watched, and return if they fail. Default: none.
	// Example: [{from: "2026-12-15T00:00:00Z", until: "2027-01-05T00:00:00Z", reason: year-end closing}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Freezes []FreezePeriod `json:"freezes,omitempty"`

	// approvals let waves with requireApproval begin. Each is for one wave of one attempt at one
	// digest of one app. Default: none.
	// Example: [{app: svarut, digest: "sha256:...", wave: everyone, attempt: 1}]
	// +optional
	// +listType=map
	// +listMapKey=app
	// +listMapKey=channel
	// +listMapKey=digest
	// +listMapKey=wave
	// +listMapKey=attempt
	// +kubebuilder:validation:MaxItems=1024
	Approvals []Approval `json:"approvals,omitempty"`

	// retries ask for one more attempt at a digest after a halted one: members that failed get it
	// again, and approvals of earlier attempts no longer count. Default: none.
	// Example: [{app: svarut, digest: "sha256:...", attempt: 2}]
	// +optional
	// +listType=map
	// +listMapKey=app
	// +listMapKey=channel
	// +listMapKey=digest
	// +kubebuilder:validation:MaxItems=256
	Retries []Retry `json:"retries,omitempty"`
}

// Wave is a part of the members, who get a version together.
type Wave struct {
	// name of the wave. Approvals refer to it; a renamed wave is another wave.
	// Example: pilot
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// members of the wave. Default: everybody who is in no other wave; only the last wave may leave it
	// out.
	// Example: {names: [vinje]}
	// +optional
	Members *WaveMembers `json:"members,omitempty"`

	// maxConcurrent is how many members may be on their way at once, as a number or as a percentage
	// of the wave's members that take part, rounded down but at least one. Default: 25%.
	// Example: 10
	// +optional
	// +kubebuilder:default="25%"
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 1 && self <= 10000 : self.matches('^([1-9][0-9]?|100)%$')",message="maxConcurrent must be a number from 1 to 10000 or a percentage from 1% to 100%"
	MaxConcurrent *intstr.IntOrString `json:"maxConcurrent,omitempty"`

	// maxFailures is how many members may fail without halting the rollout, as a number or as a percentage
	// of the wave's members that take part, rounded down. Default: 0, the first failure halts.
	// Example: 10%
	// +optional
	// +kubebuilder:default=0
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:MaxLength=5
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^([0-9]|[1-9][0-9]|100)%$')",message="maxFailures must be a number from 0 to 10000 or a percentage from 0% to 100%"
	MaxFailures *intstr.IntOrString `json:"maxFailures,omitempty"`

	// soak is how long a member must have been healthy at the new version, without a break, before it
	// counts as verified. Within a member each stage soaks before the next begins. A security fix
	// skips it. Default: 1h.
	// Example: 24h
	// +optional
	// +kubebuilder:default="1h"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]+)?(h|m|s|ms))+$') && duration(self) >= duration('0s') && duration(self) <= duration('2160h')",message="soak must be from 0s to 2160h (90 days), such as 24h"
	Soak *metav1.Duration `json:"soak,omitempty"`

	// progressDeadline is how long a member may be unhealthy before it has failed, counted from when it
	// was asked to move, or became unhealthy. One that is healthy now and then, but never for the whole
	// soak, fails after twice the sum of progressDeadline and soak. Default: 30m.
	// Example: 15m
	// +optional
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]+)?(h|m|s|ms))+$') && duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="progressDeadline must be from 1s to 168h, such as 30m"
	ProgressDeadline *metav1.Duration `json:"progressDeadline,omitempty"`

	// requireApproval makes the wave, and all later ones, wait until an approval names it. Default: false.
	// Example: true
	// +optional
	RequireApproval *bool `json:"requireApproval,omitempty"`
}

// WaveMembers picks members of a network for a wave. Empty is nobody.
type WaveMembers struct {
	// selector over the labels of Municipalities. Default: it picks nobody.
	// Example: {matchLabels: {allmenning.dev/county: "40"}}
	// +optional
	// +kubebuilder:validation:XValidation:rule="(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && self.matchExpressions.size() > 0)",message="an empty selector would pick every member: name a label, or leave members out of the last wave"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// names of Municipalities, each in one wave only. A name that is no member of the network is reported
	// in the network's conditions. Default: none.
	// Example: [vinje, tokke]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Names []string `json:"names,omitempty"`
}

// Approval lets one wave begin, of one attempt to bring out one digest of one app.
type Approval struct {
	// app is the name of the SharedApp.
	// Example: svarut
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`

	// channel whose direct adopters it is for. It goes with approvals and retries of the Platform,
	// where several channels of an app may offer one digest; those of a Network leave it empty.
	// Default: empty.
	// Example: stable
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// digest of the version's bundle, as in spec.digest of the Rollout.
	// Example: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Digest string `json:"digest,omitempty"`

	// wave that may begin.
	// Example: everyone
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Wave string `json:"wave,omitempty"`

	// attempt that is approved, as in spec.attempt of the Rollout. Default: 1.
	// Example: 1
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Attempt int32 `json:"attempt,omitempty"`
}

// Retry asks for one more attempt.
type Retry struct {
	// app is the name of the SharedApp.
	// Example: svarut
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`

	// channel whose direct adopters it is for. It goes with approvals and retries of the Platform,
	// where several channels of an app may offer one digest; those of a Network leave it empty.
	// Default: empty.
	// Example: stable
	// +optional
	// +kubebuilder:default=""
	// +kubebuilder:validation:MaxLength=40
	Channel string `json:"channel,omitempty"`

	// digest of the version's bundle, as in spec.digest of the Rollout.
	// Example: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Digest string `json:"digest,omitempty"`

	// attempt to make: one more than that of the Rollout which was halted.
	// Example: 2
	// +required
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=100000
	Attempt int32 `json:"attempt,omitempty"`
}
