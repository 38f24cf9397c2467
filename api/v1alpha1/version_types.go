package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// Version is one version of an app.
// +kubebuilder:validation:XValidation:rule="has(self.parameters) == has(oldSelf.parameters) && (!has(self.parameters) || self.parameters == oldSelf.parameters)",message="the parameters of a version can't change: offer a new version",fieldPath=".parameters"
type Version struct {
	// version number, as in semantic versioning. A leading v is taken as it is written.
	// Example: 2.4.1
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
	Version string `json:"version,omitempty"`

	// source of the bundle. It can't change once the version was available.
	// Example: {oci: {repository: ghcr.io/ks/svarut-bundle, digest: "sha256:..."}}
	// +required
	Source Source `json:"source,omitzero"`

	// state is Active, Deprecated (may be installed, is discouraged) or Withdrawn (is not
	// newly installed anywhere). Default: Active.
	// Example: Deprecated
	// +optional
	// +kubebuilder:default=Active
	State VersionState `json:"state,omitempty"`

	// securityFix brings the version faster: its rollouts skip announcement and soak, and do not queue
	// behind other introductions. Approvals, windows, pilot networks and failure budgets still count.
	// Default: false.
	// Example: true
	// +optional
	SecurityFix *bool `json:"securityFix,omitempty"`

	// requires is what this version needs around it. It comes, and goes, with the version: a member that runs
	// another one keeps what that requires. It can't change once the version was available. Default: nothing.
	// Example: {zones: [{stage: Production, zone: Closed}], apps: [{name: id-gateway, version: ">=1.2"}]}
	// +optional
	Requires *Requirements `json:"requires,omitempty"`

	// services of the bundle that other municipalities may be let in to where spec.hosting is set: which pods and ports
	// a door leads to. They can't change once the version was available. Default: none.
	// Example: [{name: payroll, ports: [{port: 443, targetPort: 8443}]}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Services []HostedService `json:"services,omitempty"`

	// parameters that this version takes. They can't change. Default: it takes none.
	// +optional
	Parameters *ParameterSchema `json:"parameters,omitempty"`

	// chart says how a bundle that is a Helm chart is rendered: the values of this version, and where its
	// parameters go. It can't change once the version was available. Default: with the chart's own values.
	// Example: {values: {replicas: 2}, parameters: [{parameter: sender, value: mail.sender}]}
	// +optional
	Chart *ChartSettings `json:"chart,omitempty"`

	// health says how to read the health of kinds that only this app knows. Other kinds are
	// read as kubectl and GitOps tools read them. Default: none.
	// Example: [{apiVersion: example.org/v1, kind: Queue, healthy: "object.status.phase == 'Open'"}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Health []HealthRule `json:"health,omitempty"`
}

// Source is where a bundle comes from.
// +kubebuilder:validation:XValidation:rule="(has(self.oci) ? 1 : 0) + (has(self.chart) ? 1 : 0) + (has(self.configMap) ? 1 : 0) == 1",message="a source is one of oci, chart and configMap"
type Source struct {
	// oci is an artifact in a registry, pinned by digest, as "oras push" and "flux push artifact" make it.
	// Example: {repository: ghcr.io/ks/svarut-bundle, digest: "sha256:..."}
	// +optional
	OCI *OCISource `json:"oci,omitempty"`

	// chart is a Helm chart in a registry, pinned by digest, as "helm push" makes it.
	// Example: {repository: ghcr.io/ks/charts/svarut, digest: "sha256:..."}
	// +optional
	Chart *OCISource `json:"chart,omitempty"`

	// configMap in the operator's namespace, whose keys are the files of the bundle, or whose one key is
	// a packed Helm chart. The catalogue remembers the digest of its data; later changes of it are refused.
	// Example: {name: svarut-2.4.1}
	// +optional
	ConfigMap *ConfigMapSource `json:"configMap,omitempty"`
}

