package isolation_test

// attacksOnTheInstaller: nobody becomes the installer, and nobody's token outlives his access.
func attacksOnTheInstaller() []attack {
	const account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: allmenning-installer}}"
	const asInstaller = "serviceAccountName: allmenning-installer"
	const noPod = "no pod runs as allmenning-installer"
	return []attack{
		{id: "installer-pod", what: "a pod as the installer, which reads and writes Secrets", by: administrator, request: request{verb: "create", object: podOf(asInstaller)}, refused: []string{noPod}},
		{id: "installer-template", what: "a Deployment as the installer", by: administrator, request: request{verb: "create", object: templateOf(asInstaller)}, refused: []string{noPod}},
		{id: "installer-deprecated", what: "the same by the old name of the field", by: administrator, request: request{verb: "create", object: templateOf("serviceAccount: allmenning-installer")}, refused: []string{noPod}},
		{id: "installer-cron", what: "a CronJob as the installer", by: administrator, request: request{verb: "create", object: cronJob("{spec: {jobTemplate: {spec: {template: {spec: {" + asInstaller + "}}}}}}")}, refused: []string{noPod}},
		{id: "installer-job", what: "a Job as the installer", by: administrator, request: request{verb: "create", object: job("{spec: {template: {spec: {" + asInstaller + "}}}}")}, refused: []string{noPod}},
		{id: "installer-daemons", what: "a DaemonSet as the installer", by: administrator, request: request{verb: "create", object: with("DaemonSet", "{spec: {template: {spec: {"+asInstaller+"}}}}")}, refused: []string{noPod}},
		{id: "installer-controller", what: "a controller that makes such a pod of what was written before", by: replicaSets, request: request{verb: "create", object: podOf(asInstaller)}, refused: []string{noPod}},
		{id: "installer-token", what: "a token of the installer", by: administrator, request: request{verb: "create", sub: "token", object: account}, refused: []string{"nobody has a token of allmenning-installer"}},
		{id: "installer-token-secret", what: "a Secret that is filled with a token of the installer, and never expires", by: administrator, request: request{verb: "create",
			object: `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: token, annotations: {kubernetes.io/service-account.name: allmenning-installer}}}`}, refused: []string{"never expires", "kubectl create token"}},
		{id: "lasting-token", what: "a consultant's token that outlives his access", by: administrator, request: request{verb: "create",
			object: `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: token, annotations: {kubernetes.io/service-account.name: pipeline}}}`}, refused: []string{"never expires"}},
		{id: "lasting-token-pipeline", what: "the same by an account of the municipality", by: pipeline, request: request{verb: "create",
			object: `{apiVersion: v1, kind: Secret, type: kubernetes.io/service-account-token, metadata: {name: token, annotations: {kubernetes.io/service-account.name: worker}}}`}, refused: []string{"never expires"}},
		{id: "installer-account", what: "the installer's account changed", by: administrator, request: request{verb: "patch", object: account, patch: `{automountServiceAccountToken: true}`}, refused: []string{"allmenning-installer"}},
		{id: "installer-delete", what: "the installer's account deleted, so that it comes back with another uid", by: administrator, request: request{verb: "delete", object: account}, refused: []string{"operator"}},
		{id: "installer-bind", what: "rights for the installer, that pods get by it", by: administrator, request: request{verb: "create", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: more},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-viewer}, subjects: [{kind: ServiceAccount, name: allmenning-installer, namespace: vinje-prod}]}`}, refused: []string{"only the operator gives rights"}},
		{id: "installer-stolen", what: "a stolen token of the installer that changes an app", by: installer, request: request{verb: "patch", object: theApp, patch: `{spec: {replicas: 0}}`}, refused: []string{"a token of allmenning-installer writes nothing"}},
		{id: "installer-stolen-own", what: "a stolen token of the installer that makes something new", by: installer, request: request{verb: "create", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: stolen}}`},
			refused: []string{"a token of allmenning-installer writes nothing"}},
		{id: "bind-cluster-admin", what: "all rights for oneself", by: administrator, guard: byRBAC, request: request{verb: "create", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: more, namespace: "-"},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: arne}]}`}},
	}
}

// attacksOnNamespaces: the labels of a namespace are its walls.
func attacksOnNamespaces() []attack {
	const only = "only the operator writes the labels"
	const foreign = `{apiVersion: v1, kind: Namespace, metadata: {name: plain, namespace: "-"}}`
	const owner = `{metadata: {ownerReferences: [{apiVersion: v1, kind: Namespace, name: gone, uid: 7d8f7a66-3f0d-4d0c-9d0a-5b1d4a1f0c11}]}}`
	return []attack{
		{id: "ns-labels", what: "the zone of a namespace opened", by: outsider, request: request{verb: "patch", object: prod, patch: `{metadata: {labels: {allmenning.dev/zone: Closed}}}`}, refused: []string{only, "spec.environments of Municipality vinje"}},
		{id: "ns-privileged", what: "privileged pods let in", from: "CVE-2026-41052", by: outsider, request: request{verb: "patch", object: prod, patch: `{metadata: {labels: {pod-security.kubernetes.io/enforce: privileged}}}`}, refused: []string{only}},
		{id: "ns-status", what: "labels taken off by /status, which stores all metadata", by: outsider, request: request{verb: "patch", sub: "status", object: prod, patch: `{metadata: {labels: {pod-security.kubernetes.io/enforce: null, allmenning.dev/municipality: null}}}`}, refused: []string{only}},
		{id: "ns-finalize", what: "labels taken off by /finalize", by: outsider, request: request{verb: "finalize", object: prod, patch: `{metadata: {labels: {pod-security.kubernetes.io/enforce: privileged}}}`}, refused: []string{only}},
		{id: "ns-owner", what: "an owner that is gone, so that the namespace is collected", from: "CVE-2025-5187", by: outsider, request: request{verb: "patch", object: prod, patch: owner}, refused: []string{"has no owner"}},
		{id: "ns-owner-status", what: "the same by /status", by: outsider, request: request{verb: "patch", sub: "status", object: prod, patch: owner}, refused: []string{"has no owner"}},
		{id: "ns-detach", what: "a namespace taken out of its tenant, so that its walls are not kept", from: "CVE-2022-46167", by: outsider, request: request{verb: "patch", object: prod, patch: `{metadata: {labels: {app.kubernetes.io/managed-by: null}}}`}, refused: []string{only}},
		{id: "ns-hijack", what: "a namespace of the system made a tenant's", from: "CVE-2024-39690", by: outsider, request: request{verb: "patch", object: `{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, namespace: "-"}}`,
			patch: `{metadata: {labels: {allmenning.dev/municipality: vinje, app.kubernetes.io/managed-by: allmenning}}}`}, refused: []string{only}},
		{id: "ns-ingress", what: "a foreign namespace that passes for an ingress controller's", from: "CVE-2025-55205", by: outsider, request: request{verb: "patch", object: foreign, patch: `{metadata: {labels: {allmenning.dev/ingress: "true"}}}`},
			refused: []string{"allmenning.dev/ingress open the walls of tenants"}},
		{id: "ns-ingress-new", what: "a new namespace that passes for an ingress controller's", by: outsider, request: request{verb: "create", object: `{apiVersion: v1, kind: Namespace, metadata: {name: proxy, namespace: "-", labels: {allmenning.dev/ingress: "true"}}}`},
			refused: []string{"allmenning.dev/ingress open the walls of tenants"}},
		{id: "ns-imitate", what: "a new namespace that passes for another environment of vinje", by: outsider, request: request{verb: "create",
			object: `{apiVersion: v1, kind: Namespace, metadata: {name: vinje-stage, namespace: "-", labels: {allmenning.dev/municipality: vinje, allmenning.dev/environment: prod}}}`}, refused: []string{only}},
		{id: "ns-domains", what: "another's domains put into what policies read", by: outsider, request: request{verb: "patch", object: prod, patch: `{metadata: {annotations: {allmenning.dev/domains: seljord.kommune.no}}}`}, refused: []string{"only the operator writes the annotations allmenning.dev/domains"}},
		{id: "ns-registries", what: "what policies read taken off", by: outsider, request: request{verb: "patch", sub: "status", object: prod, patch: `{metadata: {annotations: {allmenning.dev/image-registries: "*"}}}`}, refused: []string{"only the operator writes the annotations"}},
		{id: "ns-held-by", what: "a namespace given to another Municipality of the name", by: outsider, request: request{verb: "patch", object: prod, patch: `{metadata: {annotations: {allmenning.dev/held-by: x}}}`}, refused: []string{"only the operator writes the annotations"}},
		{id: "ns-adopt", what: "a foreign namespace handed over to a Municipality, with all that is in it", by: outsider, request: request{verb: "patch", object: foreign, patch: `{metadata: {annotations: {allmenning.dev/adopt: vinje}}}`}, refused: []string{"only platform operators"}},
		{id: "ns-all", what: "kubectl label namespaces --all by an administrator of the cluster", by: clusterAdmin, request: request{verb: "patch", object: prod, patch: `{metadata: {labels: {pod-security.kubernetes.io/enforce: baseline}}}`}, refused: []string{only}},
		{id: "ns-tenant", what: "its own namespace labelled by a municipality's administrator", by: administrator, guard: byRBAC, request: request{verb: "patch", object: prod, patch: `{metadata: {labels: {team: it}}}`}},
		{id: "ns-create", what: "a namespace made by a municipality's administrator", by: administrator, guard: byRBAC, request: request{verb: "create", object: `{apiVersion: v1, kind: Namespace, metadata: {name: mine, namespace: "-"}}`}},
		{id: "ns-delete", what: "a neighbour's namespace deleted", by: administrator, guard: byRBAC, request: request{verb: "delete", object: `{apiVersion: v1, kind: Namespace, metadata: {name: seljord-prod, namespace: "-"}}`}},
	}
}

// attacksOnRights: what RBAC and the Pod Security Standard hold, so that it stays so.
func attacksOnRights() []attack {
	const seljord = "namespace: seljord-prod"
	advisories := map[string]string{"namespaces-of-one-name": "CVE-2023-46254", "cluster-role": "CVE-2026-22872", "webhook": "CVE-2026-22872"}
	rbac := func(id, what string, by actor, r request) attack {
		return attack{id: id, what: what, from: advisories[id], by: by, guard: byRBAC, request: r}
	}
	security := func(id, what, from, fields string) attack {
		return attack{id: id, what: what, from: from, by: administrator, guard: byPodSecurity, request: request{verb: "create",
			object: `{apiVersion: v1, kind: Pod, metadata: {name: made}, spec: ` + flow("{"+fields+"}") + `}`}}
	}
	return []attack{
		rbac("neighbour-secret", "a neighbour's Secret read", administrator, request{verb: "get", object: `{apiVersion: v1, kind: Secret, metadata: {name: own, ` + seljord + `}}`}),
		rbac("neighbour-secrets", "all Secrets of a neighbour listed", pipeline, request{verb: "list", object: `{apiVersion: v1, kind: Secret, metadata: {` + seljord + `}}`}),
		rbac("neighbour-pods", "a neighbour's pods listed", viewer, request{verb: "list", object: `{apiVersion: v1, kind: Pod, metadata: {` + seljord + `}}`}),
		rbac("neighbour-write", "a ConfigMap made at a neighbour's", neighbour, request{verb: "create", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: vinje-prod}}`}),
		rbac("all-namespaces", "all namespaces listed", administrator, request{verb: "list", object: `{apiVersion: v1, kind: Namespace, metadata: {namespace: "-"}}`}),
		rbac("namespaces-of-one-name", "namespaces listed by an account whose name others have too", pipeline, request{verb: "list", object: `{apiVersion: v1, kind: Namespace, metadata: {namespace: "-"}}`}),
		rbac("nodes", "nodes listed", administrator, request{verb: "list", object: `{apiVersion: v1, kind: Node, metadata: {namespace: "-"}}`}),
		rbac("volumes", "volumes of all tenants listed", administrator, request{verb: "list", object: `{apiVersion: v1, kind: PersistentVolume, metadata: {namespace: "-"}}`}),
		rbac("cluster-role", "a ClusterRole made by a tenant", administrator, request{verb: "create", object: `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: x, namespace: "-"}}`}),
		rbac("webhook", "a webhook that sees all requests", administrator, request{verb: "create", object: `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: x, namespace: "-"}}`}),
		rbac("policy-off", "a policy's binding deleted", administrator, request{verb: "delete", object: `{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: tenant-pods.allmenning.dev, namespace: "-"}}`}),
		rbac("priority-class", "a priority class of one's own", administrator, request{verb: "create", object: `{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: x, namespace: "-"}, value: 5}`}),
		rbac("municipality-write", "its own Municipality given a larger quota", administrator, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: vinje, namespace: "-"}}`, patch: `{spec: {inhabitants: 700000}}`}),
		{id: "installation-write", what: "the version that is installed changed", by: administrator, guard: byRBAC, control: operator,
			request: request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: AppInstallation, metadata: {name: board}}`, patch: `{spec: {version: 9.9.9}}`}},
		rbac("platform-write", "the platform's lists changed", administrator, request{verb: "patch", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Platform, metadata: {name: default, namespace: "-"}}`, patch: `{spec: {workloads: {registries: ["evil.example/"]}}}`}),
		rbac("viewer-write", "something written by a viewer", viewer, request{verb: "create", object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}`}),
		rbac("viewer-restart", "an app's pod deleted by a viewer", viewer, request{verb: "delete", object: thePod}),
		rbac("developer-account", "an account made by a developer", developer, request{verb: "create", object: `{apiVersion: v1, kind: ServiceAccount, metadata: {name: x}}`}),
		rbac("workload-reads", "Secrets read by a pod's account", workload, request{verb: "list", object: `{apiVersion: v1, kind: Secret, metadata: {}}`}),
		rbac("program-others", "a Secret that is not the app's read by its account", program, request{verb: "get", object: `{apiVersion: v1, kind: Secret, metadata: {name: own}}`}),
		rbac("coordinator-secrets", "a member's Secrets read by a coordinator", coordinator, request{verb: "get", object: `{apiVersion: v1, kind: Secret, metadata: {name: own}}`}),
		rbac("coordinator-installations", "what a member decided read by a coordinator", coordinator, request{verb: "list", object: `{apiVersion: allmenning.dev/v1alpha1, kind: AppInstallation, metadata: {}}`}),
		rbac("coordinator-parameters", "the values of a member's parameters read by a coordinator", coordinator, request{verb: "get", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: vinje, namespace: "-"}}`}),
		rbac("coordinator-all", "those of all municipalities", coordinator, request{verb: "list", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {namespace: "-"}}`}),
		rbac("anybody", "pods of a municipality listed by anybody who can log in", nobody, request{verb: "list", object: `{apiVersion: v1, kind: Pod, metadata: {}}`}),
		security("host-path", "the node's files mounted", "", `containers: [{name: a, image: "ghcr.io/vinje/own:1"}], volumes: [{name: v, hostPath: {path: /}}]`),
		security("host-network", "the node's network", "", `hostNetwork: true, containers: [{name: a, image: "ghcr.io/vinje/own:1"}]`),
		security("privileged", "a privileged container", "", `containers: [{name: a, image: "ghcr.io/vinje/own:1", securityContext: {privileged: true}}]`),
		security("git-repo", "a repository as a volume, whose hooks run on the node", "CVE-2024-10220", `containers: [{name: a, image: "ghcr.io/vinje/own:1"}], volumes: [{name: v, gitRepo: {repository: "https://example.org/x.git"}}]`),
	}
}
