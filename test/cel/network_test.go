package cel

import (
	"slices"
	"testing"
)

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
		examples: slices.Concat(networkMembers(), networkProposals(), networkAccess(), networkEnds(), strategies(), networkApprovals()),
	}
}

func networkMembers() []example {
	return []example{
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
			reason: "A name may begin with a digit, and look like those that are kept.",
			create: `metadata: {name: 3-direct}`,
		},
		{
			reason:  "Names of Rollouts are divided by dots; one in the network's name would make two out of it.",
			create:  `metadata: {name: digi.tv}`,
			field:   "metadata",
			message: "metadata.name must hold no dot, and not be direct: it begins the names of the network's Rollouts",
		},
		{
			reason:  "direct begins the names of Rollouts to those who take an app by themselves.",
			create:  `metadata: {name: direct}`,
			field:   "metadata",
			message: "metadata.name must hold no dot, and not be direct: it begins the names of the network's Rollouts",
		},
		{
			reason: "Empty members are nobody: a network may be prepared before anybody joins.",
			create: `spec: {members: {names: []}}`,
		},
		{
			reason: "So are members without any list.",
			create: `spec: {members: {names: null}}`,
		},
		{
			reason: "So are no members at all.",
			create: `spec: {members: null}`,
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
			reason: "Networks nest: members of others are enough.",
			create: `spec: {members: {names: null, networks: [vest-telemark, grenland]}}`,
		},
		{
			reason: "An empty list of networks is nobody.",
			create: `spec: {members: {names: null, networks: []}}`,
		},
		{
			reason:  "A network that holds itself goes round in a circle; a longer one is reported in the conditions.",
			create:  `spec: {members: {networks: [vest-telemark, digi-tv]}}`,
			field:   "spec.members.networks",
			message: "a network can't be its own member: take it out of members.networks",
		},
		{
			reason:  "A network is held once.",
			create:  `spec: {members: {networks: [vest-telemark, vest-telemark]}}`,
			field:   "spec.members.networks[1]",
			message: "Duplicate value",
		},
	}
}

func networkProposals() []example {
	return []example{
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
		{
			reason: "Introductions have an order, of which some come before those that say nothing, and some after.",
			create: `spec: {apps: [{name: svarut, priority: 1000}, {name: kobo}, {name: portal, priority: -1000}]}`,
		},
		{
			reason:  "The same bounds hold within the network.",
			create:  `spec: {apps: [{name: svarut, priority: -1001}]}`,
			field:   "spec.apps[0].priority",
			message: "should be greater than or equal to -1000",
		},
		{
			reason: "What is under way can be stopped, and go on.",
			create: `spec: {pause: true}`,
			update: `spec: {pause: false}`,
		},
	}
}

func networkAccess() []example {
	const nobody = "an access entry needs at least one of groups or users"
	return []example{
		{
			reason: "Groups, users or both, with or without an end.",
			create: `spec: {access: [{role: Coordinator, groups: [digi-tv-sekretariat]},
				{role: Coordinator, groups: [oidc:system], users: [kari@digi-tv.no], expires: "2027-03-01T00:00:00Z"}]}`,
		},
		{
			reason:  "A role for nobody is a mistake.",
			create:  `spec: {access: [{role: Coordinator}]}`,
			field:   "spec.access[0]",
			message: nobody,
		},
		{
			reason:  "Empty lists are nobody.",
			create:  `spec: {access: [{role: Coordinator, groups: [], users: []}]}`,
			field:   "spec.access[0]",
			message: nobody,
		},
		{
			reason:  "system:authenticated would let every tenant approve.",
			create:  `spec: {access: [{role: Coordinator, groups: [digi-tv-sekretariat, "system:authenticated"]}]}`,
			field:   "spec.access[0].groups",
			message: "access groups must not begin with system: those are Kubernetes' own; name a group of the identity provider",
		},
		{
			reason:  "A service account is not a person; a pipeline approves in Git.",
			create:  `spec: {access: [{role: Coordinator, users: [kari@digi-tv.no, "system:serviceaccount:vinje-prod:default"]}]}`,
			field:   "spec.access[0].users",
			message: "access users must not begin with system: those are Kubernetes' own; name a user of the identity provider",
		},
		{
			reason:  "There is one role; those of a municipality are not for networks.",
			create:  `spec: {access: [{role: Administrator, groups: [digi-tv-sekretariat]}]}`,
			field:   "spec.access[0].role",
			message: `supported values: "Coordinator"`,
		},
		{
			reason:  "An end that is no time would be no end.",
			create:  `spec: {access: [{role: Coordinator, groups: [digi-tv-sekretariat], expires: "1 March"}]}`,
			field:   "spec.access[0].expires",
			message: "must be of type date-time",
		},
	}
}

