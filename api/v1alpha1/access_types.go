package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AccessRole is what somebody may do in a tenant's namespaces.
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

// Access gives groups and users a role.
// +kubebuilder:validation:XValidation:rule="(has(self.groups) && self.groups.size() > 0) || (has(self.users) && self.users.size() > 0)",message="an access entry needs at least one of groups or users"
type Access struct {
	// role is Administrator, Developer or Viewer.
	// Example: Developer
	// +required
	Role AccessRole `json:"role,omitempty"`

	// groups of the identity provider. Groups that begin with "system:" belong to Kubernetes and are
	// refused.
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

	// apps that the access ends at, in these environments: it holds in the namespaces that they have for themselves,
	// and not in the environments'. Only apps of isolation Own have such; another one is a fault that the status
	// of the Municipality names. Default: the environments, and the namespaces of all their apps.
	// Example: [svarut]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Apps []string `json:"apps,omitempty"`

	// expires is when the access ends by itself, as an RFC 3339 time. Default: never.
	// Example: "2027-03-01T00:00:00Z"
	// +optional
	Expires *metav1.Time `json:"expires,omitempty"`
}

// ExpiresAt is when the access ends by itself; nil if never.
func (a Access) ExpiresAt() *metav1.Time { return a.Expires }
