package isolation_test

import (
	"fmt"
	"strings"
)

// ownPods are those of a municipality that are no app's, as a NetworkPolicy selects them.
const ownPods = "podSelector: {matchExpressions: [{key: allmenning.dev/app, operator: DoesNotExist}]}"

// networkPolicy is one with these fields.
func networkPolicy(fields string) string {
	return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: made}, spec: {" + fields + "}}"
}

// role and roleBinding are rights that somebody gives.
func role(rules string) string {
	return "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: made}, rules: [" + rules + "]}"
}

func roleBinding(kind, name, subject string) string {
	return "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: made}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: " + kind + ", name: " + name + "}, subjects: [" + subject + "]}"
}

// attacksOnTheWalls: a platform that lets people write NetworkPolicies does not let them open the walls.
func attacksOnTheWalls() []attack {
	made := func(id, what, from, object string, refused ...string) attack {
		return attack{id: id, what: what, from: from, by: administrator, request: request{verb: "create", object: object}, refused: refused}
	}
	return []attack{
		made("policy-everybody", "everybody let in to one's own pods", "", networkPolicy(ownPods+", ingress: [{}]"), "without from", "by podSelector"),
		made("policy-everywhere", "one's own pods let out to everywhere", "", networkPolicy(ownPods+", policyTypes: [Egress], egress: [{ports: [{port: 443}]}]"), "without to"),
		made("policy-private", "one's own pods let out to private addresses", "", networkPolicy(ownPods+`, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]`), "ipBlock leads past the walls"),
		made("policy-internet", "the internet let in", "", networkPolicy(ownPods+`, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]`), "ipBlock leads past the walls"),
		made("policy-neighbour", "a neighbour let in", "", networkPolicy(ownPods+`, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: seljord-prod}}}]}]`), "kubernetes.io/metadata.name: vinje-prod"),
		made("policy-namespaces", "pods of all namespaces let in, beside one's own", "CVE-2023-34242", networkPolicy(ownPods+`, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {}, podSelector: {}}]}]`), "opens the walls towards others"),
		made("policy-apps", "an app's pods let out", "", networkPolicy("podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]"), "{key: allmenning.dev/app, operator: DoesNotExist}"),
		made("policy-app", "an app reached by those whom it does not expect", "", networkPolicy("podSelector: {matchLabels: {app: board}}, ingress: [{from: [{podSelector: {}}]}]"), "the walls of shared apps"),
		made("policy-name", "the name of a policy of the operator's taken", "", `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: allmenning-app-later}, spec: {podSelector: {}}}`, "give yours another"),
		{id: "policy-later", what: "a policy that is there widened", by: administrator, request: request{verb: "patch", object: `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: own}}`, patch: "{spec: {ingress: [{}]}}"}, refused: []string{"without from"}},
	}
}

// attacksByGiving: a platform that lets people write Roles does not let them give rights to others.
func attacksByGiving() []attack {
	made := func(id, what, from, object string, refused ...string) attack {
		return attack{id: id, what: what, from: from, by: administrator, request: request{verb: "create", object: object}, refused: refused}
	}
	const viewer, inSeljord = "allmenning-viewer", "metadata: {name: made, namespace: seljord-prod}"
	seljord := func(object string) request {
		return request{verb: "create", object: strings.Replace(object, "metadata: {name: made}", inSeljord, 1)}
	}
	return []attack{
		made("rights-person", "access given to a person, past spec.access, where it would expire", "", roleBinding("ClusterRole", viewer, "{apiGroup: rbac.authorization.k8s.io, kind: User, name: nils}"), "User nils", "spec.access of the Municipality"),
		made("rights-everybody", "access given to everybody who can log in", "", roleBinding("ClusterRole", viewer, `{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}`), "Group system:authenticated"),
		made("rights-neighbour", "access given to an account of a neighbour", "", roleBinding("ClusterRole", viewer, "{kind: ServiceAccount, name: default, namespace: seljord-prod}"), "ServiceAccount default"),
		made("rights-cluster-role", "a role that the platform keeps for itself given to an account of one's own", "", roleBinding("ClusterRole", "wide", "{kind: ServiceAccount, name: worker, namespace: vinje-prod}"), "ClusterRole wide is not bound here"),
		made("rights-bind", "the right to bind given on", "", role("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}"), "bind, escalate and impersonate"),
		{id: "role-create", what: "a Role made by an administrator, with the shipped roles", by: neighbour, guard: byRBAC, request: seljord(role(`{apiGroups: [""], resources: [configmaps], verbs: [get]}`))},
		{id: "binding-create", what: "a RoleBinding made by an administrator, with the shipped roles", by: neighbour, guard: byRBAC, request: seljord(roleBinding("ClusterRole", viewer, "{kind: ServiceAccount, name: default, namespace: seljord-prod}"))},
		{id: "policy-create", what: "a NetworkPolicy made by an administrator, with the shipped roles", by: neighbour, guard: byRBAC, request: seljord(networkPolicy(ownPods))},
	}
}

