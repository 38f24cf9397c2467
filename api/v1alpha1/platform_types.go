package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PlatformName is the name of the one Platform.
const PlatformName = "default"

// PlatformSpec describes what the cluster looks like and what holds for every tenant.
// Every field has a default that fits a plain cluster.
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.approvals) || self.rollout.approvals.all(a, has(a.channel) && a.channel.size() > 0)",message="each of rollout.approvals names the channel whose direct adopters it is for: add channel, such as stable",fieldPath=".rollout.approvals"
// +kubebuilder:validation:XValidation:rule="!has(self.rollout) || !has(self.rollout.retries) || self.rollout.retries.all(r, has(r.channel) && r.channel.size() > 0)",message="each of rollout.retries names the channel whose direct adopters it is for: add channel, such as stable",fieldPath=".rollout.retries"
type PlatformSpec struct {
	// dns lists the DNS servers that pods may use. Default: the pods labelled
	// k8s-app=kube-dns in kube-system, and the node-local cache at 169.254.20.10.
	// A change rewrites the policies of every environment.
	// Example: [{namespace: kube-system, podLabels: {k8s-app: kube-dns}}, {cidr: 169.254.20.10/32}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	DNS []DNSServer `json:"dns,omitempty"` //nolint:kubeapilinter // a rule on the struct asks for exactly one of two fields

	// ingress lists the ingress controllers that may reach Open environments.
	// Default: every namespace labelled allmenning.dev/ingress=true.
	// A change rewrites the policies of every Open environment.
	// Example: [{namespace: ingress-system}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Ingress []IngressController `json:"ingress,omitempty"` //nolint:kubeapilinter // a rule on the struct asks for exactly one of two fields

	// privateCIDRs are the address ranges that no Open environment may reach: those of the
	// cluster and of its owner. Default: RFC 1918, 100.64.0.0/10 (RFC 6598),
	// 169.254.0.0/16 and fe80::/10 (link-local), fc00::/7 (RFC 4193), 192.0.0.0/24 (RFC 6890),
	// 168.63.129.16/32 (the host in Azure) and 64:ff9b::/96 (NAT64, RFC 6052). Setting it replaces
	// the default: list every range.
	// Example: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "fc00::/7"]
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="self.all(c, isCIDR(c))",message="each of spec.privateCIDRs must be an address range such as 10.0.0.0/8"
	PrivateCIDRs []string `json:"privateCIDRs,omitempty"`

	// allowedEgress is where versions of apps may ask to connect to (versions[].requires.egress). A version
	// may ask for a range, and for ports, that lie within one entry. Private addresses (privateCIDRs, and those
	// of its default) are allowed only by an entry that is private itself: a wide entry, such as 0.0.0.0/0,
	// stands for the public addresses in it. Default: every public address,
	// [{cidr: 0.0.0.0/0}, {cidr: "::/0"}]. Setting it replaces the default: list every range. A version that
	// asks for more is not available. What is taken out of the list is closed at once, also where a version
	// that asks for it is installed.
	// Example: [{cidr: 0.0.0.0/0, ports: [{port: 443}], reason: "services on the internet"}, {cidr: 10.20.0.0/16, ports: [{port: 443}], reason: "the county's archive"}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	AllowedEgress []AllowedEgress `json:"allowedEgress,omitempty"`

	// endpoints are external systems that versions of apps may ask for by name: national registers, the ID gateway.
	// Being listed here allows them; allowedEgress need not hold their addresses. What is taken out, or changed, is
	// closed or moved at once for all apps that ask for it. Default: none.
	// Example: [{name: folkeregisteret, cidrs: [203.0.113.0/28], ports: [{port: 443}], owner: "Skatteetaten, drift@skatteetaten.example"}]
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Endpoints []Endpoint `json:"endpoints,omitempty"`

	// sizeClasses give an environment its default quota by the municipality's
	// inhabitants: the first class whose upTo is not exceeded. Default: Small up to
	// 5 000, Medium up to 20 000, Large up to 100 000, ExtraLarge beyond. A change updates
	// the quotas of every environment that does not set its own.
	// Example: [{name: Small, upTo: 5000, quota: {cpu: "4", memory: 8Gi}}, {name: Large, quota: {cpu: "16", memory: 32Gi}}]
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(c, self.exists_one(d, d.name == c.name))",message="the names in spec.sizeClasses must differ"
	// +kubebuilder:validation:XValidation:rule="self.filter(c, !has(c.upTo)).size() == 1 && !has(self[self.size()-1].upTo)",message="the last of spec.sizeClasses, and only the last, leaves upTo out: it takes everybody else"
	// +kubebuilder:validation:XValidation:rule="self.filter(c, has(c.upTo)).map(c, c.upTo).isSorted() && self.all(c, !has(c.upTo) || self.exists_one(d, has(d.upTo) && d.upTo == c.upTo))",message="each upTo in spec.sizeClasses must be greater than the one before it"
	SizeClasses []SizeClass `json:"sizeClasses,omitempty"`

	// registries limits where bundles may come from, and says how to reach them.
	// Default: empty, any registry may be used, without a password.
	// Example: [{prefix: ghcr.io/ks/, secretRef: {name: ghcr-login}}]
	// +optional
	// +listType=map
	// +listMapKey=prefix
	// +kubebuilder:validation:MaxItems=64
	Registries []Registry `json:"registries,omitempty"`

	// bundles lets the bundles of apps hold more than the rules of docs/bundles.md allow everywhere. Default:
	// nothing more. A change takes effect at once; versions that were refused are judged again.
	// Example: {domains: [apps.fellesplattform.no], annotations: [nginx.ingress.kubernetes.io/auth-url]}
	// +optional
	Bundles *AllowedInBundles `json:"bundles,omitempty"`

	// workloads lets what municipalities run themselves do more than every platform allows, and bounds where its images
	// come from, and those of apps. Default: images of any registry, and nothing more. A change updates every namespace, and
	// versions of apps are judged again; what runs already runs on.
	// Example: {registries: [ghcr.io/ks/], requireDigests: [Production], priorityClasses: [municipal-batch]}
	// +optional
	Workloads *AllowedWorkloads `json:"workloads,omitempty"`

	// rollout is the strategy of networks without one of their own, and of municipalities that take
	// an app directly. Its approvals and retries are for the latter. Default: one pilot and then the rest.
	// Example: {waves: [{name: pilot, members: {names: [vinje]}}, {name: everyone, maxConcurrent: 10%}]}
	// +optional
	Rollout *RolloutStrategy `json:"rollout,omitempty"`

	// pause stops new moves on the whole platform. Members under way are watched, and return if they
	// fail. Default: false.
	// Example: true
	// +optional
	Pause *bool `json:"pause,omitempty"`

	// freeze stops every move on the whole platform, returns included: nothing is installed, upgraded,
	// returned or uninstalled. What runs keeps running, and drift is corrected. Default: false.
	// Example: true
	// +optional
	Freeze *bool `json:"freeze,omitempty"`

	// suspend stops the operator, as if every object were suspended: it changes nothing anywhere, and
	// corrects no drift. What runs keeps running. To stop only moves, use freeze. Default: false.
	// Example: true
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
}

