package manifest_test

import (
	"testing"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
)

func TestLineOf(t *testing.T) {
	const text = `---
kind: Network
metadata:
  labels:
    allmenning.dev/county: "40"
spec:
  apps:
  - name: svarut
    channel: stable
  - {name: kobo}
  members: &all
    names: [vinje]
  waves: [{members: *all}]
`
	f, err := manifest.Parse("a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := f.Objects()[0]
	for _, tc := range []struct {
		reason, field string
		want          int
	}{
		{"a field", "spec.apps", 7},
		{"a field of an item", "spec.apps[0].channel", 9},
		{"an item in one line", "spec.apps[1].name", 10},
		{"a key with dots", "metadata.labels[allmenning.dev/county]", 5},
		{"behind an alias", "spec.waves[0].members.names", 12},
		{"a field that is not there", "spec.apps[1].channel", 10},
		{"an item that is not there", "spec.apps[7].name", 7},
		{"a field of a value", "spec.apps[0].name.of", 8},
		{"none at all", "status.phase", 2},
		{"the object", "", 2},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if got := o.LineOf(tc.field); got != tc.want {
				t.Errorf("%s: got line %d, want %d", tc.field, got, tc.want)
			}
		})
	}
}
