package appinstallation

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
)

func TestTheCauseIsSaidFirst(t *testing.T) {
	late := deployment("web")
	late.SetGeneration(2)
	fine := deployment("fine", map[string]any{"type": "Available", "status": "True"})
	todo, done := planned{}, applied{live: map[ref]*unstructured.Unstructured{}}
	for _, o := range []*unstructured.Unstructured{late, fine} {
		todo.objects = append(todo.objects, object{ref: refOf(o), desired: o})
		done.live[refOf(o)] = o
	}
	room := health.Room{Causes: map[string]string{"Deployment/web": "pod web-1: no node takes it", "Deployment/fine": "of before"}}
	i := world().installation
	got := healthOf(&i, room, todo, done)
	if brief(&got) != "Progressing Progressing" || !strings.HasPrefix(got.Message, "Deployment/web: pod web-1: no node takes it; ") || strings.Contains(got.Message, "of before") {
		t.Errorf("%s: %s", brief(&got), got.Message)
	}
	if !waitsForPods(todo, done) {
		t.Error("its pods are not looked at")
	}
	todo.objects = todo.objects[1:]
	if waitsForPods(todo, done) {
		t.Error("pods of what is ready are looked at")
	}
}

func TestPodsAreLookedAtAfterAWhile(t *testing.T) {
	ready := func(status metav1.ConditionStatus, since time.Duration) func(*observed) {
		return func(s *observed) {
			s.now = now
			s.installation.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: status, LastTransitionTime: *at(since)}}
		}
	}
	appliedAt := func(since time.Duration) func(*observed) {
		return func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.4.1", digest
			s.installation.Status.History = []v1alpha1.InstalledVersion{{Version: "2.4.1", Digest: digest, AppliedAt: *at(since)}}
		}
	}
	for _, tc := range []struct {
		reason string
		seen   observed
		want   time.Duration
	}{
		{"nothing was said of it yet", world(func(s *observed) { s.now = now }), 0},
		{"it was ready a moment ago", world(ready(metav1.ConditionTrue, -time.Hour)), 0},
		{"it is not ready for a minute", world(ready(metav1.ConditionFalse, -time.Minute)), time.Minute},
		{"it waited for another app, and was applied then", world(ready(metav1.ConditionFalse, -time.Hour), appliedAt(-time.Second)), time.Second},
		{"it was applied long ago", world(ready(metav1.ConditionFalse, -time.Minute), appliedAt(-time.Hour)), time.Minute},
	} {
		if got := tc.seen.now.Sub(notReadySince(&tc.seen)); got != tc.want {
			t.Errorf("%s: for %s, want %s", tc.reason, got, tc.want)
		}
	}
}

func TestLooksAtPodsAreBounded(t *testing.T) {
	var g glances
	allowed := 0
	for range 1000 {
		if g.may(now) {
			allowed++
		}
	}
	if allowed > 50 || allowed == 0 || !g.may(now.Add(time.Second)) {
		t.Errorf("%d looks in a moment", allowed)
	}
}
