package isolation_test

// The names of what is attacked.
const (
	theApp       = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: board}}`
	theStore     = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: store}}`
	thePod       = `{apiVersion: v1, kind: Pod, metadata: {name: POD}}`
	ownPod       = `{apiVersion: v1, kind: Pod, metadata: {name: own}}`
	ownMap       = `{apiVersion: v1, kind: ConfigMap, metadata: {name: own}}`
	ownApp       = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: own}}`
	ownSecretive = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: secretive}}`
	prod         = `{apiVersion: v1, kind: Namespace, metadata: {name: vinje-prod, namespace: "-"}}`
)

// attacksOnApps: what an installation reports is what was shipped.
func attacksOnApps() []attack {
	const belongs = "this belongs to the shared app board"
	const image = `{spec: {template: {spec: {containers: [{name: a, image: "ghcr.io/vinje/evil:1"}]}}}}`
	return []attack{
		{id: "app-image", what: "another image in an app's Deployment", by: administrator, request: request{verb: "patch", object: theApp, patch: image},
			refused: []string{belongs, "spec.apps of the Municipality"}},
		{id: "app-forged-manager", what: "the same, as the app's own field manager", by: administrator, request: request{verb: "apply", manager: "allmenning-app-board",
			object: `{apiVersion: apps/v1, kind: Deployment, metadata: {name: board}, spec: {selector: {matchLabels: {app: board, allmenning.dev/app: board}}, template: {metadata: {labels: {app: board, allmenning.dev/app: board}}, spec: {containers: [{name: a, image: "ghcr.io/vinje/evil:1"}]}}}}`}, refused: []string{belongs}},
		{id: "app-reset-managers", what: "ownership of fields reset, beside a forged annotation", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `{metadata: {managedFields: [{}], annotations: {allmenning.dev/content: x}}}`}, refused: []string{belongs}},
		{id: "app-sidecar", what: "a sidecar beside an app", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `[{op: add, path: /spec/template/spec/containers/-, value: {name: spy, image: "ghcr.io/vinje/spy:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}}]`}, refused: []string{belongs}},
		{id: "app-command", what: "another command for an app", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `[{op: add, path: /spec/template/spec/containers/0/command, value: [sh]}]`}, refused: []string{belongs}},
		{id: "app-preload", what: "LD_PRELOAD for an app", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `[{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: LD_PRELOAD, value: /tmp/x.so}}]`}, refused: []string{belongs}},
		{id: "app-restart-and-more", what: "a restart that takes a label along", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `{metadata: {labels: {team: it}}, spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "2026-01-01T00:00:00Z"}}}}}`}, refused: []string{belongs, "kubectl rollout restart"}},
		{id: "app-scale", what: "an app scaled to nothing", by: developer, request: request{verb: "patch", object: theApp, sub: "scale", patch: `{spec: {replicas: 0}}`},
			refused: []string{belongs, "how many pods it has"}},
		{id: "app-store-scale", what: "an app's StatefulSet scaled to nothing", by: developer, request: request{verb: "patch", object: theStore, sub: "scale", patch: `{spec: {replicas: 0}}`}, refused: []string{belongs}},
		{id: "app-delete", what: "an app's Deployment deleted", by: developer, request: request{verb: "delete", object: theApp}, refused: []string{belongs}},
		{id: "app-delete-all", what: "all Deployments deleted, the app's among them", by: administrator, request: request{verb: "deletecollection", object: theApp},
			guard: byRBAC},
		{id: "app-labels-off", what: "the labels taken off an app's object, so that nothing guards it afterwards", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `{metadata: {labels: {app.kubernetes.io/managed-by: null, allmenning.dev/app: null}}}`}, refused: []string{belongs}},
		{id: "app-owner", what: "an owner that is not there, so that an app's object is collected", by: administrator, request: request{verb: "patch", object: theApp,
			patch: `{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: 7d8f7a66-3f0d-4d0c-9d0a-5b1d4a1f0c11}]}}`}, refused: []string{belongs}},
		{id: "app-config", what: "an app's configuration changed", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: board}}`, patch: `{data: {a: evil}}`}, refused: []string{belongs}},
		{id: "app-config-immutable", what: "an app's configuration locked, so that it can't be put back", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: board}}`,
			patch: `{immutable: true}`}, refused: []string{belongs}},
		{id: "app-secret", what: "an app's password changed", by: administrator, request: request{verb: "patch", object: `{apiVersion: v1, kind: Secret, metadata: {name: board}}`, patch: `{data: {password: eA==}}`}, refused: []string{belongs}},
		{id: "app-service", what: "an app's Service led to other pods", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: Service, metadata: {name: board}}`,
			patch: `{spec: {selector: {app: own, allmenning.dev/app: null}}}`}, refused: []string{belongs}},
		{id: "app-budget", what: "an app's disruption budget that lets no pod go", by: developer, request: request{verb: "patch", object: `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: board}}`,
			patch: `{spec: {maxUnavailable: 0}}`}, refused: []string{"shared app"}},
		{id: "app-autoscaler", what: "an app's autoscaler that asks for a hundred pods", by: developer, request: request{verb: "patch", object: `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: board}}`,
			patch: `{spec: {minReplicas: 100, maxReplicas: 100}}`}, refused: []string{belongs}},
		{id: "app-account", what: "an app's account given pull secrets", by: administrator, request: request{verb: "patch", object: `{apiVersion: v1, kind: ServiceAccount, metadata: {name: board}}`,
			patch: `{imagePullSecrets: [{name: own}]}`}, refused: []string{belongs}},
		{id: "app-password-labels", what: "an app's made password taken out of its hands", by: administrator, request: request{verb: "patch", object: `{apiVersion: v1, kind: Secret, metadata: {name: board-generated}}`,
			patch: `{metadata: {labels: {allmenning.dev/app: null}}}`}, refused: []string{belongs}},
		{id: "default-account", what: "a token for every pod that asks for none", by: administrator, request: request{verb: "patch", object: `{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}`,
			patch: `{automountServiceAccountToken: true}`}, refused: []string{"this is the operator's"}},
		{id: "app-role", what: "an app's Role widened", by: administrator, request: request{verb: "patch", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: board}}`,
			patch: `{rules: []}`}, refused: []string{belongs}},
		{id: "pod-image", what: "the image of an app's running pod replaced", from: "CVE-2023-2727", by: administrator, request: request{verb: "patch", object: thePod,
			patch: `[{op: replace, path: /spec/containers/0/image, value: "ghcr.io/vinje/evil:1"}]`}, refused: []string{belongs, "delete its pods"}},
		{id: "pod-labels", what: "the labels of an app's pod taken off, so that its walls don't hold for it", by: developer, request: request{verb: "patch", object: thePod, patch: `{metadata: {labels: {allmenning.dev/app: null}}}`}, refused: []string{belongs}},
		{id: "pod-debug", what: "an ephemeral container in an app's pod, which sees its Secrets", from: "CVE-2023-2728", by: administrator, request: request{verb: "patch", sub: "ephemeralcontainers", object: thePod,
			patch: `{spec: {ephemeralContainers: [{name: spy, image: "ghcr.io/vinje/spy:1", securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]}}`}, refused: []string{belongs}},
		{id: "pod-joins", what: "a pod with an app's labels, which gets its requests and its openings", by: developer, request: request{verb: "create", object: pod(`metadata: {labels: {app: board, allmenning.dev/app: board}}`)},
			refused: []string{"only the operator sets the labels"}},
		{id: "pod-joins-later", what: "an app's label put on a pod of one's own", by: developer, request: request{verb: "patch", object: ownPod, patch: `{metadata: {labels: {allmenning.dev/app: board}}}`}, refused: []string{"only the operator sets the labels"}},
		{id: "template-joins", what: "a template with an app's label", by: developer, request: request{verb: "create", object: deployment(`spec: {template: {metadata: {labels: {allmenning.dev/app: board}}}}`)}, refused: []string{"of templates as well"}},
		{id: "cron-joins", what: "the template of a CronJob with an app's label", by: developer, request: request{verb: "create",
			object: cronJob(`spec: {jobTemplate: {spec: {template: {metadata: {labels: {allmenning.dev/app: board}}}}}}`)}, refused: []string{"of templates as well"}},
		{id: "forged-labels", what: "an object made beforehand with forged labels, to be taken for the app's", by: administrator, request: request{verb: "create",
			object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: later, labels: {app.kubernetes.io/managed-by: allmenning, allmenning.dev/app: board, allmenning.dev/municipality: vinje, allmenning.dev/environment: prod}}}`},
			refused: []string{"only the operator sets the labels"}},
		{id: "forged-managed-by", what: "an object that says the operator made it", by: developer, request: request{verb: "patch", object: ownMap, patch: `{metadata: {labels: {app.kubernetes.io/managed-by: allmenning}}}`},
			refused: []string{"only the operator sets the labels"}},
		{id: "forged-annotation", what: "an annotation of the operator's on one's own object", by: developer, request: request{verb: "patch", object: ownMap, patch: `{metadata: {annotations: {allmenning.dev/ignore-fields: data.a}}}`},
			refused: []string{"only the operator and bundles set the annotations allmenning.dev/ignore-fields"}},
		{id: "forged-manager", what: "one's own object written as the operator's field manager", by: developer, request: request{verb: "apply", manager: "allmenning-app-board", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: own}, data: {a: c}}`},
			refused: []string{"field managers named allmenning*"}},
		{id: "forged-agent", what: "the same by the user agent, of which the API server makes a field manager", by: developer, request: request{verb: "create", agent: "allmenning-app-board/1", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: agent}, data: {a: b}}`},
			refused: []string{"field managers named allmenning*"}},
		{id: "wall-delete", what: "a wall deleted", by: administrator, request: request{verb: "delete", object: `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: allmenning-default-deny}}`},
			refused: []string{"this is the operator's"}},
		{id: "wall-open", what: "a wall opened", by: administrator, request: request{verb: "patch", object: `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: allmenning-default-deny}}`, patch: `{spec: {ingress: [{}]}}`},
			refused: []string{"this is the operator's"}},
		{id: "quota-raise", what: "the quota raised", by: administrator, request: request{verb: "patch", object: `{apiVersion: v1, kind: ResourceQuota, metadata: {name: allmenning}}`, patch: `{spec: {hard: {pods: "5000"}}}`},
			refused: []string{"this is the operator's"}},
		{id: "limits-delete", what: "the limits deleted", by: administrator, request: request{verb: "delete", object: `{apiVersion: v1, kind: LimitRange, metadata: {name: allmenning}}`}, refused: []string{"this is the operator's"}},
		{id: "access-widen", what: "somebody else put into the administrators' binding", by: administrator, request: request{verb: "patch", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: allmenning-administrator}}`,
			patch: `{subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}]}`}, refused: []string{"this is the operator's"}},
	}
}