func networkEnds() []example {
	return []example{
		{
			reason: "A network may end without a successor: its members keep their apps.",
			update: `spec: {ends: "2027-12-31T23:00:00Z"}`,
		},
		{
			reason: "A successor takes over then, or at once.",
			create: `spec: {ends: "2027-12-31T23:00:00Z", successor: digi-sor}`,
			update: `spec: {ends: null}`,
		},
		{
			reason: "What was planned may be called off.",
			create: `spec: {ends: "2027-12-31T23:00:00Z", successor: digi-sor}`,
			update: `spec: {ends: null, successor: null}`,
		},
		{
			reason:  "A network that follows itself would never end; a longer circle is reported in the conditions.",
			update:  `spec: {successor: digi-tv}`,
			field:   "spec.successor",
			message: "a network can't be its own successor: name another network",
		},
		{
			reason:  "A date leaves open which hour, and of which country.",
			create:  `spec: {ends: "2027-12-31"}`,
			field:   "spec.ends",
			message: "must be of type date-time",
		},
	}
}

// networkApprovals are what a network's own strategy adds: it knows its apps.
func networkApprovals() []example {
	const unknown = "each of rollout.approvals[].app must be the name of one of apps"
	approve := func(app, rest string) string {
		return rollout(`waves: [{name: everyone, requireApproval: true}], approvals: [{app: ` + app + `, digest: "` + digest("a") + `", wave: everyone` + rest + `}]`)
	}
	const proposed = `apps: [{name: svarut}, {name: kobo}]`
	return []example{
		{
			reason:  "A network's approval opens its own waves, whatever channel it follows.",
			create:  `spec: {apps: [{name: svarut}], rollout: {approvals: [{app: svarut, channel: stable, digest: "` + digest("a") + `", wave: everyone}]}}`,
			field:   "spec.rollout.approvals",
			message: "channel goes with approvals of the Platform only: an approval of a network opens the network's own waves; take channel out",
		},
		{
			reason:  "So does its retry.",
			create:  `spec: {apps: [{name: svarut}], rollout: {retries: [{app: svarut, channel: stable, digest: "` + digest("a") + `", attempt: 2}]}}`,
			field:   "spec.rollout.retries",
			message: "channel goes with retries of the Platform only; take channel out",
		},
		{
			reason: "An approval names app, digest, wave and attempt; giving it is one edit.",
			create: within("spec", proposed),
			update: approve("svarut", ", attempt: 2"),
		},
		{
			reason: "Approvals that differ in one thing are different approvals.",
			create: within("spec", proposed+`, rollout: {approvals: [
				{app: svarut, digest: "`+digest("a")+`", wave: pilot}, {app: svarut, digest: "`+digest("a")+`", wave: everyone},
				{app: svarut, digest: "`+digest("b")+`", wave: pilot}, {app: svarut, digest: "`+digest("a")+`", wave: pilot, attempt: 2},
				{app: kobo, digest: "`+digest("a")+`", wave: pilot}]}`),
		},
		{
			reason: "A retry names app, digest and attempt, and does without a wave; another digest is another retry.",
			create: within("spec", proposed),
			update: rollout(`retries: [{app: svarut, digest: "` + digest("a") + `", attempt: 2}, {app: svarut, digest: "` + digest("b") + `", attempt: 3}]`),
		},
		{
			reason:  "Nor one to try again.",
			create:  within("spec", proposed),
			update:  rollout(`retries: [{app: svaret, digest: "` + digest("a") + `", attempt: 2}]`),
			field:   "spec.rollout.retries",
			message: "each of rollout.retries[].app must be the name of one of apps",
		},
		{
			reason:  "An app that is not proposed has no rollout to approve.",
			create:  within("spec", proposed),
			update:  approve("svaret", ""),
			field:   "spec.rollout.approvals",
			message: unknown,
		},
		{
			reason:  "A network that proposes nothing has nothing to approve.",
			create:  approve("svarut", ""),
			field:   "spec.rollout.approvals",
			message: unknown,
		},
		{
			reason:  "With an app its approvals go; left behind they would hold when it comes back.",
			create:  within("spec", `apps: [{name: svarut}], rollout: {approvals: [{app: svarut, digest: "`+digest("a")+`", wave: everyone}]}`),
			update:  `spec: {apps: [{name: kobo}]}`,
			field:   "spec.rollout.approvals",
			message: unknown,
		},
	}
}
