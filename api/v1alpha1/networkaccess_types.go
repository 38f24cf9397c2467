package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NetworkRole is what somebody may do in a network.
// +kubebuilder:validation:Enum=Coordinator
type NetworkRole string

// RoleCoordinator sees the network, its rollouts and how its members' apps are doing, and approves
// waves.
const RoleCoordinator NetworkRole = "Coordinator"

// NetworkAccess gives groups and users a role in a network.
// +kubebuilder:validation:XValidation:rule="(has(self.groups) && self.groups.size() > 0) || (has(self.users) && self.users.size() > 0)",message="an access entry needs at least one of groups or users"
type NetworkAccess struct {
	// role is Coordinator: reads the network and its rollouts, and approves and retries, which are
	// the only fields of the network that it may change.
	// Example: Coordinator
	// +required
	Role NetworkRole `json:"role,omitempty"`

	// groups of the identity provider. Groups that begin with "system:" belong to Kubernetes and are
	// refused.
	// Example: [digi-tv-sekretariat]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.all(g, !g.startsWith('system:'))",message="access groups must not begin with system: those are Kubernetes' own; name a group of the identity provider"
	Groups []string `json:"groups,omitempty"`

	// users of the identity provider. Names that begin with "system:" are refused.
	// Example: [kari.nordmann@digi-tv.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.all(u, !u.startsWith('system:'))",message="access users must not begin with system: those are Kubernetes' own; name a user of the identity provider"
	Users []string `json:"users,omitempty"`

	// expires is when the access ends by itself, as an RFC 3339 time. Default: never.
	// Example: "2027-03-01T00:00:00Z"
	// +optional
	Expires *metav1.Time `json:"expires,omitempty"`
}

// Coordinators are the groups and users that may approve waves of a network.
type Coordinators struct {
	// groups of the identity provider, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2048
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Groups []string `json:"groups,omitempty"`
	// users of the identity provider, sorted.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2048
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Users []string `json:"users,omitempty"`
}

// ExpiresAt is when the access ends by itself; nil if never.
func (a NetworkAccess) ExpiresAt() *metav1.Time { return a.Expires }
