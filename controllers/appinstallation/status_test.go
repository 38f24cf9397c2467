package appinstallation

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
)

// deployment is one whose health is as its status says.
func deployment(name string, conditions ...any) *unstructured.Unstructured {
	o := of(world(), "Deployment", name, map[string]any{
		"spec": map[string]any{"replicas": int64(1)},
		"status": map[string]any{
			"observedGeneration": int64(1), "replicas": int64(1), "readyReplicas": int64(1), "availableReplicas": int64(1), "updatedReplicas": int64(1),
			"conditions": conditions,
		},
	})
	o.SetAPIVersion("apps/v1")
	o.SetGeneration(1)
	return o
}

func TestHealthOf(t *testing.T) {
	available := map[string]any{"type": "Available", "status": "True"}
	late := map[string]any{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
	spent := map[string]any{"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: allmenning"}
	fine, failed, poor := deployment("fine", available), deployment("late", late), deployment("a-poor", spent)
	stateful := deployment("ledger")
	stateful.SetKind("StatefulSet")
	stateful.Object["status"] = map[string]any{"observedGeneration": int64(1)}
	full := health.Room{Quotas: []corev1.ResourceQuota{{
		ObjectMeta: metav1.ObjectMeta{Name: "allmenning"},
		Status: corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("5")}, Used: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("5")},
		},
	}}}
	working := deployment("working", available)
	working.SetGeneration(2)
	var many []*unstructured.Unstructured
	for n := range 5 {
		o := deployment(fmt.Sprintf("working-%d", n), available)
		o.SetGeneration(2)
		many = append(many, o)
	}
	cases := []struct {
		reason  string
		objects []*unstructured.Unstructured
		missing bool
		want    string
		says    string
	}{
		{"all is healthy", []*unstructured.Unstructured{fine, configMap("a", "1")}, false, "Ready Ready", "svarut 2.4.1 runs"},
		{"one is on its way", []*unstructured.Unstructured{fine, working}, false, "Progressing Progressing", "Deployment/working"},
		{"one is not there yet", []*unstructured.Unstructured{fine}, true, "Progressing Progressing", "Deployment/fine: not there yet"},
		{"one failed", []*unstructured.Unstructured{working, failed}, false, "Stalled Unhealthy", "Deployment/late"},
		{"its pods find no room", []*unstructured.Unstructured{poor, failed}, false, "Stalled QuotaExceeded", "raise quota of environment prod"},
		{"so do those of a StatefulSet, which reports it nowhere", []*unstructured.Unstructured{working, stateful}, false, "Stalled QuotaExceeded", "StatefulSet/ledger: its pods can't be made: exceeded quota: allmenning, requested: pods=1"},
		{"of many three are named", many, false, "Progressing Progressing", "and 2 more"},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			i := world().installation
			todo, done := planned{}, applied{live: map[ref]*unstructured.Unstructured{}}
			for _, o := range tc.objects {
				todo.objects = append(todo.objects, object{ref: refOf(o), desired: o})
				if !tc.missing {
					done.live[refOf(o)] = o
				}
			}
			got := healthOf(&i, full, todo, done)
			if brief(&got) != tc.want || !strings.Contains(got.Message, tc.says) {
				t.Errorf("%s: %q, want %s with %q", brief(&got), got.Message, tc.want, tc.says)
			}
		})
	}
}

func TestHealthySince(t *testing.T) {
	stamp, earlier := metav1.NewTime(now), at(-time.Hour)
	ready := condition.Outcome{State: condition.Ready}
	cases := []struct {
		reason  string
		before  v1alpha1.AppInstallationStatus
		digest  string
		outcome condition.Outcome
		want    *metav1.Time
	}{
		{"it has become healthy", v1alpha1.AppInstallationStatus{AppliedDigest: "a"}, "a", ready, &stamp},
		{"it is healthy as before", v1alpha1.AppInstallationStatus{AppliedDigest: "a", HealthySince: earlier}, "a", ready, earlier},
		{"a new version starts over", v1alpha1.AppInstallationStatus{AppliedDigest: "a", HealthySince: earlier}, "b", ready, &stamp},
		{"it is no longer healthy", v1alpha1.AppInstallationStatus{AppliedDigest: "a", HealthySince: earlier}, "a", condition.Outcome{State: condition.Progressing}, nil},
		{"nothing is applied", v1alpha1.AppInstallationStatus{}, "", ready, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := healthySince(tc.before, v1alpha1.AppInstallationStatus{AppliedDigest: tc.digest}, tc.outcome, stamp)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("healthy since (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongestHealthy(t *testing.T) {
	stamp, hour, day := metav1.NewTime(now), at(-time.Hour), &metav1.Duration{Duration: 24 * time.Hour}
	since := func(since *metav1.Time, longest *metav1.Duration) v1alpha1.AppInstallationStatus {
		return v1alpha1.AppInstallationStatus{AppliedVersion: "1", AppliedDigest: "a", HealthySince: since, LongestHealthy: longest}
	}
	cases := []struct {
		reason       string
		before, next v1alpha1.AppInstallationStatus
		want         *metav1.Duration
	}{
		{"it is healthy, and never was otherwise", since(hour, nil), since(hour, nil), nil},
		{"it ceases to be healthy", since(hour, nil), since(nil, nil), &metav1.Duration{Duration: time.Hour}},
		{"it was healthy for longer before", since(hour, day), since(nil, nil), day},
		{"it is unhealthy as before", since(nil, day), since(nil, nil), day},
		{"it is healthy again", since(nil, day), since(&stamp, nil), day},
		{"a new version starts over", since(nil, day), v1alpha1.AppInstallationStatus{AppliedVersion: "2", AppliedDigest: "b"}, nil},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, longestHealthy(tc.before, tc.next, stamp)); diff != "" {
				t.Errorf("longest healthy (-want +got):\n%s", diff)
			}
		})
	}
}

