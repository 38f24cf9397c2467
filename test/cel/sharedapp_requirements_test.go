package cel

// requiring is a patch that lets the version require something.
func requiring(what string) string {
	return versions(`source: {configMap: {name: svarut-2.4.1}}, requires: ` + what)
}

func sharedAppRequirements() []example {
	const (
		fixed   = "what a version requires can't change once it was available: its members would get other walls under the same number, ahead of their turn; offer a new version"
		offered = `status: {versions: [{version: 2.4.1, digest: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865", requires: "sha256:74", available: true}]}`
		refused = `status: {versions: [{version: 2.4.1, digest: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865", message: refused}]}`
		post    = `{egress: [{cidr: 203.0.113.0/24, reason: post}]}`
	)
	return []example{
		{
			reason:  "What comes later would open the walls of everybody who runs the version, ahead of their turn.",
			status:  offered,
			update:  requiring(post),
			field:   "spec.versions",
			message: fixed,
		},
		{
			reason:  "What goes would close them.",
			create:  requiring(post),
			status:  offered,
			update:  versions(`source: {configMap: {name: svarut-2.4.1}}, requires: null`),
			field:   "spec.versions",
			message: fixed,
		},
		{
			reason:  "A change within is a change.",
			create:  requiring(post),
			status:  offered,
			update:  requiring(`{egress: [{cidr: 203.0.113.0/25, reason: post}]}`),
			field:   "spec.versions",
			message: fixed,
		},
		{
			reason: "Another version requires what it likes.",
			create: requiring(post),
			status: offered,
			update: `spec: {versions: [{version: 2.4.1, source: {configMap: {name: svarut-2.4.1}}, requires: ` + post + `},
				{version: 2.5.0, source: {configMap: {name: b}}, requires: {zones: [{stage: Test, zone: Open}]}}]}`,
		},
		{
			reason: "What a version requires that was never available may be corrected.",
			create: requiring(post),
			status: refused,
			update: requiring(`{egress: [{cidr: 203.0.113.0/25, reason: post}]}`),
		},
		{
			reason: "Zones, apps, and both directions of traffic; all may change until the version was available.",
			update: requiring(`{zones: [{stage: Production, zone: Closed}], apps: [{name: id-gateway, version: ">=1.2"}],
				egress: [{cidr: 203.0.113.0/24, ports: [{port: 443}, {port: 53, protocol: UDP}], reason: post}],
				ingress: [{namespaceLabels: {a: b}, reason: broker}, {cidr: "2001:db8::/32", reason: post}]}`),
		},
		{
			reason: "An endpoint of the Platform, with its ports or some of them.",
			create: requiring(`{egress: [{endpoint: folkeregisteret, reason: addresses}, {endpoint: id-gateway, ports: [{port: 443}], reason: login}]}`),
		},
		{
			reason:  "A range beside an endpoint would say two things.",
			create:  requiring(`{egress: [{endpoint: folkeregisteret, cidr: 203.0.113.0/24, reason: addresses}]}`),
			field:   "spec.versions[0].requires.egress[0]",
			message: "egress goes either to cidr or to endpoint, which names one of spec.endpoints of the Platform",
		},
		{
			reason:  "Neither says nothing.",
			create:  requiring(`{egress: [{reason: addresses}]}`),
			field:   "spec.versions[0].requires.egress[0]",
			message: "egress goes either to cidr or to endpoint",
		},
		{
			reason:  "A zone that does not exist.",
			create:  requiring(`{zones: [{stage: Production, zone: Internal}]}`),
			field:   "spec.versions[0].requires.zones[0].zone",
			message: `supported values: "Open", "Closed"`,
		},
		{
			reason:  "A stage has one zone.",
			create:  requiring(`{zones: [{stage: Production, zone: Closed}, {stage: Production, zone: Open}]}`),
			field:   "spec.versions[0].requires.zones[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A protocol that does not exist.",
			create:  requiring(`{egress: [{cidr: 203.0.113.0/24, ports: [{port: 443, protocol: QUIC}], reason: post}]}`),
			field:   "spec.versions[0].requires.egress[0].ports[0].protocol",
			message: `supported values: "TCP", "UDP", "SCTP"`,
		},
		{
			reason:  "A host name is not a range; network policies know addresses only.",
			create:  requiring(`{egress: [{cidr: post.example.org, reason: post}]}`),
			field:   "spec.versions[0].requires.egress[0].cidr",
			message: "cidr must be an address range such as 203.0.113.0/24",
		},
		{
			reason:  "The same for what comes in.",
			create:  requiring(`{ingress: [{cidr: 203.0.113.0, reason: post}]}`),
			field:   "spec.versions[0].requires.ingress[0].cidr",
			message: "cidr must be an address range such as 203.0.113.0/24",
		},
		{
			reason:  "Opening a closed zone needs a reason.",
			create:  requiring(`{egress: [{cidr: 203.0.113.0/24}]}`),
			field:   "spec.versions[0].requires.egress[0].reason",
			message: "Required value",
		},
		{
			reason:  "Ports end at 65535.",
			create:  requiring(`{egress: [{cidr: 203.0.113.0/24, ports: [{port: 65536}], reason: post}]}`),
			field:   "spec.versions[0].requires.egress[0].ports[0].port",
			message: "should be less than or equal to 65535",
		},
		{
			reason:  "Ingress from nowhere in particular would be from everywhere.",
			create:  requiring(`{ingress: [{ports: [{port: 8080}], reason: broker}]}`),
			field:   "spec.versions[0].requires.ingress[0]",
			message: "ingress comes either from cidr or from namespaceLabels",
		},
		{
			reason:  "Ingress from both leaves open whether one or both must hold.",
			create:  requiring(`{ingress: [{cidr: 203.0.113.0/24, namespaceLabels: {a: b}, reason: broker}]}`),
			field:   "spec.versions[0].requires.ingress[0]",
			message: "ingress comes either from cidr or from namespaceLabels",
		},
		{
			reason:  "A value that no label can have would match nothing.",
			create:  requiring(`{ingress: [{namespaceLabels: {a: ` + long(64) + `}, reason: broker}]}`),
			field:   "spec.versions[0].requires.ingress[0].namespaceLabels",
			message: "namespaceLabels can hold only what a label can: keys of at most 317 characters, values of at most 63",
		},
	}
}
