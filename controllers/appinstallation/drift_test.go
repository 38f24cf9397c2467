package appinstallation

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestChanged(t *testing.T) {
	const web = `
metadata: {name: web, resourceVersion: "1", labels: {app: web}, annotations: {revision: one}}
spec: {replicas: 1, template: {spec: {containers: [{name: web, image: a, args: [x, y], env: [{name: PASSWORD, value: hunter2}]}]}}}
status: {replicas: 1}`
	for _, tc := range []struct {
		reason, from, to string
		want             []string
	}{
		{"nothing that people write", `"1"`, `"2"`, nil},
		{"nor what a controller reports", "status: {replicas: 1}", "status: {replicas: 2}", nil},
		{"nor what it notes", "revision: one", "revision: two", nil},
		{"nor what it notes for the first time", ", annotations: {revision: one}", "", nil},
		{"an image", "image: a", "image: b", []string{"spec.template.spec.containers[web].image"}},
		{"a value, which is not shown", "hunter2", "hunter3", []string{"spec.template.spec.containers[web].env[PASSWORD].value"}},
		{"a container that was added", "containers: [", "containers: [{name: side}, ", []string{"spec.template.spec.containers[side]"}},
		{"a list without names is one field", "[x, y]", "[x]", []string{"spec.template.spec.containers[web].args"}},
		{"a field that was taken out", "replicas: 1, ", "", []string{"spec.replicas"}},
		{"labels that were taken off", ", labels: {app: web}", "", []string{"metadata.labels"}},
		{"a label that was added", "labels: {", "labels: {x: y, ", []string{"metadata.labels.x"}},
	} {
		var a, b unstructured.Unstructured
		if err := yaml.Unmarshal([]byte(web), &a.Object); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal([]byte(strings.Replace(web, tc.from, tc.to, 1)), &b.Object); err != nil {
			t.Fatal(err)
		}
		desired := a.DeepCopy()
		unstructured.RemoveNestedField(desired.Object, "metadata", "annotations")
		if diff := cmp.Diff(tc.want, changed(desired, &b, &a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
		}
	}
}

func TestDrifted(t *testing.T) {
	seen := world(func(s *observed) {
		s.installation.Status.AppliedDigest, s.installation.Status.AppliedVersion = digest, "2.4.1"
	})
	entry := v1alpha1.InstalledObject{UID: "1", Sent: "a"}
	for _, tc := range []struct {
		reason string
		seen   observed
		object object
		known  bool
		want   bool
	}{
		{"somebody changed it", seen, object{sent: "a", send: true}, true, true},
		{"it is as it was sent", seen, object{sent: "a"}, true, false},
		{"a parameter makes another of it", seen, object{sent: "b", send: true}, true, false},
		{"it is new", seen, object{sent: "a", send: true}, false, false},
		{"the version is on its way", world(), object{sent: "a", send: true}, true, false},
	} {
		if got := drifted(tc.seen, tc.object, entry, tc.known); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.reason, got, tc.want)
		}
	}
}

func TestDriftIsSaidAtABoundedRate(t *testing.T) {
	var said memo[string, time.Time]
	at := func(seconds int) time.Time { return now.Add(time.Duration(seconds) * time.Second) }
	for _, tc := range []struct {
		reason, key string
		at          time.Time
		want        bool
	}{
		{"the first time", "a", at(0), true},
		{"again, a moment later", "a", at(1), false},
		{"another object", "b", at(1), true},
		{"a minute later", "a", at(60), true},
	} {
		if got := isDue(&said, tc.key, tc.at); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.reason, got, tc.want)
		}
	}
}
