package parameters

import (
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestHide(t *testing.T) {
	const secret = "hun\"ter2/and \\more=1"
	written, err := json.Marshal(map[string]string{"a": secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ reason, text string }{
		{"as it is", "value " + secret + " is wrong"},
		{"quoted as Go does", fmt.Sprintf("value %q is wrong", secret)},
		{"in JSON", string(written)},
		{"in a query", "?a=" + url.QueryEscape(secret)},
		{"in base64", base64.StdEncoding.EncodeToString([]byte(secret))},
		{"in upper case, where what names it is folded", "?a=" + strings.ToUpper(url.QueryEscape(secret))},
		{"in lower case", "name " + strings.ToLower(secret)},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := Hide(tc.text, map[string]any{"password": secret})
			if strings.Contains(got, "ter2") || strings.Contains(got, "more") || !strings.Contains(got, Hidden) {
				t.Errorf("%q shows it", got)
			}
		})
	}
	if got := Hide("the second line is BEGIN-KEY", map[string]any{"key": "first\nBEGIN-KEY\n"}); strings.Contains(got, "BEGIN-KEY") {
		t.Errorf("%q shows a line", got)
	}
	if got := Hide("out of bounds for value correcthorse", map[string]any{"key": "correcthorse/battery"}); strings.Contains(got, "correcthorse") {
		t.Errorf("%q shows a piece", got)
	}
	if got := Hide("on the way to yes", map[string]any{"key": "yes", "number": 7}); got != "on the way to yes" {
		t.Errorf("%q: ordinary words are hidden", got)
	}
}

// TestHideWhatWasTransformed has none of the ways in which a bundle may change a value show it: what is left is what was around it.
func TestHideWhatWasTransformed(t *testing.T) {
	const secret = "Zq8Xw2Lk9Pv4Rt6Ym1Bn3Cd5Fg7Hj0Ks"
	for _, tc := range []struct {
		reason string
		change func(string) string
	}{
		{"Basic authentication encodes the user's name with it.", base64Of("user:%s")},
		{"The length of what is before it moves it.", base64Of("me:%s@host")},
		{"It moves it by two.", base64Of("ab%s")},
		{"A Secret's data is encoded once more.", base64Of("%s\n")},
		{"A token in a URL has another alphabet and no padding.", func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte("a" + s + "?")) }},
		{"Charts have base32, too.", func(s string) string { return base32.StdEncoding.EncodeToString([]byte("abc" + s)) }},
		{"Names are lower case.", strings.ToLower},
		{"Variables are upper case.", strings.ToUpper},
		{"A message is cut in the midst of it.", func(s string) string { return "the value " + s[:20] + "..." }},
		{"Each of several is cut.", func(s string) string { return s[:9] + "...; " + s[:28] + "..." }},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := Hide(`Invalid value: "`+tc.change(secret)+`": must be short`, map[string]any{"password": secret})
			if !strings.Contains(got, Hidden) || !strings.Contains(got, "must be short") {
				t.Errorf("%q", got)
			}
			left := strings.NewReplacer(Hidden, "", `Invalid value: "`, "", `": must be short`, "", "the value ", "").Replace(got)
			if len(left) > 16 || strings.Contains(strings.ToLower(left), "8xw2") {
				t.Errorf("%q is left of it", left)
			}
		})
	}
}

func TestHideOfLetters(t *testing.T) {
	for _, tc := range []struct{ reason, secret, text, shown string }{
		{"Other letters than those of English have two cases, too.", "Blåbær-Ærlig-Øy", "BLÅBÆR-ÆRLIG-ØY", "ÆRLIG"},
		{"They are escaped in a URL, where a part of the value is used.", "x=1/blåbærsyltetøy", url.QueryEscape("blåbærsyltetøy"), "syltet"},
		{"JSON in ASCII has numbers for them.", "blåbærsyltetøy", strconv.QuoteToASCII("blåbærsyltetøy"), "syltet"},
		{"A template escapes for HTML.", `a<b>&"sy"ltetoy`, html.EscapeString(`a<b>&"sy"ltetoy`), "ltet"},
	} {
		if got := Hide(tc.text, map[string]any{"key": tc.secret}); strings.Contains(got, tc.shown) || !strings.Contains(got, Hidden) {
			t.Errorf("%s %q shows it", tc.reason, got)
		}
	}
}

func base64Of(format string) func(string) string {
	return func(secret string) string { return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, format, secret)) }
}
