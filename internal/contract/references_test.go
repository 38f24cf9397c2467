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
				{From: "Deployment/web", Field: "spec.template.spec.imagePullSecrets[0]", Kind: "Secret", Name: "login"},
				{From: "Deployment/web", Field: "spec.template.spec.volumes[a].secret", Kind: "Secret", Name: "key"},
				{From: "Deployment/web", Field: "spec.template.spec.volumes[b].configMap", Kind: "ConfigMap", Name: "conf"},
				{From: "Deployment/web", Field: "spec.template.spec.volumes[c].persistentVolumeClaim", Kind: "PersistentVolumeClaim", Name: "data"},
				{From: "Deployment/web", Field: "spec.template.spec.volumes[d].projected.sources[0].secret", Kind: "Secret", Name: "p"},
				{From: "Deployment/web", Field: "spec.template.spec.volumes[d].projected.sources[1].configMap", Kind: "ConfigMap", Name: "q"},
				{From: "Deployment/web", Field: "spec.template.spec.initContainers[i].envFrom[0].secretRef", Kind: "Secret", Name: "e"},
				{From: "Deployment/web", Field: "spec.template.spec.initContainers[i].envFrom[1].configMapRef", Kind: "ConfigMap", Name: "f"},
				{From: "Deployment/web", Field: "spec.template.spec.initContainers[i].env[X].valueFrom.secretKeyRef", Kind: "Secret", Name: "g"},
				{From: "Deployment/web", Field: "spec.template.spec.initContainers[i].env[Z].valueFrom.configMapKeyRef", Kind: "ConfigMap", Name: "h"},
			}},
		{"what pods start without", web(restricted("volumes: [{name: a, secret: {secretName: key, optional: true}}],")), []Reference{{From: "Deployment/web", Field: "spec.template.spec.volumes[a].secret", Kind: "Secret", Name: "key", Optional: true}}},
		{"what the bundle brings itself is no question", web(restricted("volumes: [{name: a, secret: {secretName: key}}],")) + "---\n{apiVersion: v1, kind: Secret, metadata: {name: key}}", nil},
		{"where an Ingress sends requests, and its certificate", ingress("{rules: [{host: x, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}], tls: [{hosts: [x], secretName: cert}]}"),
			[]Reference{{From: "Ingress/a", Field: "spec.rules[0].http.paths[0].backend.service", Kind: "Service", Name: "s"}, {From: "Ingress/a", Field: "spec.tls[0].secretName", Kind: "Secret", Name: "cert"}}},
		{"what a Role lets be read by name", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}, rules: [{apiGroups: ['', x], resources: [secrets, pods], resourceNames: [key], verbs: [get]}, {apiGroups: [x], resources: [secrets], resourceNames: [key], verbs: [get]}]}",
			[]Reference{{From: "Role/r", Field: "rules[0].resourceNames", Kind: "Secret", Name: "key"}}},
		{"what an account pulls with", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: s}, imagePullSecrets: [{name: login}], secrets: [{name: t}]}",
			[]Reference{{From: "ServiceAccount/s", Field: "imagePullSecrets[0]", Kind: "Secret", Name: "login"}, {From: "ServiceAccount/s", Field: "secrets[0]", Kind: "Secret", Name: "t"}}},
		{"what a claim begins as a copy of", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSource: {kind: PersistentVolumeClaim, name: b}, dataSourceRef: {apiGroup: '', kind: PersistentVolumeClaim, name: c}}}",
			[]Reference{{From: "PersistentVolumeClaim/a", Field: "spec.dataSource", Kind: "PersistentVolumeClaim", Name: "b"}, {From: "PersistentVolumeClaim/a", Field: "spec.dataSourceRef", Kind: "PersistentVolumeClaim", Name: "c"}}},
		{"what the claims of a StatefulSet do", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{spec: {}}, {spec: {dataSource: {kind: PersistentVolumeClaim, name: b}}}]}}",
			[]Reference{{From: "StatefulSet/a", Field: "spec.volumeClaimTemplates[1].spec.dataSource", Kind: "PersistentVolumeClaim", Name: "b"}}},
		{"what the claim of an ephemeral volume does", web(restricted("volumes: [{name: e, ephemeral: {volumeClaimTemplate: {spec: {dataSource: {kind: PersistentVolumeClaim, name: b}}}}}],")),
			[]Reference{{From: "Deployment/web", Field: "spec.template.spec.volumes[e].ephemeral.volumeClaimTemplate.spec.dataSource", Kind: "PersistentVolumeClaim", Name: "b"}}},
		{"a copy of something else is no reference", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: b}}}", nil},
		{"what a snapshot is taken of", "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, metadata: {name: a}, spec: {source: {persistentVolumeClaimName: b}}}",
			[]Reference{{From: "VolumeSnapshot/a", Field: "spec.source.persistentVolumeClaimName", Kind: "PersistentVolumeClaim", Name: "b"}}},
		{"where a route sends requests, and copies of them", gatewayRoute("rules: [{backendRefs: [{name: s, port: 80}, {group: example.org, kind: Pool, name: p}], filters: [{type: RequestMirror, requestMirror: {backendRef: {kind: Service, name: m}}}]}]"),
			[]Reference{{From: "HTTPRoute/a", Field: "spec.rules[0].backendRefs[0]", Kind: "Service", Name: "s"}, {From: "HTTPRoute/a", Field: "spec.rules[0].filters[0].requestMirror.backendRef", Kind: "Service", Name: "m"}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, References(parse(t, tc.objects)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("References differ (-want +got):\n%s", diff)
			}
		})
	}
}
