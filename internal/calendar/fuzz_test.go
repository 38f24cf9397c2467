package calendar_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
)

var zones = []string{"Europe/Oslo", "", "UTC", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Local", "Europe/Bergen"}

// FuzzOpen asks calendars of anything that can be written what they say, and whether
// they keep their word.
func FuzzOpen(f *testing.F) {
	spring, autumn := at(f, "2027-03-28T00:30:00Z").Unix(), at(f, "2026-10-25T00:30:00Z").Unix()
	for _, s := range []string{
		"0 8 * * 1-4", "30 2 * * *", "* * * * *", "*/7 1-3 */2 mar,oct sun", "0 0 29 2 *", "0 8 30 2 *", "@daily", "TZ=UTC", "CRON_TZ= 0 8 * * *",
		", , , , ,", "1/9223372036854775807 * * * *", "*-5 * * * *", "0 8 * * 7", "\t0 8\n* * *", "",
	} {
		f.Add(s, uint8(0), int32(60), int32(-30), int32(600), spring)
		f.Add(s, uint8(4), int32(10080), int32(90), int32(1), autumn)
	}
	f.Fuzz(func(t *testing.T, schedule string, zone uint8, minutes, freezeIn, freezeFor int32, unix int64) {
		now := time.Unix(unix%(200*365*24*3600), 0).UTC()
		windows := []v1alpha1.Window{
			open(schedule, time.Duration(minutes)*time.Minute, zones[int(zone)%len(zones)]),
			open("30 2 * * 0,3", 90*time.Minute, "Europe/Oslo"),
		}
		from := now.Add(time.Duration(freezeIn) * time.Minute)
		freezes := []v1alpha1.FreezePeriod{{From: metav1.Time{Time: from}, Until: metav1.Time{Time: from.Add(time.Duration(freezeFor) * time.Minute)}, Reason: "x"}}
		c, faults := calendar.New(windows, freezes)
		if len(faults) > 0 {
			neverOpens(t, c, now)
			return
		}
		keepsItsWord(t, c, now)
	})
}

func neverOpens(t *testing.T, c *calendar.Calendar, now time.Time) {
	t.Helper()
	state := c.Open(now)
	if state.Open || c.Why(now) == "" || !state.Until.IsZero() || !state.Opens.IsZero() {
		t.Errorf("with faults: %+v", state)
	}
}

func keepsItsWord(t *testing.T, c *calendar.Calendar, now time.Time) {
	t.Helper()
	state := c.Open(now)
	why := c.Why(now)
	if state.Open == (why != "") {
		t.Fatalf("at %s: closed needs a reason, open has none: %+v, %q", now, state, why)
	}
	next, found := state.Opens, !state.Opens.IsZero()
	switch {
	case state.Open && (!found || !next.Equal(now)):
		t.Fatalf("open at %s, yet the next opening is %s", now, next)
	case found && !c.Open(next).Open:
		t.Fatalf("at %s: the next opening, %s, is %+v", now, next, c.Open(next))
	case found && !state.Open && c.Open(next.Add(-time.Second)).Open:
		t.Fatalf("at %s: open before the next opening, %s", now, next)
	}
	if state.Until.IsZero() {
		return
	}
	if !state.Until.After(now) {
		t.Fatalf("at %s: until is not later: %+v", now, state)
	}
	last, then := c.Open(state.Until.Add(-time.Second)), c.Open(state.Until)
	lastWhy, thenWhy := c.Why(state.Until.Add(-time.Second)), c.Why(state.Until)
	if state.Open {
		// What is open for long is followed only so far: the last second may see further.
		state.Until, last.Until = time.Time{}, time.Time{}
		state.Opens, last.Opens = time.Time{}, time.Time{}
	} else if then.Open == state.Open && thenWhy == why {
		t.Fatalf("at %s: nothing changed at its end: %+v, then %+v", now, state, then)
	}
	if why != lastWhy {
		t.Fatalf("at %s: %q, and a second before its end %q", now, why, lastWhy)
	}
	if diff := cmp.Diff(state, last); diff != "" {
		t.Fatalf("at %s: state changed before its end (-now +a second before):\n%s", now, diff)
	}
}

// TestAgainstEveryMinute compares with the slowest way to know: to watch the clock on the
// wall minute by minute and note when it comes to a time of the schedule, or jumps past.
func TestAgainstEveryMinute(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	changes := []string{"2027-03-28T01:00:00Z", "2026-10-25T01:00:00Z", "2018-11-04T03:00:00Z", "2027-04-03T15:00:00Z", "2011-12-30T10:00:00Z", "2026-12-31T23:00:00Z"}
	for i := range 400 {
		zone := zones[random.IntN(7)]
		length := time.Duration(1+random.IntN(300)) * time.Minute
		fields := [3]uint64{pickSome(random, 60), pickSome(random, 24), pickSome(random, 7)}
		schedule := fmt.Sprintf("%s %s * * %s", list(fields[0], 60), list(fields[1], 24), list(fields[2], 7))
		c := compile(t, []v1alpha1.Window{open(schedule, length, zone)}, nil)
		begin := at(t, changes[i%len(changes)]).Add(-time.Duration(random.IntN(8*60)) * time.Minute)
		want := watch(t, fields, length, zone, begin, 10*60)
		for m, isOpen := range want {
			now := begin.Add(time.Duration(m) * time.Minute)
			if got := c.Open(now); got.Open != isOpen {
				t.Fatalf("%q for %s in %q at %s: %+v, want open %t", schedule, length, zone, now, got, isOpen)
			}
		}
	}
}

// watch says for each of so many minutes whether a window is open.
func watch(t *testing.T, fields [3]uint64, length time.Duration, zone string, begin time.Time, minutes int) []bool {
	t.Helper()
	if zone == "" {
		zone = "Europe/Oslo"
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	var states []bool
	var wall, closes time.Time
	for now := begin.Add(-length - 48*time.Hour); len(states) < minutes; now = now.Add(time.Minute) {
		local := now.In(location)
		reads := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		if wall.IsZero() {
			wall = reads.Add(-time.Minute)
		}
		for wall.Before(reads) {
			wall = wall.Add(time.Minute)
			if fields[0]>>wall.Minute()&1 == 1 && fields[1]>>wall.Hour()&1 == 1 && fields[2]>>int(wall.Weekday())&1 == 1 {
				closes = now.Add(length)
			}
		}
		if !now.Before(begin) {
			states = append(states, now.Before(closes))
		}
	}
	return states
}

// pickSome numbers below a limit, at least one, as a set of bits; sometimes all.
func pickSome(random *rand.Rand, limit int) uint64 {
	if random.IntN(3) == 0 {
		return 1<<limit - 1
	}
	var set uint64
	for range 1 + random.IntN(4) {
		set |= 1 << random.IntN(limit)
	}
	return set
}

func list(set uint64, limit int) string {
	text := ""
	for n := range limit {
		if set>>n&1 == 1 {
			text += fmt.Sprintf(",%d", n)
		}
	}
	return text[1:]
}

func BenchmarkOpen(b *testing.B) {
	const week = 168 * time.Hour
	cases := []struct {
		name    string
		windows []v1alpha1.Window
		now     string
	}{
		{"open", []v1alpha1.Window{open("0 8 * * 1-4", 6*time.Hour, "Europe/Oslo")}, "2026-12-01T12:00:00Z"},
		{"closed", []v1alpha1.Window{open("0 8 * * 1-4", 6*time.Hour, "Europe/Oslo")}, "2026-12-04T12:00:00Z"},
		{"closed for years", []v1alpha1.Window{open("59 23 29 2 *", 6*time.Hour, "Europe/Oslo")}, "2028-03-01T12:00:00Z"},
		{"every minute for a week", []v1alpha1.Window{open("* * * * *", week, "Europe/Oslo")}, "2026-12-01T12:00:00Z"},
		{"every minute for a minute", []v1alpha1.Window{open("* * * * *", time.Minute, "Europe/Oslo")}, "2026-12-01T12:00:00Z"},
	}
	for _, bc := range cases {
		b.Run(bc.name, func(b *testing.B) {
			c := compile(b, bc.windows, nil)
			now := at(b, bc.now)
			b.ReportAllocs()
			for b.Loop() {
				c.Open(now)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	windows := []v1alpha1.Window{open("0 8 * * 1-4", 6*time.Hour, "Europe/Oslo")}
	b.ReportAllocs()
	for b.Loop() {
		compile(b, windows, nil)
	}
}
