package cel

import (
	"slices"
	"strings"
)

// within is a patch that sets something at a path of fields, such as spec.rollout.
func within(at, rest string) string {
	for _, name := range slices.Backward(strings.Split(at, ".")) {
		rest = name + `: {` + rest + `}`
	}
	return rest
}

// schedules are examples of windows and freezes, for a kind that has them at the
// path.
func schedules(at string) []example { return slices.Concat(windows(at), freezes(at)) }

func windows(at string) []example {
	const (
		fields   = "schedule has five fields: minute, hour, day of month, month, day of week, such as 0 8 * * 1-4"
		duration = "duration must be from 1m to 168h, such as 6h"
	)
	schedule := func(cron string) string { return within(at, `windows: [{schedule: "`+cron+`", duration: 6h}]`) }
	open := func(duration string) string {
		return within(at, `windows: [{schedule: "0 8 * * 1-4", duration: `+duration+`}]`)
	}
	return []example{
		{
			reason: "A window has a schedule, a duration and, if it is not Norway's, a time zone.",
			create: within(at, `windows: [{schedule: "0 8 * * 1-4", duration: 6h}, {schedule: "*/30 22-23 1,15 JAN-JUN MON", duration: 1h30m, timeZone: UTC}]`),
		},
		{
			reason: "More than one space between fields makes no difference to cron, nor here.",
			create: schedule("0  8   * * 1-4"),
		},
		{
			reason:  "Local is whatever the operator's machine is set to, and no place in the world.",
			create:  within(at, `windows: [{schedule: "0 8 * * 1-4", duration: 6h, timeZone: Local}]`),
			field:   at + ".windows[0].timeZone",
			message: "timeZone must be a name of the IANA time zone database, such as Europe/Oslo",
		},
		{
			reason:  "An offset does not know when daylight saving begins.",
			create:  within(at, `windows: [{schedule: "0 8 * * 1-4", duration: 6h, timeZone: "+01:00"}]`),
			field:   at + ".windows[0].timeZone",
			message: "timeZone must be a name of the IANA time zone database, such as Europe/Oslo",
		},
		{
			reason:  "Four fields leave open which of them is missing.",
			create:  schedule("0 8 * 1-4"),
			field:   at + ".windows[0].schedule",
			message: fields,
		},
		{
			reason:  "Six fields are another cron's, which begins with seconds.",
			create:  schedule("0 0 8 * * 1-4"),
			field:   at + ".windows[0].schedule",
			message: fields,
		},
		{
			reason:  "A word for a schedule does not say how the window begins and ends.",
			create:  schedule("@every 24h"),
			field:   at + ".windows[0].schedule",
			message: fields,
		},
		{
			reason:  "A time zone has its own field; one in the schedule would be a second answer.",
			create:  schedule("TZ=Europe/Oslo 0 8 * * 1-4"),
			field:   at + ".windows[0].schedule",
			message: fields,
		},
		{reason: "A window of a minute is the shortest.", create: open("1m")},
		{reason: "A window of a week is the longest.", create: open("168h")},
		{reason: "Units may be added up.", create: open("1h29m59.5s")},
		{
			reason:  "A window of no time never opens.",
			create:  open("0s"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "A window of less than a minute would open and close unseen.",
			create:  open("59s"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "A window of more than a week is always open.",
			create:  open("168h1s"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "There is no unit for days: with daylight saving they are not equally long.",
			create:  open("1d"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "A duration begins with a digit: people overlook a dot.",
			create:  open(".5h"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "A window does not close before it opens.",
			create:  open("-6h"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
		{
			reason:  "A duration that no clock can count is too long, and is refused as such.",
			create:  open("99999999999999h"),
			field:   at + ".windows[0].duration",
			message: duration,
		},
	}
}

func freezes(at string) []example {
	const order = "until must be after from"
	freeze := func(from, until string) string {
		return within(at, `freezes: [{from: "`+from+`", until: "`+until+`", reason: year-end closing}]`)
	}
	return []example{
		{
			reason: "A freeze says from when, until when and why.",
			create: freeze("2026-12-15T00:00:00Z", "2027-01-05T00:00:00Z"),
		},
		{
			reason: "Times are compared as times: ten o'clock in Oslo is before half past nine in London.",
			create: freeze("2026-12-15T10:00:00+01:00", "2026-12-15T09:30:00Z"),
		},
		{
			reason:  "The same the other way round: what looks later is earlier.",
			create:  freeze("2026-12-15T09:30:00Z", "2026-12-15T10:00:00+01:00"),
			field:   at + ".freezes[0].until",
			message: order,
		},
		{
			reason:  "A freeze that ends before it begins freezes nothing.",
			create:  freeze("2027-01-05T00:00:00Z", "2026-12-15T00:00:00Z"),
			field:   at + ".freezes[0].until",
			message: order,
		},
		{
			reason:  "One that ends as it begins does not, either.",
			create:  freeze("2026-12-15T00:00:00Z", "2026-12-15T00:00:00Z"),
			field:   at + ".freezes[0].until",
			message: order,
		},
		{
			reason:  "A freeze without an end would be forgotten; pause is for that.",
			create:  within(at, `freezes: [{from: "2026-12-15T00:00:00Z", reason: year-end closing}]`),
			field:   at + ".freezes[0].until",
			message: "Required value",
		},
		{
			reason:  "People who wait may ask why.",
			create:  within(at, `freezes: [{from: "2026-12-15T00:00:00Z", until: "2027-01-05T00:00:00Z"}]`),
			field:   at + ".freezes[0].reason",
			message: "Required value",
		},
	}
}
