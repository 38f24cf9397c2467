package v1alpha1

// LocalReference names an object; the field that holds it says in which namespace.
type LocalReference struct {
	// name of the object.
	// Example: svarut-sender
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`
}

// ParametersSource is a Secret whose keys are parameters.
type ParametersSource struct {
	// secretRef names a Secret in the namespace of the environment. Each of its keys
	// becomes a parameter of type string; a later source wins over an earlier one, and
	// all of them over parameters. The values are never shown in status, events or
	// logs. A change of the Secret installs the app again with the new values.
	// Example: {name: svarut-credentials}
	// +required
	SecretRef LocalReference `json:"secretRef,omitzero"`
}
