package parameters

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
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
