package sharedapp

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/bundlestore"
)

func TestAccessTo(t *testing.T) {
	ref := func(name string) *v1alpha1.LocalReference { return &v1alpha1.LocalReference{Name: name} }
	registries := []v1alpha1.Registry{
		{Prefix: "ghcr.io/", SecretRef: ref("wide")},
		{Prefix: "ghcr.io/ks/", SecretRef: ref("narrow"), CARef: ref("ca")},
	}
	for _, tc := range []struct {
		reason     string
		source     v1alpha1.OCISource
		registries []v1alpha1.Registry
		secret, ca string
		refused    bool
	}{
		{"without a list every registry may be used", v1alpha1.OCISource{Repository: "example.org/x"}, nil, "", "", false},
		{"the longest prefix wins", v1alpha1.OCISource{Repository: "ghcr.io/ks/x"}, registries, "narrow", "ca", false},
		{"a shorter one serves the rest", v1alpha1.OCISource{Repository: "ghcr.io/other/x"}, registries, "wide", "", false},
		{"the version's own secret wins", v1alpha1.OCISource{Repository: "ghcr.io/ks/x", SecretRef: ref("own"), CARef: ref("own-ca")}, registries, "own", "own-ca", false},
		{"what is not on the list is refused", v1alpha1.OCISource{Repository: "example.org/x"}, registries, "", "", true},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, fault := accessTo("spec.versions[1.0.0].source.oci", tc.source, tc.registries)
			if got.secret != tc.secret || got.ca != tc.ca || (fault != nil) != tc.refused {
				t.Errorf("got %+v, %v", got, fault)
			}
		})
	}
}

func TestGarbageIsWhatNobodyNeededForAWhile(t *testing.T) {
	long := today.Add(-grace)
	for _, tc := range []struct {
		reason string
		stored []string
		inUse  map[string]bool
		since  map[string]time.Time
		remove []string
		next   map[string]time.Time
	}{
		{"what is used stays, however long it was not", []string{"a"}, map[string]bool{"a": true}, map[string]time.Time{"a": long}, nil, map[string]time.Time{}},
		{"what has just become unused waits", []string{"a"}, nil, nil, nil, map[string]time.Time{"a": today}},
		{"what waited long enough goes", []string{"b", "a"}, nil, map[string]time.Time{"a": long, "b": long}, []string{"a", "b"}, map[string]time.Time{"a": long, "b": long}},
		{"what has not waited long enough stays", []string{"a", "b"}, nil, map[string]time.Time{"a": long.Add(time.Minute)}, nil,
			map[string]time.Time{"a": long.Add(time.Minute), "b": today}},
		{"what is gone is forgotten", nil, nil, map[string]time.Time{"a": long}, nil, map[string]time.Time{}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			remove, next := garbage(tc.stored, tc.inUse, tc.since, today)
			if diff := cmp.Diff(tc.remove, remove); diff != "" {
				t.Errorf("remove (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.next, next); diff != "" {
				t.Errorf("since (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsed(t *testing.T) {
	app := v1alpha1.SharedApp{
		Spec: v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{ociVersion("1.0.0", digestOf("1")), configMapVersion("1.1.0", "s")}},
		Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{
			{Version: "1.1.0", Digest: digestOf("2")}, {Version: "0.9.0", Digest: digestOf("9")},
		}},
	}
	installed := v1alpha1.AppInstallation{
		Spec:   v1alpha1.AppInstallationSpec{Digest: digestOf("3")},
		Status: v1alpha1.AppInstallationStatus{AppliedDigest: digestOf("4"), History: []v1alpha1.InstalledVersion{{Digest: digestOf("5")}}},
	}
	want := map[string]bool{}
	for _, digit := range []string{"1", "2", "3", "4", "5"} {
		want[bundlestore.LabelOf(digestOf(digit))] = true
	}
	if diff := cmp.Diff(want, used([]v1alpha1.SharedApp{app}, []v1alpha1.AppInstallation{installed})); diff != "" {
		t.Errorf("used (-want +got):\n%s", diff)
	}
}