// DNSServer is one DNS server: pods, or an address range.
// +kubebuilder:validation:XValidation:rule="has(self.namespace) != has(self.cidr)",message="a DNS server is either namespace (with podLabels) or cidr"
// +kubebuilder:validation:XValidation:rule="!has(self.podLabels) || has(self.namespace)",message="podLabels goes with namespace",fieldPath=".podLabels"
type DNSServer struct {
	// namespace that the DNS pods run in.
	// Example: kube-system
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// podLabels that the DNS pods carry. Default: every pod of the namespace.
	// Example: {k8s-app: kube-dns}
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && size(self[k]) <= 63)",message="podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63"
	PodLabels map[string]string `json:"podLabels,omitempty"`

	// cidr of a DNS server that is not a pod, such as a node-local cache.
	// Example: 169.254.20.10/32
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=43
	// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="cidr must be an address range such as 169.254.20.10/32"
	CIDR string `json:"cidr,omitempty"`
}

// IngressController is an ingress controller, by the namespace and the labels of its pods.
// +kubebuilder:validation:XValidation:rule="has(self.namespace) != has(self.namespaceLabels)",message="an ingress controller is either namespace or namespaceLabels"
type IngressController struct {
	// namespace that the controller's pods run in.
	// Example: ingress-system
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`

	// namespaceLabels that the namespace of the controller carries.
	// Example: {allmenning.dev/ingress: "true"}
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && size(self[k]) <= 63)",message="namespaceLabels can hold only what a label can: keys of at most 317 characters, values of at most 63"
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`

	// podLabels that the controller's pods carry. Default: every pod of the namespace.
	// Example: {app.kubernetes.io/name: traefik}
	// +optional
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=8
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && size(self[k]) <= 63)",message="podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63"
	PodLabels map[string]string `json:"podLabels,omitempty"`
}

