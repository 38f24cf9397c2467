package builtin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

func TestMeant(t *testing.T) {
	for _, tc := range []struct{ reason, apiVersion, kind, want string }{
		{"known", "v1", "ConfigMap", ""},
		{"the wrong case", "v1", "configmap", "/v1, Kind=ConfigMap"},
		{"all in capitals", "apps/v1", "DEPLOYMENT", "apps/v1, Kind=Deployment"},
		{"a version that there is not", "apps/v2", "Deployment", "apps/v1, Kind=Deployment"},
		{"a version that is gone, with the newest that is there", "autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2, Kind=HorizontalPodAutoscaler"},
		{"another version of Kubernetes' own that is there", "autoscaling/v1", "HorizontalPodAutoscaler", ""},
		{"no group", "v1", "Deployment", "apps/v1, Kind=Deployment"},
		{"another group", "apps/v1", "Service", "/v1, Kind=Service"},
		{"a group that only Kubernetes could have", "app/v1", "Deployment", "apps/v1, Kind=Deployment"},
		{"the name of the resource", "v1", "Configmaps", "/v1, Kind=ConfigMap"},
		{"a letter too few", "apps/v1", "Deploymnt", "apps/v1, Kind=Deployment"},
		{"nothing that is near", "v1", "Foo", ""},
		{"a list is no object", "v1", "ConfigMapList", ""},
		{"a definition may bring any kind", "serving.knative.dev/v1", "service", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := ""
			if meant := Meant(schema.FromAPIVersionAndKind(tc.apiVersion, tc.kind)); !meant.Empty() {
				got = meant.String()
			}
			if got != tc.want {
				t.Errorf("Meant = %q, want %q", got, tc.want)
			}
		})
	}
}

func deployment(more, pod string) string {
	return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {" + more + " selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: " + pod + "}}}"
}

func container(more string) string {
	return deployment("", "{containers: [{name: c, image: i, "+more+"}]}")
}

const inContainer = "spec.template.spec.containers[0]"

