package health_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
)

func TestOf(t *testing.T) {
	rules, err := health.Compile([]v1alpha1.HealthRule{{
		APIVersion: "example.org/v1", Kind: "Queue", Healthy: "object.status.phase == 'Open'", Failed: "object.status.phase == 'Broken'",
	}})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		reason  string
		object  string
		want    health.State
		message string
	}{
		{"a ConfigMap is ready once it is there", `{apiVersion: v1, kind: ConfigMap}`, health.Healthy, ""},
		{"a Deployment nobody has looked at yet is not ready", `{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 0}}`, health.Progressing, ""},
		{"a Deployment seen at an earlier generation is not ready", `
apiVersion: apps/v1
kind: Deployment
metadata: {generation: 2}
spec: {replicas: 1}
status: {observedGeneration: 1, replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}`, health.Progressing, ""},
		{"a Deployment with all its replicas is ready", `
apiVersion: apps/v1
kind: Deployment
metadata: {generation: 2}
spec: {replicas: 1}
status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}`, health.Healthy, ""},
		{"a Deployment whose new pods don't get ready says so in plain words", `
apiVersion: apps/v1
kind: Deployment
metadata: {generation: 2}
spec: {replicas: 1}
status: {observedGeneration: 2, replicas: 2, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, conditions: [{type: Available, status: "True"}, {type: Progressing, status: "True", reason: ReplicaSetUpdated}]}`, health.Progressing, "new pods are not ready, and pods of before still run: 1"},
		{"a spent quota is reported in the API server's words", `
apiVersion: apps/v1
kind: Deployment
metadata: {generation: 1}
spec: {replicas: 1}
status: {observedGeneration: 1, conditions: [{type: ReplicaFailure, status: "True", message: "exceeded quota: allmenning, requested: requests.memory=9Gi"}]}`, health.Failed, "requests.memory=9Gi"},
		{"a rule says ready", `{apiVersion: example.org/v1, kind: Queue, status: {phase: Open}}`, health.Healthy, ""},
		{"a rule says failed", `{apiVersion: example.org/v1, kind: Queue, status: {phase: Broken}}`, health.Failed, ""},
		{"a rule on a status that is not there yet waits", `{apiVersion: example.org/v1, kind: Queue}`, health.Progressing, ""},
		{"a rule does not believe an old status", `{apiVersion: example.org/v1, kind: Queue, metadata: {generation: 2}, status: {observedGeneration: 1, phase: Open}}`, health.Progressing, ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			o := &unstructured.Unstructured{}
			raw, err := yaml.YAMLToJSON([]byte(tc.object))
			if err != nil {
				t.Fatal(err)
			}
			if err := o.UnmarshalJSON(raw); err != nil {
				t.Fatal(err)
			}
			got, message := health.Of(o, rules)
			if got != tc.want || !strings.Contains(message, tc.message) {
				t.Errorf("Of = %s %q, want %s with %q", got, message, tc.want, tc.message)
			}
		})
	}
}

func TestCompileNamesTheRule(t *testing.T) {
	for expression, want := range map[string]string{"object.": "Syntax error", "1 + 1": "must give true or false"} {
		_, err := health.Compile([]v1alpha1.HealthRule{{APIVersion: "v1", Kind: "Queue", Healthy: expression}})
		if err == nil || !strings.Contains(err.Error(), "health[0].healthy (Queue)") || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile(%q) = %v, want an error that names the rule and says %q", expression, err, want)
		}
	}
}
