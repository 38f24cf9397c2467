package cel

import "slices"

// strategies are examples of a rollout strategy, for the kinds that have one as
// spec.rollout. They are the same everywhere; what a kind adds is in its own table.
func strategies() []example {
	return slices.Concat(waves(), waveMembers(), budgets(), waits(), gates(), schedules("spec.rollout"))
}

// rollout is a patch that sets something of the strategy.
func rollout(rest string) string { return within("spec.rollout", rest) }

func waves() []example {
	const empty = "a wave without members is empty, unless it is the last, which takes everybody else: give it members, or move it to the end"
	const overlap = "waves overlap: a municipality may be named in one wave only"
	return []example{
		{
			reason: "A strategy that says nothing has a pilot and the rest.",
			create: rollout(``),
		},
		{
			reason: "Pilots first, and then everybody else.",
			create: rollout(`waves: [{name: pilot, members: {names: [vinje, tokke]}, soak: 24h}, {name: everyone, requireApproval: true}]`),
		},
		{
			reason: "One wave for everybody is an order too.",
			create: rollout(`waves: [{name: everyone}]`),
		},
		{
			reason: "The last wave may name its members; who is in none takes part in it besides.",
			create: rollout(`waves: [{name: pilot, members: {names: [vinje]}}, {name: county, members: {selector: {matchLabels: {allmenning.dev/county: "40"}}}}]`),
		},
		{
			reason: "A member that is named in one wave and selected by another takes part in the first: that is no overlap.",
			create: rollout(`waves: [{name: county, members: {selector: {matchLabels: {allmenning.dev/county: "40"}}}}, {name: rest, members: {names: [vinje]}}]`),
		},
		{
			reason: "Waves may be edited in the middle of a rollout.",
			create: rollout(`waves: [{name: pilot, members: {names: [vinje]}}, {name: everyone}]`),
			update: rollout(`waves: [{name: pilot, members: {names: [tokke]}}, {name: second, members: {names: [vinje]}}, {name: everyone}]`),
		},
		{
			reason:  "No waves at all is not an order; left out, there is a default.",
			create:  rollout(`waves: []`),
			field:   "spec.rollout.waves",
			message: "should have at least 1 items",
		},
		{
			reason:  "A wave that takes everybody else leaves nobody to those after it.",
			create:  rollout(`waves: [{name: everyone}, {name: pilot, members: {names: [vinje]}}]`),
			field:   "spec.rollout.waves",
			message: empty,
		},
		{
			reason:  "Of two that take everybody else the first would be empty.",
			create:  rollout(`waves: [{name: pilot}, {name: everyone}]`),
			field:   "spec.rollout.waves",
			message: empty,
		},
		{
			reason:  "A wave that is appended to one without members is an edit half done.",
			create:  rollout(`waves: [{name: everyone}]`),
			update:  rollout(`waves: [{name: everyone}, {name: late, members: {names: [vinje]}}]`),
			field:   "spec.rollout.waves",
			message: empty,
		},
		{
			reason:  "The last wave takes who is in no other: empty members would look like nobody.",
			create:  rollout(`waves: [{name: pilot, members: {names: [vinje]}}, {name: nobody, members: {}}]`),
			field:   "spec.rollout.waves",
			message: "the last wave takes everybody who is in no other, so members: {} in it would not be nobody: leave members out",
		},
		{
			reason: "Before the last, empty members are a gate with nobody behind it.",
			create: rollout(`waves: [{name: nobody, members: {}, requireApproval: true}, {name: everyone}]`),
		},
		{
			reason:  "A municipality that two waves name would go with the first, against what the second says.",
			create:  rollout(`waves: [{name: pilot, members: {names: [vinje, tokke]}}, {name: second, members: {names: [siljan, vinje]}}, {name: everyone}]`),
			field:   "spec.rollout.waves",
			message: overlap,
		},
		{
			reason:  "The last wave may not name it again, either.",
			create:  rollout(`waves: [{name: pilot, members: {names: [vinje]}}, {name: second, members: {selector: {matchLabels: {a: b}}}}, {name: last, members: {names: [vinje]}}]`),
			field:   "spec.rollout.waves",
			message: overlap,
		},
		{
			reason:  "Approvals know a wave by its name, so it is there once.",
			create:  rollout(`waves: [{name: pilot, members: {names: [vinje]}}, {name: pilot}]`),
			field:   "spec.rollout.waves[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A wave's name is written in lower case, without spaces: people type it.",
			create:  rollout(`waves: [{name: The rest}]`),
			field:   "spec.rollout.waves[0].name",
			message: "should match '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'",
		},
		{
			reason:  "A wave's name does not end with a dash.",
			create:  rollout(`waves: [{name: pilot-}]`),
			field:   "spec.rollout.waves[0].name",
			message: "should match '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'",
		},
	}
}

