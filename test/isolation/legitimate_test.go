package isolation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// deed is something that must work.
type deed struct {
	// what it is, in words.
	what string
	request
}

// legitimate does what each role does on a working day.
func legitimate(t *testing.T, w world) {
	t.Helper()
	const wanted = 50
	for who, all := range map[actor][]deed{viewer: reads(), developer: slices.Concat(reads(), works()), administrator: slices.Concat(reads(), works(), administers()), pipeline: slices.Concat(works(), administers())} {
		if len(all) < wanted {
			t.Errorf("%s: %d deeds, want at least %d", who, len(all), wanted)
		}
		for n, d := range all {
			t.Run(fmt.Sprintf("%s-%d", who, n), func(t *testing.T) {
				t.Parallel()
				c, err := w.cast.client(who, "")
				if err != nil {
					t.Fatal(err)
				}
				if err := d.do(t.Context(), c, w.names); err != nil {
					t.Errorf("%s, as %s: %v", d.what, who, err)
				}
			})
		}
	}
	others(t, w)
}

// reads are what everybody may see of a municipality: all but Secrets.
func reads() []deed {
	var all []deed
	for _, kind := range []string{
		"v1 ConfigMap own", "v1 ConfigMap board", "v1 Service own", "v1 Service board", "v1 ServiceAccount worker", "v1 PersistentVolumeClaim own", "v1 PersistentVolumeClaim CLAIM", "v1 Pod own", "v1 Pod POD",
		"v1 ResourceQuota allmenning", "v1 LimitRange allmenning", "apps/v1 Deployment own", "apps/v1 Deployment board", "apps/v1 StatefulSet store", "batch/v1 CronJob own",
		"autoscaling/v2 HorizontalPodAutoscaler board", "policy/v1 PodDisruptionBudget board", "networking.k8s.io/v1 Ingress own", "networking.k8s.io/v1 NetworkPolicy allmenning-default-deny",
		"allmenning.dev/v1alpha1 AppInstallation board",
	} {
		field := strings.Fields(kind)
		object := fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: %s}}", field[0], field[1], field[2])
		all = append(all, deed{"read " + kind, request{verb: "get", object: object}}, deed{"list " + kind, request{verb: "list", object: object}})
	}
	for _, kind := range []string{"v1 Event", "v1 Endpoints", "apps/v1 ReplicaSet", "apps/v1 DaemonSet", "apps/v1 ControllerRevision", "batch/v1 Job", "discovery.k8s.io/v1 EndpointSlice", "events.k8s.io/v1 Event"} {
		field := strings.Fields(kind)
		all = append(all, deed{"list " + kind, request{verb: "list", object: fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {}}", field[0], field[1])}})
	}
	for _, kind := range []string{"v1 ConfigMap", "v1 Pod"} {
		field := strings.Fields(kind)
		all = append(all, deed{"list " + kind + " of another environment", request{verb: "list", object: fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {namespace: vinje-test}}", field[0], field[1])}})
	}
	return all
}

// works are what developers do.
func works() []deed {
	create := func(what, object string) deed { return deed{what, request{verb: "create", object: object}} }
	patch := func(what, object, patch string) deed {
		return deed{what, request{verb: "patch", object: object, patch: patch}}
	}
	const restart = `{spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: "2026-01-01T00:00:00Z"}}}}}`
	const ownService = `{apiVersion: v1, kind: Service, metadata: {name: own}}`
	const ownIngress = `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: own}}`
	const ownCron = `{apiVersion: batch/v1, kind: CronJob, metadata: {name: own}}`
	return []deed{
		create("run a pod", pod("{}")), create("make a Deployment", deployment("{}")), create("make a StatefulSet", statefulSet("{}")), create("make a Job", job("{}")), create("make a CronJob", cronJob("{}")),
		create("make a Service", service("{}")), create("make a headless Service", service("{spec: {clusterIP: None}}")), create("make an Ingress", ingress("{}")), create("make a claim", claim("{}")),
		create("make a ConfigMap", "{apiVersion: v1, kind: ConfigMap, metadata: {name: made}, data: {a: b}}"),
		create("make an autoscaler", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: made}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: own}, maxReplicas: 3}}"),
		create("make a disruption budget for one's own pods", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: made}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: own}, matchExpressions: [{key: allmenning.dev/app, operator: DoesNotExist}]}}}"),
		create("run an image of docker.io", podOf(imageOf("nginx:1.27"))), create("run an image by its digest", podOf(imageOf("ghcr.io/vinje/own@sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"))),
		create("run a pod of a listed priority class", podOf("priorityClassName: municipal-batch")), create("tolerate a listed taint", podOf("tolerations: [{key: example.org/gpu, operator: Exists}]")),
		create("tolerate a node that is away for a while", podOf("tolerations: [{key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 30}]")),
		create("a token for a listed audience", podOf(`volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t, audience: "https://vault.example.org"}}]}}]`)),
		create("mount a ConfigMap", podOf("volumes: [{name: c, configMap: {name: own}}]")), create("read a ConfigMap into variables", podOf(container("envFrom: [{configMapRef: {name: own}}]"))),
		create("mount a claim", podOf("volumes: [{name: c, persistentVolumeClaim: {claimName: own}}]")), create("mount an ephemeral claim", podOf("volumes: [{name: c, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}]")),
		create("mount what kubelet knows of the pod", podOf("volumes: [{name: d, downwardAPI: {items: [{path: l, fieldRef: {fieldPath: metadata.labels}}]}}]")),
		create("pull with a Secret", podOf("imagePullSecrets: [{name: own}]")), create("run as the account default", podOf("serviceAccountName: default")),
		create("run as an account without its token", podOf("serviceAccountName: worker, automountServiceAccountToken: false")),
		create("spread over nodes", templateOf("topologySpreadConstraints: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: made}}}]")),
		create("keep pods of one's own apart", templateOf("affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: made}}}]}}")),
		create("options of the resolver", podOf("dnsConfig: {options: [{name: ndots, value: '1'}]}")), create("ten minutes to end", podOf("terminationGracePeriodSeconds: 600")),
		create("an init container", podOf(`initContainers: [{name: i, image: "ghcr.io/vinje/i:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`)),
		create("an Ingress for the domain itself", ingress("{spec: {rules: [{host: vinje.kommune.no}]}}")), create("an Ingress for a name far below", ingress("{spec: {rules: [{host: a.b.vinje.kommune.no}]}}")),
		create("a wildcard below one's own name", ingress(`{spec: {rules: [{host: "*.vinje.kommune.no"}]}}`)), create("an Ingress with a certificate", ingress("{spec: {tls: [{secretName: own, hosts: [own.vinje.kommune.no]}]}}")),
		create("an Ingress that is redirected to HTTPS", ingress(`{metadata: {annotations: {nginx.ingress.kubernetes.io/ssl-redirect: "true"}}}`)), create("an Ingress with a listed annotation", ingress("{metadata: {annotations: {cert-manager.io/cluster-issuer: x}}}")),
		create("an Ingress by a pattern", ingress(`{spec: {rules: [{host: own.vinje.kommune.no, http: {paths: [{path: "/a(/|$)(.*)", pathType: ImplementationSpecific, backend: {service: {name: own, port: {number: 80}}}}]}}]}}`)),
		create("make a copy of a claim", claim("{spec: {dataSource: {kind: PersistentVolumeClaim, name: own}}}")),
		create("claims of a StatefulSet", statefulSet("{spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}")),
		create("an object that Helm made", "{apiVersion: v1, kind: ConfigMap, metadata: {name: made, labels: {app.kubernetes.io/managed-by: Helm}}}"),
		{"apply on the server's side", request{verb: "apply", manager: "argocd", object: "{apiVersion: v1, kind: ConfigMap, metadata: {name: own}, data: {a: c}}"}},
		{"scale a Deployment of one's own", request{verb: "patch", object: ownApp, sub: "scale", patch: "{spec: {replicas: 2}}"}},
		patch("another image of one's own", ownApp, `[{op: replace, path: /spec/template/spec/containers/0/image, value: "ghcr.io/vinje/own:2"}]`), patch("restart one's own", ownApp, restart),
		patch("scale a workload that reads Secrets", ownSecretive, "{spec: {replicas: 1}}"), patch("label a workload", ownApp, "{metadata: {labels: {team: it}}}"),
		patch("restart an app", theApp, restart), patch("restart an app's StatefulSet", theStore, restart), patch("restart a workload by its annotation and label it", ownApp, `{metadata: {labels: {team: it}}}`),
		{"restart an app by deleting its pod", request{verb: "delete", object: thePod}}, {"delete one's own pod", request{verb: "delete", object: ownPod}}, {"delete one's own Deployment", request{verb: "delete", object: ownApp}},
		{"delete the claim of an app, which is the municipality's data", request{verb: "delete", object: "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: CLAIM}}"}},
		patch("give one's own object to an app", ownMap, "{metadata: {annotations: {allmenning.dev/adopt: board}}}"), patch("keep one's own object", ownMap, "{metadata: {annotations: {allmenning.dev/prune: disabled}}}"),
		patch("change a ConfigMap", ownMap, "{data: {a: c}}"), patch("change a Service", ownService, "{spec: {selector: {app: other}}}"), patch("change an Ingress", ownIngress, "{spec: {rules: [{host: other.vinje.kommune.no}]}}"),
		patch("suspend a CronJob", ownCron, "{spec: {suspend: true}}"), patch("label a pod", ownPod, "{metadata: {labels: {team: it}}}"), patch("another image of a running pod", ownPod, `[{op: replace, path: /spec/containers/0/image, value: "ghcr.io/vinje/own:2"}]`),
		patch("more pods by one's own autoscaler", ownScaler, "{spec: {maxReplicas: 5}}"), patch("lead it to another workload of one's own", ownScaler, "{spec: {scaleTargetRef: {name: secretive}}}"),
		patch("mount a claim in a workload that is there", ownApp, "{spec: {template: {spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: own}}]}}}}"),
		create("mount a claim in a Job", job("{spec: {template: {spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: own}}]}}}}")),
		{"delete a Service", request{verb: "delete", object: ownService}}, {"delete an Ingress", request{verb: "delete", object: ownIngress}},
	}
}

