package calendar_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // so that the tests need no zones of the machine

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

func at(t testing.TB, stamp string) time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.UTC()
}

// orZero reads a time of a table, where nothing means never.
func orZero(t testing.TB, stamp string) time.Time {
	t.Helper()
	if stamp == "" {
		return time.Time{}
	}
	return at(t, stamp)
}

func open(schedule string, length time.Duration, zone string) v1alpha1.Window {
	return v1alpha1.Window{Schedule: schedule, Duration: metav1.Duration{Duration: length}, TimeZone: zone}
}

func frozen(t testing.TB, from, until, reason string) v1alpha1.FreezePeriod {
	t.Helper()
	return v1alpha1.FreezePeriod{From: metav1.Time{Time: orZero(t, from)}, Until: metav1.Time{Time: orZero(t, until)}, Reason: reason}
}

func compile(t testing.TB, windows []v1alpha1.Window, freezes []v1alpha1.FreezePeriod) *calendar.Calendar {
	t.Helper()
	c, faults := calendar.New(windows, freezes)
	if len(faults) > 0 {
		t.Fatalf("faults: %v", faults)
	}
	return c
}

func TestOpen(t *testing.T) {
	office := open("0 8 * * 1-4", 6*time.Hour, "Europe/Oslo") // 07:00Z to 13:00Z in winter
	yearEnd := frozen(t, "2026-12-15T00:00:00Z", "2027-01-05T00:00:00Z", "year-end closing")
	cases := []struct {
		reason  string
		windows []v1alpha1.Window
		freezes []v1alpha1.FreezePeriod
		now     string
		open    bool
		until   string
		why     string
		next    string
	}{
		{reason: "with nothing written it is always open", now: "2026-12-01T12:00:00Z", open: true, next: "2026-12-01T12:00:00Z"},
		{
			reason: "in a window, until it closes", windows: []v1alpha1.Window{office}, now: "2026-12-01T12:00:00Z",
			open: true, until: "2026-12-01T13:00:00Z", next: "2026-12-01T12:00:00Z",
		},
		{
			reason: "a window opens on the second", windows: []v1alpha1.Window{office}, now: "2026-12-01T07:00:00Z",
			open: true, until: "2026-12-01T13:00:00Z", next: "2026-12-01T07:00:00Z",
		},
		{
			reason: "a second before, it is closed", windows: []v1alpha1.Window{office}, now: "2026-12-01T06:59:59Z",
			until: "2026-12-01T07:00:00Z", why: "outside the windows; the next opens 2026-12-01T07:00:00Z", next: "2026-12-01T07:00:00Z",
		},
		{
			reason: "a window closes on the second, and Friday to Sunday has none", windows: []v1alpha1.Window{office}, now: "2026-12-03T13:00:00Z",
			until: "2026-12-07T07:00:00Z", why: "outside the windows; the next opens 2026-12-07T07:00:00Z", next: "2026-12-07T07:00:00Z",
		},
		{
			reason: "no time zone is that of Oslo, also where no API server filled it in", windows: []v1alpha1.Window{open("0 8 * * *", time.Hour, "")},
			now: "2026-07-01T06:00:00Z", open: true, until: "2026-07-01T07:00:00Z", next: "2026-07-01T06:00:00Z",
		},
		{
			reason:  "windows that overlap or touch are one, whatever their order and zone",
			windows: []v1alpha1.Window{open("0 12 * * *", 2*time.Hour, "UTC"), open("0 11 * * *", 3*time.Hour, "Europe/Oslo"), open("0 14 * * *", time.Hour, "UTC")},
			now:     "2026-12-01T10:30:00Z", open: true, until: "2026-12-01T15:00:00Z", next: "2026-12-01T10:30:00Z",
		},
		{
			reason:  "of openings that cover the moment the last one counts",
			windows: []v1alpha1.Window{open("0,30 8 * * *", time.Hour, "UTC")},
			now:     "2026-12-01T08:45:00Z", open: true, until: "2026-12-01T09:30:00Z", next: "2026-12-01T08:45:00Z",
		},
		{
			reason: "a window of a week, near its end", windows: []v1alpha1.Window{open("0 8 1 * *", 168*time.Hour, "UTC")},
			now: "2026-12-08T07:59:59Z", open: true, until: "2026-12-08T08:00:00Z", next: "2026-12-08T07:59:59Z",
		},
		{
			reason: "a window over midnight and the new year", windows: []v1alpha1.Window{open("0 22 31 12 *", 6*time.Hour, "UTC")},
			now: "2027-01-01T03:00:00Z", open: true, until: "2027-01-01T04:00:00Z", next: "2027-01-01T03:00:00Z",
		},
		{
			reason: "as cron has it, a day of month and a day of week mean either", windows: []v1alpha1.Window{open("0 8 13 * 5", time.Hour, "UTC")},
			now: "2026-12-11T08:00:00Z", open: true, until: "2026-12-11T09:00:00Z", next: "2026-12-11T08:00:00Z",
		},
		{
			reason: "leap day, in years", windows: []v1alpha1.Window{open("0 8 29 2 *", time.Hour, "UTC")},
			now: "2026-12-01T00:00:00Z", until: "2028-02-29T08:00:00Z", why: "outside the windows; the next opens 2028-02-29T08:00:00Z", next: "2028-02-29T08:00:00Z",
		},
		{
			reason: "leap day, in more years than anybody looks ahead", windows: []v1alpha1.Window{open("0 8 29 2 *", time.Hour, "UTC")},
			now: "2097-01-01T00:00:00Z", why: "outside the windows; none opens in the five years to come",
		},
		{
			reason: "windows that never end are followed for a week", windows: []v1alpha1.Window{open("0 0 * * *", 24*time.Hour, "UTC")},
			now: "2026-12-01T12:00:00Z", open: true, until: "2026-12-09T00:00:00Z", next: "2026-12-01T12:00:00Z",
		},
		{
			reason: "a freeze wins over a window", windows: []v1alpha1.Window{office}, freezes: []v1alpha1.FreezePeriod{yearEnd}, now: "2026-12-21T09:00:00Z",
			until: "2027-01-05T00:00:00Z", why: "frozen until 2027-01-05T00:00:00Z: year-end closing; the next window opens 2027-01-05T07:00:00Z", next: "2027-01-05T07:00:00Z",
		},
		{
			reason: "a freeze without windows", freezes: []v1alpha1.FreezePeriod{yearEnd}, now: "2026-12-15T00:00:00Z",
			until: "2027-01-05T00:00:00Z", why: "frozen until 2027-01-05T00:00:00Z: year-end closing", next: "2027-01-05T00:00:00Z",
		},
		{
			reason: "before a freeze without windows", freezes: []v1alpha1.FreezePeriod{yearEnd}, now: "2026-12-14T23:59:59Z",
			open: true, until: "2026-12-15T00:00:00Z", next: "2026-12-14T23:59:59Z",
		},
		{reason: "after a freeze without windows", freezes: []v1alpha1.FreezePeriod{yearEnd}, now: "2027-01-05T00:00:00Z", open: true, next: "2027-01-05T00:00:00Z"},
		{
			reason: "a freeze cuts a window short", windows: []v1alpha1.Window{office}, freezes: []v1alpha1.FreezePeriod{frozen(t, "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", "exam")},
			now: "2026-12-01T09:00:00Z", open: true, until: "2026-12-01T10:00:00Z", next: "2026-12-01T09:00:00Z",
		},
		{
			reason: "a freeze that ends in a window gives way to it", windows: []v1alpha1.Window{office}, freezes: []v1alpha1.FreezePeriod{frozen(t, "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z", "exam")},
			now: "2026-12-01T10:30:00Z", until: "2026-12-01T11:00:00Z", why: "frozen until 2026-12-01T11:00:00Z: exam", next: "2026-12-01T11:00:00Z",
		},
		{
			reason: "closed before a freeze: the opening that it covers does not count", windows: []v1alpha1.Window{office}, freezes: []v1alpha1.FreezePeriod{yearEnd}, now: "2026-12-14T20:00:00Z",
			until: "2026-12-15T00:00:00Z", why: "outside the windows; the next opens 2027-01-05T07:00:00Z", next: "2027-01-05T07:00:00Z",
		},
		{
			reason:  "freezes that overlap or touch are one, with every reason once",
			freezes: []v1alpha1.FreezePeriod{frozen(t, "2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z", "holidays"), frozen(t, "2027-01-05T00:00:00Z", "2027-01-10T00:00:00Z", "holidays"), yearEnd},
			now:     "2026-12-16T00:00:00Z", until: "2027-01-10T00:00:00Z",
			why: "frozen until 2027-01-10T00:00:00Z: year-end closing, holidays", next: "2027-01-10T00:00:00Z",
		},
		{
			reason:  "an opening after one freeze may lie in the next",
			windows: []v1alpha1.Window{open("0 8 1 * *", time.Hour, "UTC")},
			freezes: []v1alpha1.FreezePeriod{frozen(t, "2027-02-01T00:00:00Z", "2027-02-02T00:00:00Z", "b"), frozen(t, "2026-12-15T00:00:00Z", "2027-01-05T00:00:00Z", "a")},
			now:     "2026-12-20T00:00:00Z", until: "2027-01-05T00:00:00Z",
			why: "frozen until 2027-01-05T00:00:00Z: a; the next window opens 2027-03-01T08:00:00Z", next: "2027-03-01T08:00:00Z",
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			c := compile(t, tc.windows, tc.freezes)
			now := at(t, tc.now)
			want := calendar.State{Open: tc.open, Until: orZero(t, tc.until), Opens: orZero(t, tc.next)}
			if diff := cmp.Diff(want, c.Open(now)); diff != "" {
				t.Errorf("Open (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.why, c.Why(now)); diff != "" {
				t.Errorf("Why (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNilIsOpen(t *testing.T) {
	var c *calendar.Calendar
	now := at(t, "2026-12-01T12:00:00Z")
	if diff := cmp.Diff(calendar.State{Open: true, Opens: now}, c.Open(now)); diff != "" {
		t.Errorf("Open (-want +got):\n%s", diff)
	}
	if why := c.Why(now); why != "" {
		t.Errorf("Why: %q, want nothing while open", why)
	}
}

// The first opening after a moment, and when it closes, on days on which clocks change.
// In Oslo 2027-03-28T01:00Z is when 02:00 becomes 03:00, and 2026-10-25T01:00Z is when
// 03:00 becomes 02:00.
func TestDaylightSaving(t *testing.T) {
	const oslo = "Europe/Oslo"
	cases := []struct {
		reason      string
		window      v1alpha1.Window
		after       string
		opens, ends string
	}{
		{"spring, the night before", open("30 2 * * *", time.Hour, oslo), "2027-03-27T00:00:00Z", "2027-03-27T01:30:00Z", "2027-03-27T02:30:00Z"},
		{"spring: in the skipped hour it opens when the clock has jumped, and stays as long", open("30 2 * * *", time.Hour, oslo), "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"},
		{"spring, the night after", open("30 2 * * *", time.Hour, oslo), "2027-03-28T12:00:00Z", "2027-03-29T00:30:00Z", "2027-03-29T01:30:00Z"},
		{"spring: the beginning of the skipped hour", open("0 2 * * *", time.Hour, oslo), "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"},
		{"spring: the hour after it is where it was", open("0 3 * * *", time.Hour, oslo), "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"},
		{"spring: many openings of the skipped hour are one", open("*/5 2 * * *", time.Hour, oslo), "2027-03-27T12:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"},
		{"spring: only on that date", open("30 2 28 3 *", time.Hour, oslo), "2027-03-01T00:00:00Z", "2027-03-28T01:00:00Z", "2027-03-28T02:00:00Z"},
		{"spring: over midnight and the change, eight hours by any other clock", open("0 22 * * *", 8*time.Hour, oslo), "2027-03-27T12:00:00Z", "2027-03-27T21:00:00Z", "2027-03-28T05:00:00Z"},
		{"autumn, the night before", open("30 2 * * *", time.Hour, oslo), "2026-10-23T12:00:00Z", "2026-10-24T00:30:00Z", "2026-10-24T01:30:00Z"},
		{"autumn: in the repeated hour it opens the first time round", open("30 2 * * *", 15*time.Minute, oslo), "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z"},
		{"autumn: and not the second time", open("30 2 * * *", 15*time.Minute, oslo), "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z", "2026-10-26T01:45:00Z"},
		{"autumn: nor when asked in the second time round", open("30 2 * * *", 15*time.Minute, oslo), "2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z", "2026-10-26T01:45:00Z"},
		{"autumn: what opens in the first stays open into the second", open("30 2 * * *", time.Hour, oslo), "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},
		{"autumn: every hour is once an hour by the clock", open("0 * * * *", 10*time.Minute, oslo), "2026-10-25T00:10:00Z", "2026-10-25T02:00:00Z", "2026-10-25T02:10:00Z"},
		{"autumn: the hour after it is where it was", open("0 3 * * *", time.Hour, oslo), "2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"},
		{"autumn: over midnight and the change", open("0 22 * * *", 8*time.Hour, oslo), "2026-10-24T12:00:00Z", "2026-10-24T20:00:00Z", "2026-10-25T04:00:00Z"},
		{"a zone that skips midnight does not lose the day", open("0 0 * * *", time.Hour, "America/Sao_Paulo"), "2018-11-03T12:00:00Z", "2018-11-04T03:00:00Z", "2018-11-04T04:00:00Z"},
		{"a zone that repeats half an hour", open("45 1 * * *", 10*time.Minute, "Australia/Lord_Howe"), "2027-04-03T12:00:00Z", "2027-04-03T14:45:00Z", "2027-04-03T14:55:00Z"},
		{"a zone that skipped a whole day", open("0 10 30 12 *", time.Hour, "Pacific/Apia"), "2011-12-01T00:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T11:00:00Z"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			c := compile(t, []v1alpha1.Window{tc.window}, nil)
			opens := c.Open(at(t, tc.after)).Opens
			if diff := cmp.Diff(at(t, tc.opens), opens); diff != "" {
				t.Fatalf("opens (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(calendar.State{Open: true, Until: at(t, tc.ends), Opens: opens}, c.Open(opens)); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
			if before := c.Open(opens.Add(-time.Second)); before.Open {
				t.Errorf("open already a second before, until %s", before.Until)
			}
			if after := c.Open(at(t, tc.ends)); after.Open {
				t.Errorf("still open at its end, until %s", after.Until)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	const hour = time.Hour
	const five = "write five fields (minute, hour, day of month, month, day of week), such as 0 8 * * 1-4"
	cases := []struct {
		reason  string
		windows []v1alpha1.Window
		freezes []v1alpha1.FreezePeriod
		want    []string
	}{
		{"a nickname", []v1alpha1.Window{open("@daily", hour, "")}, nil, []string{`windows[0].schedule: "@daily" is a nickname: ` + five}},
		{"an interval", []v1alpha1.Window{open("@every 1h", hour, "")}, nil, []string{`windows[0].schedule: "@every 1h" is a nickname: ` + five}},
		{
			"a time zone in the schedule", []v1alpha1.Window{open("CRON_TZ=UTC 0 8 * * *", hour, "")}, nil,
			[]string{`windows[0].schedule: "CRON_TZ=UTC 0 8 * * *" names a time zone: put that in timeZone, and ` + five},
		},
		{"a time zone and nothing else", []v1alpha1.Window{open("TZ=UTC", hour, "")}, nil, []string{`windows[0].schedule: "TZ=UTC" names a time zone: put that in timeZone, and ` + five}},
		{"nothing", []v1alpha1.Window{open("", hour, "")}, nil, []string{`windows[0].schedule: "" has not five fields but 0: ` + five}},
		{"seconds", []v1alpha1.Window{open("0 0 8 * * *", hour, "")}, nil, []string{`windows[0].schedule: "0 0 8 * * *" has not five fields but 6: ` + five}},
		{
			"an hour that no day has", []v1alpha1.Window{open("0 25 * * *", hour, "")}, nil,
			[]string{`windows[0].schedule: "0 25 * * *" is not understood in its hour, "25" (end of range (25) above maximum (23): 25): write numbers from 0 to 23, ranges such as 1-4, or *`},
		},
		{
			"Sunday is 0", []v1alpha1.Window{open("0 8 * * 7", hour, "")}, nil,
			[]string{`windows[0].schedule: "0 8 * * 7" is not understood in its day of week, "7" (end of range (7) above maximum (6): 7): write numbers from 0 (Sunday) to 6, ranges such as 1-4, or *`},
		},
		{
			"an empty item", []v1alpha1.Window{open(", 8 * * *", hour, "")}, nil,
			[]string{`windows[0].schedule: ", 8 * * *" is not understood in its minute, "," (a comma has nothing before or after it): write numbers from 0 to 59, ranges such as 1-4, or *`},
		},
		{
			"a star with an end", []v1alpha1.Window{open("0 8 *-5 * *", hour, "")}, nil,
			[]string{`windows[0].schedule: "0 8 *-5 * *" is not understood in its day of month, "*-5" (a star has no end): write numbers from 1 to 31, ranges such as 1-4, or *`},
		},
		{
			"30 February", []v1alpha1.Window{open("0 8 30 2 *", hour, "")}, nil,
			[]string{`windows[0].schedule: "0 8 30 2 *" never opens, as none of its months has such a day: correct the day of month or the month`},
		},
		{
			"31 of the short months", []v1alpha1.Window{open("0 8 31 2,4,6,9,11 *", hour, "")}, nil,
			[]string{`windows[0].schedule: "0 8 31 2,4,6,9,11 *" never opens, as none of its months has such a day: correct the day of month or the month`},
		},
		{
			"an unknown time zone", []v1alpha1.Window{open("0 8 * * *", hour, "Europe/Bergen")}, nil,
			[]string{`windows[0].timeZone: "Europe/Bergen" is not in the IANA time zone database: write a name such as Europe/Oslo`},
		},
		{
			"the machine's own time zone", []v1alpha1.Window{open("0 8 * * *", hour, "Local")}, nil,
			[]string{`windows[0].timeZone: "Local" is not in the IANA time zone database: write a name such as Europe/Oslo`},
		},
		{"no duration", []v1alpha1.Window{open("0 8 * * *", 0, "")}, nil, []string{`windows[0].duration: 0s is not from 1m to 168h: write a length such as 6h`}},
		{"a negative duration", []v1alpha1.Window{open("0 8 * * *", -hour, "")}, nil, []string{`windows[0].duration: -1h0m0s is not from 1m to 168h: write a length such as 6h`}},
		{"a duration beyond a week", []v1alpha1.Window{open("0 8 * * *", 169*hour, "")}, nil, []string{`windows[0].duration: 169h0m0s is not from 1m to 168h: write a length such as 6h`}},
		{
			"a freeze that ends before it begins", nil, []v1alpha1.FreezePeriod{frozen(t, "2027-01-05T00:00:00Z", "2026-12-15T00:00:00Z", "x")},
			[]string{`freezes[0].until: 2026-12-15T00:00:00Z is not after from, 2027-01-05T00:00:00Z: write a later time`},
		},
		{"a freeze without a beginning", nil, []v1alpha1.FreezePeriod{frozen(t, "", "2026-12-15T00:00:00Z", "x")}, []string{`freezes[0].from: is missing: write when it begins, such as 2026-12-15T00:00:00Z`}},
		{"a freeze without an end", nil, []v1alpha1.FreezePeriod{frozen(t, "2026-12-15T00:00:00Z", "", "x")}, []string{`freezes[0].until: is missing: write when it ends, such as 2027-01-05T00:00:00Z`}},
		{
			"every fault is reported, each with its place", []v1alpha1.Window{open("* * * * *", hour, ""), open("x", 0, "y")}, []v1alpha1.FreezePeriod{frozen(t, "2026-12-15T00:00:00Z", "", "x")},
			[]string{
				`windows[1].timeZone: "y" is not in the IANA time zone database: write a name such as Europe/Oslo`,
				`windows[1].duration: 0s is not from 1m to 168h: write a length such as 6h`,
				`windows[1].schedule: "x" has not five fields but 1: ` + five,
				`freezes[0].until: is missing: write when it ends, such as 2027-01-05T00:00:00Z`,
			},
		},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			c, faults := calendar.New(tc.windows, tc.freezes)
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			now := at(t, "2026-12-01T08:00:00Z")
			if diff := cmp.Diff(calendar.State{}, c.Open(now)); diff != "" {
				t.Errorf("Open (-want +got):\n%s", diff)
			}
			want := "nothing may start before this is fixed: " + strings.Join(tc.want, "; ")
			if diff := cmp.Diff(want, c.Why(now)); diff != "" {
				t.Errorf("Why (-want +got):\n%s", diff)
			}
		})
	}
}
