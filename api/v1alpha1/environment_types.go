package v1alpha1

// Environment is one isolated namespace of a municipality.
type Environment struct {
	// name of the environment. It has no dash, so that two municipalities can't arrive at the same
	// namespace name. A renamed environment is a new one; the old one is retained.
	// Example: prod
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z][a-z0-9]*$')",message="an environment's name begins with a letter and holds only a-z and 0-9, no dash, such as preprod"
	Name string `json:"name,omitempty"`

	// stage of the environment, which is how close it is to the citizens: Development, Test or
	// Production. A change takes effect at once, also on which apps a network installs here.
	// Example: Production
	// +required
	Stage Stage `json:"stage,omitempty"`

	// zone is Open or Closed, and decides the network policies. A change rewrites them at once, with
	// one exception: a closed environment stays closed while an app that requires Closed is
	// installed in it.
	// Example: Closed
	// +required
	Zone Zone `json:"zone,omitempty"`

	// quota bounds what the environment may use. Default: by the size class.
	// Example: {cpu: "4", memory: 8Gi}
	// +optional
	Quota *Quota `json:"quota,omitempty"`
}

// EnvironmentState is the state of an environment.
// +kubebuilder:validation:Enum=Ready;Pending;Failed;Retained;Deleting
type EnvironmentState string

// The states of an environment.
const (
	// EnvironmentReady means that the environment is complete: the namespace has its network
	// policies, its accounts and a quota in force. Apps may be installed in it.
	EnvironmentReady EnvironmentState = "Ready"
	// EnvironmentPending means that it is being made.
	EnvironmentPending EnvironmentState = "Pending"
	// EnvironmentFailed means that it can't be made; the message says why.
	EnvironmentFailed EnvironmentState = "Failed"
	// EnvironmentRetained means that it is kept although it is no longer in the spec, or although its
	// Municipality is deleted: by deletionPolicy Retain, or because it holds volumes.
	EnvironmentRetained EnvironmentState = "Retained"
	// EnvironmentDeleting means that its apps are being uninstalled, or its namespace deleted.
	EnvironmentDeleting EnvironmentState = "Deleting"
)

// EnvironmentStatus is the state of one environment.
type EnvironmentStatus struct {
	// name of the environment.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name,omitempty"`
	// namespace of the environment.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:MinLength=1
	Namespace string `json:"namespace,omitempty"`
	// state is Ready, Pending, Failed, Retained or Deleting.
	// +required
	State EnvironmentState `json:"state,omitempty"`
	// zone that the environment has now, which its network policies are for: Open or Closed. It is not
	// the spec's while they are being rewritten, and while an app that requires Closed keeps the
	// environment closed, as the message then says. Empty while there is no namespace.
	// +optional
	Zone Zone `json:"zone,omitempty"`
	// refusedNamespaces are apps of isolation Own of which the namespace can't be made here, or can't be as the app
	// declares it, at most 64.
	// +optional
	// +listType=map
	// +listMapKey=app
	// +kubebuilder:validation:MaxItems=64
	RefusedNamespaces []RefusedNamespace `json:"refusedNamespaces,omitempty"`
	// kept names what is kept of apps that were uninstalled here, as it holds data, at most 16 apps. It goes when
	// somebody says so; its message names how. Empty where nothing is kept.
	// +optional
	// +listType=map
	// +listMapKey=app
	// +kubebuilder:validation:MaxItems=16
	Kept []KeptData `json:"kept,omitempty"`
	// message says what differs from the spec, and how to fix it.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// KeptData is what is kept of an app that was uninstalled.
type KeptData struct {
	// app that was uninstalled.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`
	// namespace that the data is in: the app's own, which is kept for it, or the environment's.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
	// claims are the PersistentVolumeClaims in the app's own namespace, or those of the app in the environment's, at most
	// 8 of them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Claims []string `json:"claims,omitempty"`
	// message says how to go on with it, and how to delete it for good.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}
