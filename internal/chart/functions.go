package chart

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"

	"github.com/allmenning/allmenning/internal/contract"
)

// refusal is why templates may not use a function, and what to do in its place.
type refusal struct {
	why, fix string
	// results are two values that its stand-in may return while the rest of the chart is looked at: what comes out
	// the same with both does not depend on it.
	results [2]any
}

const (
	randomFix      = "declare a parameter with format: generated, and map it in chart.parameters of the version to the value that is used here"
	certificateFix = "take the certificate from a Secret by parametersFrom, or let the platform's certificate manager make it"
	saltFix        = "take the hash as a parameter, or let the app make it when it starts"
	timeFix        = "take it out; what changes with each rendering would restart the app with each look at it"
)

// refusals are the functions whose output is another each time, or that look outside of the chart.
func refusals() map[string]refusal {
	texts := [2]any{"refused", "refused once more"}
	all := map[string]refusal{
		"now":           {"it is the time of the rendering", timeFix, [2]any{time.Unix(0, 0).UTC(), time.Unix(1e9, 0).UTC()}},
		"ago":           {"it depends on the time of the rendering", timeFix, texts},
		"env":           {"it reads the environment of the operator", "take the value as a parameter", texts},
		"expandenv":     {"it reads the environment of the operator", "take the value as a parameter", texts},
		"getHostByName": {"it asks DNS", "let the app look the name up when it runs", texts},
		"lookup": {"it asks the cluster, and a chart is rendered without one", "take what it looks for as a parameter",
			[2]any{map[string]any{}, map[string]any{"metadata": map[string]any{"name": "x"}, "data": map[string]any{}, "items": []any{}}}},
		"randInt": {"it is another number each time", "write a number, or take it as a parameter", [2]any{0, 1}},
		"shuffle": {"it is another order each time", "take it out", texts},
	}
	for _, name := range []string{"randBytes", "randAlphaNum", "randAlpha", "randAscii", "randNumeric", "uuidv4"} {
		all[name] = refusal{"it is another value each time", randomFix, texts}
	}
	for _, name := range []string{"genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert", "genSignedCertWithKey"} {
		all[name] = refusal{"it makes another certificate each time", certificateFix, [2]any{map[string]any{"Cert": "a", "Key": "a"}, map[string]any{"Cert": "b", "Key": "b"}}}
	}
	all["genPrivateKey"] = refusal{"it makes another key each time", certificateFix, texts}
	for _, name := range []string{"bcrypt", "htpasswd", "encryptAES"} {
		all[name] = refusal{"it draws a random salt, so that it is another text each time", saltFix, texts}
	}
	return all
}

// NeedsGenerated says whether a finding is about a value that is drawn each time, in whose place a parameter with
// format: generated is to be.
func NeedsGenerated(f contract.Finding) bool { return f.Fix == randomFix }

// steady are the functions that Helm has and that are made to depend on nothing but what they are given.
func steady() template.FuncMap {
	out := template.FuncMap{
		"date":           func(layout string, at any) (string, error) { return formatTime(layout, at, "UTC") },
		"htmlDate":       func(at any) (string, error) { return formatTime(time.DateOnly, at, "UTC") },
		"dateInZone":     formatTime,
		"date_in_zone":   formatTime,
		"htmlDateInZone": func(at any, zone string) (string, error) { return formatTime(time.DateOnly, at, zone) },
		"toDate":         func(layout, text string) time.Time { at, _ := time.ParseInLocation(layout, text, time.UTC); return at },
		"mustToDate":     func(layout, text string) (time.Time, error) { return time.ParseInLocation(layout, text, time.UTC) },
		"durationRound":  roundDuration,
		"keys": func(dicts ...map[string]any) []string {
			sorted := make([][]string, 0, len(dicts))
			for _, dict := range dicts {
				sorted = append(sorted, slices.Sorted(maps.Keys(dict)))
			}
			return slices.Concat(sorted...)
		},
		"values": func(dict map[string]any) []any {
			all := make([]any, 0, len(dict))
			for _, key := range slices.Sorted(maps.Keys(dict)) {
				all = append(all, dict[key])
			}
			return all
		},
	}
	// What slips by the parse trees, as tpl may put it together, is refused when it is called.
	for name, r := range refusals() {
		out[name] = func(...any) (any, error) {
			return nil, fmt.Errorf("a chart may not use %s: %s; %s", name, r.why, r.fix)
		}
	}
	return out
}

// formatTime writes a point in time. sprig takes the present for all that is none.
func formatTime(layout string, at any, zone string) (string, error) {
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		place = time.UTC
	}
	switch at := at.(type) {
	case time.Time:
		return at.In(place).Format(layout), nil
	case *time.Time:
		if at != nil {
			return at.In(place).Format(layout), nil
		}
	case int:
		return time.Unix(int64(at), 0).In(place).Format(layout), nil
	case int32:
		return time.Unix(int64(at), 0).In(place).Format(layout), nil
	case int64:
		return time.Unix(at, 0).In(place).Format(layout), nil
	}
	return "", errors.New("it needs a time, as toDate makes one, or seconds as an int; of anything else it makes the time of the rendering, which a chart may not use")
}

// roundDuration is sprig's, but for a point in time, which sprig compares with the present.
func roundDuration(duration any) (string, error) {
	if _, ok := duration.(time.Time); ok {
		return "", errors.New("of a point in time it makes how long ago that was, which a chart may not use; give it a duration")
	}
	round, ok := sprig.TxtFuncMap()["durationRound"].(func(any) string)
	if !ok {
		return "", errors.New("it is not known")
	}
	return round(duration), nil
}

// known are the names of all functions that templates may name: sprig's, Helm's own, and those of Go itself.
func known() map[string]bool {
	all := map[string]bool{}
	for name := range sprig.TxtFuncMap() {
		all[name] = true
	}
	for name := range refusals() {
		all[name] = true
	}
	for _, name := range []string{
		"and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js", "urlquery", "call", "eq", "ne", "lt", "le", "gt", "ge", "break", "continue",
		"toToml", "mustToToml", "fromToml", "toYaml", "mustToYaml", "toYamlPretty", "fromYaml", "fromYamlArray", "toJson", "mustToJson", "fromJson", "fromJsonArray",
		"mustToDuration", "durationSeconds", "durationMilliseconds", "durationMicroseconds", "durationNanoseconds", "durationMinutes", "durationHours", "durationDays",
		"durationWeeks", "durationRoundTo", "durationTruncateTo", "include", "tpl", "required", "fail", "lookup",
	} {
		all[name] = true
	}
	return all
}
