package isolation_test

// attacksOnTheNetwork: names and addresses belong to somebody.
func attacksOnTheNetwork() []attack {
	made := func(id, what, from string, by actor, object string, refused ...string) attack {
		return attack{id: id, what: what, from: from, by: by, request: request{verb: "create", object: object}, refused: refused}
	}
	annotated := func(key, value string) string {
		return ingress(`{metadata: {annotations: {` + key + `: "` + value + `"}}}`)
	}
	path := func(of string) string {
		return ingress(`{spec: {rules: [{host: own.vinje.kommune.no, http: {paths: [{path: '` + of + `', pathType: ImplementationSpecific, backend: {service: {name: own, port: {number: 80}}}}]}}]}}`)
	}
	const nginx = "nginx.ingress.kubernetes.io/"
	return []attack{
		made("service-external-ips", "a Service that catches the traffic to an address of others", "CVE-2020-8554", developer, service(`{spec: {externalIPs: [192.0.2.1]}}`), "spec.externalIPs"),
		made("service-external-name", "a Service that leads a trusting proxy elsewhere", "", developer, service(`{spec: {type: ExternalName, externalName: metadata.internal, selector: null, ports: null}}`), "of type ExternalName"),
		{id: "service-external-name-later", what: "the same of a Service that is there", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: Service, metadata: {name: own}}`,
			patch: `{spec: {type: ExternalName, externalName: db.seljord-prod.svc.cluster.local, clusterIP: null, clusterIPs: null}}`}, refused: []string{"of type ExternalName"}},
		{id: "service-external-ips-later", what: "external addresses of a Service that is there", from: "CVE-2020-8554", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: Service, metadata: {name: own}}`,
			patch: `{spec: {externalIPs: [192.0.2.1]}}`}, refused: []string{"spec.externalIPs"}},
		made("endpoint-slice", "an EndpointSlice that leads a Service to a neighbour's pod", "CVE-2021-25740", administrator,
			`{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: own-x, labels: {kubernetes.io/service-name: own}}, addressType: IPv4, endpoints: [{addresses: [192.0.2.7]}], ports: [{port: 80}]}`, "only the cluster writes endpoints"),
		made("endpoints", "the same by Endpoints", "CVE-2021-25740", administrator, `{apiVersion: v1, kind: Endpoints, metadata: {name: own-x}, subsets: [{addresses: [{ip: 192.0.2.7}], ports: [{port: 80}]}]}`, "only the cluster writes endpoints"),
		made("service-annotation", "an annotation that makes a load balancer do what no field says", "", developer, service(`{metadata: {annotations: {metallb.universe.tf/allow-shared-ip: x}}}`), "metallb.universe.tf/allow-shared-ip", "spec.workloads.annotations"),
		made("ingress-neighbour", "an Ingress for a neighbour's name", "", administrator, ingress(`{spec: {rules: [{host: www.seljord.kommune.no}]}}`), "www.seljord.kommune.no", "use vinje.kommune.no, or names below"),
		made("ingress-lookalike", "a name that ends like one's own", "", developer, ingress(`{spec: {rules: [{host: evilvinje.kommune.no}]}}`), "evilvinje.kommune.no"),
		made("ingress-parent", "the name above one's own", "", developer, ingress(`{spec: {rules: [{host: kommune.no}]}}`), "kommune.no"),
		made("ingress-wildcard", "a wildcard above one's own name", "", developer, ingress(`{spec: {rules: [{host: "*.kommune.no"}]}}`), "*.kommune.no"),
		made("ingress-no-host", "a rule for every name", "", developer, ingress(`{spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: own, port: {number: 80}}}}]}}]}}`), "without a host"),
		made("ingress-default", "a backend for every name that nobody has", "", developer, ingress(`{spec: {defaultBackend: {service: {name: own, port: {number: 80}}}}}`), "defaultBackend"),
		made("ingress-only-default", "the same without rules", "", developer, ingress(`{spec: {rules: null, defaultBackend: {service: {name: own, port: {number: 80}}}}}`), "defaultBackend"),
		made("ingress-tls", "a certificate for a neighbour's name", "", developer, ingress(`{spec: {tls: [{secretName: own, hosts: [www.seljord.kommune.no]}]}}`), "www.seljord.kommune.no"),
		{id: "ingress-later", what: "a neighbour's name in an Ingress that is there", by: developer, request: request{verb: "patch", object: `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: own}}`,
			patch: `{spec: {rules: [{host: www.seljord.kommune.no}]}}`}, refused: []string{"www.seljord.kommune.no"}},
		made("ingress-no-domain", "a name where the municipality has none", "", neighbour, `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x, namespace: seljord-prod}, spec: {rules: [{host: www.vinje.kommune.no}]}}`, "use seljord.kommune.no, or names below"),
		made("ingress-snippet", "configuration for the proxy that all share", "CVE-2021-25742", developer, annotated(nginx+"server-snippet", "return 200;"), nginx+"server-snippet"),
		made("ingress-configuration-snippet", "commands for the proxy that all share", "CVE-2023-5043", developer, annotated(nginx+"configuration-snippet", "x"), nginx+"configuration-snippet"),
		made("ingress-redirect", "code by way of a redirect", "CVE-2023-5044", developer, annotated(nginx+"permanent-redirect", "https://x;"), nginx+"permanent-redirect"),
		made("ingress-auth-url", "configuration by way of auth-url", "CVE-2025-24514", developer, annotated(nginx+"auth-url", "https://x#"), nginx+"auth-url"),
		made("ingress-match-cn", "configuration by way of auth-tls-match-cn", "CVE-2025-1097", developer, annotated(nginx+"auth-tls-match-cn", "CN=x"), nginx+"auth-tls-match-cn"),
		made("ingress-mirror", "configuration by way of mirror-target", "CVE-2025-1098", developer, annotated(nginx+"mirror-target", "https://x;"), nginx+"mirror-target"),
		made("ingress-mirror-host", "configuration by way of mirror-host", "CVE-2025-1098", developer, annotated(nginx+"mirror-host", "x;"), nginx+"mirror-host"),
		made("ingress-set-headers", "configuration by way of auth-proxy-set-headers", "CVE-2025-15566", developer, annotated(nginx+"auth-proxy-set-headers", "seljord-prod/own"), nginx+"auth-proxy-set-headers"),
		made("ingress-auth-secret", "a neighbour's Secret read by the proxy", "", developer, annotated(nginx+"auth-secret", "seljord-prod/own"), nginx+"auth-secret"),
		made("ingress-canary", "all requests for an app's name, by a canary of it", "", developer, annotated(nginx+"canary", "true"), nginx+"canary"),
		made("ingress-path", "configuration by way of a path", "", developer, path(`/x{}location /y`), "a plain path"),
		made("route-neighbour", "a route of the Gateway API for a neighbour's name", "", administrator, route("hostnames: [www.seljord.kommune.no]"), "www.seljord.kommune.no"),
		made("route-no-host", "a route for every name", "", administrator, route(""), "without a host"),
		made("route-wildcard", "a route for a wildcard above one's own name", "", administrator, route(`hostnames: [own.vinje.kommune.no, "*.kommune.no"]`), "*.kommune.no"),
		{id: "ingress-annotation-later", what: "a snippet in an Ingress that is there", from: "CVE-2021-25742", by: developer, request: request{verb: "patch", object: `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: own}}`,
			patch: `{metadata: {annotations: {` + nginx + `server-snippet: "return 200;"}}}`}, refused: []string{nginx + "server-snippet"}},
	}
}

