package v1alpha1

// Isolation is where the installations of an app live.
// +kubebuilder:validation:Enum=Shared;Own
type Isolation string

// The isolations of an app.
const (
	// IsolationShared puts the app's objects into the environment's namespace, beside those of other apps.
	IsolationShared Isolation = "Shared"
	// IsolationOwn gives each installation a namespace of its own.
	IsolationOwn Isolation = "Own"
)

// OwnNamespace is what the app's own namespaces are like.
type OwnNamespace struct {
	// quota is the share of the environment's quota that each installation of the app gets for itself; the
	// environment's other apps have that much less. What is left out has the default: cpu 250m, memory 512Mi,
	// ephemeralStorage 1Gi, storage 0, pods 5, services 5, secrets 10, configMaps 10, persistentVolumeClaims 0,
	// objects 20.
	// A change takes effect at once where the environment has room for it; where it has not, the namespace keeps
	// what it has, and the status of the Municipality says so.
	// Example: {cpu: "1", memory: 2Gi, storage: 20Gi, pods: 8, persistentVolumeClaims: 2}
	// +optional
	Quota *Quota `json:"quota,omitempty"`
}

// RefusedNamespace is the own namespace of an app that can't be made, or can't be as it should.
type RefusedNamespace struct {
	// app whose namespace it is.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`
	// message says why, and what to do.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// IsOwn says whether the installation has a namespace of its own.
func (i *AppInstallation) IsOwn() bool { return i.Spec.Isolation == IsolationOwn }
