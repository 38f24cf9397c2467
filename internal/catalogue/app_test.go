package catalogue_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
)

// compiled are apps by name.
func compiled(list ...*v1alpha1.SharedApp) catalogue.Apps {
	all := catalogue.Apps{}
	for _, o := range list {
		all[o.Name] = catalogue.Compile(o)
	}
	return all
}

// svarut offers 2.4.1 in channel stable and 2.5.0, which is withdrawn, in channel pilot.
func svarut(change ...func(*v1alpha1.SharedApp)) *v1alpha1.SharedApp {
	app := &v1alpha1.SharedApp{
		ObjectMeta: metav1.ObjectMeta{Name: "svarut"},
		Spec: v1alpha1.SharedAppSpec{
			Channels: []v1alpha1.Channel{{Name: "stable", Version: "2.4.1"}, {Name: "pilot", Version: "2.5.0"}},
			Versions: []v1alpha1.Version{{Version: "2.4.1"}, {Version: "2.5.0", State: v1alpha1.VersionWithdrawn}},
		},
		Status: v1alpha1.SharedAppStatus{Versions: []v1alpha1.VersionStatus{
			{Version: "2.4.1", Digest: "sha256:24", Available: true}, {Version: "2.3.0", Digest: "sha256:23"},
		}},
	}
	for _, c := range change {
		c(app)
	}

	return app
}

// unchecked is an app whose versions nobody has looked at.
func unchecked(a *v1alpha1.SharedApp) { a.Status.Versions = nil }

func refused(a *v1alpha1.SharedApp) {
	a.Status.Versions[0] = v1alpha1.VersionStatus{Version: "2.4.1", Message: "the digest does not match"}
}

func TestRelease(t *testing.T) {
	cases := []struct {
		reason  string
		apps    catalogue.Apps
		channel string
		version string
		why     catalogue.Reason
		message string
	}{
		{"what the channel points at", compiled(svarut()), "stable", "2.4.1", "", ""},
		{"an app that does not exist offers nothing", nil, "stable", "", catalogue.UnknownApp, `there is no SharedApp "svarut"`},
		{"nor does a channel that does not exist", compiled(svarut()), "beta", "", catalogue.UnknownChannel, `SharedApp svarut has no channel "beta": it has stable, pilot`},
		{"an app without channels", compiled(svarut(func(a *v1alpha1.SharedApp) { a.Spec.Channels = nil })), "stable", "", catalogue.UnknownChannel, `SharedApp svarut has no channel "stable": it has none`},
		{"a channel that points at nothing", compiled(svarut(func(a *v1alpha1.SharedApp) { a.Spec.Channels[0].Version = "9.9.9" })), "stable", "", catalogue.UnknownVersion, "SharedApp svarut has no version 9.9.9: see its spec.versions"},
		{"a withdrawn version is not newly installed", compiled(svarut()), "pilot", "", catalogue.Withdrawn, "version 2.5.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere"},
		{"a version that was refused says why", compiled(svarut(refused)), "stable", "", catalogue.Unavailable, "version 2.4.1 of SharedApp svarut is not available: the digest does not match"},
		{"a version that nobody has checked", compiled(svarut(unchecked)), "stable", "", catalogue.Unchecked, "version 2.4.1 of SharedApp svarut is not available yet: the catalogue has not checked it"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			release, fault := tc.apps.Of("svarut").Release(tc.channel)
			if release.Version != tc.version || (tc.version != "" && release.Digest != "sha256:24") {
				t.Errorf("release: got %+v, want %s", release, tc.version)
			}
			if diff := cmp.Diff(tc.message, fault.String()); diff != "" {
				t.Errorf("why not (-want +got):\n%s", diff)
			}
			if fault != nil && fault.Reason != tc.why {
				t.Errorf("reason: got %s, want %s", fault.Reason, tc.why)
			}
		})
	}
}