// attacksOnVolumes: a volume belongs to one tenant.
func attacksOnVolumes() []attack {
	made := func(id, what string, by actor, object string, refused ...string) attack {
		return attack{id: id, what: what, by: by, request: request{verb: "create", object: object}, refused: refused}
	}
	const template = `{spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, %}}]}}`
	return []attack{
		made("claim-volume", "a claim on a neighbour's volume, by its name", developer, claim(`{spec: {volumeName: pv-seljord}}`), "volumeName", "take it out"),
		made("claim-selector", "a claim that chooses among the volumes of all", developer, claim(`{spec: {selector: {matchLabels: {of: seljord}}}}`), "selector"),
		made("claim-template", "the same by a StatefulSet", developer, statefulSet(filled(template, "volumeName: pv-seljord")), "volumeName"),
		made("claim-template-selector", "choosing by a StatefulSet", developer, statefulSet(filled(template, "selector: {matchLabels: {of: seljord}}")), "selector"),
		made("claim-controller", "a controller that makes such a claim of what was written before", statefulSets, claim(`{spec: {volumeName: pv-seljord}}`), "volumeName"),
		{id: "claim-later", what: "a volume named in a claim that has none yet", by: developer, request: request{verb: "patch", object: `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: own}}`, patch: `{spec: {volumeName: pv-seljord}}`}, refused: []string{"volumeName"}},
	}
}

// attacksByHolding: what is put beside an app holds neither the app nor its namespace up.
func attacksByHolding() []attack {
	const finalizers = `{metadata: {finalizers: [example.org/forever]}}`
	return []attack{
		{id: "finalizer", what: "an object that never goes, nor its namespace", by: administrator, request: request{verb: "patch", object: ownMap, patch: finalizers}, refused: []string{"example.org/forever", "take it out"}},
		{id: "finalizer-service", what: "a Service that is being deleted for ever, to pass by rules on what is not", from: "CVE-2023-34091", by: developer, request: request{verb: "create", object: service(finalizers)}, refused: []string{"example.org/forever"}},
		{id: "finalizer-template", what: "pods that never go, by a template", by: developer, request: request{verb: "create", object: deployment(`{spec: {template: ` + finalizers + `}}`)}, refused: []string{"finalizers in a template"}},
		{id: "finalizer-cron", what: "Jobs that never go, by a CronJob", by: developer, request: request{verb: "create", object: cronJob(`{spec: {jobTemplate: {spec: {template: ` + finalizers + `}}}}`)}, refused: []string{"finalizers in a template"}},
		{id: "finalizer-app", what: "an app's object that never goes", by: administrator, request: request{verb: "patch", object: theApp, patch: finalizers}, refused: []string{"denied request"}},
		{id: "budget-all", what: "a disruption budget for all pods of the namespace", by: developer, request: request{verb: "create", object: `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x}, spec: {maxUnavailable: 0, selector: {}}}`},
			refused: []string{"{key: allmenning.dev/app, operator: DoesNotExist}"}},
		{id: "budget-app", what: "a disruption budget for an app's pods", by: developer, request: request{verb: "create", object: `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x}, spec: {minAvailable: 1, selector: {matchLabels: {app: board}}}}`},
			refused: []string{"shared apps"}},
	}
}
