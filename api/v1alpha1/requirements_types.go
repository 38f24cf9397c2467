package v1alpha1

// Requirements are what a version of an app needs from its surroundings.
// +kubebuilder:validation:MinProperties=1
type Requirements struct {
	// zones that the environments of a stage must have. Default: any.
	// Example: [{stage: Production, zone: Closed}]
	// +optional
	// +listType=map
	// +listMapKey=stage
	// +kubebuilder:validation:MaxItems=3
	Zones []RequiredZone `json:"zones,omitempty"`

	// apps that must be installed and Ready in the same environment first. They are also the only other apps there that
	// the walls let this one's pods connect to. Default: none.
	// Example: [{name: id-gateway, version: ">=1.2"}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Apps []RequiredApp `json:"apps,omitempty"`

	// services of apps at other municipalities that the version connects to: it is installed when its municipality asks
	// for each (spec.connects) with this app among the clients, and the door is open. Default: none.
	// Example: [{app: lonn, service: payroll}]
	// +optional
	// +listType=map
	// +listMapKey=app
	// +listMapKey=service
	// +kubebuilder:validation:MaxItems=16
	Services []RequiredService `json:"services,omitempty"`

	// egress is where the app's pods may connect to, beyond what the zone allows, within what
	// spec.allowedEgress of the Platform allows. The operator writes the policy; a bundle may not bring its
	// own. Default: nowhere.
	// Example: [{cidr: 203.0.113.0/24, ports: [{port: 443}], reason: "national digital post"}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Egress []RequiredEgress `json:"egress,omitempty"`

	// ingress is who may connect to the app's pods, beyond what the zone allows. It is never another tenant.
	// Default: nobody.
	// Example: [{namespaceLabels: {kubernetes.io/metadata.name: message-broker}, ports: [{port: 8080}], reason: "incoming messages"}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Ingress []RequiredIngress `json:"ingress,omitempty"`
}

// RequiredZone is the zone that the environments of one stage must have.
type RequiredZone struct {
	// stage of the environments.
	// Example: Production
	// +required
	Stage Stage `json:"stage,omitempty"`
	// zone that they must have.
	// Example: Closed
	// +required
	Zone Zone `json:"zone,omitempty"`
}

// RequiredApp is another app that must be installed first.
type RequiredApp struct {
	// name of the SharedApp.
	// Example: id-gateway
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`

	// version range that the installed version must fall in, as semantic versions are compared.
	// Default: any version.
	// Example: ">=1.2"
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Version string `json:"version,omitempty"`
}

// Protocol is a transport protocol.
// +kubebuilder:validation:Enum=TCP;UDP;SCTP
type Protocol string

// The protocols.
const (
	ProtocolTCP  Protocol = "TCP"
	ProtocolUDP  Protocol = "UDP"
	ProtocolSCTP Protocol = "SCTP"
)

// Port is a port of a protocol.
type Port struct {
	// port number.
	// Example: 443
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
	// protocol of the port: TCP, UDP or SCTP. Default: TCP.
	// Example: UDP
	// +optional
	// +kubebuilder:default=TCP
	Protocol Protocol `json:"protocol,omitempty"`
}

// RequiredEgress is a place that the app connects to.
// +kubebuilder:validation:XValidation:rule="has(self.cidr) != has(self.endpoint)",message="egress goes either to cidr or to endpoint, which names one of spec.endpoints of the Platform"
type RequiredEgress struct {
	// cidr is the address range.
	// Example: 203.0.113.0/24
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="cidr must be an address range such as 203.0.113.0/24"
	CIDR string `json:"cidr,omitempty"`

	// endpoint is an external system by its name in spec.endpoints of the Platform, which has its addresses and
	// ports. When the Platform changes these, the walls follow.
	// Example: folkeregisteret
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Endpoint string `json:"endpoint,omitempty"`

	// ports that the app connects to. Default: every port; of an endpoint, all that the endpoint has.
	// Example: [{port: 443}]
	// +optional
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []Port `json:"ports,omitempty"`

	// reason is shown to everybody who asks why a closed zone is open here.
	// Example: national digital post
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}

// RequiredIngress is somebody who connects to the app.
// +kubebuilder:validation:XValidation:rule="has(self.cidr) != has(self.namespaceLabels)",message="ingress comes either from cidr or from namespaceLabels"
type RequiredIngress struct {
	// cidr is an address range that connections come from. It may not touch a private range: pods of tenants
	// have such addresses.
	// Example: 203.0.113.0/24
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="cidr must be an address range such as 203.0.113.0/24"
	CIDR string `json:"cidr,omitempty"`

	// namespaceLabels that the namespace of the caller carries. A namespace of a municipality is never meant,
	// whatever its labels are.
	// Example: {kubernetes.io/metadata.name: message-broker}
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && size(self[k]) <= 63)",message="namespaceLabels can hold only what a label can: keys of at most 317 characters, values of at most 63"
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`

	// ports that the caller connects to. Default: every port.
	// Example: [{port: 8080}]
	// +optional
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []Port `json:"ports,omitempty"`

	// reason is shown to everybody who asks why a closed zone is open here.
	// Example: incoming messages
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}
