package chart_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// renderCase are values, and what the chart makes of them.
type renderCase struct {
	reason string
	values string
	// apis that the cluster has beside Kubernetes' own.
	apis []string
	// has and lacks are texts in the objects named by file.
	file       string
	has, lacks []string
	// wrong is a text of the error.
	wrong string
}

const monitoring = "monitoring.coreos.com/v1"

var cases = []renderCase{
	{
		reason: "as it is: a wall, a budget, and policies that name the account",
		file:   "policies.yaml", has: []string{"system:serviceaccount:allmenning-system:allmenning-manager", "allmenning-system-trial"},
	},
	{
		reason: "an account of another name reaches the policies", values: `serviceAccount: {name: op, annotations: {a: b}}`,
		file: "policies.yaml", has: []string{"system:serviceaccount:allmenning-system:op"}, lacks: []string{"allmenning-system:allmenning-manager"},
	},
	{
		reason: "and the bindings", values: `serviceAccount: {name: op}`,
		file: "roles.yaml", has: []string{"name: op"},
	},
	{
		reason: "the account has its annotations", values: `serviceAccount: {annotations: {iam.example.no/role: op}}`,
		file: "serviceaccount.yaml", has: []string{"iam.example.no/role: op"},
	},
	{
		reason: "definitions stay when the release goes", file: "crds.yaml", has: []string{"helm.sh/resource-policy: keep"},
	},
	{
		reason: "or go, where somebody wants that", values: `crds: {keep: false}`, file: "crds.yaml", lacks: []string{"resource-policy"},
	},
	{
		reason: "or are somebody else's", values: `crds: {enabled: false}`, file: "crds.yaml", lacks: []string{"CustomResourceDefinition"},
	},
	{
		reason: "who may not create policies", values: `policies: {enabled: false}`, file: "policies.yaml", lacks: []string{"kind"},
	},
	{
		reason: "the notes say so", values: `policies: {enabled: false}`, file: "NOTES.txt", has: []string{"PolicyMissing"},
	},
	{
		reason: "the notes say what is deleted", values: `crds: {keep: false}`, file: "NOTES.txt", has: []string{"deletes every Municipality"},
	},
	{
		reason: "who may not create namespaces", values: `trialNamespace: {create: false}`, file: "trial.yaml", lacks: []string{"Namespace"},
	},
	{
		reason: "a tag", values: `image: {tag: "1.2.3"}`, file: "deployment.yaml", has: []string{"image: ghcr.io/allmenning/manager:1.2.3\n"},
	},
	{
		reason: "a digest goes before the tag",
		values: `image: {repository: registry.example.no/manager, digest: "sha256:` + strings.Repeat("0", 64) + `"}`,
		file:   "deployment.yaml", has: []string{"image: registry.example.no/manager:0.1.0@sha256:" + strings.Repeat("0", 64)},
	},
	{
		reason: "where and how the pods run",
		values: `
imagePullSecrets: [{name: pull}]
priorityClassName: platform
nodeSelector: {role: platform}
tolerations: [{key: platform, operator: Exists}]
affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}
podAnnotations: {seen: "yes"}
podLabels: {team: platform}
commonLabels: {cost: shared}
plainHTTPRegistries: [registry.local:5000]
extraArgs: [--pprof-bind-address=localhost:6060]`,
		file: "deployment.yaml", has: []string{
			"imagePullSecrets:\n      - name: pull", "priorityClassName: platform", "role: platform", "key: platform", "nodeAffinity",
			`seen: "yes"`, "team: platform", "cost: shared", "--plain-http-registry=registry.local:5000", "--pprof-bind-address=localhost:6060",
		},
	},
	{
		reason: "one node", values: `{replicas: 1, podDisruptionBudget: {enabled: false}, topologySpread: {enabled: false}}`,
		file: "deployment.yaml", has: []string{"replicas: 1"}, lacks: []string{"topologySpreadConstraints"},
	},
	{
		reason: "one operator and a budget would keep every node from being drained", values: `replicas: 1`,
		wrong: "podDisruptionBudget.enabled needs two replicas, and replicas is 1",
	},
	{
		reason: "no metrics", values: `metrics: {enabled: false}`, file: "deployment.yaml", has: []string{"--metrics-bind-address=0\n"}, lacks: []string{"name: metrics"},
	},
	{
		reason: "nobody asks for metrics that are not served", values: `metrics: {enabled: false}`, file: "networkpolicy.yaml", lacks: []string{"port: metrics"},
	},
	{
		reason: "who reads metrics", values: `metrics: {readers: [{namespace: monitoring, name: prometheus}]}`,
		file: "roles.yaml", has: []string{"allmenning-metrics-reader-monitoring-prometheus"},
	},
	{
		reason: "a dashboard", values: `metrics: {dashboard: {enabled: true}}`,
		file: "metrics.yaml", has: []string{"name: allmenning-dashboard", `grafana_dashboard: "1"`, `"title": "Versions in use"`},
	},
	{
		reason: "a dashboard without labels", values: `metrics: {dashboard: {enabled: true, labels: {grafana_dashboard: null}}}`,
		file: "metrics.yaml", has: []string{"name: allmenning-dashboard"}, lacks: []string{"grafana_dashboard"},
	},
	{
		reason: "a dashboard of nothing", values: `metrics: {enabled: false, dashboard: {enabled: true}}`,
		wrong: "metrics.dashboard.enabled needs metrics.enabled",
	},
	{
		reason: "which pipelines ask how far a version has come", values: `metrics: {pipelines: [{namespace: kargo, name: promoter}]}`,
		file: "roles.yaml", has: []string{"allmenning-pipeline-reader-kargo-promoter"}, lacks: []string{"allmenning-metrics-reader-kargo-promoter"},
	},
	{
		reason: "a monitor", values: `metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}`, apis: []string{monitoring},
		file: "metrics.yaml", has: []string{"kind: ServiceMonitor", "release: prometheus"},
	},
	{
		reason: "a monitor without labels", values: `metrics: {serviceMonitor: {enabled: true}}`, apis: []string{monitoring},
		file: "metrics.yaml", has: []string{"kind: ServiceMonitor"},
	},
	{
		reason: "a monitor where the cluster has no such kind", values: `metrics: {serviceMonitor: {enabled: true}}`,
		wrong: "the cluster does not have monitoring.coreos.com/v1",
	},
	{
		reason: "a monitor of nothing", values: `metrics: {enabled: false, serviceMonitor: {enabled: true}}`, apis: []string{monitoring},
		wrong: "metrics.serviceMonitor.enabled needs metrics.enabled",
	},
	{
		reason: "alerts", values: `metrics: {prometheusRule: {enabled: true, labels: {release: prometheus}}}`, apis: []string{monitoring},
		file: "metrics.yaml", has: []string{"kind: PrometheusRule", "release: prometheus", "alert: AllmenningNoLeader", "{{ $labels.app }}"},
	},
	{
		reason: "alerts without labels", values: `metrics: {prometheusRule: {enabled: true}}`, apis: []string{monitoring},
		file: "metrics.yaml", has: []string{"kind: PrometheusRule"}, lacks: []string{"kind: ServiceMonitor"},
	},
	{
		reason: "alerts where the cluster has no such kind", values: `metrics: {prometheusRule: {enabled: true}}`,
		wrong: "metrics.prometheusRule.enabled needs the kinds of the Prometheus operator",
	},
	{
		reason: "alerts on nothing", values: `metrics: {enabled: false, prometheusRule: {enabled: true}}`, apis: []string{monitoring},
		wrong: "metrics.prometheusRule.enabled needs metrics.enabled",
	},
	{
		reason: "no wall", values: `networkPolicy: {enabled: false}`, file: "networkpolicy.yaml", lacks: []string{"NetworkPolicy"},
	},
	{
		reason: "a wall with more doors",
		values: `networkPolicy: {egressPorts: [5000], extraEgress: [{to: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}`,
		file:   "networkpolicy.yaml", has: []string{"port: 5000", "192.0.2.0/24"}, lacks: []string{"port: 443"},
	},
	{
		reason: "a wall with no way out but DNS", values: `networkPolicy: {egressPorts: []}`, file: "networkpolicy.yaml", lacks: []string{"port: 443"},
	},
	{reason: "a value that is misspelt", values: `replcas: 3`, wrong: "replcas"},
	{reason: "a value of another type", values: `replicas: many`, wrong: "/replicas"},
	{reason: "a level that there is not", values: `log: {level: loud}`, wrong: "/log/level"},
	{reason: "no digest", values: `image: {digest: latest}`, wrong: "/image/digest"},
	{reason: "no duration", values: `fetchTimeout: soon`, wrong: "/fetchTimeout"},
	{reason: "two faults are both reported", values: `{replicas: many, fetchTimeout: soon}`, wrong: "/fetchTimeout"},
	{reason: "two faults are both reported", values: `{replicas: many, fetchTimeout: soon}`, wrong: "/replicas"},
}

