package country_test

import (
	"testing"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/country"
)

// TestWhoseSpecMayMakeAnotherSense says what wakes those who judge specs, and that nothing else does:
// of a country many things change in each second.
func TestWhoseSpecMayMakeAnotherSense(t *testing.T) {
	none := map[string]bool{}
	only := func(names ...string) map[string]bool {
		all := map[string]bool{}
		for _, name := range names {
			all[name] = true
		}
		return all
	}
	sor := network("digi-sor", "tokke", "bykle")
	sor.Spec.Apps = nil
	sor.Spec.Members.Observers = []string{"oslo"}
	retrying := *sor.DeepCopy()
	retrying.Spec.Rollout = &v1alpha1.RolloutStrategy{Retries: []v1alpha1.Retry{{App: "svarut"}}}
	gateway := app("gateway")
	for _, tc := range []struct {
		reason         string
		sor            v1alpha1.Network
		happens        func(m *country.Model, o country.Objects)
		networks, apps map[string]bool
		platform       bool
	}{
		{"an installation fares otherwise: no spec makes another sense", sor, func(m *country.Model, o country.Objects) {
			for place, i := range o.Installations["vinje"] {
				i = i.DeepCopy()
				i.Status.Conditions[0].Status = "False"
				m.SetInstallation("vinje", place, i)
			}
		}, none, none, false},
		{"a municipality decides", sor, func(m *country.Model, o country.Objects) {
			vinje := resident(&o, "vinje").DeepCopy()
			vinje.Spec.Pause = new(true)
			m.SetMunicipality("vinje", vinje)
		}, none, none, false},
		{"other labels: a wave may select it now", sor, func(m *country.Model, o country.Objects) {
			vinje := resident(&o, "vinje").DeepCopy()
			vinje.Labels = map[string]string{"lies": "inland"}
			m.SetMunicipality("vinje", vinje)
		}, only("digi-tv"), none, true},
		{"an observer goes", sor, func(m *country.Model, _ country.Objects) { m.SetMunicipality("oslo", nil) }, only("digi-sor"), none, true},
		{"one comes that a network has named all along", sor, func(m *country.Model, _ country.Objects) { m.SetMunicipality("bykle", municipality("bykle")) }, only("digi-sor"), none, true},
		{"an app is checked: those that propose it", sor, func(m *country.Model, o country.Objects) {
			a := o.Apps["svarut"].DeepCopy()
			a.Status.Versions[0].Available = false
			m.SetApp("svarut", a)
		}, only("digi-tv"), none, false},
		{"and those that approve or retry a version of it", retrying, func(m *country.Model, o country.Objects) {
			a := o.Apps["svarut"].DeepCopy()
			a.Status.Versions[0].Available = false
			m.SetApp("svarut", a)
		}, only("digi-tv", "digi-sor"), none, false},
		{"an app comes that another one requires", sor, func(m *country.Model, _ country.Objects) { m.SetApp("gateway", gateway) }, none, only("gateway", "kobo"), false},
		{"a pilot network proposes another thing", sor, func(m *country.Model, o country.Objects) {
			n := o.Networks[0].DeepCopy()
			n.Spec.Apps = nil
			m.SetNetwork("digi-tv", n)
		}, only("digi-tv"), only("svarut"), false},
		{"a network comes: others may hold or follow it", sor, func(m *country.Model, _ country.Objects) {
			n := network("digi-nord")
			m.SetNetwork("digi-nord", &n)
		}, only("digi-tv", "digi-sor", "digi-nord"), none, false},
		{"the nation allows other registries", sor, func(m *country.Model, _ country.Objects) {
			m.SetPlatform(v1alpha1.PlatformSpec{Registries: []v1alpha1.Registry{{Prefix: "ghcr.io/"}}})
		}, none, only("svarut", "kobo"), false},
		{"the nation allows other images", sor, func(m *country.Model, _ country.Objects) {
			m.SetPlatform(v1alpha1.PlatformSpec{Workloads: &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/"}}})
		}, none, only("svarut", "kobo"), false},
		{"or asks for digests", sor, func(m *country.Model, _ country.Objects) {
			m.SetPlatform(v1alpha1.PlatformSpec{Workloads: &v1alpha1.AllowedWorkloads{RequireDigests: []v1alpha1.Stage{v1alpha1.StageProduction}}})
		}, none, only("svarut", "kobo"), false},
		{"what else it allows workloads of municipalities does not concern apps", sor, func(m *country.Model, _ country.Objects) {
			m.SetPlatform(v1alpha1.PlatformSpec{Workloads: &v1alpha1.AllowedWorkloads{Tolerations: []string{"example.org/gpu"}}})
		}, none, none, false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			o := world(onApp(func(a *v1alpha1.SharedApp) { a.Spec.PilotNetworks = []string{"digi-tv"} }))
			o.Networks = append(o.Networks, tc.sor)
			kobo := app("kobo")
			for i := range kobo.Spec.Versions {
				kobo.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "gateway"}}}
			}
			o.Apps["kobo"] = kobo
			m := modelOf(o)
			m.Settle(now)
			tc.happens(m, o)
			changed := m.Settle(now)
			diff(t, tc.reason, "networks", changed.NetworkSpecs, tc.networks)
			diff(t, tc.reason, "apps", changed.AppSpecs, tc.apps)
			if changed.PlatformSpec != tc.platform {
				t.Errorf("%s: the Platform's is %v, want %v", tc.reason, changed.PlatformSpec, tc.platform)
			}
		})
	}
}

// modelOf is a model of the objects of a small country.
func modelOf(o country.Objects) *country.Model {
	m := country.NewModel()
	for name, a := range o.Apps {
		m.SetApp(name, a)
	}
	for i := range o.Networks {
		m.SetNetwork(o.Networks[i].Name, &o.Networks[i])
	}
	for _, municipality := range o.Municipalities {
		m.SetMunicipality(municipality.Name, municipality)
	}
	for municipality, installed := range o.Installations {
		for place, i := range installed {
			m.SetInstallation(municipality, place, i)
		}
	}
	return m
}
