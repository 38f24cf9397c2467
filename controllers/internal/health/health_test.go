package health_test

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
)

func TestBlind(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	scaler := func(reason, since string) string {
		return `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: ScalingActive, status: "False", reason: ` + reason + `, message: no metrics API, lastTransitionTime: "` + since + `"}]}}`
	}
	for _, tc := range []struct {
		reason, object string
		blind          bool
		wait           time.Duration
	}{
		{"a pod has just started", scaler("FailedGetResourceMetric", "2026-11-22T11:58:00Z"), false, 3 * time.Minute},
		{"nobody serves metrics", scaler("FailedGetResourceMetric", "2026-11-22T11:55:00Z"), true, 0},
		{"nor those of the app's own", scaler("FailedGetExternalMetric", "2026-11-22T08:00:00Z"), true, 0},
		{"scaling is disabled by its spec", scaler("ScalingDisabled", "2026-11-22T08:00:00Z"), false, 0},
		{"it scales", strings.Replace(scaler("ValidMetricFound", "2026-11-22T08:00:00Z"), "False", "True", 1), false, 0},
		{"another kind", strings.Replace(scaler("FailedGetResourceMetric", "2026-11-22T08:00:00Z"), "HorizontalPodAutoscaler", "Scaler", 1), false, 0},
	} {
		o := parsed[unstructured.Unstructured](t, tc.object)
		message, wait := health.Blind(&o, now)
		if (message != "") != tc.blind || wait != tc.wait || (tc.blind && !strings.Contains(message, "no metrics API")) {
			t.Errorf("%s: %q, wait %s", tc.reason, message, wait)
		}
	}
}

func TestOf(t *testing.T) {
	rules, err := health.Compile([]v1alpha1.HealthRule{{
		APIVersion: "example.org/v1", Kind: "Queue", Healthy: "object.status.phase == 'Open'", Failed: "object.status.phase == 'Broken'",
	}, {APIVersion: "apps/v1", Kind: "Deployment", Healthy: "true"}})
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
		{"a Job that has begun is not ready", `{apiVersion: batch/v1, kind: Job, status: {startTime: "2026-11-22T12:00:00Z", active: 1}}`, health.Progressing, "it has not succeeded yet"},
		{"a Job whose pods fail says so", `{apiVersion: batch/v1, kind: Job, status: {startTime: "2026-11-22T12:00:00Z", active: 1, failed: 2}}`, health.Progressing, "2 of its pods failed"},
		{"a Job that has succeeded is ready", `{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Complete, status: "True"}]}}`, health.Healthy, ""},
		{"a Job that has failed will not succeed", `{apiVersion: batch/v1, kind: Job, status: {conditions: [{type: Failed, status: "True", message: BackoffLimitExceeded}]}}`, health.Failed, "BackoffLimitExceeded"},
		{"a Job that is suspended is not asked to run", `{apiVersion: batch/v1, kind: Job, spec: {suspend: true}}`, health.Healthy, ""},
		{"pods of before that run until somebody deletes them", `
apiVersion: apps/v1
kind: StatefulSet
metadata: {generation: 2}
spec: {replicas: 2, updateStrategy: {type: OnDelete}}
status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 1}`, health.Progressing, "updateStrategy is OnDelete"},
		{"and when all are new", `
apiVersion: apps/v1
kind: StatefulSet
metadata: {generation: 2}
spec: {replicas: 2, updateStrategy: {type: OnDelete}}
status: {observedGeneration: 2, replicas: 2, readyReplicas: 2, updatedReplicas: 2}`, health.Healthy, ""},
		{"an autoscaler that finds nothing to scale", `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: AbleToScale, status: "False", message: "no such Deployment"}]}}`, health.Progressing, "it can't scale: no such Deployment"},
		{"an autoscaler whose selector is none", `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: ScalingActive, status: "False", reason: InvalidSelector}]}}`, health.Failed, ""},
		{"an autoscaler without metrics yet keeps nobody from running", `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, status: {conditions: [{type: ScalingActive, status: "False", reason: FailedGetResourceMetric}]}}`, health.Healthy, ""},
		{"an object of the app's own kind that nobody has reported on", `{apiVersion: example.org/v1, kind: Topic}`, health.Progressing, "the controller of its kind may be missing"},
		{"one that its controller has reported on", `{apiVersion: example.org/v1, kind: Topic, status: {conditions: [{type: Ready, status: "True"}]}}`, health.Healthy, ""},
		{"one that has failed has failed, whatever a rule says", `{apiVersion: example.org/v1, kind: Queue, status: {phase: Open, conditions: [{type: Stalled, status: "True", reason: NoDisk, message: "no disk"}]}}`, health.Failed, "no disk"},
		{"a rule can't make a Deployment ready that is not", `{apiVersion: apps/v1, kind: Deployment, metadata: {generation: 1}, spec: {replicas: 1}}`, health.Progressing, ""},
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

func TestARuleThatTakesTooLongIsCutOff(t *testing.T) {
	rules, err := health.Compile([]v1alpha1.HealthRule{{APIVersion: "example.org/v1", Kind: "Queue",
		Healthy: "object.all.map(a, object.all.map(b, object.all.map(c, object.all.map(d, a + b + c + d).size()).size()).size()).size() > 0"}})
	if err != nil {
		t.Fatal(err)
	}
	all := make([]any, 1000)
	for i := range all {
		all[i] = int64(i)
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.org/v1", "kind": "Queue", "all": all, "status": map[string]any{"a": "b"}}}
	began := time.Now()
	if got, _ := health.Of(o, rules); got != health.Progressing || time.Since(began) > 5*time.Second {
		t.Errorf("%s after %s, want Progressing within a moment", got, time.Since(began))
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
