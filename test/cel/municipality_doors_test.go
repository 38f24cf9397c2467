package cel

// offering is a patch that offers payroll, with changes.
func offering(more string) string {
	return `spec: {hosts: [{app: lonn, environment: prod, service: payroll, zone: Closed, reason: agreement, contact: drift, ` + more + `}]}`
}

// asking is a patch that asks for it.
func asking(more string) string {
	return `spec: {connects: [{app: lonn, service: payroll, environment: prod, reason: agreement, ` + more + `}]}`
}

func municipalityDoors() []example {
	return []example{
		{
			reason: "A host says what, to whom, why, who answers and until when.",
			create: offering(`to: {municipalities: [seljord], networks: [vest], everybody: true}, until: "2028-01-01T00:00:00Z"`),
		},
		{
			reason:  "An offer to nobody is a slip of the pen.",
			create:  offering(`to: {}`),
			field:   "spec.hosts[0].to",
			message: "should have at least 1 properties",
		},
		{
			reason:  "An environment that does not exist.",
			create:  `spec: {hosts: [{app: lonn, environment: test, service: payroll, reason: agreement, contact: drift, to: {everybody: true}}]}`,
			field:   "spec.hosts",
			message: "each of spec.hosts[].environment must be the name of one of spec.environments",
		},
		{
			reason:  "Both sides see who answers when it fails.",
			create:  `spec: {hosts: [{app: lonn, environment: prod, service: payroll, reason: agreement, to: {everybody: true}}]}`,
			field:   "spec.hosts[0].contact",
			message: "Required value",
		},
		{
			reason: "Two offers of one service, to others and until another time.",
			create: `spec: {hosts: [{app: lonn, environment: prod, service: payroll, reason: a, contact: b, to: {municipalities: [seljord]}},
				{app: lonn, environment: prod, service: payroll, reason: c, contact: b, to: {municipalities: [tokke]}, until: "2028-01-01T00:00:00Z"}]}`,
		},
		{
			reason: "A consumer says which host, whose pods, and by which Secret.",
			create: asking(`host: seljord, hostEnvironment: prod, clients: [lonn-kobling], ownWorkloads: true, secretRef: {name: key}, contact: ikt, until: "2028-01-01T00:00:00Z"`),
		},
		{
			reason:  "Whose pods connect is never everybody's.",
			create:  asking(`host: seljord`),
			field:   "spec.connects[0]",
			message: "say whose pods connect: name apps in clients, or set ownWorkloads for those that are no app's",
		},
		{
			reason:  "Nor is an empty list somebody.",
			create:  asking(`host: seljord, clients: []`),
			field:   "spec.connects[0]",
			message: "say whose pods connect",
		},
		{
			reason:  "An environment that does not exist.",
			create:  `spec: {connects: [{app: lonn, service: payroll, environment: test, host: seljord, ownWorkloads: true, reason: agreement}]}`,
			field:   "spec.connects",
			message: "each of spec.connects[].environment must be the name of one of spec.environments",
		},
		{
			reason:  "One service has one host in an environment, whose address its clients know.",
			create:  `spec: {connects: [{app: lonn, service: payroll, environment: prod, host: seljord, ownWorkloads: true, reason: a}, {app: lonn, service: payroll, environment: prod, host: tokke, ownWorkloads: true, reason: a}]}`,
			field:   "spec.connects[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A door to itself would lead past its own stages.",
			create:  asking(`host: vinje, ownWorkloads: true`),
			field:   "spec.connects",
			message: "a municipality does not connect to itself: its apps reach each other within an environment",
		},
	}
}
