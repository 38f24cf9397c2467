package schema_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/manifest"
	"github.com/allmenning/allmenning/cmd/kubectl-allmenning/internal/schema"
)

const (
	network = `
apiVersion: allmenning.dev/v1alpha1
kind: Network
metadata: {name: digi-tv}
spec:
  displayName: Digi
  members: {names: [vinje]}
  apps: [{name: svarut}]
  rollout:
    windows: [{schedule: "0 8 * * 1", duration: 6h}]
    waves: [{name: all}]
`
	installation = `
apiVersion: allmenning.dev/v1alpha1
kind: AppInstallation
metadata: {name: svarut}
spec:
  app: svarut
  version: 2.4.1
  digest: sha256:2424242424242424242424242424242424242424242424242424242424242424
  tenant: {municipality: vinje, number: "4036", displayName: Vinje, environment: prod, stage: Production, zone: Closed}
  decidedBy: {level: Network, name: digi-tv}
`
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	file, err := manifest.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	object, err := file.Objects()[0].Content()
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func kindOf(t *testing.T, object map[string]any) *schema.Kind {
	t.Helper()
	name, _ := object["kind"].(string)
	kind, err := schema.Of(name)
	if err != nil {
		t.Fatal(err)
	}
	return kind
}

// TestKinds finds the definition of each kind, and of no other.
func TestKinds(t *testing.T) {
	for _, kind := range []string{"Platform", "Municipality", "Network", "SharedApp", "Rollout", "AppInstallation"} {
		if _, err := schema.Of(kind); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, kind := range []string{"Munisipality", "network", "Networks", ""} {
		if _, err := schema.Of(kind); err == nil || !strings.Contains(err.Error(), "has no kind "+kind) {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		reason string
		object string
		old    string
		new    string
		want   []string
	}{
		{"all is well", network, "", "", nil},
		{"the person who applies it names the namespace", installation, "", "", nil},
		{"a status does not count", network, "kind: Network", "kind: Network\nstatus: {members: many}", nil},
		{"a type", network, "Digi", "5", []string{`spec.displayName: Invalid value: "integer": must be of type string: "integer"`}},
		{"a share of more than all", network, "{name: all}", "{name: all, maxConcurrent: 101%}", []string{"spec.rollout.waves[0].maxConcurrent: "}},
		{"fewer than none", network, "{name: all}", "{name: all, maxFailures: -3}", []string{"spec.rollout.waves[0].maxFailures: Invalid value: -3: maxFailures must be a number from 0"}},
		{"a time that runs backwards", network, "{name: all}", "{name: all, soak: -1h}", []string{`spec.rollout.waves[0].soak: Invalid value: "-1h": soak must be from 0s`}},
		{"an enumeration", network, "name: svarut", "name: svarut, obligation: Must", []string{"spec.apps[0].obligation: Unsupported value"}},
		{"a key of a list twice", network, "{name: svarut}", "{name: svarut}, {name: svarut}", []string{`spec.apps[1]: Duplicate value: {"name":"svarut"}`}},
		{"a label", network, "name: digi-tv", "name: digi-tv, labels: {a: b c}", []string{`metadata.labels: Invalid value: "b c"`}},
		{"a rule", network, "{names: [vinje]}", "{selector: {}}", []string{"spec.members.selector: Invalid value: an empty selector would pick every municipality"}},
		{"a field that does not exist", network, "{name: all}", "{name: all, soke: 1h}", []string{`unknown field "spec.rollout.waves[0].soke"`}},
		{"a field of the metadata that does not exist", network, "name: digi-tv", "name: digi-tv, label: {}", []string{`unknown field "metadata.label"`}},
		{"labels that are not texts", network, "name: digi-tv", "name: digi-tv, labels: {a: 1}", []string{"metadata.labels: Invalid value: {\"a\":1}: cannot unmarshal number"}},
		{"no metadata", network, "metadata: {name: digi-tv}", "metadata: none", []string{`metadata: Invalid value: "string": must be of type object`, "metadata.name: Required value: name the object"}},
		{"a namespace, which the API server takes out", network, "name: digi-tv", "name: digi-tv, namespace: a", nil},
		{"a wrong type hides no rule of another part", network, "waves: [{name: all}]", "waves: [{name: all, soak: 5}, {name: next, soak: -1h}]\n    maxIntroductions: many", []string{
			"spec.rollout.maxIntroductions: ", "spec.rollout.waves[0].soak: ", `spec.rollout.waves[1].soak: Invalid value: "-1h": soak must be from 0s`,
		}},
		{"but those of what holds it, which can't be evaluated", network, "{names: [vinje]}", "{selector: 5}", []string{"spec.members.selector: "}},
		{"nor does a value that is not offered, or one that is missing", strings.Replace(network, "{name: all}", "{name: all, soak: -1h}", 1), "apps: [{name: svarut}]", "apps: [{name: svarut, obligation: Must}, {channel: a}]", []string{
			"spec.apps[0].obligation: Unsupported value", "spec.apps[1].name: Required value", "spec.rollout.waves[0].soak: ",
		}},
		{"faults by field", network, "{name: all}", "{name: all, soak: -1h, maxFailures: -3}", []string{"spec.rollout.waves[0].maxFailures", "spec.rollout.waves[0].soak"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			object := parse(t, strings.Replace(tc.object, tc.old, tc.new, 1))
			kind := kindOf(t, object)
			faults := kind.Check(kind.Complete(object))
			if len(faults) != len(tc.want) {
				t.Fatalf("got %v, want %q", faults, tc.want)
			}
			for i, fault := range faults {
				if !strings.HasPrefix(fault.Error(), tc.want[i]) {
					t.Errorf("got %q, want %q", fault, tc.want[i])
				}
			}
		})
	}
}

func TestComplete(t *testing.T) {
	object := parse(t, strings.Replace(network, "kind: Network", "kind: Network\nstatus: {members: 1}", 1))
	before := parse(t, strings.Replace(network, "kind: Network", "kind: Network\nstatus: {members: 1}", 1))
	complete := kindOf(t, object).Complete(object)
	if diff := cmp.Diff(before, object); diff != "" {
		t.Errorf("what it was given has changed:\n%s", diff)
	}
	want := parse(t, strings.NewReplacer(
		"kind: Network", "kind: Network\nstatus: {members: 1}",
		"{name: svarut}", "{name: svarut, channel: stable, obligation: Recommended, stages: [Test, Production]}",
		"duration: 6h", "duration: 6h, timeZone: Europe/Oslo",
		"{name: all}", "{name: all, maxConcurrent: 25%, maxFailures: 0, progressDeadline: 30m, soak: 1h}",
	).Replace(network))
	if diff := cmp.Diff(want, complete); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
