package v1alpha1

// AllowedWorkloads is what the platform allows in the namespaces of municipalities, beyond what every platform does. It is about
// what municipalities run themselves; shared apps are judged by the rules of docs/bundles.md, by bundles, and, what their
// images may be, by registries and requireDigests. Namespaces carry it as annotations, which the policies of config/policy read.
// +kubebuilder:validation:MinProperties=1
type AllowedWorkloads struct {
	// registries that the images of pods may come from, as prefixes that end with a slash. An image without a registry is
	// of docker.io/library/. A version of an app with others is not available; where it is installed it runs on. Default: any.
	// Example: [ghcr.io/ks/, registry.vinje.kommune.no/]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=255
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9][A-Za-z0-9._:/-]*/$`
	Registries []string `json:"registries,omitempty"`

	// requireDigests are the stages of environments in which images are named by their digest, as in image@sha256:...,
	// so that what runs is what was tried. A version of an app is judged for Production, and for each environment. Default: none.
	// Example: [Production]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=3
	RequireDigests []Stage `json:"requireDigests,omitempty"`

	// priorityClasses that pods may name, the cluster's own default class among them, which the API server writes into
	// pods. Those that begin with system- are never allowed. Default: none.
	// Example: [municipal-batch]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`
	PriorityClasses []string `json:"priorityClasses,omitempty"`

	// runtimeClasses that pods may name. Default: none.
	// Example: [gvisor]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`
	RuntimeClasses []string `json:"runtimeClasses,omitempty"`

	// tolerations are the keys of taints that pods may tolerate, besides those that the API server lets every pod tolerate
	// for a while. Default: none.
	// Example: [example.org/gpu]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=317
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9][A-Za-z0-9._/-]*$`
	Tolerations []string `json:"tolerations,omitempty"`

	// tokenAudiences that the tokens of pods may be for, besides the API server. Default: none.
	// Example: [https://vault.fellesplattform.no]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=255
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9][A-Za-z0-9._:/-]*$`
	TokenAudiences []string `json:"tokenAudiences,omitempty"`

	// annotations that Services and Ingresses may carry, besides those that no controller acts on in a way that reaches
	// further: keys, or prefixes that end with a slash. Default: none.
	// Example: [cert-manager.io/cluster-issuer]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=317
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9][A-Za-z0-9._/-]*$`
	Annotations []string `json:"annotations,omitempty"`

	// controllers are accounts of the platform's controllers that write beside apps, and may set finalizers, endpoints and the
	// operator's labels, which some copy, and mount claims of apps, as a backup does: full user names. Default: none; the cluster's own, in kube-system, always may.
	// Example: ["system:serviceaccount:cert-manager:cert-manager"]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=317
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9][A-Za-z0-9._:@-]*$`
	Controllers []string `json:"controllers,omitempty"`
}
