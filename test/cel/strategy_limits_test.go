package cel

func budgets() []example {
	const (
		concurrent = "maxConcurrent must be a number from 1 to 10000 or a percentage from 1% to 100%"
		failures   = "maxFailures must be a number from 0 to 10000 or a percentage from 0% to 100%"
	)
	wave := func(rest string) string { return rollout(`waves: [{name: everyone, ` + rest + `}]`) }
	return []example{
		{reason: "One at a time, and none may fail.", create: wave(`maxConcurrent: 1, maxFailures: 0`)},
		{reason: "The smallest percentages.", create: wave(`maxConcurrent: 1%, maxFailures: 0%`)},
		{reason: "A percentage of one digit, and one of two.", create: wave(`maxConcurrent: 9%, maxFailures: 10%`)},
		{reason: "All at once, whatever comes of it.", create: wave(`maxConcurrent: 100%, maxFailures: 100%`)},
		{reason: "The greatest numbers.", create: wave(`maxConcurrent: 10000, maxFailures: 10000`)},
		{
			reason:  "None at once would never end.",
			create:  wave(`maxConcurrent: 0`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "Nought per cent is none, too.",
			create:  wave(`maxConcurrent: 0%`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "There is nobody beyond all.",
			create:  wave(`maxConcurrent: 101%`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "More at once than there are municipalities many times over is a slip of the pen.",
			create:  wave(`maxConcurrent: 10001`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "A number in quotes might be meant as a percentage.",
			create:  wave(`maxConcurrent: "25"`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "A percentage is a whole number.",
			create:  wave(`maxConcurrent: 2.5%`),
			field:   "spec.rollout.waves[0].maxConcurrent",
			message: concurrent,
		},
		{
			reason:  "Fewer than no failures can't be had.",
			create:  wave(`maxFailures: -1`),
			field:   "spec.rollout.waves[0].maxFailures",
			message: failures,
		},
		{
			reason:  "More than all can't fail.",
			create:  wave(`maxFailures: 101%`),
			field:   "spec.rollout.waves[0].maxFailures",
			message: failures,
		},
		{
			reason:  "A budget that no network could spend is a slip of the pen.",
			create:  wave(`maxFailures: 10001`),
			field:   "spec.rollout.waves[0].maxFailures",
			message: failures,
		},
		{
			reason:  "A percentage does not begin with a nought.",
			create:  wave(`maxFailures: 010%`),
			field:   "spec.rollout.waves[0].maxFailures",
			message: failures,
		},
	}
}

func waits() []example {
	const (
		soak         = "soak must be from 0s to 2160h (90 days), such as 24h"
		deadline     = "progressDeadline must be from 1s to 168h, such as 30m"
		announcement = "announcement must be from 0s to 2160h (90 days), such as 72h"
	)
	wave := func(rest string) string { return rollout(`waves: [{name: everyone, ` + rest + `}]`) }
	return []example{
		{reason: "The shortest waits.", create: rollout(`announcement: 0s, waves: [{name: everyone, soak: 0s, progressDeadline: 1s}]`)},
		{reason: "The longest waits.", create: rollout(`announcement: 2160h, waves: [{name: everyone, soak: 2160h, progressDeadline: 168h}]`)},
		{reason: "Durations as Go writes them, so that a program may write them back.", create: wave(`soak: 24h0m0s, progressDeadline: 1m0.5s`)},
		{
			reason:  "A soak is a duration, and days are none.",
			create:  wave(`soak: 1d`),
			field:   "spec.rollout.waves[0].soak",
			message: soak,
		},
		{
			reason:  "A soak begins with a digit: people overlook a dot.",
			create:  wave(`soak: .5h`),
			field:   "spec.rollout.waves[0].soak",
			message: soak,
		},
		{
			reason:  "A soak of more than three months outlives the version.",
			create:  wave(`soak: 2160h0m1s`),
			field:   "spec.rollout.waves[0].soak",
			message: soak,
		},
		{
			reason:  "A number without a unit might be seconds or hours.",
			create:  wave(`soak: "24"`),
			field:   "spec.rollout.waves[0].soak",
			message: soak,
		},
		{
			reason:  "A soak that no clock can count is too long, and is refused as such.",
			create:  wave(`soak: 99999999999999h`),
			field:   "spec.rollout.waves[0].soak",
			message: soak,
		},
		{
			reason:  "A deadline of no time would fail everybody at once.",
			create:  wave(`progressDeadline: 0s`),
			field:   "spec.rollout.waves[0].progressDeadline",
			message: deadline,
		},
		{
			reason:  "A deadline begins with a digit, too.",
			create:  wave(`progressDeadline: .5h`),
			field:   "spec.rollout.waves[0].progressDeadline",
			message: deadline,
		},
		{
			reason:  "A deadline of more than a week would block the others for as long.",
			create:  wave(`progressDeadline: 169h`),
			field:   "spec.rollout.waves[0].progressDeadline",
			message: deadline,
		},
		{
			reason:  "A deadline that no clock can count is none.",
			create:  wave(`progressDeadline: 99999999999999h`),
			field:   "spec.rollout.waves[0].progressDeadline",
			message: deadline,
		},
		{
			reason:  "What comes is not announced after it came.",
			create:  rollout(`announcement: -72h`),
			field:   "spec.rollout.announcement",
			message: announcement,
		},
		{
			reason:  "An announcement begins with a digit, too.",
			create:  rollout(`announcement: .5h`),
			field:   "spec.rollout.announcement",
			message: announcement,
		},
		{
			reason:  "What is announced for longer than three months is overtaken.",
			create:  rollout(`announcement: 2161h`),
			field:   "spec.rollout.announcement",
			message: announcement,
		},
		{
			reason:  "An announcement that no clock can count is too long, and is refused as such.",
			create:  rollout(`announcement: 99999999999999h`),
			field:   "spec.rollout.announcement",
			message: announcement,
		},
	}
}
