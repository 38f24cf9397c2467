package municipality

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/condition"
)

func TestAClosedEnvironmentOpensWhenNoAppNeedsItClosed(t *testing.T) {
	opened := func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = v1alpha1.ZoneOpen }
	const internet, ingress = "NetworkPolicy/allmenning-allow-internet", "NetworkPolicy/allmenning-allow-ingress-controller"
	cases := []struct {
		reason string
		before v1alpha1.Municipality
		after  v1alpha1.Municipality
		apps   []closedApp
		apply  []string
		says   []string // empty where it is as the spec asks
	}{
		{"it opens", vinje(), vinje(opened), nil, []string{"Namespace/vinje-prod", internet, ingress}, nil},
		{"an app that requires Closed keeps it closed", vinje(), vinje(opened), []closedApp{{name: "journal"}}, nil,
			[]string{"decline journal in spec.apps", "zone of prod in spec.environments back to Closed", "installed in it: journal (requires Closed)"}},
		{"so does one that the catalogue has lost", vinje(), vinje(opened), []closedApp{{name: "journal", unknown: true}}, nil,
			[]string{"decline journal in spec.apps", "journal (its SharedApp, or its version, is gone"}},
		{"several are named", vinje(), vinje(opened), []closedApp{{name: "archive"}, {name: "journal"}}, nil, []string{"decline archive, journal", "archive (requires Closed), journal (requires Closed)"}},
		{"one that is open already stays open", vinje(opened), vinje(opened), nil, nil, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := settled(t, tc.before)
			seen.municipality = tc.after
			e := seen.environments["prod"]
			e.closedApps = tc.apps
			seen.environments["prod"] = e

			got := planFor(t, seen, "prod")
			if diff := cmp.Diff(tc.apply, namesOf(got.apply)); diff != "" || len(got.remove) > 0 {
				t.Errorf("removes %v, applies (-want +got):\n%s", removedBy(got), diff)
			}
			zone := v1alpha1.ZoneOpen
			if len(tc.apps) > 0 {
				zone = v1alpha1.ZoneClosed
			}
			if got.zone != zone {
				t.Errorf("it has zone %s, want %s", got.zone, zone)
			}
			if got.state != v1alpha1.EnvironmentReady {
				t.Errorf("state %s: the environment is complete, and its other apps go on", got.state)
			}
			if kept := got.outcome.State == condition.Stalled; kept != (len(tc.says) > 0) {
				t.Errorf("outcome %+v", got.outcome)
			}
			for _, part := range tc.says {
				if !strings.Contains(got.outcome.Message, part) {
					t.Errorf("message %q, want it to hold %q", got.outcome.Message, part)
				}
			}
		})
	}
}

// What a status says of the zone is so, also where the walls could not be rewritten.
func TestStatusSaysTheZoneThatIsSo(t *testing.T) {
	cases := []struct {
		reason string
		err    error
		want   v1alpha1.Zone
	}{
		{"it was opened", nil, v1alpha1.ZoneOpen},
		{"it could not be opened", forbidden("no"), v1alpha1.ZoneClosed},
	}
	for _, tc := range cases {
		seen := settled(t, vinje())
		seen.municipality.Spec.Environments[0].Zone = v1alpha1.ZoneOpen
		todo, err := plan(seen, now)
		if err != nil {
			t.Fatal(err)
		}
		got := status(seen, todo, applied{errs: map[string]error{"prod": tc.err}}, now).Environments[0]
		if got.Name != "prod" || got.Zone != tc.want {
			t.Errorf("%s: %+v, want zone %s", tc.reason, got, tc.want)
		}
	}
	if zone := zoneNow(nil); zone != "" {
		t.Errorf("what is not there has zone %s", zone)
	}
}

// The API server refuses a status with a longer message, and would do so again and again.
func TestMessageOfAnEnvironmentIsBounded(t *testing.T) {
	apps := make([]closedApp, 60)
	for i := range apps {
		apps[i].name = strings.Repeat("a", 40)
	}
	todo := planned{environments: []environmentPlan{{name: "prod", outcome: keptClosed("prod", apps), state: v1alpha1.EnvironmentReady}}}
	got := status(observed{municipality: vinje()}, todo, applied{}, now).Environments[0].Message
	if len(got) > 1024 || !strings.HasSuffix(got, "...") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestOpens(t *testing.T) {
	seen := settled(t, vinje())
	prod := seen.municipality.Spec.Environments[0]
	if opens(prod, seen.environments["prod"].namespace) {
		t.Error("a closed environment that the spec wants closed opens")
	}
	prod.Zone = v1alpha1.ZoneOpen
	if !opens(prod, seen.environments["prod"].namespace) {
		t.Error("a closed environment that the spec wants open does not open")
	}
	if opens(prod, seen.environments["test"].namespace) {
		t.Error("an environment that is open already opens")
	}
}
