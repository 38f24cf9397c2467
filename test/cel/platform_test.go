package cel

import (
	"slices"
	"testing"
)

func TestPlatform(t *testing.T) { platforms().run(t) }

func platforms() table {
	return table{
		kind: "Platform",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: Platform
metadata: {name: default}
spec: {}`,
		examples: slices.Concat(platformCluster(), strategies(), []example{
			{
				reason: "Those who take an app directly have no network: what they need is approved and retried here.",
				create: rollout(`approvals: [{app: svarut, channel: stable, digest: "` + digest("a") + `", wave: everyone, attempt: 2}], retries: [{app: svarut, channel: stable, digest: "` + digest("a") + `", attempt: 2}]`),
			},
			{
				reason:  "Direct adopters of two channels may come to one digest: an approval opens one of them.",
				create:  rollout(`approvals: [{app: svarut, digest: "` + digest("a") + `", wave: everyone}]`),
				field:   "spec.rollout.approvals",
				message: "each of rollout.approvals names the channel whose direct adopters it is for: add channel, such as stable",
			},
			{
				reason:  "So does a retry.",
				create:  rollout(`retries: [{app: svarut, digest: "` + digest("a") + `", attempt: 2}]`),
				field:   "spec.rollout.retries",
				message: "each of rollout.retries names the channel whose direct adopters it is for: add channel, such as stable",
			},
		}),
	}
}

func platformCluster() []example {
	return []example{
		{
			reason: "Every field has a default, so an empty spec is enough.",
		},
		{
			reason:  "A second Platform would contradict the first; the name says that there is one.",
			create:  `metadata: {name: other}`,
			field:   "metadata",
			message: "there is one Platform: name it default",
		},
		{
			reason: "DNS is pods of a namespace, or an address range.",
			create: `spec: {dns: [{namespace: kube-system, podLabels: {k8s-app: kube-dns}}, {cidr: 169.254.20.10/32}, {cidr: "fd00::10/128"}]}`,
		},
		{
			reason:  "A DNS server that is both would open more than was meant.",
			create:  `spec: {dns: [{namespace: kube-system, cidr: 169.254.20.10/32}]}`,
			field:   "spec.dns[0]",
			message: "a DNS server is either namespace (with podLabels) or cidr",
		},
		{
			reason:  "Pod labels without a namespace would pick pods of every tenant.",
			create:  `spec: {dns: [{podLabels: {k8s-app: kube-dns}}]}`,
			field:   "spec.dns[0]",
			message: "a DNS server is either namespace (with podLabels) or cidr",
		},
		{
			reason:  "Pod labels and an address range can't be combined.",
			create:  `spec: {dns: [{cidr: 169.254.20.10/32, podLabels: {k8s-app: kube-dns}}]}`,
			field:   "spec.dns[0].podLabels",
			message: "podLabels goes with namespace",
		},
		{
			reason:  "An address is not a range; the message shows how to write one.",
			create:  `spec: {dns: [{cidr: 169.254.20.10}]}`,
			field:   "spec.dns[0].cidr",
			message: "cidr must be an address range such as 169.254.20.10/32",
		},
		{
			reason:  "A value that no label can have would match nothing.",
			create:  `spec: {dns: [{namespace: kube-system, podLabels: {k8s-app: "` + long(64) + `"}}]}`,
			field:   "spec.dns[0].podLabels",
			message: "podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63",
		},
		{
			reason: "The ingress controller is known by its namespace, or by the namespace's labels.",
			create: `spec: {ingress: [{namespace: ingress-system}, {namespaceLabels: {allmenning.dev/ingress: "true"}, podLabels: {app: traefik}}]}`,
		},
		{
			reason:  "Both namespace and namespaceLabels leave open which of them counts.",
			create:  `spec: {ingress: [{namespace: ingress-system, namespaceLabels: {a: b}}]}`,
			field:   "spec.ingress[0]",
			message: "an ingress controller is either namespace or namespaceLabels",
		},
		{
			reason:  "Neither of them would let every pod of the cluster in.",
			create:  `spec: {ingress: [{podLabels: {app: traefik}}]}`,
			field:   "spec.ingress[0]",
			message: "an ingress controller is either namespace or namespaceLabels",
		},
		{
			reason:  "A key that no label can have would match nothing.",
			create:  `spec: {ingress: [{namespaceLabels: {"` + long(318) + `": b}}]}`,
			field:   "spec.ingress[0].namespaceLabels",
			message: "namespaceLabels can hold only what a label can: keys of at most 317 characters, values of at most 63",
		},
		{
			reason:  "The same for the labels of the controller's pods.",
			create:  `spec: {ingress: [{namespace: ingress-system, podLabels: {app: "` + long(64) + `"}}]}`,
			field:   "spec.ingress[0].podLabels",
			message: "podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63",
		},
		{
			reason: "Private ranges may be of both families.",
			create: `spec: {privateCIDRs: [10.0.0.0/8, "fc00::/7"]}`,
		},
		{
			reason:  "One bad range among good ones would leave a hole in every policy.",
			create:  `spec: {privateCIDRs: [10.0.0.0/8, 192.168.0.0/33]}`,
			field:   "spec.privateCIDRs",
			message: "each of spec.privateCIDRs must be an address range such as 10.0.0.0/8",
		},
		{
			reason: "Where versions may connect to: public and private, with and without ports.",
			create: `spec: {allowedEgress: [{cidr: 0.0.0.0/0}, {cidr: "fd00::/8", ports: [{port: 443}, {port: 53, protocol: UDP}], reason: archive}]}`,
		},
		{
			reason: "External systems by name, with their ranges of both IP versions, their ports and who answers for them.",
			create: `spec: {endpoints: [{name: folkeregisteret, cidrs: [203.0.113.0/28, "2001:db8:7::/64"], ports: [{port: 443}], owner: Skatteetaten}]}`,
		},
		{
			reason:  "An endpoint without ports would be open on all of them.",
			create:  `spec: {endpoints: [{name: folkeregisteret, cidrs: [203.0.113.0/28], owner: Skatteetaten}]}`,
			field:   "spec.endpoints[0].ports",
			message: "Required value",
		},
		{
			reason:  "Somebody must answer for it.",
			create:  `spec: {endpoints: [{name: folkeregisteret, cidrs: [203.0.113.0/28], ports: [{port: 443}]}]}`,
			field:   "spec.endpoints[0].owner",
			message: "Required value",
		},
		{
			reason:  "A host name is no range.",
			create:  `spec: {endpoints: [{name: folkeregisteret, cidrs: [api.skatteetaten.no], ports: [{port: 443}], owner: Skatteetaten}]}`,
			field:   "spec.endpoints[0].cidrs",
			message: "each of cidrs must be an address range such as 203.0.113.0/28",
		},
		{
			reason:  "A host name is not a range.",
			create:  `spec: {allowedEgress: [{cidr: archive.example.org}]}`,
			field:   "spec.allowedEgress[0].cidr",
			message: "cidr must be an address range such as 10.20.0.0/16",
		},
		{
			reason: "Classes rise, and the last takes everybody else.",
			create: `spec: {sizeClasses: [{name: Small, upTo: 5000, quota: {cpu: "4"}}, {name: Large, quota: {cpu: "16"}}]}`,
		},
		{
			reason:  "Two classes of one name can't be distinguished in status.",
			create:  `spec: {sizeClasses: [{name: Small, upTo: 5000, quota: {cpu: "4"}}, {name: Small, quota: {cpu: "16"}}]}`,
			field:   "spec.sizeClasses",
			message: "the names in spec.sizeClasses must differ",
		},
		{
			reason:  "Without a last class a large municipality would have no quota.",
			create:  `spec: {sizeClasses: [{name: Small, upTo: 5000, quota: {cpu: "4"}}]}`,
			field:   "spec.sizeClasses",
			message: "the last of spec.sizeClasses, and only the last, leaves upTo out: it takes everybody else",
		},
		{
			reason:  "A class without upTo in the middle would make those after it unreachable.",
			create:  `spec: {sizeClasses: [{name: Small, quota: {cpu: "4"}}, {name: Large, quota: {cpu: "16"}}]}`,
			field:   "spec.sizeClasses",
			message: "the last of spec.sizeClasses, and only the last, leaves upTo out: it takes everybody else",
		},
		{
			reason:  "A class whose limit is below that of the one before could never be reached.",
			create:  `spec: {sizeClasses: [{name: M, upTo: 20000, quota: {cpu: "8"}}, {name: S, upTo: 5000, quota: {cpu: "4"}}, {name: L, quota: {cpu: "16"}}]}`,
			field:   "spec.sizeClasses",
			message: "each upTo in spec.sizeClasses must be greater than the one before it",
		},
		{
			reason:  "A registry is listed once, else its password would be ambiguous.",
			create:  `spec: {registries: [{prefix: ghcr.io/ks/}, {prefix: ghcr.io/ks/}]}`,
			field:   "spec.registries[1]",
			message: "Duplicate value",
		},
		{
			reason: "What municipalities may run is bounded by lists; those that are left out have a default.",
			create: `spec: {workloads: {registries: [ghcr.io/ks/, "registry.example.org:5000/"], requireDigests: [Production, Test]}}`,
		},
		{
			reason:  "A prefix without a slash would allow the registry of an imposter.",
			create:  `spec: {workloads: {registries: [ghcr.io/ks]}}`,
			field:   "spec.workloads.registries[0]",
			message: "should match",
		},
		{
			reason:  "A comma would make two entries of one.",
			create:  `spec: {workloads: {tolerations: ["a,b"]}}`,
			field:   "spec.workloads.tolerations[0]",
			message: "should match",
		},
	}
}