// The time of a version begins when something ended that kept it from running, and is not its own.
func TestFaultEnded(t *testing.T) {
	was := func(status metav1.ConditionStatus, reason string, others ...string) []metav1.Condition {
		all := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status, Reason: reason}}
		for _, kind := range others {
			all = append(all, metav1.Condition{Type: kind, Status: metav1.ConditionTrue})
		}
		return all
	}
	comesUp := *progressing(v1alpha1.ReasonProgressing, "0/1")
	cases := []struct {
		reason  string
		before  []metav1.Condition
		outcome condition.Outcome
		want    bool
	}{
		{"nobody looked before", nil, comesUp, false},
		{"the required app is ready, for which it waited", was(metav1.ConditionFalse, v1alpha1.ReasonRequiredAppNotReady, v1alpha1.ConditionReconciling), comesUp, true},
		{"the bundle is there again", was(metav1.ConditionFalse, v1alpha1.ReasonBundleMissing, v1alpha1.ConditionReconciling), comesUp, true},
		{"the quota was raised", was(metav1.ConditionFalse, v1alpha1.ReasonQuotaExceeded, v1alpha1.ConditionStalled), *stalled(v1alpha1.ReasonUnhealthy, "crashes"), true},
		{"it is suspended no longer", was(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, v1alpha1.ConditionSuspended), comesUp, true},
		{"one such fault follows another", was(metav1.ConditionFalse, v1alpha1.ReasonRequiredAppMissing), *progressing(v1alpha1.ReasonRequiredAppNotReady, ""), false},
		{"it crashed, and comes up again: that is the version's", was(metav1.ConditionFalse, v1alpha1.ReasonUnhealthy, v1alpha1.ConditionStalled), comesUp, false},
		{"it ran", was(metav1.ConditionTrue, v1alpha1.ReasonReady), comesUp, false},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := faultEnded(tc.before, tc.outcome); got != tc.want {
				t.Errorf("got %v", got)
			}
			seen := world()
			seen.installation.Status.Conditions = tc.before
			got, _ := status(seen, planned{outcome: &tc.outcome}, applied{}, now)
			if is := got.FaultEndedAt != nil && got.FaultEndedAt.Time.Equal(now); is != tc.want {
				t.Errorf("the status says %v", got.FaultEndedAt)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	seen := world()
	install := func(version string) {
		seen.installation.Spec.Version, seen.installation.Spec.Digest = version, "sha256:"+version
		seen.installation.Status, _ = status(seen, planned{}, applied{}, now)
	}
	for n := range 12 {
		install(fmt.Sprintf("1.%d.0", n))
		install(fmt.Sprintf("1.%d.0", n))
	}
	install("1.10.0")
	var got []string
	for _, entry := range seen.installation.Status.History {
		got = append(got, entry.Version)
	}
	want := []string{"1.10.0", "1.11.0", "1.10.0", "1.9.0", "1.8.0", "1.7.0", "1.6.0", "1.5.0", "1.4.0", "1.3.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the last ten, each once, the latest first (-want +got):\n%s", diff)
	}
}