// OCISource is an artifact in a registry.
type OCISource struct {
	// repository with its registry, without tag or digest.
	// Example: ghcr.io/ks/svarut-bundle
	// +required
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$`
	Repository string `json:"repository,omitempty"`

	// digest of the artifact's manifest. Tags move; a digest does not.
	// Example: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
	// +required
	// +kubebuilder:validation:MinLength=71
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Digest string `json:"digest,omitempty"`

	// secretRef names a Secret of type kubernetes.io/dockerconfigjson in the operator's namespace, which
	// the platform has labelled allmenning.dev/secret-for=registry-login.
	// Default: that of the Platform's entry for the registry, else no password.
	// Example: {name: ghcr-login}
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// caRef names a Secret in the operator's namespace whose key ca.crt holds the certificates to
	// trust, and which the platform has labelled allmenning.dev/secret-for=registry-ca. Default: that of the Platform's entry for the registry, else the system's.
	// Example: {name: ghcr-ca}
	// +optional
	CARef *LocalReference `json:"caRef,omitempty"`
}

// ConfigMapSource is a ConfigMap in the operator's namespace.
type ConfigMapSource struct {
	// name of the ConfigMap.
	// Example: svarut-2.4.1
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name,omitempty"`

	// digest that its data must have. Default: what it has when the version enters the catalogue.
	// Example: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
	// +optional
	// +kubebuilder:validation:MinLength=71
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Digest string `json:"digest,omitempty"`
}

// ChartSettings says how a Helm chart is rendered. Below its values are those of the chart itself; over them come
// the facts of the tenant, as .Values.allmenning and .Values.global.allmenning, and then the parameters.
type ChartSettings struct {
	// values that this version sets, as in a values file of Helm. At most 64 KiB as JSON. A key allmenning,
	// at the top or in global, is refused: the facts of the tenant go there.
	// Default: those of the chart.
	// Example: {replicas: 2, persistence: {size: 5Gi}}
	// +optional
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Values *apiextensionsv1.JSON `json:"values,omitempty"`

	// parameters says which value each parameter becomes. One that is not given leaves the value as it is.
	// Default: none, so that the chart sees no parameters.
	// Example: [{parameter: sender, value: mail.sender}]
	// +optional
	// +listType=map
	// +listMapKey=value
	// +kubebuilder:validation:MaxItems=128
	Parameters []ChartParameter `json:"parameters,omitempty"`
}

// ChartParameter says which value of a chart one parameter becomes.
type ChartParameter struct {
	// parameter of this version, with dots between the names of one that lies in another.
	// Example: mail.sender
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$`
	Parameter string `json:"parameter,omitempty"`

	// value of the chart, with dots between the names of one that lies in another; a subchart's begins with
	// its name.
	// Example: app.mail.from
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_][A-Za-z0-9_-]*)*$`
	Value string `json:"value,omitempty"`
}

// ParameterSchema says which parameters a version takes.
type ParameterSchema struct {
	// openAPIV3Schema is a structural schema of type object, as in a CustomResourceDefinition, with
	// defaults and validation rules. Parameters that it does not name are refused.
	// Example: {type: object, required: [sender], properties: {sender: {type: string, maxLength: 60}}}
	// +required
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	OpenAPIV3Schema apiextensionsv1.JSON `json:"openAPIV3Schema,omitzero"`

	// sample is a set of parameters that the bundle is tried with before the version is available.
	// Default: none, for a version whose parameters all have defaults.
	// Example: {sender: Eksempel kommune}
	// +optional
	// +mapType=atomic
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Sample *apiextensionsv1.JSON `json:"sample,omitempty"`
}

// HealthRule reads the health of one kind with CEL expressions over the variable object.
type HealthRule struct {
	// apiVersion of the kind.
	// Example: example.org/v1
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	APIVersion string `json:"apiVersion,omitempty"`

	// kind that the rule is for.
	// Example: Queue
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Kind string `json:"kind,omitempty"`

	// healthy is a CEL expression that is true when the object is as it should be.
	// Example: object.status.phase == 'Open'
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Healthy string `json:"healthy,omitempty"`

	// failed is a CEL expression that is true when the object will not become healthy by itself.
	// Default: never.
	// Example: object.status.phase == 'Broken'
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Failed string `json:"failed,omitempty"`
}

// PinnedDigest is the digest that the source pins; empty where it pins none.
func (s Source) PinnedDigest() string {
	switch {
	case s.OCI != nil:
		return s.OCI.Digest
	case s.Chart != nil:
		return s.Chart.Digest
	case s.ConfigMap != nil:
		return s.ConfigMap.Digest
	}
	return ""
}
