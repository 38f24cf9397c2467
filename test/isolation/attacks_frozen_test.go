package isolation_test

// The names of what is there in nome, which is frozen.
const (
	frozenMap  = `{apiVersion: v1, kind: ConfigMap, metadata: {name: own, namespace: nome-prod}}`
	frozenApp  = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: own, namespace: nome-prod}}`
	frozenPod  = `{apiVersion: v1, kind: Pod, metadata: {name: own, namespace: nome-prod}}`
	theFrozen  = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: board, namespace: nome-prod}}`
	nome       = `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: nome, namespace: "-"}}`
	somebodies = `{apiVersion: v1, kind: ConfigMap, metadata: {name: made, namespace: nome-prod}}`
)

// attacksOnTheFrozen: the people and accounts of a municipality that is frozen change nothing, and don't thaw it.
func attacksOnTheFrozen() []attack {
	refused := []string{"Municipality nome is frozen", "ask the platform operators"}
	in := func(id, what string, by actor, r request) attack {
		return attack{id: id, what: what, by: by, request: r, refused: refused}
	}
	const restart = `{spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "2026-01-01T00:00:00Z"}}}}}`
	const debug = `{spec: {ephemeralContainers: [{name: spy, image: "ghcr.io/vinje/spy:1", securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]}}`
	thaw := func(id, what, object, patch string) attack {
		r := request{verb: "patch", object: object, patch: patch}
		if patch == "" {
			r.verb = "delete"
		}
		return attack{id: id, what: what, by: mayor, request: r, refused: []string{"only platform operators", "ask one of them"}}
	}
	return []attack{
		in("frozen-config", "a ConfigMap changed in a municipality that is frozen", administrator, request{verb: "patch", object: frozenMap, patch: "{data: {a: c}}"}),
		in("frozen-apply", "the same by a GitOps tool", frozenPipeline, request{verb: "apply", manager: "argocd", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: own, namespace: nome-prod}, data: {a: c}}`}),
		in("frozen-secret", "a Secret changed", administrator, request{verb: "patch", object: `{apiVersion: v1, kind: Secret, metadata: {name: own, namespace: nome-prod}}`, patch: "{stringData: {password: x}}"}),
		in("frozen-create", "something new", developer, request{verb: "create", object: somebodies}),
		in("frozen-image", "another image of one's own", developer, request{verb: "patch", object: frozenApp, patch: `[{op: replace, path: /spec/template/spec/containers/0/image, value: "ghcr.io/vinje/own:2"}]`}),
		in("frozen-scale", "one's own workload scaled", developer, request{verb: "patch", object: frozenApp, sub: "scale", patch: "{spec: {replicas: 2}}"}),
		in("frozen-restart", "an app restarted", administrator, request{verb: "patch", object: theFrozen, patch: restart}),
		in("frozen-delete-pod", "an app restarted by deleting its pod", developer, request{verb: "delete", object: `{apiVersion: v1, kind: Pod, metadata: {name: FROZENPOD, namespace: nome-prod}}`}),
		in("frozen-delete-claim", "data deleted", administrator, request{verb: "delete", object: `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: own, namespace: nome-prod}}`}),
		in("frozen-delete", "a ConfigMap deleted", developer, request{verb: "delete", object: frozenMap}),
		in("frozen-evict", "a pod evicted", administrator, request{verb: "create", sub: "eviction", object: frozenPod, patch: "{apiVersion: policy/v1, kind: Eviction}"}),
		in("frozen-debug", "a container beside a running one", administrator, request{verb: "patch", sub: "ephemeralcontainers", object: frozenPod, patch: debug}),
		in("frozen-exec", "a command run in a container", administrator, request{verb: "connect", sub: "exec", object: frozenPod}),
		in("frozen-attach", "a container attached to", administrator, request{verb: "connect", sub: "attach", object: frozenPod}),
		in("frozen-forward", "a port forwarded, past the walls", developer, request{verb: "connect", sub: "portforward", object: frozenPod}),
		in("frozen-token", "a token of an account, for later", administrator, request{verb: "create", sub: "token", object: `{apiVersion: v1, kind: ServiceAccount, metadata: {name: pipeline, namespace: nome-prod}}`}),
		in("frozen-bind", "rights given to somebody else", administrator, request{verb: "create", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: more, namespace: nome-prod},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-viewer}, subjects: [{kind: ServiceAccount, name: pipeline, namespace: nome-prod}]}`}),
		in("frozen-account", "something written by an account of the municipality", frozenPipeline, request{verb: "create", object: somebodies}),
		in("frozen-app-token", "something written by the account of an app, with a token that somebody has made of it", lateProgram, request{verb: "create", object: somebodies}),
		in("frozen-component", "something written by an account of another namespace that the platform does not list", component, request{verb: "patch", object: frozenMap, patch: "{data: {a: c}}"}),
		{id: "frozen-label", what: "the label of the freeze taken off the namespace", by: outsider, request: request{verb: "patch", object: `{apiVersion: v1, kind: Namespace, metadata: {name: nome-prod, namespace: "-"}}`,
			patch: `{metadata: {labels: {allmenning.dev/frozen: null}}}`}, refused: []string{"only the operator writes the labels allmenning.dev/frozen"}},
		{id: "frozen-apps", what: "an account of one's own put among those of apps", by: outsider, request: request{verb: "patch", object: `{apiVersion: v1, kind: Namespace, metadata: {name: nome-prod, namespace: "-"}}`,
			patch: `{metadata: {annotations: {allmenning.dev/app-accounts: pipeline}}}`}, refused: []string{"only the operator writes the annotations allmenning.dev/app-accounts"}},
		thaw("frozen-thaw", "the freeze taken out by those who may write Municipalities", nome, "{spec: {suspend: null}}"),
		thaw("frozen-lessen", "the freeze made a suspension", nome, "{spec: {suspend: true}}"),
		thaw("frozen-prepare", "what would happen after the freeze prepared", nome, "{spec: {inhabitants: 700000}}"),
		thaw("frozen-remove", "the Municipality deleted meanwhile", nome, ""),
		thaw("frozen-neighbour", "a neighbour frozen", `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: seljord, namespace: "-"}}`, "{spec: {suspend: Freeze}}"),
	}
}