// administers are what administrators do beyond.
func administers() []deed {
	create := func(what, object string) deed { return deed{what, request{verb: "create", object: object}} }
	const ownSecret = "{apiVersion: v1, kind: Secret, metadata: {name: own}}"
	return []deed{
		{"read a Secret", request{verb: "get", object: ownSecret}}, {"list Secrets", request{verb: "list", object: ownSecret}}, {"change a Secret", request{verb: "patch", object: ownSecret, patch: "{stringData: {password: x}}"}},
		{"read an app's Secret", request{verb: "get", object: "{apiVersion: v1, kind: Secret, metadata: {name: board}}"}},
		create("make a Secret", "{apiVersion: v1, kind: Secret, metadata: {name: made}, stringData: {a: b}}"), create("make a pull Secret", `{apiVersion: v1, kind: Secret, type: kubernetes.io/dockerconfigjson, metadata: {name: made}, stringData: {.dockerconfigjson: "{}"}}`),
		create("make an account", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: made}}"), create("mount a Secret", podOf("volumes: [{name: s, secret: {secretName: own}}]")),
		create("a Secret in variables", templateOf(container("envFrom: [{secretRef: {name: own}}]"))), create("a pod with the token of an account", podOf("serviceAccountName: worker")),
		{"another image of what reads Secrets", request{verb: "patch", object: ownSecretive, patch: `[{op: replace, path: /spec/template/spec/containers/0/image, value: "ghcr.io/vinje/own:2"}]`}},
		{"delete what an app that was uninstalled left behind", request{verb: "delete", object: "{apiVersion: v1, kind: Secret, metadata: {name: board-generated}}"}},
		{"have another password of an app made", request{verb: "patch", object: "{apiVersion: v1, kind: Secret, metadata: {name: board-generated}}", patch: `{data: {key: null}}`}},
		{"pull images as the account default", request{verb: "patch", object: "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}", patch: `{imagePullSecrets: [{name: own}]}`}},
		{"evict an app's pod", request{verb: "create", sub: "eviction", object: thePod, patch: "{apiVersion: policy/v1, kind: Eviction}"}},
	}
}