func TestStatus(t *testing.T) {
	a, b := configMap("a", "1"), configMap("b", "1")
	before := installed(t, a).installation.Status
	cases := []struct {
		reason  string
		change  func(*observed)
		todo    planned
		done    applied
		want    string
		applied string
		seen    int64
		objects int
	}{
		{"a gate is closed: what was there is remembered, and the spec was seen", nil, planned{outcome: stalled(v1alpha1.ReasonSharedAppMissing, "gone")}, applied{},
			"Stalled SharedAppMissing", digest, 3, 1},
		{"a write failed: the new version is not applied", func(s *observed) { s.installation.Spec.Digest = "sha256:new" },
			planned{objects: []object{{ref: refOf(a), desired: a}, {ref: refOf(b), desired: b, send: true}}},
			applied{failed: &objectError{ref: refOf(b), err: apierrors.NewTooManyRequests("busy", 1)}}, "Retrying Retrying", digest, 3, 1},
		{"all was written: it is", func(s *observed) { s.installation.Spec.Digest = "sha256:new" },
			planned{objects: []object{{ref: refOf(a), desired: a}, {ref: refOf(b), desired: b, send: true}}},
			applied{sent: map[ref]bool{refOf(b): true}, live: map[ref]*unstructured.Unstructured{refOf(a): a, refOf(b): answered(b)}}, "Ready Ready", "sha256:new", 3, 2},
		{"some objects wait for a phase before theirs: the new version is not applied", func(s *observed) { s.installation.Spec.Digest = "sha256:new" },
			planned{held: true, objects: []object{{ref: refOf(a), desired: a}, {ref: refOf(b), desired: b, waits: "Job/migrate"}}},
			applied{live: map[ref]*unstructured.Unstructured{refOf(a): a}}, "Progressing Progressing", digest, 3, 1},
		{"the API server would refuse some: nothing is applied, and what was there is remembered", func(s *observed) { s.installation.Spec.Digest = "sha256:new" },
			planned{objects: []object{{ref: refOf(b), desired: b, send: true}}}, applied{refused: []contract.Finding{{Problem: "no"}}}, "Stalled Refused", digest, 3, 1},
		{"what is to go is listed until it is gone", nil, planned{stale: []*unstructured.Unstructured{b}}, applied{}, "Ready Ready", digest, 3, 1},
		{"suspended: nothing was looked at", nil, planned{suspended: true}, applied{}, "Ready ", digest, 2, 1},
		{"uninstalling waits for pods", absent, planned{draining: true}, applied{}, "Progressing Uninstalling", "", 3, 0},
		{"uninstalled", absent, planned{}, applied{}, "Ready Uninstalled", "", 3, 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			seen := world()
			seen.installation.Status, seen.installation.Generation = before, 3
			if tc.change != nil {
				tc.change(&seen)
			}
			got, outcome := status(seen, tc.todo, tc.done, now)
			if brief(&outcome) != tc.want || got.AppliedDigest != tc.applied || got.ObservedGeneration != tc.seen || len(got.Inventory) != tc.objects {
				t.Errorf("%s, applied %s, generation %d, %d objects, want %s, %s, %d and %d",
					brief(&outcome), got.AppliedDigest, got.ObservedGeneration, len(got.Inventory), tc.want, tc.applied, tc.seen, tc.objects)
			}
		})
	}
}

func TestStatusNamesWhatItKept(t *testing.T) {
	todo := planned{}
	for n := range keptLength + 10 {
		todo.kept = append(todo.kept, ref{GroupKind: schema.GroupKind{Kind: "PersistentVolumeClaim"}, Name: fmt.Sprintf("data-%d", n)})
	}
	got, outcome := status(world(absent), todo, applied{}, now)
	if len(got.Kept) != keptLength || got.Kept[0] != "PersistentVolumeClaim/data-0" {
		t.Errorf("%d kept objects are named, the first %q, want %d", len(got.Kept), got.Kept[0], keptLength)
	}
	if !strings.Contains(outcome.Message, "60 objects") {
		t.Errorf("it says %q, want the whole number", outcome.Message)
	}
}

func TestInventoryHoldsNoValue(t *testing.T) {
	entry := installed(t, configMap("a", "hunter2")).installation.Status.Inventory[0]
	if strings.Contains(fmt.Sprintf("%+v", entry), "hunter2") || entry.Sent == "" || entry.Content == "" || entry.UID == "" {
		t.Errorf("inventory entry %+v, want hashes and no value", entry)
	}
	if other := installed(t, configMap("a", "other")).installation.Status.Inventory[0]; entry.Content == other.Content {
		t.Error("the hash of what the app wrote does not depend on its values")
	}
}

func TestHeldBack(t *testing.T) {
	progressing, stalled := condition.Outcome{State: condition.Progressing}, condition.Outcome{State: condition.Stalled}
	since := func(d time.Duration) pending { return pending{since: now.Add(d)} }
	cases := []struct {
		reason  string
		waiting pending
		outcome condition.Outcome
		want    time.Duration
	}{
		{"progress waits", pending{}, progressing, patience},
		{"no longer than it may", since(-time.Second), progressing, patience - time.Second},
		{"then it is written", since(-patience), progressing, 0},
		{"what is done is written at once", pending{}, condition.Outcome{}, 0},
		{"what a person must know, too", since(-time.Millisecond), stalled, 0},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			if got := heldBack(observed{waiting: tc.waiting}, tc.outcome, now); max(got, 0) != tc.want {
				t.Errorf("held back for %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTryAgain(t *testing.T) {
	refused := errors.New("busy")
	failed := applied{failed: &objectError{ref: refOf(configMap("a", "")), err: refused}}
	if err := tryAgain(condition.Outcome{State: condition.Retrying}, failed); !errors.Is(err, refused) || !strings.Contains(err.Error(), "ConfigMap/a") {
		t.Errorf("%v, want the error with its object", err)
	}
	if err := tryAgain(condition.Outcome{State: condition.Retrying, Message: "no bundle"}, applied{}); err == nil || err.Error() != "no bundle" {
		t.Errorf("%v, want what is waited for", err)
	}
	if err := tryAgain(condition.Outcome{State: condition.Stalled}, failed); err != nil {
		t.Errorf("%v: what a person must fix is not tried again", err)
	}
}
