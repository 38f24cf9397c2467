package country_test

import (
	"slices"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
	"github.com/allmenning/allmenning/internal/planner"
	"github.com/allmenning/allmenning/internal/resolution"
)

func TestInstallationOfAMove(t *testing.T) {
	stamp := moved("pilot")
	stamp.Message = "went back to 2.4.1, as 2.5.0 failed"
	cases := []struct {
		reason string
		kind   planner.MoveKind
		to     v1alpha1.Release
		want   string
	}{
		{"an advance is decided by the network", planner.Advance, target, "Recommended, channel stable"},
		{"who catches up sees until when", planner.CatchUp, before, "Recommended, channel stable; what was completed last, until its wave of Rollout " + running + " comes"},
		{"who goes back sees why", planner.Return, before, "Recommended, channel stable; went back to 2.4.1, as 2.5.0 failed"},
		{"for who stays nothing is decided again", planner.Hold, target, "Recommended, channel stable"},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			seen := country.Compile(world(), now)
			intro := country.Introduction{Group: resolution.Group{Network: "digi-tv"}, App: "svarut"}
			got := seen.Installation(intro, planner.Move{Municipality: "vinje", Environment: "prod", Kind: c.kind, To: c.to, Stamp: stamp})
			diff(t, c.reason, "release", v1alpha1.Release{Version: got.Spec.Version, Digest: got.Spec.Digest}, c.to)
			diff(t, c.reason, "decidedBy", resolution.DeciderOf(got), v1alpha1.DecidedBy{Level: v1alpha1.LevelNetwork, Name: "digi-tv", Reason: c.want})
			diff(t, c.reason, "stamp", planner.StampOf(got), &stamp)
			diff(t, c.reason, "namespace", got.Namespace, "vinje-prod")
		})
	}
}

func TestInstallationOfDirectAdopters(t *testing.T) {
	seen := country.Compile(world(), now)
	got := seen.Installation(country.Introduction{Group: resolution.Group{Channel: "stable"}, App: "svarut"},
		planner.Move{Municipality: "oslo", Environment: "prod", Kind: planner.Advance, To: target})
	diff(t, "they decided themselves", "decidedBy", resolution.DeciderOf(got), v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: "oslo", Reason: "adopted"})
}

func TestInstallationOfWhatIsNotThere(t *testing.T) {
	seen := country.Compile(world(), now)
	intro := country.Introduction{Group: resolution.Group{Network: "digi-tv"}, App: "svarut"}
	for reason, move := range map[string]planner.Move{
		"the municipality is gone": {Municipality: "bykle", Environment: "prod"},
		"the environment is gone":  {Municipality: "vinje", Environment: "dev"},
	} {
		if got := seen.Installation(intro, move); got != nil {
			t.Errorf("%s: got %+v", reason, got.Spec)
		}
	}
	if got := seen.Installation(country.Introduction{App: "kobo"}, planner.Move{Municipality: "vinje", Environment: "prod"}); got != nil {
		t.Errorf("nobody asks for the app: got %+v", got.Spec)
	}
	if seen.Live("vinje", "prod", "svarut") == nil || seen.Live("vinje", "dev", "svarut") != nil {
		t.Error("Live is not what was observed")
	}
}

func TestNobodyCatchesUpToWhatDoesNotFit(t *testing.T) {
	cases := []struct {
		reason  string
		changes func(old *v1alpha1.Version)
		want    []string
	}{
		{"it can be had", func(*v1alpha1.Version) {}, nil},
		{"another zone is required", func(old *v1alpha1.Version) {
			old.Requires = &v1alpha1.Requirements{Zones: []v1alpha1.RequiredZone{{Stage: v1alpha1.StageProduction, Zone: "Other"}}}
		}, []string{before.Version}},
		{"another app is required, and is not there", func(old *v1alpha1.Version) {
			old.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway"}}}
		}, []string{before.Version}},
		{"a parameter is missing", func(old *v1alpha1.Version) {
			old.Parameters = &v1alpha1.ParameterSchema{OpenAPIV3Schema: apiextensionsv1.JSON{
				Raw: []byte(`{"type":"object","required":["orgno"],"properties":{"orgno":{"type":"string"}}}`),
			}}
		}, []string{before.Version}},
		{"it is withdrawn, so that nobody gets it", func(old *v1alpha1.Version) {
			old.State = v1alpha1.VersionWithdrawn
			old.Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "id-gateway"}}}
		}, nil},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			empty := func(o *country.Objects) { delete(o.Installations, "vinje") }
			members := introduction(t, world(empty, onApp(func(a *v1alpha1.SharedApp) { c.changes(&a.Spec.Versions[0]) })), "digi-tv").Input.Members
			at := slices.IndexFunc(members, func(m planner.Member) bool { return m.Name == "vinje" })
			diff(t, c.reason, "versions that are barred from vinje's production", members[at].Places[0].Barred, c.want)
		})
	}
}

func TestInstallationLeavesVerdictsAlone(t *testing.T) {
	seen := country.Compile(world(), now)
	move := planner.Move{Municipality: "vinje", Environment: "prod", Kind: planner.CatchUp, To: before, Stamp: moved("")}
	intro := country.Introduction{Group: resolution.Group{Network: "digi-tv"}, App: "svarut"}
	first := seen.Installation(intro, move)
	diff(t, "the reason does not grow", "installation", seen.Installation(intro, move), first)
}
