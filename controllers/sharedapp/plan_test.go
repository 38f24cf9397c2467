package sharedapp

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/download"
	"github.com/allmenning/allmenning/controllers/internal/oci"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/country"
)

var update = flag.Bool("update", false, "write the golden files")

var today = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

func digestOf(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func ociVersion(number, digest string) v1alpha1.Version {
	return v1alpha1.Version{Version: number, Source: v1alpha1.Source{OCI: &v1alpha1.OCISource{Repository: "ghcr.io/ks/svarut", Digest: digest}}}
}

func configMapVersion(number, name string) v1alpha1.Version {
	return v1alpha1.Version{Version: number, Source: v1alpha1.Source{ConfigMap: &v1alpha1.ConfigMapSource{Name: name}}}
}

func fetching(state download.State) *wanted {
	return &wanted{request: oci.Request{Repository: "ghcr.io/ks/svarut", Digest: digestOf("a")}, state: state}
}

// see is what would be seen of SharedApp svarut with these versions.
func see(versions ...seenVersion) observed {
	seen := observed{installer: &rbacv1.ClusterRole{}, versions: versions}
	seen.app.Name, seen.app.Generation = "svarut", 3
	for _, v := range versions {
		seen.app.Spec.Versions = append(seen.app.Spec.Versions, v.spec)
	}
	return in(country.Objects{}, seen)
}

// in is an app as it is seen in a country, to which it is added.
func in(o country.Objects, seen observed) observed {
	if o.Apps == nil {
		o.Apps = map[string]*v1alpha1.SharedApp{}
	}
	o.Apps[seen.app.Name] = seen.app.DeepCopy()
	seen.country = country.Compile(o, today)
	return seen
}

func TestPlanVersion(t *testing.T) {
	tooMuch := refusal("too much")
	tooMuch.exceeds = true
	found := &bundle.Bundle{Digest: digestOf("a")}
	down := &oci.Fault{Reason: v1alpha1.ReasonUnreachable, Transient: true, Message: "down"}
	locked := &oci.Fault{Reason: v1alpha1.ReasonUnauthorized, Message: "locked"}
	for _, tc := range []struct {
		reason string
		seen   seenVersion
		want   versionPlan
	}{
		{"what is stored and fit is available, and nothing is done",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), remembered: digestOf("a"), bundle: found, stored: true},
			versionPlan{version: "1.0.0", remembered: digestOf("a"), digest: digestOf("a")}},
		{"what was fetched and is fit is stored, and remembered from then on",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), bundle: found},
			versionPlan{version: "1.0.0", digest: digestOf("a"), store: found}},
		{"what is not fit is neither stored nor remembered, so that it may be fixed under its number",
			seenVersion{spec: configMapVersion("1.0.0", "s"), offered: digestOf("a"), bundle: found, answer: refusal("bad"), again: slowRetry},
			versionPlan{version: "1.0.0", outcome: condition.Outcome{State: condition.Stalled, Reason: "BundleRefused", Message: "bad"}, answer: refusal("bad"), again: slowRetry}},
		{"what takes too much to build is remembered by its digest, and not tried again",
			seenVersion{spec: configMapVersion("1.0.0", "s"), offered: digestOf("a"), bundle: &bundle.Bundle{Digest: digestOf("a")}, answer: tooMuch, again: slowRetry},
			versionPlan{version: "1.0.0", outcome: condition.Outcome{State: condition.Stalled, Reason: "BundleRefused", Message: "too much"}, answer: tooMuch, exceeds: digestOf("a")}},
		{"what was never asked for is fetched",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), fetch: fetching(download.State{})},
			versionPlan{version: "1.0.0", fetch: fetching(download.State{}),
				outcome: condition.Outcome{State: condition.Progressing, Reason: "Fetching", Message: "fetching ghcr.io/ks/svarut@" + digestOf("a")}}},
		{"what is being fetched is waited for",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), fetch: fetching(download.State{Running: true})},
			versionPlan{version: "1.0.0",
				outcome: condition.Outcome{State: condition.Progressing, Reason: "Fetching", Message: "fetching ghcr.io/ks/svarut@" + digestOf("a")}}},
		{"a passing fault is tried again after a pause that grows",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"),
				fetch: fetching(download.State{Attempts: 3, Ended: today.Add(-time.Second), Fault: down})},
			versionPlan{version: "1.0.0", again: 3 * time.Second,
				outcome: condition.Outcome{State: condition.Retrying, Reason: "Unreachable", Message: "down"}}},
		{"when the pause is over it is tried, and the fault stays in sight",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"),
				fetch: fetching(download.State{Attempts: 1, Ended: today.Add(-time.Second), Fault: down})},
			versionPlan{version: "1.0.0", fetch: fetching(download.State{Attempts: 1, Ended: today.Add(-time.Second), Fault: down}),
				outcome: condition.Outcome{State: condition.Retrying, Reason: "Unreachable", Message: "down"}}},
		{"a person's fault stalls, and is tried again slowly",
			seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"),
				fetch: fetching(download.State{Attempts: 1, Ended: today, Fault: locked})},
			versionPlan{version: "1.0.0", again: slowRetry,
				outcome: condition.Outcome{State: condition.Stalled, Reason: "Unauthorized", Message: "locked"}}},
		{"a number that meant something else is refused without a fetch",
			seenVersion{spec: ociVersion("1.0.0", digestOf("b")), offered: digestOf("b"), remembered: digestOf("a"), fetch: fetching(download.State{})},
			versionPlan{version: "1.0.0", remembered: digestOf("a"), digest: digestOf("a"), outcome: condition.Outcome{State: condition.Stalled, Reason: "DigestChanged",
				Message: "version 1.0.0 was offered with digest " + digestOf("a") + ", and spec.versions[1.0.0].source now has " + digestOf("b") + ": put it back, or offer a new version number"}}},
		{"a changed ConfigMap is refused although the bundle is stored",
			seenVersion{spec: configMapVersion("1.0.0", "s"), offered: digestOf("b"), remembered: digestOf("a"), bundle: found, stored: true},
			versionPlan{version: "1.0.0", remembered: digestOf("a"), digest: digestOf("a"), outcome: condition.Outcome{State: condition.Stalled, Reason: "DigestChanged",
				Message: "version 1.0.0 was offered with digest " + digestOf("a") + ", and its source, ConfigMap s, now has " + digestOf("b") + ": put it back, or offer a new version number"}}},
		{"a ConfigMap that is gone doesn't matter once the bundle is stored",
			seenVersion{spec: configMapVersion("1.0.0", "s"), remembered: digestOf("a"), bundle: found, stored: true},
			versionPlan{version: "1.0.0", remembered: digestOf("a"), digest: digestOf("a")}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := planVersion(tc.seen, today)
			opts := cmp.AllowUnexported(versionPlan{}, requirementsPlan{}, answer{}, wanted{}, bundle.Bundle{}, oci.Fault{})
			if diff := cmp.Diff(tc.want, got, opts); diff != "" {
				t.Errorf("plan differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPauseGrowsToItsBound(t *testing.T) {
	down := &oci.Fault{Transient: true}
	for attempts, want := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 9: 256 * time.Second, 10: maxRetry, 1 << 40: maxRetry} {
		if got := pause(download.State{Attempts: attempts, Fault: down}); got != want {
			t.Errorf("after %d attempts: %s, want %s", attempts, got, want)
		}
	}
}

func TestContradictionOfAPinnedConfigMap(t *testing.T) {
	v := configMapVersion("1.0.0", "s")
	v.Source.ConfigMap.Digest = digestOf("a")
	if got := contradiction(seenVersion{spec: v, offered: digestOf("a")}); got != nil {
		t.Errorf("equal digests: %v", got)
	}
	got := contradiction(seenVersion{spec: v, offered: digestOf("b")})
	if got == nil || got.Reason != "DigestMismatch" || !strings.Contains(got.Message, digestOf("a")) || !strings.Contains(got.Message, digestOf("b")) {
		t.Errorf("different digests: %v", got)
	}
}

// TestStatus writes what a SharedApp would say, so that a reviewer sees how it reads.
func TestStatus(t *testing.T) {
	found := &bundle.Bundle{Digest: digestOf("a")}
	well := seenVersion{spec: ociVersion("2.4.1", digestOf("a")), offered: digestOf("a"), remembered: digestOf("a"), bundle: found, stored: true}
	broken := seenVersion{spec: configMapVersion("2.5.0", "svarut-2.5.0"), offered: digestOf("b"), bundle: found, answer: refusal("Pod/lone: Pod (v1) is not a kind that bundles may hold"), again: slowRetry}
	waiting := seenVersion{spec: ociVersion("2.6.0", digestOf("a")), offered: digestOf("a"), fetch: fetching(download.State{})}
	withdrawn := broken
	withdrawn.spec.State = v1alpha1.VersionWithdrawn
	cyclic := see(well)
	for i := range cyclic.app.Spec.Versions {
		cyclic.app.Spec.Versions[i].Requires = &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "gateway"}}}
	}
	cyclic = in(country.Objects{Apps: map[string]*v1alpha1.SharedApp{"gateway": {
		ObjectMeta: metav1.ObjectMeta{Name: "gateway"},
		Spec: v1alpha1.SharedAppSpec{Versions: []v1alpha1.Version{
			{Version: "1.0.0", Requires: &v1alpha1.Requirements{Apps: []v1alpha1.RequiredApp{{Name: "svarut"}}}},
		}},
	}}}, cyclic)
	takenOut := see(well)
	takenOut.app.Status.Versions = []v1alpha1.VersionStatus{
		{Version: "2.3.0", Digest: digestOf("c")}, {Version: "2.4.1", Digest: digestOf("a"), Available: true}, {Version: "2.2.0", Message: "never was available"},
	}
	held := see(well)
	held.app.Spec.Suspend = new(true)
	held.app.Status = v1alpha1.SharedAppStatus{ObservedGeneration: 2, VersionsAvailable: "1/1", Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Ready", Message: "1 of 1 versions available", ObservedGeneration: 2, LastTransitionTime: metav1.NewTime(today.Add(-time.Hour))},
		{Type: v1alpha1.ConditionAppsReady, Status: metav1.ConditionTrue, Reason: "Ready", LastTransitionTime: metav1.NewTime(today)},
	}}
	warned := well
	warned.answer.warnings = []contract.Finding{
		{Object: "Job/import", Problem: "a Job can't be changed", Warning: true}, {Object: "Service/web", Problem: "it selects no pods", Warning: true},
	}
	ahead := see(well)
	ahead.app.Spec.PilotNetworks = []string{"nosuch"}
	for name, seen := range map[string]observed{
		"all-available": see(well), "unknown-pilot": ahead, "one-refused": see(well, broken), "one-fetching": see(well, waiting), "withdrawn-refused": see(well, withdrawn),
		"cycle": cyclic, "taken-out": takenOut, "suspended": held, "warned": see(warned),
	} {
		t.Run(name, func(t *testing.T) {
			next := status(seen, plan(seen, today), applied{}, today)
			got, err := yaml.Marshal(next)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".yaml", got)
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs; run with -update if it should (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

func TestAFailedStoreKeepsWhatWasRemembered(t *testing.T) {
	found := &bundle.Bundle{Digest: digestOf("a")}
	seen := see(seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), remembered: digestOf("a"), bundle: found})
	next := status(seen, plan(seen, today), applied{errs: map[string]error{"1.0.0": os.ErrDeadlineExceeded}}, today)
	if v := next.Versions[0]; v.Available || v.Digest != digestOf("a") || v.Message == "" {
		t.Errorf("got %+v", v)
	}
}

func TestSameStatusMindsOnlyWhatIsOwned(t *testing.T) {
	seen := see(seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), bundle: &bundle.Bundle{Digest: digestOf("a")}, stored: true})
	next := status(seen, plan(seen, today), applied{}, today)
	live := *next.DeepCopy()
	live.Installations, live.Running = new(int32(3)), "3/3"
	live.Conditions = append(live.Conditions, metav1.Condition{Type: v1alpha1.ConditionAppsReady, Status: metav1.ConditionTrue})
	if !sameStatus(live, next) {
		t.Error("what the overview counts must not make this controller write")
	}
	live.Versions[0].Available = false
	if sameStatus(live, next) {
		t.Error("a changed version must be written")
	}
}
