package cel

import "testing"

func TestNetwork(t *testing.T) { networks().run(t) }

func networks() table {
	return table{
		kind: "Network",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: Network
metadata: {name: digi-tv}
spec:
  displayName: Digi Telemark Vestfold
  members: {names: [vinje]}`,
		examples: []example{
			{
				reason: "A name and a member are enough.",
			},
			{
				reason: "Members by selector, by expressions, and with names besides; all may change.",
				update: `spec: {members: {selector: {matchLabels: {allmenning.dev/county: "40"}, matchExpressions: [{key: a, operator: Exists}]}, names: [siljan]}}`,
			},
			{
				reason:  "A name longer than a label's value could not be shown where it decides.",
				create:  `metadata: {name: ` + long(64) + `}`,
				field:   "metadata",
				message: "metadata.name must be at most 63 characters",
			},
			{
				reason:  "A network without members is a mistake; one that has ended is deleted.",
				create:  `spec: {members: {names: []}}`,
				field:   "spec.members",
				message: "members needs selector, names or both",
			},
			{
				reason:  "In Kubernetes an empty selector picks everything; here that is the whole country.",
				create:  `spec: {members: {selector: {}}}`,
				field:   "spec.members.selector",
				message: "an empty selector would pick every municipality in the country: name a label",
			},
			{
				reason:  "Labels that are all gone make the selector an empty one.",
				create:  `spec: {members: {selector: {matchLabels: {allmenning.dev/county: "40"}}}}`,
				update:  `spec: {members: {selector: {matchLabels: {allmenning.dev/county: null}}}}`,
				field:   "spec.members.selector",
				message: "an empty selector would pick every municipality in the country: name a label",
			},
			{
				reason:  "A member is named once.",
				create:  `spec: {members: {names: [vinje, vinje]}}`,
				field:   "spec.members.names[1]",
				message: "Duplicate value",
			},
			{
				reason: "A proposal may say how strongly, by which channel, and where.",
				create: `spec: {apps: [{name: svarut, obligation: Mandatory, channel: pilot, stages: [Development, Production]}, {name: kobo}]}`,
			},
			{
				reason:  "An app is proposed once.",
				create:  `spec: {apps: [{name: svarut}, {name: svarut, obligation: Optional}]}`,
				field:   "spec.apps[1]",
				message: "Duplicate value",
			},
			{
				reason:  "There are three obligations; none of them is called Required.",
				create:  `spec: {apps: [{name: svarut, obligation: Required}]}`,
				field:   "spec.apps[0].obligation",
				message: `supported values: "Mandatory", "Recommended", "Optional"`,
			},
			{
				reason:  "There are three stages.",
				create:  `spec: {apps: [{name: svarut, stages: [Staging]}]}`,
				field:   "spec.apps[0].stages[0]",
				message: `supported values: "Development", "Test", "Production"`,
			},
			{
				reason:  "A proposal for no stage would reach nobody; take it out instead.",
				create:  `spec: {apps: [{name: svarut, stages: []}]}`,
				field:   "spec.apps[0].stages",
				message: "should have at least 1 items",
			},
			{
				reason:  "Priorities have bounds, so that there is room above everybody's.",
				create:  `spec: {priority: 1001}`,
				field:   "spec.priority",
				message: "should be less than or equal to 1000",
			},
		},
	}
}
