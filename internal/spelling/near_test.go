package spelling

import (
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	all := []string{"vinje", "seljord", "siljan", "id-gateway", "svarut", "svarinn", "tokke", "bø"}
	for _, tc := range []struct{ reason, name, want string }{
		{"a letter too many", "seljoord", "seljord"},
		{"a letter too few", "vije", "vinje"},
		{"two that are swapped", "vinej", "vinje"},
		{"another case", "Vinje", "vinje"},
		{"another alphabet", "bo", "bø"},
		{"only the beginning", "svar", "svarut svarinn"},
		{"two slips in a long name", "idgatway", "id-gateway"},
		{"the name itself is not another", "tokke", ""},
		{"something else", "oslo", ""},
		{"nothing", "", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := strings.Join(Near(tc.name, all), " "); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
