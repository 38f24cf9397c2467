package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

const (
	// defaultZone is that of the API, for manifests that no API server has completed.
	defaultZone = "Europe/Oslo"
	minLength   = time.Minute
	maxLength   = 7 * day
)

// Fault is something that a Calendar can't be made of. Admission refuses most of them;
// manifests read from a folder, and objects from before a rule, may have the rest.
type Fault struct {
	// Field is where it stands in what New was given, such as windows[0].schedule.
	Field string
	// Message says what is wrong and what to write instead.
	Message string
}

// String is the field and the message, as one reads it in a condition.
func (f Fault) String() string { return f.Field + ": " + f.Message }

func describe(faults []Fault) string {
	all := make([]string, 0, len(faults))
	for _, f := range faults {
		all = append(all, f.String())
	}
	return strings.Join(all, "; ")
}

func compileWindow(index int, w v1alpha1.Window) (window, []Fault) {
	var faults []Fault
	fault := func(field, format string, args ...any) {
		faults = append(faults, Fault{Field: fmt.Sprintf("windows[%d].%s", index, field), Message: fmt.Sprintf(format, args...)})
	}
	zone, err := loadZone(w.TimeZone)
	if err != nil {
		fault("timeZone", "%q is not in the IANA time zone database: write a name such as Europe/Oslo", w.TimeZone)
	}
	if d := w.Duration.Duration; d < minLength || d > maxLength {
		fault("duration", "%s is not from 1m to 168h: write a length such as 6h", d)
	}
	times, err := parseSchedule(w.Schedule)
	if err != nil {
		fault("schedule", "%q %s", w.Schedule, err)
		return window{}, faults
	}
	days := times
	days.Hour, days.Minute = 1, 1 // bit 0 of each: midnight
	return window{zone: zone, length: w.Duration.Duration, times: times, days: days}, faults
}

func checkFreeze(index int, f v1alpha1.FreezePeriod) []Fault {
	field := fmt.Sprintf("freezes[%d]", index)
	switch {
	case f.From.IsZero():
		return []Fault{{Field: field + ".from", Message: "is missing: write when it begins, such as 2026-12-15T00:00:00Z"}}
	case f.Until.IsZero():
		return []Fault{{Field: field + ".until", Message: "is missing: write when it ends, such as 2027-01-05T00:00:00Z"}}
	case !f.Until.After(f.From.Time):
		return []Fault{{Field: field + ".until", Message: fmt.Sprintf("%s is not after from, %s: write a later time", stamp(f.Until.Time), stamp(f.From.Time))}}
	}
	return nil
}

// loadZone reads a time zone by its name. Local, which Go knows too, depends on the
// machine and is refused.
func loadZone(name string) (*time.Location, error) {
	switch name {
	case "":
		name = defaultZone
	case "Local":
		return nil, fmt.Errorf("unknown time zone %s", name)
	}
	return time.LoadLocation(name)
}

// parseSchedule reads cron's five fields into wall times. The error continues a sentence
// that begins with the schedule.
func parseSchedule(text string) (cron.SpecSchedule, error) {
	const fix = "write five fields (minute, hour, day of month, month, day of week), such as 0 8 * * 1-4"
	fields := strings.Fields(text)
	switch {
	case strings.HasPrefix(text, "@"):
		return cron.SpecSchedule{}, errors.New("is a nickname: " + fix)
	case strings.Contains(text, "="):
		return cron.SpecSchedule{}, errors.New("names a time zone: put that in timeZone, and " + fix)
	case len(fields) != 5:
		return cron.SpecSchedule{}, fmt.Errorf("has not five fields but %d: %s", len(fields), fix)
	}
	if err := checkFields(fields); err != nil {
		return cron.SpecSchedule{}, err
	}
	times, err := parse(fields)
	if err != nil {
		return cron.SpecSchedule{}, fmt.Errorf("is not understood (%w): %s", err, fix)
	}
	// The five years that the library looks ahead hold a leap year, which has every date there is.
	if times.Next(time.Date(2023, time.December, 31, 23, 59, 0, 0, time.UTC)).IsZero() {
		return cron.SpecSchedule{}, errors.New("never opens, as none of its months has such a day: correct the day of month or the month")
	}
	return times, nil
}

// checkFields parses each field alone, so that a fault is reported for the right one. Of what
// the library reads silently as something else, an empty item and a star with an end are refused.
func checkFields(fields []string) error {
	known := []struct{ name, values string }{
		{"minute", "0 to 59"}, {"hour", "0 to 23"}, {"day of month", "1 to 31"}, {"month", "1 to 12"}, {"day of week", "0 (Sunday) to 6"},
	}
	for i, field := range fields {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = field
		_, err := parse(alone)
		for item := range strings.SplitSeq(field, ",") {
			if item == "" {
				err = errors.New("a comma has nothing before or after it")
			}
			if strings.HasPrefix(item, "*-") || strings.HasPrefix(item, "?-") {
				err = errors.New("a star has no end")
			}
		}
		if err != nil {
			return fmt.Errorf("is not understood in its %s, %q (%w): write numbers from %s, ranges such as 1-4, or *", known[i].name, field, err, known[i].values)
		}
	}
	return nil
}

func parse(fields []string) (cron.SpecSchedule, error) {
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	schedule, err := parser.Parse(strings.Join(fields, " "))
	if err != nil {
		return cron.SpecSchedule{}, err
	}
	times, ok := schedule.(*cron.SpecSchedule)
	if !ok {
		return cron.SpecSchedule{}, fmt.Errorf("not a schedule of fields but a %T", schedule)
	}
	wall := *times
	wall.Location = time.UTC
	return wall, nil
}