// SizeClass gives municipalities of a size their default quota.
type SizeClass struct {
	// name of the class, shown in status.sizeClass of a Municipality.
	// Example: Small
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	Name string `json:"name,omitempty"`

	// upTo is the greatest number of inhabitants in this class. The last class leaves it out.
	// Example: 5000
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000000
	UpTo *int32 `json:"upTo,omitempty"` //nolint:kubeapilinter // a pointer distinguishes unset from a number at every use

	// quota of each environment. What it leaves out is as in the built-in class of that name, else
	// as in the built-in class that covers its size.
	// Example: {cpu: "4", memory: 8Gi, pods: 40}
	// +required
	Quota Quota `json:"quota,omitzero"`
}

// Quota bounds what one environment may use. What is left out follows the size class.
// +kubebuilder:validation:MinProperties=1
type Quota struct {
	// cpu is the sum of requests of all pods, in cores.
	// Example: "4"
	// +optional
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// memory is the sum of requests, and of limits, of all pods, in bytes.
	// Example: 8Gi
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`

	// ephemeralStorage is the sum of requests of all pods for node-local disk, in bytes, and the most
	// that one container may have as its limit (at least 1Gi). The sum of limits may be four times as much,
	// as few containers fill what they may.
	// Example: 10Gi
	// +optional
	EphemeralStorage *resource.Quantity `json:"ephemeralStorage,omitempty"`

	// storage is the sum of requests of all PersistentVolumeClaims, in bytes.
	// Example: 100Gi
	// +optional
	Storage *resource.Quantity `json:"storage,omitempty"`

	// pods is the number of pods that have not ended.
	// Example: 40
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Pods *int32 `json:"pods,omitempty"`

	// services is the number of Services. Node ports and load balancers are always 0:
	// traffic comes in by the platform's ingress controller.
	// Example: 20
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Services *int32 `json:"services,omitempty"`

	// secrets is the number of Secrets.
	// Example: 100
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	Secrets *int32 `json:"secrets,omitempty"`

	// configMaps is the number of ConfigMaps, the cluster's own kube-root-ca.crt included.
	// Example: 100
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	ConfigMaps *int32 `json:"configMaps,omitempty"`

	// persistentVolumeClaims is the number of PersistentVolumeClaims.
	// Example: 10
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100000
	PersistentVolumeClaims *int32 `json:"persistentVolumeClaims,omitempty"`

	// objects is how many there may be of each other kind that people and apps write: Deployments,
	// StatefulSets, Jobs, CronJobs, HorizontalPodAutoscalers, PodDisruptionBudgets, Ingresses,
	// ServiceAccounts, Roles, RoleBindings and Leases, so many of each. Of what the cluster keeps behind
	// them there may be five times as many: ReplicaSets, ControllerRevisions, and pods including those that
	// have ended. Lowering it deletes nothing: nothing is made beyond it until there are fewer.
	// The operator's own accounts and bindings count, so there are at least 10.
	// Example: 100
	// +optional
	// +kubebuilder:validation:Minimum=10
	// +kubebuilder:validation:Maximum=100000
	Objects *int32 `json:"objects,omitempty"` //nolint:kubeapilinter // a pointer distinguishes unset from a number at every use
}

// PlatformStatus is what the operator made of a Platform.
type PlatformStatus struct {
	// observedGeneration is the generation of the spec that the conditions describe; -1 until the
	// operator has looked at the object for the first time.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// lastHandledReconcileAt is the last value of the annotation allmenning.dev/reconcile that was
	// acted upon.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	LastHandledReconcileAt string `json:"lastHandledReconcileAt,omitempty"`

	// conditions of the object: Ready always; Reconciling, Stalled and Suspended while they are true.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Platform describes what the cluster looks like. There is at most one, named
// "default"; without it the built-in defaults hold.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,categories=allmenning
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Freezes",type=string,JSONPath=`.spec.rollout.freezes`,priority=1
// +kubebuilder:printcolumn:name="Pause",type=boolean,JSONPath=`.spec.pause`
// +kubebuilder:printcolumn:name="Freeze",type=boolean,JSONPath=`.spec.freeze`
// +kubebuilder:printcolumn:name="Suspend",type=boolean,JSONPath=`.spec.suspend`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name == 'default'",message="there is one Platform: name it default",fieldPath=".metadata"
type Platform struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata; the name must be "default".
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec describes what the cluster looks like.
	// +optional
	// +kubebuilder:default={}
	Spec PlatformSpec `json:"spec,omitzero"`

	// status is written by the operator.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status PlatformStatus `json:"status,omitzero"`
}

// PlatformList is a list of Platforms.
// +kubebuilder:object:root=true
type PlatformList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`
	// items of the list.
	Items []Platform `json:"items"`
}
