package isolation_test

// attacksByPods: where and how pods run, and of which images, is the platform's to say.
func attacksByPods() []attack {
	made := func(id, what string, by actor, object string, refused ...string) attack {
		return attack{id: id, what: what, by: by, request: request{verb: "create", object: object}, refused: refused}
	}
	const foreign = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {}, namespaceSelector: {}}]}}"
	const projected = `volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t, audience: "sts.amazonaws.com"}}]}}]`
	const debug = `{spec: {ephemeralContainers: [{name: spy, image: "evil.example/spy:1", securityContext: {allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]}}`
	return []attack{
		made("pod-node", "a pod put on a node, past the scheduler", administrator, podOf("nodeName: node-1"), "spec.nodeName"),
		made("template-node", "a template with a node", developer, templateOf("nodeName: node-1"), "spec.nodeName"),
		made("pod-critical", "a system-node-critical pod, which pushes out those of others", administrator, podOf("priorityClassName: system-node-critical"), "priorityClassName system-node-critical"),
		made("template-critical", "the same by a template", developer, templateOf("priorityClassName: system-cluster-critical"), "spec.workloads.priorityClasses"),
		made("pod-urgent", "a priority class that the platform does not list", developer, podOf("priorityClassName: urgent"), "priorityClassName urgent"),
		made("controller-critical", "a controller that makes a critical pod of what was written before", replicaSets, podOf("priorityClassName: system-node-critical"), "priorityClassName system-node-critical"),
		made("pod-tolerations", "a pod on nodes that are kept for others", developer, podOf("tolerations: [{key: dedicated, operator: Exists}]"), "tolerations of dedicated", "spec.workloads.tolerations"),
		made("pod-all-tolerations", "a pod that tolerates every taint", developer, templateOf("tolerations: [{operator: Exists}]"), "every taint"),
		made("control-plane", "a pod on nodes of the control plane", administrator, cronJob("{spec: {jobTemplate: {spec: {template: {spec: {tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists}]}}}}}}"), "node-role.kubernetes.io/control-plane"),
		made("pod-scheduler", "another scheduler", developer, podOf("schedulerName: mine"), "schedulerName"),
		made("pod-host-aliases", "names given to addresses that the cluster's DNS does not give them", developer, podOf(`hostAliases: [{ip: 192.0.2.1, hostnames: [login.vinje.kommune.no]}]`), "hostAliases"),
		made("pod-runtime", "a runtime that isolates less", administrator, templateOf("runtimeClassName: runc-privileged"), "spec.workloads.runtimeClasses"),
		made("pod-dns", "the resolver of the node", developer, podOf("dnsPolicy: Default"), "the cluster's DNS"),
		made("pod-dns-servers", "name servers of one's own", developer, templateOf("dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.1]}"), "the cluster's DNS"),
		made("pod-dns-searches", "search domains of a neighbour", developer, podOf("dnsConfig: {searches: [seljord-prod.svc.cluster.local]}"), "the cluster's DNS"),
		made("pod-grace", "a pod that takes a day to end", developer, podOf("terminationGracePeriodSeconds: 86400"), "at most 600"),
		made("pod-affinity", "a pod that keeps those of others off its node", developer, templateOf(foreign), "affinity to the pods of other namespaces"),
		made("pod-registry", "an image of a registry that the platform does not list", developer, podOf(imageOf("evil.example/x:1")), "spec.workloads.registries", "evil.example/x:1"),
		made("pod-registry-prefix", "a registry whose name begins like one that is listed", developer, podOf(imageOf("ghcr.io/vinje-imposter/x:1")), "ghcr.io/vinje-imposter/x:1"),
		made("pod-registry-short", "an image of a person at docker.io, by its short name", developer, templateOf(imageOf("mallory/x")), "docker.io/mallory/x"),
		made("pod-registry-port", "a registry at a port of the node", developer, podOf(imageOf("localhost:5000/x")), "localhost:5000/x"),
		made("pod-init-image", "an init container's image", developer, podOf(`initContainers: [{name: i, image: "evil.example/i:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`), "evil.example/i:1"),
		made("pod-image-volume", "an image as a volume", developer, podOf(`volumes: [{name: v, image: {reference: "evil.example/v:1"}}]`), "an image or a driver as a volume"),
		{id: "pod-image-update", what: "a running pod's image replaced in place", by: developer, request: request{verb: "patch", object: ownPod, patch: `[{op: replace, path: /spec/containers/0/image, value: "evil.example/x:1"}]`}, refused: []string{"evil.example/x:1"}},
		{id: "pod-ephemeral-image", what: "an ephemeral container's image", from: "CVE-2023-2727", by: administrator, request: request{verb: "patch", sub: "ephemeralcontainers", object: ownPod, patch: debug}, refused: []string{"evil.example/spy:1"}},
		made("pod-digest", "an image without digest where the platform asks for one", developer, `{apiVersion: v1, kind: Pod, metadata: {name: made, namespace: vinje-test}, spec: `+flow(podSpec)+`}`, "named by their digest"),
		made("pod-audience", "a token for a cloud, by which the pod is somebody there", administrator, podOf(projected), "spec.workloads.tokenAudiences"),
		made("pod-csi", "a driver's volume, past the walls", administrator, podOf(`volumes: [{name: v, csi: {driver: nfs.csi.k8s.io, volumeAttributes: {server: 192.0.2.1, share: /}}}]`), "an image or a driver as a volume"),
		made("pod-ephemeral-claim", "an ephemeral volume that is a neighbour's", developer,
			podOf(`volumes: [{name: v, ephemeral: {volumeClaimTemplate: {spec: {volumeName: pv-seljord, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]`), "ephemeral volume"),
		made("pod-ephemeral-labels", "an ephemeral volume that passes for an app's", developer,
			podOf(`volumes: [{name: v, ephemeral: {volumeClaimTemplate: {metadata: {labels: {allmenning.dev/app: board}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]`), "ephemeral volume"),
	}
}