// TestCheck has for each kind of fault what is accepted beside it.
func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		reason, object string
		want           []string
	}{
		{"a whole workload", deployment("replicas: 2,", "{containers: [{name: c, image: i, ports: [{containerPort: 53}, {containerPort: 53, protocol: UDP}], resources: {requests: {cpu: 1, memory: 1Gi}}, env: [{name: A, value: \"1\"}]}]}"), nil},
		{"of other kinds nothing is known", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: A_}, spec: {x: 1}}", nil},
		{"text that is to be a number", deployment("replicas: \"2\",", "{containers: [{name: c, image: i}]}"), []string{"spec.replicas: it is text, and must be a number; write the number without quotes"}},
		{"text that is no number", deployment("replicas: two,", "{containers: [{name: c, image: i}]}"), []string{"spec.replicas: it is text, and must be a whole number; write a number"}},
		{"a number that is too large", deployment("replicas: 99999999999,", "{containers: [{name: c, image: i}]}"), []string{"spec.replicas: the number is too large; write a smaller one"}},
		{"a number that is to be text", container("env: [{name: A, value: 1}]"), []string{inContainer + ".env[0].value: it is a number, and must be text; write it in quotes"}},
		{"yes is a truth value", container("env: [{name: A, value: true}]"), []string{inContainer + ".env[0].value: it is true or false, and must be text; write it in quotes"}},
		{"a text that is to be true or false", container("tty: \"true\""), []string{inContainer + ".tty: it is text, and must be true or false; write true or false, without quotes"}},
		{"an object that is to be a list", container("args: {a: b}"), []string{inContainer + ".args: it is an object, and must be a list; begin each entry with a hyphen"}},
		{"an entry of a list", container("args: [a, 1]"), []string{inContainer + ".args[1]: it is a number, and must be text; write it in quotes"}},
		{"an object that is to be text", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a.yaml: {b: c}}}", []string{"data[a.yaml]: it is an object, and must be text; write it as text: after a |, on lines of their own"}},
		{"no quantity", container("resources: {limits: {memory: 1 GB}}"), []string{inContainer + ".resources.limits.memory: it is not a quantity; write one such as 500m, 2 or 128Mi"}},
		{"no base64", "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: hunter-2}}", []string{"data.a: it is not base64; write it under stringData as it is, or encode it"}},
		{"a field with a letter too many", deployment("", "{containers: [{name: c, image: i, imagee: i}]}"), []string{inContainer + ".imagee: Kubernetes has no such field here, and refuses the object; write image, or take it out"}},
		{"a field in the wrong place", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, data: {}}}", []string{"metadata.data: Kubernetes has no such field here, and refuses the object; take it out"}},
		{"a port that is none", container("ports: [{containerPort: 800000}], livenessProbe: {httpGet: {port: 0}}"), []string{inContainer + ".livenessProbe.httpGet.port: 0 is not a port; write a number from 1 to 65535", inContainer + ".ports[0].containerPort: 800000 is not a port; write a number from 1 to 65535"}},
		{"a port by its name", container("livenessProbe: {httpGet: {port: http}}"), nil},
		{"a variable that is there twice", container("env: [{name: A}, {name: B}, {name: A}]"), []string{inContainer + ".env[2].name: A is in " + inContainer + ".env[0] too, and each name may be there once; take one of the two out"}},
		{"a port of a Service that is there twice", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{name: a, port: 80}, {name: b, port: 80}]}}", []string{"spec.ports[1].port: 80/TCP is in spec.ports[0] too, and each port and protocol may be there once; take one of the two out"}},
		{"a name in capitals", "{apiVersion: v1, kind: ConfigMap, metadata: {name: W_}}", []string{"metadata.name: \"W_\" can't be the name"}},
		{"a Role may have a colon", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: \"a:B\"}}", nil},
		{"a Service is a name in DNS", "{apiVersion: v1, kind: Service, metadata: {name: a.b}}", []string{"metadata.name: \"a.b\" can't be the name"}},
		{"a label that is too long", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {example.org/a: a123456789012345678901234567890123456789012345678901234567890123456789}}}", []string{"metadata.labels[example.org/a]: must be no more than 63"}},
		{"a selector of other pods", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}", []string{"spec.selector: it does not select the pods that the template makes; write the same labels here and in spec.template.metadata.labels"}},
		{"no selector", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i}]}}}}", []string{"spec.selector: it is missing"}},
		{"no image, and a name that is none", deployment("", "{containers: [{name: C}]}"), []string{inContainer + ".name: \"C\" can't be the name of a container", inContainer + ".image: it is missing; name the image of the container"}},
		{"a volume that is not there", container("volumeMounts: [{name: data, mountPath: /data}]"), []string{inContainer + ".volumeMounts[0].name: the pod has no volume \"data\"; add it to spec.template.spec.volumes, or correct the name"}},
		{"the claims of a StatefulSet are volumes", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, volumeClaimTemplates: [{metadata: {name: data}}], template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: i, volumeMounts: [{name: data, mountPath: /data}]}]}}}}", nil},
		{"a Job whose pods begin again", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: {containers: [{name: c, image: i}]}}}}", []string{"spec.template.spec.restartPolicy: the pods of a Job end; write OnFailure, or Never"}},
		{"all at once", deployment("replicas: \"2\",", "{containers: [{name: c, imagee: i, env: [{name: A, value: 1}, {name: A, value: b}]}]}"), []string{
			"spec.replicas: it is text", inContainer + ".env[0].value: it is a number", inContainer + ".env[1].name: A is in", inContainer + ".imagee: Kubernetes has no such field", inContainer + ".image: it is missing"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			o := &unstructured.Unstructured{}
			written, err := yaml.YAMLToJSON([]byte(tc.object))
			if err != nil {
				t.Fatal(err)
			}
			if err := o.UnmarshalJSON(written); err != nil {
				t.Fatal(err)
			}
			faults, _ := Check(o)
			var got []string
			for i, f := range faults {
				text := f.Field + ": " + f.Problem + "; " + f.Fix
				if i < len(tc.want) && len(text) > len(tc.want[i]) {
					text = text[:len(tc.want[i])]
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKnownIsServed shows that lists, options and versions that are gone are no kinds.
func TestKnownIsServed(t *testing.T) {
	for _, tc := range []struct {
		apiVersion, kind string
		want             bool
	}{
		{"v1", "ConfigMap", true}, {"v1", "ConfigMapList", false}, {"v1", "ListOptions", false}, {"apps/v1", "Deployment", true},
		{"apps/v1beta1", "Deployment", false}, {"extensions/v1beta1", "Ingress", false}, {"autoscaling/v2", "HorizontalPodAutoscaler", true},
	} {
		if got := Known(schema.FromAPIVersionAndKind(tc.apiVersion, tc.kind)); got != tc.want {
			t.Errorf("%s %s: known is %v, want %v", tc.apiVersion, tc.kind, got, tc.want)
		}
	}
}
