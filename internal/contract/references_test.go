package contract

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReferences(t *testing.T) {
	for _, tc := range []struct {
		reason, objects string
		want            []Reference
	}{
		{"what a pod mounts and reads", web(restricted("imagePullSecrets: [{name: login}], volumes: [{name: a, secret: {secretName: key}}, {name: b, configMap: {name: conf}}, {name: c, persistentVolumeClaim: {claimName: data}}, " +
			"{name: d, projected: {sources: [{secret: {name: p}}, {configMap: {name: q}}]}}], initContainers: [{name: i, image: i, envFrom: [{secretRef: {name: e}}, {configMapRef: {name: f}}], " +
			"env: [{name: X, valueFrom: {secretKeyRef: {name: g, key: k}}}, {name: Z, valueFrom: {configMapKeyRef: {name: h, key: k}}}]}],")),
			[]Reference{
				{"Deployment/web", "spec.template.spec.imagePullSecrets[0]", "Secret", "login"},
				{"Deployment/web", "spec.template.spec.volumes[a].secret", "Secret", "key"},
				{"Deployment/web", "spec.template.spec.volumes[b].configMap", "ConfigMap", "conf"},
				{"Deployment/web", "spec.template.spec.volumes[c].persistentVolumeClaim", "PersistentVolumeClaim", "data"},
				{"Deployment/web", "spec.template.spec.volumes[d].projected.sources[0].secret", "Secret", "p"},
				{"Deployment/web", "spec.template.spec.volumes[d].projected.sources[1].configMap", "ConfigMap", "q"},
				{"Deployment/web", "spec.template.spec.initContainers[i].envFrom[0].secretRef", "Secret", "e"},
				{"Deployment/web", "spec.template.spec.initContainers[i].envFrom[1].configMapRef", "ConfigMap", "f"},
				{"Deployment/web", "spec.template.spec.initContainers[i].env[X].valueFrom.secretKeyRef", "Secret", "g"},
				{"Deployment/web", "spec.template.spec.initContainers[i].env[Z].valueFrom.configMapKeyRef", "ConfigMap", "h"},
			}},
		{"what the bundle brings itself is no question", web(restricted("volumes: [{name: a, secret: {secretName: key}}],")) + "---\n{apiVersion: v1, kind: Secret, metadata: {name: key}}", nil},
		{"where an Ingress sends requests, and its certificate", ingress("{rules: [{host: x, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}], tls: [{hosts: [x], secretName: cert}]}"),
			[]Reference{{"Ingress/a", "spec.rules[0].http.paths[0].backend.service", "Service", "s"}, {"Ingress/a", "spec.tls[0].secretName", "Secret", "cert"}}},
		{"what a Role lets be read by name", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: [{apiGroups: ['', x], resources: [secrets, pods], resourceNames: [key], verbs: [get]}, {apiGroups: [x], resources: [secrets], resourceNames: [key], verbs: [get]}]}",
			[]Reference{{"Role/r", "rules[0].resourceNames", "Secret", "key"}}},
		{"what an account pulls with", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: s}, imagePullSecrets: [{name: login}], secrets: [{name: t}]}",
			[]Reference{{"ServiceAccount/s", "imagePullSecrets[0]", "Secret", "login"}, {"ServiceAccount/s", "secrets[0]", "Secret", "t"}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, References(parse(t, tc.objects)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("References differ (-want +got):\n%s", diff)
			}
		})
	}
}
