package contract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func TestFit(t *testing.T) {
	for _, tc := range []struct{ reason, in, want, says string }{
		{"what fits stays", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", ""},
		{"what only restricts is filled in", web("{containers: [{name: c, image: i}], initContainers: [{name: i, image: i, securityContext: {capabilities: {drop: [NET_RAW]}}}]}"),
			web("{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}], " +
				"initContainers: [{name: i, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [NET_RAW, ALL]}}}]}"),
			"Deployment/web: seccompProfile RuntimeDefault is set, allowPrivilegeEscalation false is set, capabilities are dropped"},
		{"what is set stays", web("{containers: [{name: c, securityContext: {privileged: true, seccompProfile: {type: Unconfined}, capabilities: {drop: [ALL]}}}]}"),
			web("{containers: [{name: c, securityContext: {privileged: true, seccompProfile: {type: Unconfined}, capabilities: {drop: [ALL]}}}]}"), ""},
		{"pods of Windows have no such fields", web("{os: {name: windows}, containers: [{name: c}]}"), web("{os: {name: windows}, containers: [{name: c}]}"), ""},
		{"a request above the default limit gets a limit", web("{securityContext: {seccompProfile: {}}, containers: [{name: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, resources: {requests: {memory: 1Gi, cpu: 2}}}]}"),
			web("{securityContext: {seccompProfile: {}}, containers: [{name: c, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi, cpu: 2}}}]}"),
			"the limit of memory is as high as the request, as the default of 256Mi is lower"},
		{"a common namespace goes, also of subjects", "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: x}, subjects: [{kind: ServiceAccount, name: s, namespace: x}, {kind: ServiceAccount, name: o, namespace: other}]}",
			"{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, subjects: [{kind: ServiceAccount, name: s}, {kind: ServiceAccount, name: o, namespace: other}]}", "metadata.namespace x is taken off"},
		{"several namespaces go where nothing else names one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x, labels: {app: x}}, data: {x: y}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: other}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {app: x}}, data: {x: y}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}", "metadata.namespace other, x is taken off"},
		{"they stay where two objects would have one name", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: other}}", ""},
		{"and where a text is the address of a Service in one", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}, data: {url: 'http://web.other:80'}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: other}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}, data: {url: 'http://web.other:80'}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: other}}", ""},
		{"and where a variable names one", strings.Replace(web("{containers: [{name: c, env: [{name: DB_NAMESPACE, value: other}]}]}"), "name: web}", "name: web, namespace: x}", 1) + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: other}}",
			"", "Deployment/web: seccompProfile"},
		{"stringData is data", "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: one}, data: {a: dHdv, b: dHdv}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: b25l, b: dHdv}}", "stringData is written as data"},
		{"a key of stringData without a value is empty", "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {password: one, smtpUser: null}}",
			"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {password: b25l, smtpUser: ''}}", "stringData is written as data"},
		{"stringData without a value is none", "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: null}", "{apiVersion: v1, kind: Secret, metadata: {name: a}}", "stringData is written as data"},
		{"a number in stringData is left, and refused", "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: 1}}", "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {a: 1}}", ""},
		{"what an API server writes goes", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: u, resourceVersion: '1', creationTimestamp: null, managedFields: []}, status: {}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", "metadata.managedFields, metadata.resourceVersion, metadata.uid taken off"},
		{"labels without a value are none", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {a: null, b: c}, annotations: null}, spec: {template: {metadata: {labels: {x: null}}}}}",
			"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {b: c}}, spec: {template: {metadata: {labels: {}}}}}", "metadata.labels[a], spec.template.metadata.labels[x] taken off"},
		{"a template whose metadata is null has none", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {metadata: null, spec: {template: {metadata: null}}}}}",
			"{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {}}}}}", ""},
		{"what is the platform's has no say in where the app goes", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: x}}\n---\n{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a, namespace: monitoring}}",
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a}}", "metadata.namespace x is taken off"},
		{"a workload of an old version gets the selector that it had", "{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {rollbackTo: {revision: 1}, template: {metadata: {labels: {app: a}}}}}",
			"{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}}}}", "extensions/v1beta1 is written as apps/v1"},
		{"one without labels has no selector to get", "{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: {}}}",
			"{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {name: a}, spec: {template: {}}}", ""},
		{"backends of an old Ingress", "{apiVersion: networking.k8s.io/v1beta1, kind: Ingress, metadata: {name: a}, spec: {backend: {serviceName: d, servicePort: http}, rules: [{host: h, http: {paths: [{path: /, backend: {serviceName: w, servicePort: 80}}]}}, {host: i}]}}",
			"{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {defaultBackend: {service: {name: d, port: {name: http}}}, rules: [{host: h, http: {paths: [{path: /, pathType: ImplementationSpecific, backend: {service: {name: w, port: {number: 80}}}}]}}, {host: i}]}}", "networking.k8s.io/v1beta1 is written as networking.k8s.io/v1"},
		{"an empty selector of a budget means another thing now", "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {selector: {}}}",
			"{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {selector: {}}}", ""},
		{"an autoscaler, and what it scales", "{apiVersion: autoscaling/v2beta2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: extensions/v1beta1, kind: Deployment, name: a}}}",
			"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}", "autoscaling/v2beta2 is written as autoscaling/v2"},
		{"a Job that goes at once may never be seen to have succeeded", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 0}}",
			"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 300}}", "Job/a: ttlSecondsAfterFinished 0 is raised to 300"},
		{"one that stays longer does", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 301}}",
			"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {ttlSecondsAfterFinished: 301}}", ""},
		{"one that stays for good does", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {}}", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {}}", ""},
		{"the Jobs of a CronJob are its own", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {ttlSecondsAfterFinished: 0}}}}",
			"{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {ttlSecondsAfterFinished: 0}}}}", ""},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			objects := parse(t, tc.in)
			says := strings.Join(Fit(objects), ". ")
			if (tc.says == "") != (says == "") || !strings.HasPrefix(says, tc.says) && tc.want == "" || !strings.Contains(says, tc.says) {
				t.Errorf("it says %q, want %q", says, tc.says)
			}
			if tc.want == "" { // what becomes of it is said above
				return
			}
			for i, want := range parse(t, tc.want) {
				if diff := cmp.Diff(want.Object, objects[i].Object); diff != "" {
					t.Errorf("object %d (-want +got):\n%s", i, diff)
				}
			}
			if again := Fit(objects); len(again) > 0 {
				t.Errorf("it changes them again: %v", again)
			}
		})
	}
}

// FuzzFit shows that no object, however odd, stops the rules, and that what was made to fit fits.
func FuzzFit(f *testing.F) {
	for _, tc := range cases {
		f.Add(tc.objects)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var content map[string]any
		if yaml.Unmarshal([]byte(text), &content) != nil || content["kind"] == nil {
			return
		}
		written, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return
		}
		objects := parseOrNone(written)
		Fit(objects)
		Check(objects, terms())
		if again := Fit(objects); len(again) > 0 {
			t.Errorf("it changes them again: %v", again)
		}
	})
}

func parseOrNone(written []byte) []*unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	if o.UnmarshalJSON(written) != nil {
		return nil
	}
	return []*unstructured.Unstructured{o}
}