// attacksBySize: a quota counts objects, so each is bounded.
func attacksBySize() []attack {
	made := func(id, what string, by actor, object string, refused ...string) attack {
		return attack{id: id, what: what, by: by, request: request{verb: "create", object: object}, refused: refused}
	}
	long := strings.Repeat("x", 100_000)
	many := func(n int, format string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(all, ", ")
	}
	paths := func(n int) string {
		return ingress("{spec: {rules: [{host: made.vinje.kommune.no, http: {paths: [" + many(n, "{path: /p%d, pathType: Prefix, backend: {service: {name: own, port: {number: 80}}}}") + "]}}]}}")
	}
	return []attack{
		made("size-variable", "a Deployment of 100 kB, by a variable; each version of it is kept ten times", developer, templateOf(container("env: [{name: P, value: "+long+"}]")), "are more than 65536", "ConfigMap"),
		made("size-arguments", "the same by arguments of a Job", developer, job("{spec: {template: {spec: {"+container("args: ["+long+"]")+"}}}}"), "are more than 65536"),
		made("size-probe", "the same by a probe", developer, podOf(container("livenessProbe: {exec: {command: ["+long+"]}}")), "are more than 65536"),
		made("size-variables", "two thousand variables", developer, cronJob("{spec: {jobTemplate: {spec: {template: {spec: {"+container("env: ["+many(2000, "{name: P%d, value: x}")+"]")+"}}}}}}"), "more than 1000", "envFrom"),
		made("size-volumes", "twelve hundred volumes", developer, statefulSet("{spec: {template: {spec: {volumes: ["+many(1200, "{name: v%d, emptyDir: {}}")+"]}}}}"), "more than 1000"),
		made("size-annotation", "100 kB in an annotation", developer, deployment("{metadata: {annotations: {a: "+long+"}}}"), "annotations of", "kubectl apply --server-side"),
		made("size-template", "100 kB in an annotation of a template", developer, deployment("{spec: {template: {metadata: {annotations: {a: "+long+"}}}}}"), "annotations of"),
		made("size-labels", "two hundred labels", developer, "{apiVersion: v1, kind: ConfigMap, metadata: {name: made, labels: {"+many(200, "l%d: x")+"}}}", "are more than 128"),
		made("size-rules", "an Ingress of a thousand paths, of which every proxy makes its configuration", developer, paths(1000), "more than 500", "divide them"),
		made("size-path", "an Ingress with a path of 100 kB", developer, ingress("{spec: {rules: [{host: made.vinje.kommune.no, http: {paths: [{path: /"+long+", pathType: Prefix, backend: {service: {name: own, port: {number: 80}}}}]}}]}}"), "paths of"),
		made("size-ports", "a Service of a thousand ports", developer, service("{spec: {ports: ["+many(1000, "{name: p%[1]d, port: 1%03[1]d}")+"]}}"), "more than 500"),
	}
}
