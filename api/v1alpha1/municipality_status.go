package v1alpha1

// RefusedDomain is a domain that a municipality claims and is not given.
type RefusedDomain struct {
	// domain of spec.domains.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Domain string `json:"domain,omitempty"`
	// message says who has it, and what to do.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// MunicipalityNetwork is a network that a municipality belongs to.
type MunicipalityNetwork struct {
	// name of the Network.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name,omitempty"`
	// observer is true where the municipality only observes the network: it gets no apps by it, and
	// counts nowhere.
	// +optional
	Observer bool `json:"observer,omitempty"` //nolint:kubeapilinter // false and not said mean the same
}

// MunicipalityApp is how one app is doing in one environment.
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
	// asked is the version that it is asked to have now, as spec.version of the AppInstallation says; empty where that is the
	// version that is installed. An AppInstallation that somebody deletes while no operator runs comes back at the
	// higher of the two.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Asked string `json:"asked,omitempty"`
	// wanted is the version that it should have; empty where it should have none.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Wanted string `json:"wanted,omitempty"`
	// state of the app here, in one word; each is explained at AppState.
	// +required
	State AppState `json:"state,omitempty"`
	// decidedBy is who decided on the wanted version, and why.
	// +optional
	DecidedBy DecidedBy `json:"decidedBy,omitzero"`
	// rollout that brings, or brought, the wanted version.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Rollout string `json:"rollout,omitempty"`
	// next says what happens next, and when: what the wanted version waits for.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Next string `json:"next,omitempty"`
	// message says why it is not as wanted, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}