// frozen is what goes on in a municipality that is frozen.
func frozen(made func(what string, by actor, r request)) {
	made("a viewer looks", viewer, request{verb: "list", object: frozenPod})
	made("an administrator reads a Secret", administrator, request{verb: "get", object: `{apiVersion: v1, kind: Secret, metadata: {name: own, namespace: nome-prod}}`})
	made("a platform operator changes something", clusterAdmin, request{verb: "patch", object: frozenMap, patch: "{data: {a: c}}"})
	made("a platform operator restarts an app", clusterAdmin, request{verb: "patch", object: theFrozen, patch: `{spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "2026-01-01T00:00:00Z"}}}}}`})
	made("a platform operator drains a node", clusterAdmin, request{verb: "create", sub: "eviction", object: frozenPod, patch: "{apiVersion: policy/v1, kind: Eviction}"})
	made("a platform operator thaws it", clusterAdmin, request{verb: "patch", object: nome, patch: "{spec: {suspend: null}}"})
	made("somebody who may write Municipalities asks for a look", mayor, request{verb: "patch", object: nome, patch: `{metadata: {annotations: {allmenning.dev/reconcile: now}}}`})
	made("a controller makes a pod that died again", replicaSets, request{verb: "create", object: pod(`{metadata: {namespace: nome-prod}}`)})
	made("an app's autoscaler scales it", autoscaler, request{verb: "patch", object: theFrozen, sub: "scale", patch: `{spec: {replicas: 2}}`})
	made("what has no owner is collected", collector, request{verb: "delete", object: theFrozen})
	made("a driver reports the status of a pod", component, request{verb: "patch", sub: "status", object: frozenPod, patch: `{status: {message: x}}`})
	made("a descheduler evicts a pod", component, request{verb: "create", sub: "eviction", object: frozenPod, patch: "{apiVersion: policy/v1, kind: Eviction}"})
	made("a listed controller renews a certificate", certificates, request{verb: "patch", object: `{apiVersion: v1, kind: Secret, metadata: {name: own, namespace: nome-prod}}`, patch: "{stringData: {tls.key: x}}"})
	made("an app keeps its state in a ConfigMap", frozenProgram, request{verb: "create", object: somebodies})
}
