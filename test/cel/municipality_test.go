package cel

import (
	"slices"
	"strings"
	"testing"
)

func TestMunicipality(t *testing.T) { municipalities().run(t) }

func municipalities() table {
	return table{
		kind: "Municipality",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: Municipality
metadata: {name: vinje}
spec:
  number: "4036"
  displayName: Vinje
  environments: [{name: prod, stage: Production, zone: Closed}]`,
		examples: slices.Concat(municipalityNames(), municipalityTenancy(), municipalityDecisions(), municipalityDoors(), schedules("spec")),
	}
}

func municipalityNames() []example {
	return []example{
		{
			reason: "A number, a name and one environment are enough.",
		},
		{
			reason: "A name may be up to 40 characters long and hold digits and dashes.",
			create: `metadata: {name: m` + long(38) + `9}`,
		},
		{
			reason:  "Two dashes part the name of an app's own namespace.",
			create:  `metadata: {name: nore--uvdal}`,
			field:   "metadata",
			message: "metadata.name must not hold two dashes in a row: they part the name of an app's own namespace",
		},
		{
			reason: "Access may end at an app.",
			create: `spec: {access: [{role: Developer, groups: [leverandor-x], apps: [svarut]}]}`,
		},
		{
			reason:  "A list without apps would be access to nothing.",
			create:  `spec: {access: [{role: Developer, groups: [leverandor-x], apps: []}]}`,
			field:   "spec.access[0].apps",
			message: "should have at least 1 items",
		},
		{
			reason:  "With a longer name, and the longest environment, the namespace's name would not fit.",
			create:  `metadata: {name: ` + long(41) + `}`,
			field:   "metadata",
			message: "metadata.name must be at most 40 characters, so that namespace names fit",
		},
		{
			reason:  "A name that begins with a digit can't begin every kind of name that is made from it.",
			create:  `metadata: {name: 4036-vinje}`,
			field:   "metadata",
			message: "metadata.name must begin with a letter and hold only a-z, 0-9 and dashes",
		},
		{
			reason:  "A dot is allowed in names of resources, and not in those of namespaces.",
			create:  `metadata: {name: vinje.kommune.no}`,
			field:   "metadata",
			message: "metadata.name must begin with a letter and hold only a-z, 0-9 and dashes",
		},
		{
			reason:  "kube would give kube-system for an environment named system.",
			create:  `metadata: {name: kube}`,
			field:   "metadata",
			message: "metadata.name must not be kube, allmenning or default, nor begin with kube-",
		},
		{
			reason:  "allmenning would give allmenning-system, where the operator lives.",
			create:  `metadata: {name: allmenning}`,
			field:   "metadata",
			message: "its namespaces would look like the cluster's own",
		},
		{
			reason:  "Names that begin with kube- are kept for Kubernetes.",
			create:  `metadata: {name: kube-vinje}`,
			field:   "metadata",
			message: "metadata.name must not be kube, allmenning or default, nor begin with kube-: its namespaces would look like the cluster's own",
		},
		{
			reason: "A name that only looks like it is fine.",
			create: `metadata: {name: kubeby}`,
		},
		{
			reason:  "A number has four digits; an unquoted 301 has lost the zero of Oslo's 0301.",
			create:  `spec: {number: "301"}`,
			field:   "spec.number",
			message: "should be at least 4 chars long",
		},
		{
			reason:  "A number is digits only.",
			create:  `spec: {number: 40B6}`,
			field:   "spec.number",
			message: "should match '^[0-9]{4}$'",
		},
		{
			reason:  "The same holds for numbers from before a reform.",
			create:  `spec: {formerNumbers: [K834]}`,
			field:   "spec.formerNumbers[0]",
			message: "should match '^[0-9]{4}$'",
		},
		{
			reason: "After a reform the earlier numbers stay, and the number changes.",
			update: `spec: {number: "3825", formerNumbers: ["0834", "4036"]}`,
		},
		{
			reason:  "The current number among the former ones is a reform half noted.",
			update:  `spec: {formerNumbers: ["0834", "4036"]}`,
			field:   "spec.formerNumbers",
			message: "spec.formerNumbers must not hold the current spec.number",
		},
	}
}

func municipalityTenancy() []example {
	return []example{
		{
			reason: "Environments may be changed, added and taken out.",
			update: `spec: {environments: [{name: test, stage: Test, zone: Open, quota: {cpu: "2", memory: 4Gi}}]}`,
		},
		{
			reason:  "With a dash, vinje and vinje-nord could arrive at the same namespace.",
			create:  `spec: {environments: [{name: nord-prod, stage: Production, zone: Closed}]}`,
			field:   "spec.environments[0].name",
			message: "an environment's name begins with a letter and holds only a-z and 0-9, no dash, such as preprod",
		},
		{
			reason:  "An environment is listed once.",
			create:  `spec: {environments: [{name: prod, stage: Production, zone: Closed}, {name: prod, stage: Test, zone: Open}]}`,
			field:   "spec.environments[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A stage that does not exist; the message lists those that do.",
			create:  `spec: {environments: [{name: prod, stage: Staging, zone: Closed}]}`,
			field:   "spec.environments[0].stage",
			message: `supported values: "Development", "Test", "Production"`,
		},
		{
			reason:  "A zone that does not exist; the message lists those that do.",
			create:  `spec: {environments: [{name: prod, stage: Production, zone: Internal}]}`,
			field:   "spec.environments[0].zone",
			message: `supported values: "Open", "Closed"`,
		},
		{
			reason:  "A quota that sets nothing is a mistake.",
			create:  `spec: {environments: [{name: prod, stage: Production, zone: Closed, quota: {}}]}`,
			field:   "spec.environments[0].quota",
			message: "should have at least 1 properties",
		},
		{
			reason: "Groups, users or both, in all environments or some, with or without an end.",
			create: `spec: {access: [{role: Administrator, groups: [vinje-ikt]},
				{role: Viewer, users: [kari@vinje.kommune.no], environments: [prod], expires: "2027-03-01T00:00:00Z"}]}`,
		},
		{
			reason:  "An access for nobody is a mistake.",
			create:  `spec: {access: [{role: Viewer, groups: []}]}`,
			field:   "spec.access[0]",
			message: "an access entry needs at least one of groups or users",
		},
		{
			reason:  "system:authenticated would let everybody in.",
			create:  `spec: {access: [{role: Viewer, groups: [vinje-ikt, "system:authenticated"]}]}`,
			field:   "spec.access[0].groups",
			message: "access groups must not begin with system: those are Kubernetes' own; name a group of the identity provider",
		},
		{
			reason:  "A service account of another namespace is not a person.",
			create:  `spec: {access: [{role: Viewer, users: ["system:serviceaccount:other:default"]}]}`,
			field:   "spec.access[0].users",
			message: "access users must not begin with system: those are Kubernetes' own; name a user of the identity provider",
		},
		{
			reason:  "Access to an environment that does not exist is a slip of the pen.",
			create:  `spec: {access: [{role: Viewer, groups: [vinje-ikt], environments: [test]}]}`,
			field:   "spec.access",
			message: "each of spec.access[].environments must be the name of one of spec.environments",
		},
		{
			reason:  "An environment can't be taken out while an access still names it.",
			create:  `spec: {access: [{role: Viewer, groups: [vinje-ikt], environments: [prod]}]}`,
			update:  `spec: {environments: [{name: test, stage: Test, zone: Open}]}`,
			field:   "spec.access",
			message: "each of spec.access[].environments must be the name of one of spec.environments",
		},
		{
			reason:  "There are three roles.",
			create:  `spec: {access: [{role: Owner, groups: [vinje-ikt]}]}`,
			field:   "spec.access[0].role",
			message: `supported values: "Administrator", "Developer", "Viewer"`,
		},
		{
			reason:  "An end that is no time would be no end.",
			create:  `spec: {access: [{role: Viewer, groups: [vinje-ikt], expires: "1 March"}]}`,
			field:   "spec.access[0].expires",
			message: "must be of type date-time",
		},
		{
			reason:  "An address is no domain.",
			create:  `spec: {domains: [10.0.0.1]}`,
			field:   "spec.domains",
			message: "each of spec.domains must be a host name such as vinje.kommune.no: no address, and at most 63 characters between two dots",
		},
		{
			reason:  "No name is longer between two dots than DNS takes.",
			create:  `spec: {domains: ["` + strings.Repeat("a", 64) + `.kommune.no"]}`,
			field:   "spec.domains",
			message: "each of spec.domains must be a host name such as vinje.kommune.no: no address, and at most 63 characters between two dots",
		},
		{
			reason: "Domains are host names.",
			create: `spec: {domains: [vinje.kommune.no, xn--bod-2na.kommune.no]}`,
		},
		{
			reason:  "An address with a scheme is not a host name.",
			create:  `spec: {domains: ["https://vinje.kommune.no"]}`,
			field:   "spec.domains[0]",
			message: "should match",
		},
		{
			reason:  "A wildcard would claim names that others use.",
			create:  `spec: {domains: ["*.kommune.no"]}`,
			field:   "spec.domains[0]",
			message: "should match",
		},
		{
			reason: "Deletion deletes only where the spec says so.",
			update: `spec: {deletionPolicy: Delete}`,
		},
		{
			reason:  "There are two deletion policies.",
			create:  `spec: {deletionPolicy: Orphan}`,
			field:   "spec.deletionPolicy",
			message: `supported values: "Retain", "Delete"`,
		},
	}
}

func municipalityDecisions() []example {
	return []example{
		{
			reason: "Adopt may name a version, defer a time, and one environment may differ.",
			create: `spec: {apps: [{name: svarut, decision: Adopt, version: 2.4.1},
				{name: kobo, decision: Defer, reason: budget, until: "2027-01-15T00:00:00Z"},
				{name: portal, environments: [{name: prod, decision: Defer, until: "2027-01-15T00:00:00Z"}]}]}`,
		},
		{
			reason: "A hold without a version keeps what is installed.",
			create: `spec: {apps: [{name: svarut, hold: {reason: year-end}}]}`,
		},
		{
			reason: "A pin may come to all environments at once.",
			create: `spec: {apps: [{name: svarut, decision: Adopt, version: 2.4.1, immediate: true}]}`,
		},
		{
			reason: "So may a hold of one environment, which brings a version.",
			create: `spec: {apps: [{name: svarut, immediate: true, environments: [{name: prod, hold: {version: 2.3.0, reason: year-end}}]}]}`,
		},
		{
			reason: "Not at once is the default, so it goes with anything.",
			create: `spec: {apps: [{name: svarut, decision: Adopt, immediate: false}]}`,
		},
		{
			reason:  "What a network brings comes by its rollout.",
			create:  `spec: {apps: [{name: svarut, decision: Adopt, immediate: true}]}`,
			field:   "spec.apps[0].immediate",
			message: "immediate goes with version or hold: what a network or a channel brings comes by its rollout",
		},
		{
			reason: "Parameters and a hold go without a decision: the networks' proposal holds.",
			create: `spec: {apps: [{name: svarut, parameters: {sender: {name: Vinje}}, hold: {version: 2.3.0, reason: year-end}}]}`,
		},
		{
			reason: "Adopt may follow a channel, or a network.",
			create: `spec: {apps: [{name: svarut, decision: Adopt, channel: pilot}, {name: kobo, decision: Adopt, network: digi-tv}]}`,
		},
		{
			reason:  "An app is decided on once.",
			create:  `spec: {apps: [{name: svarut, decision: Adopt}, {name: svarut, decision: Decline}]}`,
			field:   "spec.apps[1]",
			message: "Duplicate value",
		},
		{
			reason:  "There are three decisions.",
			create:  `spec: {apps: [{name: svarut, decision: Reject}]}`,
			field:   "spec.apps[0].decision",
			message: `supported values: "Adopt", "Decline", "Defer"`,
		},
		{
			reason:  "An adoption has no end; a version for a while is a hold.",
			create:  `spec: {apps: [{name: svarut, decision: Adopt, until: "2027-01-15T00:00:00Z"}]}`,
			field:   "spec.apps[0].until",
			message: "until goes with decision Defer; to keep a version for a while use hold",
		},
		{
			reason:  "The same within one environment.",
			create:  `spec: {apps: [{name: svarut, environments: [{name: prod, until: "2027-01-15T00:00:00Z"}]}]}`,
			field:   "spec.apps[0].environments[0].until",
			message: "until goes with decision Defer; to keep a version for a while use hold",
		},
		{
			reason:  "A version of an app that is declined means nothing.",
			create:  `spec: {apps: [{name: svarut, decision: Decline, version: 2.4.1}]}`,
			field:   "spec.apps[0].version",
			message: "version goes with decision Adopt; to keep a version for a while use hold",
		},
		{
			reason:  "A channel without Adopt would not be followed.",
			create:  `spec: {apps: [{name: svarut, channel: pilot}]}`,
			field:   "spec.apps[0].channel",
			message: "channel goes with decision Adopt",
		},
		{
			reason:  "A network without Adopt would not be followed.",
			create:  `spec: {apps: [{name: svarut, decision: Defer, network: digi-tv}]}`,
			field:   "spec.apps[0].network",
			message: "network goes with decision Adopt",
		},
		{
			reason:  "A version and a channel would contradict each other at the next promotion.",
			create:  `spec: {apps: [{name: svarut, decision: Adopt, version: 2.4.1, channel: stable}]}`,
			field:   "spec.apps[0]",
			message: "Adopt follows one of network, channel or version",
		},
		{
			reason:  "A decision for an environment that does not exist is a slip of the pen.",
			create:  `spec: {apps: [{name: svarut, environments: [{name: test, parameters: {sender: TEST}}]}]}`,
			field:   "spec.apps",
			message: "each of spec.apps[].environments must be the name of one of spec.environments",
		},
		{
			reason:  "A hold says why, for anybody who asks.",
			create:  `spec: {apps: [{name: svarut, hold: {version: 2.3.0}}]}`,
			field:   "spec.apps[0].hold.reason",
			message: "Required value",
		},
		{
			reason:  "Parameters are named values, not a text.",
			create:  `spec: {apps: [{name: svarut, parameters: "sender=Vinje"}]}`,
			field:   "spec.apps[0].parameters",
			message: "must be of type object",
		},
	}
}