func TestValues(t *testing.T) {
	chart := load(t)
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			files, err := render(chart, "allmenning-system", c.values, c.apis...)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Errorf("error: %v\nwant one with %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			objectsOf(t, files) // each file is YAML, and no object is there twice
			text := files["allmenning/templates/"+c.file]
			for _, want := range c.has {
				if !strings.Contains(text, want) {
					t.Errorf("%s has no %q:\n%s", c.file, want, text)
				}
			}
			for _, not := range c.lacks {
				if strings.Contains(text, not) {
					t.Errorf("%s has %q:\n%s", c.file, not, text)
				}
			}
		})
	}
}

// TestAnotherNamespace looks for what still names the shipped namespace where the release is in another.
func TestAnotherNamespace(t *testing.T) {
	files, err := render(load(t), "platform", `serviceAccount: {name: operator}`)
	if err != nil {
		t.Fatal(err)
	}
	for file, text := range files {
		if strings.Contains(text, "allmenning-system") && file != "allmenning/templates/crds.yaml" { // where it is an example
			t.Errorf("%s names allmenning-system:\n%s", file, text)
		}
	}
	for id, o := range objectsOf(t, files) {
		if namespace := o.GetNamespace(); namespace != "" && namespace != "platform" && namespace != "platform-trial" {
			t.Errorf("%s is in namespace %s", id, namespace)
		}
		for _, subject := range subjectsOf(o) {
			if subject != "platform/operator" && subject != "platform-trial/allmenning-installer" {
				t.Errorf("%s binds %s", id, subject)
			}
		}
	}
}

func subjectsOf(o *unstructured.Unstructured) []string {
	subjects, _, _ := unstructured.NestedSlice(o.Object, "subjects")
	var all []string
	for _, s := range subjects {
		all = append(all, fmt.Sprint(s.(map[string]any)["namespace"], "/", s.(map[string]any)["name"])) //nolint:errcheck // a subject is a map
	}
	return all
}
