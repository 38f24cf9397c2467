package contract

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func parse(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "---\n") {
		written, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(written); err != nil {
			t.Fatalf("%s: %v", document, err)
		}
		all = append(all, o)
	}
	return all
}

// terms are those of a platform that knows one kind of its own, and allows a few things more.
func terms() Terms {
	return Terms{
		ScopeOf: func(gvk schema.GroupVersionKind) Scope {
			switch gvk.Kind {
			case "ClusterRole", "ClusterRoleBinding", "Namespace", "PersistentVolume", "StorageClass":
				return ScopeCluster
			case "Wheel", "IngressRoute", "ServiceMonitor", "SealedSecret", "ScaledObject", "ExternalSecret", "SecretStore", "Certificate", "VerticalPodAutoscaler", "Gateway":
				return ScopeForbidden
			case "configmap", "Configmaps", "Foo", "Cart":
				return ScopeUnknown
			case "Dark":
				return ScopeUnreadable
			}
			if gvk.Group == "apps" && gvk.Version == "v2" || gvk.Group == "" && gvk.Kind == "Deployment" {
				return ScopeUnknown
			}
			return ScopeNamespaced
		},
		Meant: func(gvk schema.GroupVersionKind) schema.GroupVersionKind {
			switch gvk.Kind {
			case "configmap":
				return schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
			case "Cart":
				return schema.GroupVersionKind{Group: "example.org", Version: "v2", Kind: "Cart"}
			}
			return schema.GroupVersionKind{}
		},
		Installer: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}, Verbs: []string{"get", "create", "patch", "delete"}},
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list", "watch"}},
			{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "create", "patch", "delete"}},
			{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get", "create", "patch", "delete"}},
			{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update", "patch", "delete"}},
			{APIGroups: []string{"events.k8s.io"}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}},
			{APIGroups: []string{"example.org"}, Resources: []string{"queues", "queues/status"}, Verbs: []string{"*"}},
		},
		Domains: []string{"vinje.kommune.no", "apps.example.org"}, Annotations: []string{"example.org/"}, PriorityClasses: []string{"common"}, TokenAudiences: []string{"https://vault.example.org"},
		Images:        Images{Registries: []string{"docker.io/library/"}},
		HasHealthRule: func(gvk schema.GroupVersionKind) bool { return gvk.Kind == "Queue" },
	}
}

// restricted is a pod spec that keeps the Pod Security Standard, with more in it.
func restricted(more string) string {
	return "{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, " + more +
		" containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"
}

// web is a Deployment with a pod.
func web(pod string) string {
	return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}, spec: " + pod + "}}}\n"
}

func ingress(spec string) string {
	return "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: " + spec + "}"
}

// keepsOne is a disruption budget that keeps one pod of web, before more of the bundle.
const keepsOne = "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}\n---\n"

// nightly is a CronJob with pods of the same labels.
const nightly = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: web}}, spec: {containers: []}}}}}}\n"

// scaler is an autoscaler of web.
func scaler(spec string) string {
	return "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, " + spec + "}}"
}

// gatewayRoute is a route of the Gateway API.
func gatewayRoute(spec string) string {
	return "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {" + spec + "}}"
}

// role gives rights.
func role(rules string) string {
	return "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [" + rules + "]}"
}

// ownSecret is a Secret of the bundle, before more of it.
const ownSecret = "{apiVersion: v1, kind: Secret, metadata: {name: mine}}\n---\n"

// sealed makes the Secret that the pods of waiting need.
const sealed = "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: key}}\n"

// scaled changes how many pods of web there are.
const scaled = "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: a}, spec: {scaleTargetRef: {name: web}}}\n"

// owning is a pod with an init container that runs a script as root.
func owning(script string) string {
	return restricted("initContainers: [{name: i, image: i, command: [sh, -c, '" + script + "'], securityContext: {runAsUser: 0, runAsNonRoot: false, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}],")
}

func waiting(more string) string {
	return strings.Replace(restricted(""), "image: i,", "image: i, env: [{name: K, valueFrom: {secretKeyRef: {name: key, key: k"+more+"}}}],", 1)
}

// migration is a Job that comes before the rest, with more in its container, and a database with annotations.
func migration(more, annotations string) string {
	return "{apiVersion: batch/v1, kind: Job, metadata: {name: migrate, annotations: {allmenning.dev/run-once: 'true', allmenning.dev/phase: before}}, spec: {template: {spec: " +
		strings.Replace(restricted(""), "image: i,", "image: i, "+more+",", 1) + "}}}\n---\n" +
		"{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}\n---\n" +
		"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, annotations: {" + annotations + "}}, " +
		"spec: {selector: {matchLabels: {app: db}}, template: {metadata: {labels: {app: db}}, spec: " + restricted("") + "}}}\n"
}
