package v1alpha1

// AllowedEgress is an address range that versions of apps may ask to connect to.
type AllowedEgress struct {
	// cidr is the address range.
	// Example: 10.20.0.0/16
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="cidr must be an address range such as 10.20.0.0/16"
	CIDR string `json:"cidr,omitempty"`

	// ports that may be asked for. Default: every port.
	// Example: [{port: 443}]
	// +optional
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []Port `json:"ports,omitempty"`

	// reason says what is there, and who answers for it. Default: none.
	// Example: "the county's archive, drift@vestfold.no"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}

// Endpoint is an external system that apps connect to, such as a national register: where it is, and who answers for it.
type Endpoint struct {
	// name by which versions of apps ask for it (versions[].requires.egress[].endpoint).
	// Example: folkeregisteret
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// cidrs are its address ranges. A private range is meant only where it is listed by itself: one that reaches into
	// a private range and beyond, such as 0.0.0.0/0, is refused. A change rewrites the walls of the apps that
	// ask for the endpoint, at once.
	// Example: [203.0.113.0/28, "2001:db8:7::/64"]
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="self.all(c, isCIDR(c))",message="each of cidrs must be an address range such as 203.0.113.0/28"
	CIDRs []string `json:"cidrs,omitempty"`

	// ports that it answers at.
	// Example: [{port: 443}]
	// +required
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []Port `json:"ports,omitempty"`

	// owner says who answers for it, and how to reach them when it fails.
	// Example: "Skatteetaten, drift@skatteetaten.example"
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Owner string `json:"owner,omitempty"`
}

// Registry is a place that bundles may come from.
type Registry struct {
	// prefix that a repository must start with. End it with a slash, unless it names
	// one repository: "ghcr.io/ks" would allow ghcr.io/ks-imposter too.
	// Example: ghcr.io/ks/
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	Prefix string `json:"prefix,omitempty"`

	// secretRef names a Secret of type kubernetes.io/dockerconfigjson in the operator's
	// namespace, labelled allmenning.dev/secret-for=registry-login. A version's own secretRef wins over it. Default: no password.
	// Example: {name: ghcr-login}
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// caRef names a Secret in the operator's namespace whose key ca.crt holds the
	// certificates to trust, labelled allmenning.dev/secret-for=registry-ca. A version's own caRef wins. Default: the system's.
	// Example: {name: ghcr-ca}
	// +optional
	CARef *LocalReference `json:"caRef,omitempty"`
}

// AllowedInBundles is what a platform allows bundles to hold, beyond what every platform does.
// +kubebuilder:validation:MinProperties=1
type AllowedInBundles struct {
	// domains that the hosts of an app's Ingresses may be, or be below, besides the domains of the
	// municipality. Default: none.
	// Example: [apps.fellesplattform.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Domains []string `json:"domains,omitempty"`

	// annotations that Services and Ingresses may carry, besides those that no controller acts on in a way
	// that reaches further: keys, or prefixes that end with a slash. Default: none.
	// Example: [nginx.ingress.kubernetes.io/auth-url, traefik.ingress.kubernetes.io/]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=317
	Annotations []string `json:"annotations,omitempty"`

	// priorityClasses that pods may name. Default: none.
	// Example: [common-components]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	PriorityClasses []string `json:"priorityClasses,omitempty"`
}