func waveMembers() []example {
	const (
		everyone = "an empty selector would pick every member: name a label, or leave members out of the last wave"
	)
	return []example{
		{
			reason: "Members by labels, by expressions, and with names besides.",
			create: rollout(`waves: [{name: a, members: {selector: {matchLabels: {allmenning.dev/county: "40"}}, names: [siljan]}},
				{name: b, members: {selector: {matchExpressions: [{key: a, operator: Exists}]}}}]`),
		},
		{
			reason: "Members without selector and names are nobody, and somebody stands in.",
			create: rollout(`waves: [{name: pilot, members: {}}, {name: everyone}]`),
		},
		{
			reason: "An empty list of names is nobody, and the last wave takes everybody else.",
			create: rollout(`waves: [{name: everyone, members: {names: []}}]`),
		},
		{
			reason:  "In Kubernetes an empty selector picks everything; a pilot of everybody is none.",
			create:  rollout(`waves: [{name: pilot, members: {selector: {}}}, {name: everyone}]`),
			field:   "spec.rollout.waves[0].members.selector",
			message: everyone,
		},
		{
			reason:  "Names beside an empty selector do not narrow it.",
			create:  rollout(`waves: [{name: pilot, members: {selector: {matchLabels: {}, matchExpressions: []}, names: [vinje]}}, {name: everyone}]`),
			field:   "spec.rollout.waves[0].members.selector",
			message: everyone,
		},
		{
			reason:  "A member is named once within a wave.",
			create:  rollout(`waves: [{name: pilot, members: {names: [vinje, vinje]}}]`),
			field:   "spec.rollout.waves[0].members.names[1]",
			message: "Duplicate value",
		},
	}
}

func gates() []example {
	retry := `{app: svarut, digest: "` + digest("a") + `", attempt: 2}`
	return []example{
		{
			reason:  "A retry is the second attempt at least.",
			create:  rollout(`retries: [{app: svarut, digest: "` + digest("a") + `", attempt: 1}]`),
			field:   "spec.rollout.retries[0].attempt",
			message: "should be greater than or equal to 2",
		},
		{
			reason:  "A retry says which attempt it asks for, so that it is not made again and again.",
			create:  rollout(`retries: [{app: svarut, digest: "` + digest("a") + `"}]`),
			field:   "spec.rollout.retries[0].attempt",
			message: "Required value",
		},
		{
			reason:  "A retry names a digest, written as the Rollout writes it.",
			create:  rollout(`retries: [{app: svarut, digest: "` + digest("A") + `", attempt: 2}]`),
			field:   "spec.rollout.retries[0].digest",
			message: "should match '^sha256:[0-9a-f]{64}$'",
		},
		{
			reason:  "Of a digest there is one retry; for another, raise its attempt.",
			create:  rollout(`retries: [` + retry + `, {app: svarut, digest: "` + digest("a") + `", attempt: 3}]`),
			field:   "spec.rollout.retries[1]",
			message: "Duplicate value",
		},
		{
			reason:  "An approval of a wave that is not there, or of one that was renamed, lets nothing begin.",
			create:  rollout(`waves: [{name: everyone}], approvals: [{app: svarut, digest: "` + digest("a") + `", wave: pilot}]`),
			field:   "spec.rollout.approvals",
			message: "each of approvals[].wave must be the name of one of waves",
		},
		{
			reason:  "An approval names a digest, written as the Rollout writes it.",
			create:  rollout(`approvals: [{app: svarut, digest: "` + digest("A") + `", wave: everyone}]`),
			field:   "spec.rollout.approvals[0].digest",
			message: "should match '^sha256:[0-9a-f]{64}$'",
		},
		{
			reason:  "An approval of no wave would be one of all.",
			create:  rollout(`approvals: [{app: svarut, digest: "` + digest("a") + `"}]`),
			field:   "spec.rollout.approvals[0].wave",
			message: "Required value",
		},
		{
			reason:  "Attempts are counted from one.",
			create:  rollout(`approvals: [{app: svarut, digest: "` + digest("a") + `", wave: everyone, attempt: 0}]`),
			field:   "spec.rollout.approvals[0].attempt",
			message: "should be greater than or equal to 1",
		},
		{
			reason:  "An approval is given once; with attempt 1 as the default, this is twice the same.",
			create:  rollout(`approvals: [{app: svarut, digest: "` + digest("a") + `", wave: everyone}, {app: svarut, digest: "` + digest("a") + `", wave: everyone, attempt: 1}]`),
			field:   "spec.rollout.approvals[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A network that carries no introduction at all is paused instead.",
			create:  rollout(`maxIntroductions: 0`),
			field:   "spec.rollout.maxIntroductions",
			message: "should be greater than or equal to 1",
		},
	}
}