// others are those beside the roles, whom nothing may stop.
func others(t *testing.T, w world) {
	t.Helper()
	made := func(what string, by actor, r request) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c, err := w.cast.client(by, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.do(t.Context(), c, w.names); err != nil {
				t.Errorf("%s, as %s: %v", what, by, err)
			}
		})
	}
	made("a controller makes an app's pod", replicaSets, request{verb: "create", object: pod(`{metadata: {labels: {allmenning.dev/app: board}}, spec: {serviceAccountName: board, volumes: [{name: s, secret: {secretName: board}}]}}`)})
	made("a controller makes a municipality's pod that reads Secrets", replicaSets, request{verb: "create", object: podOf("volumes: [{name: s, secret: {secretName: own}}]")})
	made("a controller makes an app's claim", statefulSets, request{verb: "create", object: claim(`{metadata: {labels: {allmenning.dev/app: board}}}`)})
	const mounts = "volumes: [{name: v, persistentVolumeClaim: {claimName: CLAIM}}]"
	made("a controller makes an app's pod that mounts its claim", statefulSets, request{verb: "create", object: pod(`{metadata: {labels: {allmenning.dev/app: board}}, spec: {` + mounts + `}}`)})
	made("a listed controller backs an app's claim up", certificates, request{verb: "create", object: podOf(mounts)})
	made("a platform operator looks at an app's data", clusterAdmin, request{verb: "create", object: podOf(mounts)})
	made("an app's autoscaler scales it", autoscaler, request{verb: "patch", object: theApp, sub: "scale", patch: `{spec: {replicas: 2}}`})
	made("an app's object is collected", collector, request{verb: "delete", object: theApp})
	made("a finalizer of the collector's", collector, request{verb: "patch", object: theApp, patch: `{metadata: {finalizers: [foregroundDeletion]}}`})
	made("a platform operator looks into an app's fault", clusterAdmin, request{verb: "patch", object: theApp, patch: `{spec: {replicas: 0}}`})
	made("a platform operator makes an urgent pod", clusterAdmin, request{verb: "create", object: podOf("priorityClassName: urgent, tolerations: [{operator: Exists}]")})
	made("a route for one's own name", administrator, request{verb: "create", object: route(`hostnames: [own.vinje.kommune.no, "*.vinje.kommune.no"]`)})
	frozen(made)
	made("a coordinator sees how rollouts do", coordinator, request{verb: "list", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Rollout, metadata: {namespace: "-"}}`})
	made("a coordinator sees who opted out", coordinator, request{verb: "get", object: `{apiVersion: allmenning.dev/v1alpha1, kind: Network, metadata: {name: digi, namespace: "-"}}`})
	made("a policy that opens nothing", administrator, request{verb: "create", object: networkPolicy("podSelector: {}")})
	made("one's own pods let in", administrator, request{verb: "create", object: networkPolicy(ownPods + `, ingress: [{from: [{podSelector: {matchLabels: {app: own}}}], ports: [{port: 8080}]}]`)})
	made("the same by the name of the namespace", administrator, request{verb: "create", object: networkPolicy(ownPods + `, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: vinje-prod}}}]}]`)})
	made("a platform operator opens what it likes", clusterAdmin, request{verb: "create", object: networkPolicy("podSelector: {}, ingress: [{}]")})
	made("rights for an account of one's own", administrator, request{verb: "create", object: role(`{apiGroups: [""], resources: [configmaps], verbs: [get, list]}`)})
	made("a role for an account of one's own", administrator, request{verb: "create", object: roleBinding("ClusterRole", "allmenning-viewer", "{kind: ServiceAccount, name: worker}")})
	made("a workload of many variables and long arguments", developer, request{verb: "create", object: templateOf(container("args: [" + strings.Repeat("x", 30_000) + "]"))})
	made("a ConfigMap of half a megabyte", developer, request{verb: "create", object: "{apiVersion: v1, kind: ConfigMap, metadata: {name: made}, data: {a: " + strings.Repeat("x", 500_000) + "}}"})
	made("a namespace is labelled as one likes", outsider, request{verb: "patch", object: prod, patch: `{metadata: {labels: {team: it}, annotations: {example.org/a: b}}}`})
	made("an ingress controller's namespace is labelled by a platform operator", clusterAdmin, request{verb: "patch", object: `{apiVersion: v1, kind: Namespace, metadata: {name: plain, namespace: "-"}}`, patch: `{metadata: {labels: {allmenning.dev/ingress: "true"}}}`})
	made("a restore makes a tenant's namespace", clusterAdmin, request{verb: "create", object: `{apiVersion: v1, kind: Namespace, metadata: {name: vinje-old, namespace: "-", labels: {allmenning.dev/municipality: vinje}, annotations: {allmenning.dev/held-by: x}}}`})
	const finalizer = `{metadata: {finalizers: [external-attacher/example.org]}}`
	made("a driver holds a volume", component, request{verb: "patch", object: `{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv-seljord, namespace: "-"}}`, patch: finalizer})
	made("a node is made", component, request{verb: "create", object: `{apiVersion: v1, kind: Node, metadata: {name: node-1, namespace: "-"}}`})
	made("a class is made, of a label that looks like the operator's", component, request{verb: "create",
		object: `{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: x, namespace: "-", labels: {allmenning.dev/app: x}}, value: 1}`})
	made("a component writes what it likes elsewhere", component, request{verb: "create", manager: "allmenning-x",
		object: `{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: plain, labels: {allmenning.dev/app: x}, finalizers: [example.org/x]}}`})
	made("a component runs pods elsewhere", component, request{verb: "create", object: strings.Replace(podOf("nodeName: node-1, priorityClassName: urgent, tolerations: [{operator: Exists}]"), `"name":"made"`, `"name":"made","namespace":"plain"`, 1)})
	made("elsewhere nothing is bound", clusterAdmin, request{verb: "create", object: `{apiVersion: v1, kind: Service, metadata: {name: x, namespace: plain}, spec: {type: NodePort, ports: [{port: 80}]}}`})
}
