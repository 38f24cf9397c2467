package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// HostedBy is how widely one installation of an app may serve others.
// +kubebuilder:validation:Enum=Municipality;Network;National
type HostedBy string

// The widths of hosting. Each holds those before it.
const (
	// HostedByMunicipality serves municipalities that its host names.
	HostedByMunicipality HostedBy = "Municipality"
	// HostedByNetwork serves all members of networks that its host names, too.
	HostedByNetwork HostedBy = "Network"
	// HostedByNation serves everybody who connects, too.
	HostedByNation HostedBy = "National"
)

// Hosting says that one installation of an app may serve other municipalities.
type Hosting struct {
	// by is how widely one installation may serve: Municipality, those municipalities that its host names; Network,
	// also all members of networks that it names; National, also everybody who connects. An offer that is wider is
	// not open to those whom it may not reach. A change takes effect at once.
	// Example: Network
	// +required
	By HostedBy `json:"by,omitempty"`
}

// HostedService is a Service of a version that other municipalities may be let in to.
type HostedService struct {
	// name of the Service, as the bundle has it.
	// Example: payroll
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// ports that are let in to, and no others.
	// Example: [{port: 443, targetPort: 8443}]
	// +required
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ports []HostedPort `json:"ports,omitempty"`

	// podLabels that the pods behind the Service carry, beside the label of the app. Default: every pod of the app.
	// Example: {component: api}
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && size(self[k]) <= 63)",message="podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63"
	PodLabels map[string]string `json:"podLabels,omitempty"`
}

// HostedPort is a port of a Service, and of the pods behind it.
type HostedPort struct {
	// port of the Service, which others connect to.
	// Example: 443
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
	// targetPort is the port of the pods, as a number: the walls are around pods. Default: port.
	// Example: 8443
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	TargetPort int32 `json:"targetPort,omitempty"`
	// protocol of the port: TCP, UDP or SCTP. Default: TCP.
	// Example: UDP
	// +optional
	// +kubebuilder:default=TCP
	Protocol Protocol `json:"protocol,omitempty"`
}

// RequiredService is a service of an app at another municipality that a version connects to.
type RequiredService struct {
	// app that the host has.
	// Example: lonn
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`
	// service of the app: one of versions[].services of its SharedApp.
	// Example: payroll
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Service string `json:"service,omitempty"`
}

// DoorOffer is the host's half of a grant: others may connect to one service of one of its installations. The door opens
// when the other side asks for it in spec.connects, and closes when either side takes its half out.
type DoorOffer struct {
	// app that is installed here, and that spec.hosting of its SharedApp lets serve others.
	// Example: lonn
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`

	// environment of this municipality that it is installed in. Those who connect do so from environments of the
	// same stage.
	// Example: prod
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Environment string `json:"environment,omitempty"`

	// service that is offered: one of versions[].services of the SharedApp.
	// Example: payroll
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Service string `json:"service,omitempty"`

	// zone of the environment, which has to be named where it is Closed: nobody lets others into a closed zone without
	// saying so. While the zone is Closed and this does not say so, the door is closed. Default: Open.
	// Example: Closed
	// +optional
	Zone Zone `json:"zone,omitempty"`

	// to says who may connect.
	// Example: {municipalities: [seljord]}
	// +required
	To Guests `json:"to,omitzero"`

	// reason why they may, which both sides see.
	// Example: joint payroll, agreement 2026/114
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`

	// contact is who answers when it fails, which both sides see.
	// Example: drift@vinje.kommune.no
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Contact string `json:"contact,omitempty"`

	// until is when the offer ends by itself. Of several offers that reach one municipality the one that lasts longest counts.
	// Default: never.
	// Example: "2028-01-01T00:00:00Z"
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// Guests are those whom a host offers a service to.
// +kubebuilder:validation:MinProperties=1
type Guests struct {
	// municipalities by name. Default: none.
	// Example: [seljord, tokke]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=512
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Municipalities []string `json:"municipalities,omitempty"`

	// networks whose members may connect as long as they are members; observers are none. It takes spec.hosting.by
	// Network or National of the SharedApp. Default: none.
	// Example: [vest-telemark]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Networks []string `json:"networks,omitempty"`

	// everybody may connect: every municipality of the platform. It takes spec.hosting.by National of the SharedApp.
	// Default: false.
	// Example: true
	// +optional
	Everybody bool `json:"everybody,omitempty"` //nolint:kubeapilinter // false and not said mean the same
}

// DoorRequest is the consumer's half of a grant: what here connects to which service of which host, and why.
// +kubebuilder:validation:XValidation:rule="(has(self.clients) && self.clients.size() > 0) || (has(self.ownWorkloads) && self.ownWorkloads)",message="say whose pods connect: name apps in clients, or set ownWorkloads for those that are no app's"
type DoorRequest struct {
	// app of the host.
	// Example: lonn
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`

	// service of the app, as the host offers it.
	// Example: payroll
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z]([-a-z0-9]*[a-z0-9])?$`
	Service string `json:"service,omitempty"`

	// environment of this municipality that connections come from. For one service it connects to one host.
	// Example: prod
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Environment string `json:"environment,omitempty"`

	// host is the Municipality that has the app. A change closes the door to the earlier one, and opens the other when
	// that offers it; what clients know of the address follows.
	// Example: vinje
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Host string `json:"host,omitempty"`

	// hostEnvironment is the environment of the host. Both are of one stage: from Test nothing reaches Production.
	// Default: the one that is named like environment.
	// Example: prod
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	HostEnvironment string `json:"hostEnvironment,omitempty"`

	// clients are the apps of the environment whose pods may connect; their bundles get the address in their
	// context. Default: none.
	// Example: [lonn-kobling]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Clients []string `json:"clients,omitempty"`

	// ownWorkloads lets the municipality's own pods in the environment connect, those that belong to no app.
	// Default: false.
	// Example: true
	// +optional
	OwnWorkloads bool `json:"ownWorkloads,omitempty"` //nolint:kubeapilinter // false and not said mean the same

	// secretRef names a Secret in the namespace of the clients with what the host lets them in by, such as a key. The
	// municipality keeps it there; bundles of clients get its name in their context, never what it holds.
	// Default: none.
	// Example: {name: vinje-lonn}
	// +optional
	SecretRef *LocalReference `json:"secretRef,omitempty"`

	// reason why it connects, which both sides see.
	// Example: joint payroll, agreement 2026/114
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`

	// contact is who answers on this side, which both sides see. Default: nobody is named.
	// Example: ikt@seljord.kommune.no
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Contact string `json:"contact,omitempty"`

	// until is when the request ends by itself. Default: never.
	// Example: "2028-01-01T00:00:00Z"
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
}

