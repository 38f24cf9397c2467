package bundle

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	written, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	parsed := &unstructured.Unstructured{}
	if err := parsed.UnmarshalJSON(written); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// scopes knows all kinds of the tests but one.
func scopes(gvk schema.GroupVersionKind) Scope {
	switch gvk.Kind {
	case "ClusterRole", "Namespace":
		return ScopeCluster
	case "Wheel":
		return ScopeNone
	default:
		return ScopeNamespaced
	}
}

func TestInspect(t *testing.T) {
	for _, tc := range []struct{ reason, object, want string }{
		{"a kind that is allowed", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
		{"a Service within the cluster", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP}}", ""},
		{"a Service of another group", "{apiVersion: serving.example.org/v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}}", ""},
		{"a kind that is not on the list", "{apiVersion: example.org/v1, kind: Wheel, metadata: {name: a}}",
			`Wheel/a: Wheel (example.org/v1) is not a kind that bundles may hold; a platform adds it by a ClusterRole labelled allmenning.dev/aggregate-to-installer: "true"`},
		{"a cluster-scoped kind", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}", "ClusterRole/a: ClusterRole is cluster-scoped"},
		{"a namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}", "Namespace/a: Namespace is cluster-scoped"},
		{"a network policy, though the account may write it", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}", "NetworkPolicy/a: a bundle may not bring a NetworkPolicy; declare spec.requires.egress"},
		{"a network policy of a network plugin", "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a}}", "may not bring a NetworkPolicy"},
		{"node ports", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort}}", "Service/a: spec.type NodePort is not allowed: the quota"},
		{"a load balancer", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}}", "spec.type LoadBalancer is not allowed"},
		{"an external name", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, externalName: x}}", "spec.type ExternalName is not allowed: it would bypass"},
		{"external addresses", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {externalIPs: [192.0.2.1]}}", "spec.externalIPs is not allowed"},
		{"a Service that is none", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: x}}", "not a valid Service"},
		{"an owner", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]}}", "metadata.ownerReferences is not allowed"},
		{"a finalizer", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.org/x]}}", "metadata.finalizers is not allowed"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			err := Inspect([]*unstructured.Unstructured{object(t, tc.object)}, scopes)
			if tc.want != "" {
				wantError(t, err, tc.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPodSecurity(t *testing.T) {
	const (
		good = `{securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}`
		bad  = `{hostNetwork: true, containers: [{name: c, image: i, securityContext: {privileged: true}}]}`
	)
	templated := func(kind, pod string) string {
		return "{apiVersion: apps/v1, kind: " + kind + ", metadata: {name: a}, spec: {template: {spec: " + pod + "}}}"
	}
	for _, tc := range []struct {
		reason, object string
		want           []string
	}{
		{"no pods", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", nil},
		{"a restricted Deployment", templated("Deployment", good), nil},
		{"a privileged Deployment", templated("Deployment", bad), []string{"Deployment/a", "restricted", "privileged (container", "host namespaces (hostNetwork=true)"}},
		{"a privileged StatefulSet", templated("StatefulSet", bad), []string{"StatefulSet/a"}},
		{"a privileged DaemonSet", templated("DaemonSet", bad), []string{"DaemonSet/a"}},
		{"a privileged ReplicaSet", templated("ReplicaSet", bad), []string{"ReplicaSet/a"}},
		{"a privileged Job", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: " + bad + "}}}", []string{"Job/a"}},
		{"a privileged CronJob", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: " + bad + "}}}}}", []string{"CronJob/a"}},
		{"a privileged Pod", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: " + bad + "}", []string{"Pod/a"}},
		{"a pod without a security context", templated("Deployment", "{containers: [{name: c, image: i}]}"), []string{"allowPrivilegeEscalation != false", "runAsNonRoot != true", "seccompProfile"}},
		{"a template that is none", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: x}}", []string{"Deployment/a: not a valid pod template"}},
		{"a pod that is none", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: x}}", []string{"Pod/a: not a valid pod"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			err := PodSecurity([]*unstructured.Unstructured{object(t, tc.object)})
			if len(tc.want) == 0 && err != nil {
				t.Error(err)
			}
			for _, want := range tc.want {
				wantError(t, err, want)
			}
		})
	}
}