// attacksOnSecrets: who may not read Secrets does not get at them by a pod.
func attacksOnSecrets() []attack {
	const refused = "who may not read Secrets makes and changes no pods that do"
	made := func(id, what, from, object string, words ...string) attack {
		return attack{id: id, what: what, from: from, by: developer, request: request{verb: "create", object: object}, refused: words}
	}
	return []attack{
		made("secret-volume", "a Secret mounted by a developer", "", podOf("volumes: [{name: s, secret: {secretName: own}}]"), refused, "the role Administrator"),
		made("secret-env", "a Secret in a variable", "", templateOf(container("env: [{name: P, valueFrom: {secretKeyRef: {name: board, key: password}}}]")), refused),
		made("secret-env-from", "a Secret in all variables", "CVE-2024-3177", podOf(container("envFrom: [{secretRef: {name: own}}]")), refused),
		made("secret-projected", "a Secret among projected files", "", templateOf("volumes: [{name: s, projected: {sources: [{secret: {name: own}}]}}]"), refused),
		made("secret-init", "a Secret in an init container", "", podOf(`initContainers: [{name: i, image: "ghcr.io/vinje/own:1", envFrom: [{secretRef: {name: own}}], securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`), refused),
		made("secret-cron", "a Secret by a CronJob, which a controller carries out", "", cronJob("{spec: {jobTemplate: {spec: {template: {spec: {volumes: [{name: s, secret: {secretName: own}}]}}}}}}"), refused),
		made("secret-job", "a Secret by a Job", "", job("{spec: {template: {spec: {volumes: [{name: s, secret: {secretName: own}}]}}}}"), refused),
		made("secret-set", "a Secret by a StatefulSet", "", statefulSet("{spec: {template: {spec: {volumes: [{name: s, secret: {secretName: own}}]}}}}"), refused),
		{id: "secret-deputy", what: "another image in a workload of somebody who may read Secrets", by: developer, request: request{verb: "patch", object: ownSecretive,
			patch: `[{op: replace, path: /spec/template/spec/containers/0/image, value: "ghcr.io/vinje/spy:1"}]`}, refused: []string{refused}},
		made("token-account", "the token of an app's account, which may read a Secret", "", podOf("serviceAccountName: board, automountServiceAccountToken: true"), "may have rights that you lack"),
		made("token-projected", "the same, mounted by hand", "", templateOf("serviceAccountName: board, automountServiceAccountToken: false, volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]"), "may have rights that you lack"),
		made("token-pipeline", "the token of the municipality's pipeline, an administrator", "", podOf("serviceAccountName: pipeline"), "may have rights that you lack"),
		{id: "secret-read", what: "a Secret read by a developer", by: developer, guard: byRBAC, request: request{verb: "get", object: `{apiVersion: v1, kind: Secret, metadata: {name: own}}`}},
	}
}