func TestProposal(t *testing.T) {
	cases := []struct {
		reason  string
		app     catalogue.Apps
		channel string
		want    condition.Outcome
	}{
		{"what can be had", compiled(svarut()), "stable", condition.Outcome{Reason: v1alpha1.ReasonReady}},
		{"an app that does not exist: the field is the app, and both ways out are said", nil, "stable", condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonSharedAppMissing,
			Message: `spec.apps[svarut]: there is no SharedApp "svarut": correct the name, or take the proposal out`,
		}},
		{"a channel that does not exist: the others are named", compiled(svarut()), "beta", condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonChannelMissing,
			Message: `spec.apps[svarut].channel "beta": SharedApp svarut has no channel "beta": it has stable, pilot`,
		}},
		{"a version that is withdrawn", compiled(svarut()), "pilot", condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonVersionWithdrawn,
			Message: `spec.apps[svarut].channel "pilot": version 2.5.0 of SharedApp svarut is withdrawn: it is not newly installed anywhere: follow another channel, or wait until this one points at another version`,
		}},
		{"a version that was refused", compiled(svarut(refused)), "stable", condition.Outcome{
			State: condition.Stalled, Reason: v1alpha1.ReasonVersionNotAvailable,
			Message: `spec.apps[svarut].channel "stable": version 2.4.1 of SharedApp svarut is not available: the digest does not match`,
		}},
		{"one that nobody has checked yet is waited for", compiled(svarut(unchecked)), "stable", condition.Outcome{
			State: condition.Progressing, Reason: v1alpha1.ReasonProgressing,
			Message: `spec.apps[svarut].channel "stable": version 2.4.1 of SharedApp svarut is not available yet: the catalogue has not checked it`,
		}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := tc.app.Of("svarut").Proposal(v1alpha1.Proposal{Name: "svarut", Channel: tc.channel})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReleases(t *testing.T) {
	available, unavailable, withdrawn := catalogue.Compile(svarut(func(a *v1alpha1.SharedApp) {
		a.Spec.Versions = append(a.Spec.Versions, v1alpha1.Version{Version: "2.6.0"}, v1alpha1.Version{Version: "2.7.0"})
		a.Status.Versions = append(a.Status.Versions, v1alpha1.VersionStatus{Version: "2.5.0", Digest: "sha256:25", Available: true}, v1alpha1.VersionStatus{Version: "2.6.0", Digest: "sha256:26"})
	})).Releases()
	for _, tc := range []struct {
		reason    string
		got, want []v1alpha1.Release
	}{
		{"what may be installed", available, []v1alpha1.Release{{Version: "2.4.1", Digest: "sha256:24"}}},
		{"what can't be fetched, and what nobody has looked at; not what left the spec", unavailable, []v1alpha1.Release{{Version: "2.6.0", Digest: "sha256:26"}, {Version: "2.7.0"}}},
		{"what is withdrawn, also while its bundle is there", withdrawn, []v1alpha1.Release{{Version: "2.5.0", Digest: "sha256:25"}}},
	} {
		if diff := cmp.Diff(tc.want, tc.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

func TestDigest(t *testing.T) {
	app := catalogue.Compile(svarut(func(a *v1alpha1.SharedApp) {
		a.Spec.Versions[1].Source.OCI = &v1alpha1.OCISource{Digest: "sha256:25"}
	}))
	for _, tc := range []struct{ reason, version, want string }{
		{"what the catalogue found", "2.4.1", "sha256:24"},
		{"before it looked, what the source pins", "2.5.0", "sha256:25"},
		{"a version that left the spec is remembered", "2.3.0", "sha256:23"},
		{"nobody knows", "1.0.0", ""},
	} {
		if got := app.Digest(tc.version); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.reason, got, tc.want)
		}
	}
	for _, tc := range []struct {
		reason, digest string
		app            *catalogue.App
		want           bool
	}{
		{"a version has it", "sha256:25", app, true},
		{"no version of the spec has it", "sha256:23", app, false},
		{"a version that was not read yet may have it", "sha256:99", catalogue.Compile(svarut(unchecked)), true},
	} {
		if got := tc.app.MayHave(tc.digest); got != tc.want {
			t.Errorf("%s: got %v", tc.reason, got)
		}
	}
}

func TestCompiler(t *testing.T) {
	var c catalogue.Compiler
	first := svarut(func(a *v1alpha1.SharedApp) { a.UID, a.ResourceVersion = "1", "1" })
	again := first.DeepCopy()
	changed := svarut(func(a *v1alpha1.SharedApp) {
		a.UID, a.ResourceVersion, a.Spec.Channels[0].Version = "1", "2", "2.5.0"
	})

	compiled := c.App(first)
	if c.App(again) != compiled {
		t.Error("an app that has not changed is not compiled again")
	}
	if version, _ := c.App(changed).Points("stable"); version != "2.5.0" {
		t.Errorf("one that has changed is: the channel points at %s", version)
	}
}