// ExpiresAt is when the offer ends; nil if never.
func (o DoorOffer) ExpiresAt() *metav1.Time { return o.Until }

// ExpiresAt is when the request ends; nil if never.
func (r DoorRequest) ExpiresAt() *metav1.Time { return r.Until }

// At is the environment of the host.
func (r DoorRequest) At() string {
	if r.HostEnvironment == "" {
		return r.Environment
	}
	return r.HostEnvironment
}

// DoorSide is which side of a door a municipality is on.
// +kubebuilder:validation:Enum=Host;Consumer
type DoorSide string

// The sides of a door.
const (
	// DoorHost has the service.
	DoorHost DoorSide = "Host"
	// DoorConsumer connects to it.
	DoorConsumer DoorSide = "Consumer"
)

// DoorState is how a door is, in a word.
// +kubebuilder:validation:Enum=Offered;Asked;Opening;Open;Closed;Expired;Ended
type DoorState string

// The states of a door.
const (
	// DoorOffered means that the host offers the service, and the other side does not ask for it.
	DoorOffered DoorState = "Offered"
	// DoorAsked means that the consumer asks for it, and the host does not offer it to them.
	DoorAsked DoorState = "Asked"
	// DoorOpening means that both agree, and that the walls are being rewritten.
	DoorOpening DoorState = "Opening"
	// DoorOpen means that both agree, and that the walls of both are open for it.
	DoorOpen DoorState = "Open"
	// DoorClosed means that both agree, and that something keeps it closed, which the message says.
	DoorClosed DoorState = "Closed"
	// DoorExpired means that the time of the offer, or of the request, is over.
	DoorExpired DoorState = "Expired"
	// DoorEnded means that both agreed before, and that one of them took its half out.
	DoorEnded DoorState = "Ended"
)

// Door is one service of one municipality, and another that connects to it, as one of them sees it.
type Door struct {
	// side that this municipality is on.
	// +required
	Side DoorSide `json:"side,omitempty"`
	// app that the host has.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`
	// service of the app.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Service string `json:"service,omitempty"`
	// environment of this municipality.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Environment string `json:"environment,omitempty"`
	// peer is the municipality on the other side; empty for an offer to networks or everybody that nobody asks for.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Peer string `json:"peer,omitempty"`
	// peerEnvironment is the environment on the other side; empty where nothing says so.
	// +optional
	// +kubebuilder:validation:MaxLength=15
	PeerEnvironment string `json:"peerEnvironment,omitempty"`
	// state of the door, in one word; each is explained at DoorState.
	// +required
	State DoorState `json:"state,omitempty"`
	// opens says what is open, or would be: the pods that connect, and the pods and their ports that they reach.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Opens string `json:"opens,omitempty"`
	// reason of the host, and of the consumer where it is another.
	// +optional
	// +kubebuilder:validation:MaxLength=520
	Reason string `json:"reason,omitempty"`
	// contact is who answers when it fails, at the host and, where it names somebody, at the consumer.
	// +optional
	// +kubebuilder:validation:MaxLength=520
	Contact string `json:"contact,omitempty"`
	// until is when it ends by itself: the earlier of what the two sides say; empty for never.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`
	// message says why it is not open, and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// InstalledDoor is what an installation may know of a door that its municipality asks for.
type InstalledDoor struct {
	// app of the host.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	App string `json:"app,omitempty"`
	// service of the app.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Service string `json:"service,omitempty"`
	// host is the Municipality that has it, and hostEnvironment where.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Host string `json:"host,omitempty"`
	// hostEnvironment is the environment of the host.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	HostEnvironment string `json:"hostEnvironment,omitempty"`
	// address of the Service within the cluster.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Address string `json:"address,omitempty"`
	// secret is the name of the Secret of the request; empty where it names none.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Secret string `json:"secret,omitempty"`
}
