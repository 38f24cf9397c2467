package isolation_test

// The halves of the door by which seljord's own workloads connect to board in vinje.
const (
	doorIn  = "allmenning-door-from.board.board.seljord.prod.0"
	doorOut = "allmenning-door-to.board.board.vinje.prod.0"
)

// attacksOnDoors: a door is what both sides agreed on, and nothing else. What its halves let through, test/behaviour asks of the policies.
func attacksOnDoors() []attack {
	policy := func(name, labels, spec string) string {
		return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ` + name + `, labels: {` + labels + `}}, spec: ` + spec + `}`
	}
	half := func(name string) string {
		return `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: ` + name + `}}`
	}
	const (
		theirs  = "allmenning.dev/door: Host, allmenning.dev/peer: tokke, allmenning.dev/app: board, allmenning.dev/municipality: vinje, allmenning.dev/environment: prod, app.kubernetes.io/managed-by: allmenning"
		open    = `{podSelector: {matchLabels: {allmenning.dev/app: board}}, policyTypes: [Ingress], ingress: [{}]}`
		onBoard = "this belongs to the shared app board"
		labels  = "only the operator sets the labels"
		seljord = "namespace: seljord-prod"
	)
	rbac := func(id, what string, by actor, r request) attack {
		return attack{id: id, what: what, by: by, guard: byRBAC, request: r}
	}
	refused := func(id, what string, by actor, r request, words ...string) attack {
		return attack{id: id, what: what, by: by, request: r, refused: words}
	}
	return []attack{
		refused("door-forge", "a policy that passes for half of a door", administrator, request{verb: "create", object: policy("allmenning-door-from.board.board.tokke.prod.0", theirs, open)}, "denied request"),
		refused("door-forge-later", "a policy of one's own that is made to pass for one", administrator, request{verb: "patch", object: half("own"), patch: `{metadata: {labels: {allmenning.dev/door: Host, allmenning.dev/peer: tokke}}}`}, labels),
		refused("door-widen", "every port, and everybody, let in by a door that is there", administrator, request{verb: "patch", object: half(doorIn), patch: `{spec: {ingress: [{}]}}`}, onBoard),
		refused("door-pods", "other pods behind a door that is there", administrator, request{verb: "patch", object: half(doorIn), patch: `{spec: {podSelector: {matchLabels: null}}}`}, onBoard),
		refused("door-apply", "the same as the operator's field manager", administrator, request{verb: "apply", manager: "allmenning", object: policy(doorIn, theirs, open)}, "denied request"),
		refused("door-labels-off", "a door that the operator forgets, by its labels, so that it outlives its end", administrator, request{verb: "patch", object: half(doorIn), patch: `{metadata: {labels: {allmenning.dev/door: null, allmenning.dev/app: null}}}`}, onBoard),
		refused("door-annotation", "a door that stays when it ends", administrator, request{verb: "patch", object: half(doorIn), patch: `{metadata: {finalizers: [example.org/forever]}}`}, "denied request"),
		refused("door-delete", "a door that both agreed on taken away by one who may not say so", administrator, request{verb: "delete", object: half(doorIn)}, onBoard),
		refused("door-client", "a pod at the consumer's that passes for an app's, to which a door is open", neighbour, request{verb: "create", object: pod(`{metadata: {` + seljord + `, labels: {allmenning.dev/app: connector}}}`)}, labels),
		refused("door-client-template", "the same by a template", neighbour, request{verb: "create", object: deployment(`{metadata: {` + seljord + `}, spec: {template: {metadata: {labels: {allmenning.dev/app: connector}}}}}`)}, labels),
		refused("door-catch", "a pod of the host's own that passes for the app, to catch what others send it", developer, request{verb: "create", object: pod(`{metadata: {labels: {allmenning.dev/app: board}}}`)}, labels),
		refused("door-own", "a pod of an app that passes for one of the municipality's own, to which a door is open", administrator, request{verb: "patch", object: `{apiVersion: v1, kind: Pod, metadata: {name: POD}}`, patch: `{metadata: {labels: {allmenning.dev/app: null}}}`}, onBoard),
		refused("door-stage", "a test environment that passes for production", outsider, request{verb: "patch", object: `{apiVersion: v1, kind: Namespace, metadata: {name: vinje-test, namespace: "-"}}`, patch: `{metadata: {labels: {allmenning.dev/stage: Production}}}`}, "denied request"),
		refused("door-namespace", "a namespace that passes for the consumer's", outsider, request{verb: "create", object: `{apiVersion: v1, kind: Namespace, metadata: {name: seljord-prod--connector, namespace: "-", labels: {allmenning.dev/municipality: seljord, allmenning.dev/environment: prod, allmenning.dev/stage: Production}}}`}, "denied request"),
		refused("door-address", "another address of a service, given to an installed app", clusterAdmin, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: AppInstallation, metadata: {name: board}}`,
			patch: `{spec: {doors: [{app: board, service: board, host: tokke, hostEnvironment: prod, address: evil.tokke-prod.svc}]}}`}, "only the operator changes spec.doors"),
		rbac("door-policy", "a wall opened by a policy of one's own", developer, request{verb: "create", object: policy("x", "", open)}),
		rbac("door-offer", "an offer in a neighbour's Municipality", neighbour, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: vinje, namespace: "-"}}`,
			patch: `{spec: {hosts: [{app: board, environment: prod, service: board, to: {everybody: true}, reason: x, contact: x}]}}`}),
		rbac("door-own-offer", "an offer in one's own, past those who apply Municipalities", administrator, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: vinje, namespace: "-"}}`,
			patch: `{spec: {hosts: [{app: board, environment: prod, service: board, to: {everybody: true}, reason: x, contact: x}]}}`}),
		rbac("door-request", "a request in a neighbour's Municipality", administrator, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: seljord, namespace: "-"}}`, patch: `{spec: {connects: null}}`}),
		rbac("door-status", "a status that says a door is open", administrator, request{verb: "patch", sub: "status", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: vinje, namespace: "-"}}`,
			patch: `{status: {doors: [{side: Host, app: board, service: board, environment: prod, peer: tokke, state: Open}]}}`}),
	}
}
