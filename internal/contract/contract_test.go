package contract

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cases of the rules: what is accepted has an empty want.
var cases = []struct{ rule, reason, objects, want string }{
	{"kind", "a kind that is allowed", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
	{"kind", "one that is not on the list", "{apiVersion: example.org/v1, kind: Wheel, metadata: {name: a}}", `Wheel/a: kind: Wheel (example.org/v1) is not a kind that bundles may hold`},
	{"kind", "the refusal names both roles", "{apiVersion: example.org/v1, kind: Wheel, metadata: {name: a}}", `allmenning.dev/aggregate-to-installer: "true" and allmenning.dev/aggregate-to-manager: "true"`},
	{"kind", "one that is cluster-scoped", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}", "ClusterRole is cluster-scoped"},
	{"kind", "rights of the whole cluster, of which it says what to write instead", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}}", "write a Role and a RoleBinding"},
	{"kind", "the platform's, without which the app is the same", "{apiVersion: v1, kind: Namespace, metadata: {name: a}}", "Namespace (v1) is the platform's: the app goes to the namespace of each tenant"},
	{"kind", "how the app is watched", "{apiVersion: monitoring.coreos.com/v1, kind: ServiceMonitor, metadata: {name: a}}", "the app runs without it"},
	{"kind", "a route of another controller, of which it says what to write instead", "{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: a}}", "write an Ingress for what it routes"},
	{"kind", "a version that is no longer served, where the next one would mean something else", "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {selector: {}}}", "(policy/v1beta1) is no longer served by Kubernetes; write it as policy/v1"},
	{"kind", "one in a version that is not served", "{apiVersion: example.org/v3, kind: Cart, metadata: {name: a}}", "write apiVersion: example.org/v2, which has it"},
	{"kind", "one in the wrong case", "{apiVersion: v1, kind: configmap, metadata: {name: a}}", "configmap (v1) is not a kind that the cluster knows; write kind: ConfigMap, as kinds are case-sensitive"},
	{"kind", "one in a version that there is not", "{apiVersion: apps/v2, kind: Deployment, metadata: {name: a}}", "Deployment (apps/v2) is not a kind that the cluster knows; write apiVersion: apps/v1, which has it"},
	{"kind", "one in a group that has it not", "{apiVersion: v1, kind: Deployment, metadata: {name: a}}", "write apiVersion: apps/v1, which has it"},
	{"kind", "one by the name of its resource", "{apiVersion: v1, kind: Configmaps, metadata: {name: a}}", "write kind: ConfigMap"},
	{"kind", "one that is nowhere", "{apiVersion: v1, kind: Foo, metadata: {name: a}}", "correct apiVersion and kind, which are case-sensitive: kubectl api-resources lists them"},
	{"kind", "one of a definition that is not there", "{apiVersion: example.org/v1, kind: Foo, metadata: {name: a}}", "have its CustomResourceDefinition installed first"},
	{"schema", "an object as Kubernetes reads it", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: '1'}}", ""},
	{"schema", "a kind of the app's own", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: a}, spec: {anything: 1}}", ""},
	{"schema", "a number that is to be text", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: 1}}", "ConfigMap/a: data.a: it is a number, and must be text; write it in quotes"},
	{"schema", "a field that is not known here is left to the API server, which may be newer", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dat: {a: '1'}}", ""},
	{"kind", "one that the operator may not read", "{apiVersion: example.org/v1, kind: Dark, metadata: {name: a}}", "the operator may not read it"},
	{"kind", "a network policy of a network plugin", "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: a}}", "declare versions[].requires.egress"},
	{"kind", "what makes a Secret that pods wait for", sealed + "---\n" + web(waiting("")), "take it out, and bring a Secret key whose values are parameters"},
	{"kind", "what makes a Secret that no pod waits for", sealed + "---\n" + web(waiting(", optional: true")), "no pod waits for it, so that the app would be ready without"},
	{"kind", "a certificate of an Ingress", "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a}, spec: {secretName: cert}}", "the platform's ingress controller has the certificates"},
	{"kind", "where secrets are kept", "{apiVersion: external-secrets.io/v1, kind: SecretStore, metadata: {name: a}}", "where secrets are kept is for it to say"},
	{"kind", "a way in that is the platform's", "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}}", "its ingress controller is the way in"},
	{"ownership", "an object of its own", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
	{"ownership", "an owner", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]}}", "metadata.ownerReferences"},
	{"ownership", "a finalizer", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [example.org/x]}}", "metadata.finalizers"},
	{"ownership", "a finalizer of the pods", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: {finalizers: [example.org/x]}, spec: {containers: []}}}}", "spec.template.metadata.finalizers"},
	{"ownership", "a finalizer of the claims", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{metadata: {name: d, finalizers: [example.org/x]}}]}}", "spec.volumeClaimTemplates[0].metadata.finalizers"},
	{"ownership", "a finalizer of a claim that goes with the pod", web(restricted("volumes: [{name: e, ephemeral: {volumeClaimTemplate: {metadata: {finalizers: [example.org/x]}, spec: {}}}}],")), "volumes[e].ephemeral.volumeClaimTemplate.metadata.finalizers"},
	{"ownership", "a finalizer of Jobs", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {metadata: {finalizers: [example.org/x]}}}}", "spec.jobTemplate.metadata.finalizers"},
	{"reserved-names", "a name that no address can hold", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a/b}}", "metadata.name: may not contain '/'"},
	{"reserved-names", "run-once is true or not there", "{apiVersion: batch/v1, kind: Job, metadata: {name: a, annotations: {allmenning.dev/run-once: \"1\"}}}", `"1" is not a value of it; write true`},
	{"reserved-names", "annotations for the operator", "{apiVersion: batch/v1, kind: Job, metadata: {name: a, annotations: {allmenning.dev/phase: before, allmenning.dev/replace: recreate, allmenning.dev/run-once: \"true\", allmenning.dev/prune: disabled}}}", ""},
	{"reserved-names", "one that it does not read", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {allmenning.dev/held-by: x}}}", "metadata.annotations[allmenning.dev/held-by]"},
	{"reserved-names", "a value that is none", "{apiVersion: batch/v1, kind: Job, metadata: {name: a, annotations: {allmenning.dev/phase: first}}}", `"first" is not a value of it; write before or after`},
	{"reserved-names", "a database that a migration needs", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, annotations: {allmenning.dev/phase: before}}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: " + restricted("") + "}}}", ""},
	{"reserved-names", "a database after the rest", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, annotations: {allmenning.dev/phase: after}}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: " + restricted("") + "}}}", "such as a database, is ready before those Jobs"},
	{"reserved-names", "a phase of what does not end", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {allmenning.dev/phase: before}}}", "only a Job runs before or after"},
	{"reserved-names", "a claim that would be recreated", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a, annotations: {allmenning.dev/replace: recreate}}}", "volumes never go"},
	{"reserved-names", "fields that are left to others", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: \"spec.replicas, spec.template.spec.nodeSelector\"}}}", ""},
	{"reserved-names", "what runs is not left to others", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: spec.template.spec.containers}}}", `"spec.template.spec.containers" can't be left to others`},
	{"reserved-names", "nor what a CronJob runs", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: spec.jobTemplate.spec.template.spec}}}", `can't be left to others`},
	{"reserved-names", "however it is quoted", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec[\"template\"].spec'}}}", `can't be left to others`},
	{"reserved-names", "a key that holds dots", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'data[\"app.conf\"], data.other\\.conf'}}}", ""},
	{"reserved-names", "nor a whole spec", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: spec}}}", `"spec" can't be left to others`},
	{"reserved-names", "a field whose name only holds such a word", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.volumesnapshotClass, spec.containersPerNode'}}}", ""},
	{"reserved-names", "a key that is named so", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'data.containers, data.volumes'}}}", ""},
	{"reserved-names", "where requests go", "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.rules'}}}", `"spec.rules" can't be left to others`},
	{"reserved-names", "to whom a Service leads, by a part of it", "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.selector.app'}}}", `"spec.selector.app" can't be left to others`},
	{"reserved-names", "what kind of Service it is", "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.type'}}}", `"spec.type" can't be left to others`},
	{"reserved-names", "the type of another kind", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.type'}}}", ""},
	{"reserved-names", "the labels of pods", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.template.metadata.labels.app'}}}", `can't be left to others`},
	{"reserved-names", "the metadata of pods", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.jobTemplate.spec.template.metadata'}}}", `can't be left to others`},
	{"reserved-names", "all annotations of pods", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.template.metadata.annotations'}}}", `can't be left to others`},
	{"reserved-names", "one annotation of pods", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.template.metadata.annotations.injected'}}}", ""},
	{"reserved-names", "the claims of a StatefulSet", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.volumeClaimTemplates'}}}", `can't be left to others`},
	{"reserved-names", "whether data goes with it", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.persistentVolumeClaimRetentionPolicy.whenDeleted'}}}", `can't be left to others`},
	{"reserved-names", "as whom pods run", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.template.spec.serviceAccountName'}}}", `can't be left to others`},
	{"reserved-names", "eight fields, beside the replicas that an autoscaler counts", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.a,spec.b,spec.c,spec.d,spec.e,spec.f,spec.g,spec.h,spec.replicas'}}}", ""},
	{"reserved-names", "nine fields", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {allmenning.dev/ignore-fields: 'spec.a,spec.b,spec.c,spec.d,spec.e,spec.f,spec.g,spec.h,spec.i'}}}", `9 fields are left to others, at most 8 may be`},
	{"pod-security", "a restricted pod", web(restricted("")), ""},
	{"pod-security", "a volume without a source is an empty folder", web(strings.Replace(restricted(""), "{", "{volumes: [{name: data, emptyDir: null}], ", 1)), ""},
	{"pod-security", "no pod", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ""},
	{"pod-security", "a privileged pod", web("{hostNetwork: true, containers: [{name: c, image: i, securityContext: {privileged: true}}]}"), "host namespaces (hostNetwork=true)"},
	{"pod-security", "within a CronJob", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: {hostPID: true, containers: []}}}}}}", "spec.jobTemplate.spec.template.spec: its pods break"},
	{"pod-security", "a bare pod", "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostIPC: true, containers: []}}", "Pod/a: spec: its pods break"},
	{"schema", "a template that is none", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: x}}", "spec.template: it is text, and must be an object"},
	{"schema", "a pod that is none", web("{containers: x}"), "spec.template.spec.containers: it is text, and must be a list"},
	{"pod-security", "what of a pod can be read is judged", web("{containers: x, hostNetwork: true}"), "host namespaces (hostNetwork=true)"},
	{"pod-placement", "the usual", web(restricted("schedulerName: default-scheduler, priorityClassName: common,")), ""},
	{"pod-placement", "away from its own pods", web(restricted("affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}},")), ""},
	{"pod-placement", "others' pods off its nodes", web(restricted("affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/os, namespaceSelector: {}}]}},")), "spec.template.spec.affinity"},
	{"pod-placement", "near others' pods", web(restricted("affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: kubernetes.io/os, namespaces: [x]}}]}},")), "spec.template.spec.affinity"},
	{"pod-placement", "a node", web(restricted("nodeName: n1,")), "spec.template.spec.nodeName"},
	{"pod-placement", "tolerations", web(restricted("tolerations: [{operator: Exists}],")), "spec.template.spec.tolerations"},
	{"pod-placement", "a scheduler", web(restricted("schedulerName: mine,")), "spec.template.spec.schedulerName"},
	{"pod-placement", "host aliases", web(restricted("hostAliases: [{ip: 192.0.2.1, hostnames: [x]}],")), "spec.template.spec.hostAliases"},
	{"pod-placement", "a runtime class", web(restricted("runtimeClassName: kata,")), "spec.template.spec.runtimeClassName"},
	{"pod-placement", "a priority class", web(restricted("priorityClassName: system-node-critical,")), "spec.bundles.priorityClasses of the Platform"},
	{"pod-placement", "options of the resolver", web(restricted("dnsPolicy: ClusterFirst, dnsConfig: {options: [{name: ndots, value: '1'}]},")), ""},
	{"pod-placement", "name servers of somebody", web(restricted("dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53]},")), "spec.template.spec.dnsConfig.nameservers"},
	{"pod-placement", "no name servers of the cluster", web(restricted("dnsPolicy: Default,")), "spec.template.spec.dnsPolicy"},
	{"pod-placement", "other names", web(restricted("dnsConfig: {searches: [evil.example]},")), "spec.template.spec.dnsConfig.searches"},
	{"pod-account", "a token for the API server, and for whom the platform lists", web(restricted("volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: a}}, {serviceAccountToken: {path: b, audience: 'https://vault.example.org'}}]}}],")), ""},
	{"pod-account", "a token for somebody else", web(restricted("volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: a, audience: sts.amazonaws.com}}]}}],")),
		`volumes[t].projected.sources[0].serviceAccountToken.audience: a token for "sts.amazonaws.com"`},
	{"pod-account", "an account of its own", web(restricted("serviceAccountName: web,")) + "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}", ""},
	{"pod-account", "the default account", web(restricted("serviceAccountName: default,")), ""},
	{"pod-account", "the installer", web(restricted("serviceAccountName: allmenning-installer,")), `"allmenning-installer" is not an account of this app`},
	{"pod-account", "that of another app, by the old field", web(restricted("serviceAccount: other,")), "spec.template.spec.serviceAccount:"},
	{"pod-volumes", "a claim of the pod", web(restricted("volumes: [{name: v, emptyDir: {}}, {name: e, ephemeral: {volumeClaimTemplate: {spec: {resources: {requests: {storage: 1Gi}}}}}}],")), ""},
	{"pod-volumes", "a driver's", web(restricted("volumes: [{name: v, csi: {driver: nfs.csi.k8s.io}}],")), "volumes[v].csi"},
	{"pod-volumes", "an image", web(restricted("volumes: [{name: v, image: {reference: x}}],")), "volumes[v].image"},
	{"pod-volumes", "a claim that names a volume", web(restricted("volumes: [{name: e, ephemeral: {volumeClaimTemplate: {spec: {volumeName: pv}}}}],")), "volumeClaimTemplate.spec.volumeName"},
	{"pod-volumes", "a copy of what has no known owner", web(restricted("volumes: [{name: e, ephemeral: {volumeClaimTemplate: {spec: {dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s}}}}}],")), "volumeClaimTemplate.spec.dataSource: VolumeSnapshot/s"},
	{"images", "one of a registry that the platform lists", web(restricted("")), ""},
	{"images", "one of another", strings.Replace(web(restricted("")), "image: i", "image: evil.example/i", 1), "evil.example/i comes from a registry that the Platform does not list"},
	{"grace-period", "ten minutes", web(restricted("terminationGracePeriodSeconds: 600,")), ""},
	{"grace-period", "an hour", web(restricted("terminationGracePeriodSeconds: 3600,")), "write at most 600"},
	{"service", "within the cluster", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ClusterIP, selector: {app: web}, clusterIP: None}}", ""},
	{"service", "of another group", "{apiVersion: serving.example.org/v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}}", ""},
	{"service", "node ports", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort}}", "spec.type: NodePort is not allowed"},
	{"service", "a load balancer", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: LoadBalancer}}", "spec.type: LoadBalancer is not allowed"},
	{"service", "an external name", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, externalName: x}}", "ExternalName would bypass"},
	{"service", "external addresses", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {externalIPs: [192.0.2.1]}}", "spec.externalIPs"},
	{"service", "a node port that is left", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, nodePort: 31000}]}}", "spec.ports[0].nodePort"},
	{"service", "one address", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: 10.96.1.1}}", "spec.clusterIP: 10.96.1.1"},
	{"service", "what a load balancer would read", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {loadBalancerIP: 192.0.2.1}}", "no load balancers for tenants"},
	{"schema", "a Service that is none", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: x}}", "must be"},
	{"ingress-hosts", "names of the municipality, and of the platform", ingress("{rules: [{host: post.vinje.kommune.no}, {host: vinje.kommune.no}, {host: x.apps.example.org}], tls: [{hosts: [post.vinje.kommune.no]}]}"), ""},
	{"ingress-hosts", "no host", ingress("{rules: [{http: {paths: []}}]}"), "spec.rules[0].host: an empty host"},
	{"ingress-hosts", "any host", ingress("{rules: [{host: '*.vinje.kommune.no'}]}"), "catches the requests for names of others"},
	{"ingress-hosts", "a name of somebody else", ingress("{rules: [{host: post.tokke.kommune.no}]}"), `"post.tokke.kommune.no" is not a name of this municipality`},
	{"ingress-hosts", "a name that only ends alike", ingress("{rules: [{host: notvinje.kommune.no}]}"), "is not a name of this municipality"},
	{"ingress-hosts", "a certificate for somebody else", ingress("{tls: [{hosts: [tokke.kommune.no]}]}"), "spec.tls[0].hosts[0]"},
	{"ingress-hosts", "a default backend", ingress("{defaultBackend: {service: {name: a, port: {number: 80}}}}"), "spec.defaultBackend"},
	{"ingress-hosts", "a route of the Gateway API for names of the municipality", gatewayRoute("hostnames: [post.vinje.kommune.no]"), ""},
	{"ingress-hosts", "a route of a kind that has no hosts", "{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: TCPRoute, metadata: {name: a}, spec: {}}", ""},
	{"ingress-hosts", "a route for somebody else's name", gatewayRoute("hostnames: [post.vinje.kommune.no, post.tokke.kommune.no]"), `spec.hostnames[1]: "post.tokke.kommune.no" is not a name of this municipality`},
	{"ingress-hosts", "a route for all names of its Gateway", gatewayRoute("rules: []"), "spec.hostnames: an empty host"},
	{"ingress-hosts", "a route for any name", gatewayRoute("hostnames: ['*.vinje.kommune.no']"), "catches the requests for names of others"},
	{"annotations", "plain ones, and those of the platform", "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {note: x, app.kubernetes.io/version: x, example.org/any: x}}}", ""},
	{"annotations", "of other kinds", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/server-snippet: x}}}", ""},
	{"annotations", "a snippet", "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/server-snippet: x}}}", "metadata.annotations[nginx.ingress.kubernetes.io/server-snippet]"},
	{"annotations", "a share of the requests for another Ingress", "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {nginx.ingress.kubernetes.io/canary: 'true'}}}", "metadata.annotations[nginx.ingress.kubernetes.io/canary]"},
	{"annotations", "a load balancer's", "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {service.beta.kubernetes.io/x: x}}}", "spec.bundles.annotations of the Platform"},
	{"claims", "a claim", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: fast}}", ""},
	{"claims", "a class that the bundle would bring", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fast}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: fast}}", `spec.storageClassName: "fast" is a class that the bundle would bring`},
	{"claims", "no class, of what may lie ready", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: ''}}", ""},
	{"claims", "no class, of one volume by name", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: '', volumeName: pv}}", `spec.storageClassName: "" is the class of a volume that was made by hand`},
	{"claims", "a class, of one volume by name", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: fast, volumeName: pv}}", "spec.volumeName"},
	{"claims", "the class of a volume of the bundle", "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv}, spec: {storageClassName: manual}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: manual}}", `spec.storageClassName: "manual" is the class of a volume`},
	{"claims", "another class than that of a volume of the bundle", "{apiVersion: v1, kind: PersistentVolume, metadata: {name: pv}, spec: {storageClassName: manual}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: fast}}", ""},
	{"claims", "a volume by name", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {volumeName: pv}}", "spec.volumeName"},
	{"claims", "a volume by labels", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {selector: {matchLabels: {a: b}}}}", "spec.selector"},
	{"claims", "somebody else's data", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSourceRef: {apiGroup: x, kind: snapshot, name: z, namespace: tokke-prod}}}", "spec.dataSourceRef.namespace"},
	{"claims", "a copy of another claim, whose owner is known where it is installed", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSource: {kind: PersistentVolumeClaim, name: data}}}", ""},
	{"claims", "a copy of what has no known owner", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s}}}", "spec.dataSource: VolumeSnapshot/s may be a copy of another app's data"},
	{"claims", "the same by the newer field, in a StatefulSet", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{spec: {dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s}}}]}}", "spec.volumeClaimTemplates[0].spec.dataSourceRef: VolumeSnapshot/s"},
	{"claims", "a copy of a snapshot of the bundle", "{apiVersion: snapshot.storage.k8s.io/v1, kind: VolumeSnapshot, metadata: {name: s}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {dataSourceRef: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: s}}}", ""},
	{"claims", "in a StatefulSet", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {volumeClaimTemplates: [{spec: {volumeName: pv}}]}}", "spec.volumeClaimTemplates[0].spec.volumeName"},
	{"claim-retention", "kept", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain}}}", ""},
	{"claim-retention", "deleted", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}}}", "whenDeleted: Delete would take the data along"},
	{"disruption-budget", "one may go", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}", ""},
	{"disruption-budget", "none may go", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 0}}", "spec.maxUnavailable: 0 lets no pod go"},
	{"disruption-budget", "none in a hundred", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 0%}}", "spec.maxUnavailable"},
	{"disruption-budget", "all stay", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 100%}}", "spec.minAvailable: 100%"},
	{"disruption-budget", "the only one stays", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}\n---\n" + web(restricted("")), "1 of 1 pods lets no pod go"},
	{"disruption-budget", "half of one is one", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}\n---\n" + web(restricted("")), "50% of 1 pods lets no pod go"},
	{"disruption-budget", "a workload that is off has no pods to keep", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}}\n---\n" +
		"{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 0, template: {metadata: {labels: {app: web}}, spec: " + restricted("") + "}}}", ""},
	{"disruption-budget", "two for the same pods", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}\n---\n" +
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 1, selector: {}}}\n---\n" + web(restricted("")), "PodDisruptionBudget/b: spec.selector: PodDisruptionBudget/a selects the same pods"},
	{"disruption-budget", "two for different pods", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}\n---\n" +
		"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: db}}}}\n---\n" + web(restricted("")), ""},
	{"disruption-budget", "no pod, however it is written", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 00%}}", "spec.maxUnavailable: 0 lets no pod go"},
	{"disruption-budget", "one in a hundred is one", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {maxUnavailable: 1%}}", ""},
	{"disruption-budget", "all, however it is written", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 0100%}}", "100% lets no pod go"},
	{"disruption-budget", "the only one stays, beside pods that end by themselves", keepsOne + web(restricted("")) + "---\n" + nightly, "1 of 1 pods lets no pod go"},
	{"disruption-budget", "two, beside pods that end by themselves", keepsOne + strings.Replace(web(restricted("")), "spec: {template", "spec: {replicas: 2, template", 1) + "---\n" + nightly, ""},
	{"disruption-budget", "pods that end by themselves", keepsOne + nightly, ""},
	{"disruption-budget", "as many pods as there are nodes", keepsOne + strings.Replace(web(restricted("")), "Deployment", "DaemonSet", 1), ""},
	{"disruption-budget", "an autoscaler leaves two", keepsOne + web(restricted("")) + "---\n" + scaler("minReplicas: 2"), ""},
	{"disruption-budget", "an autoscaler may leave one", keepsOne + strings.Replace(web(restricted("")), "spec: {template", "spec: {replicas: 3, template", 1) + "---\n" + scaler("minReplicas: 1"), "1 of 1 pods lets no pod go"},
	{"disruption-budget", "one that does not say so leaves one", keepsOne + web(restricted("")) + "---\n" + scaler("maxReplicas: 5"), "1 of 1 pods lets no pod go"},
	{"disruption-budget", "half of what an autoscaler may leave", strings.Replace(keepsOne, "minAvailable: 1", "minAvailable: 50%", 1) + web(restricted("")) + "---\n" + scaler("minReplicas: 1"), "50% of 1 pods lets no pod go"},
	{"autoscaler", "of its own", web(restricted("")) + "---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}", ""},
	{"autoscaler", "of somebody else", "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: other}}}", "Deployment/other (apps/v1) is not in this bundle"},
	{"selectors", "pods of the bundle", web(restricted("")) + "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: web}}}", ""},
	{"selectors", "pods of nobody", web(restricted("")) + "---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: wbe}}}", "no pods of this bundle have these labels"},
	{"selectors", "no selector", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}", "it selects no pods"},
	{"selectors", "a kind of the app's own may make the pods", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: q}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: q}}}", ""},
	{"accounts", "an account", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}", ""},
	{"references", "what the bundle brings", web(restricted("volumes: [{name: a, secret: {secretName: key}}],")) + "---\n{apiVersion: v1, kind: Secret, metadata: {name: key}}", ""},
	{"references", "what nobody brings", web(restricted("volumes: [{name: a, secret: {secretName: key}}, {name: b, configMap: {name: conf}}],")), "Secret/key is not in the bundle: its pods start only where the municipality keeps one of that name"},
	{"references", "all of them", web(restricted("volumes: [{name: a, secret: {secretName: key}}, {name: b, configMap: {name: conf}}],")), "ConfigMap/conf is not in the bundle"},
	{"references", "what pods start without", web(restricted("imagePullSecrets: [{name: login}], volumes: [{name: a, secret: {secretName: key, optional: true}}],")), ""},
	{"references", "what only some of the pods start without", web(restricted("volumes: [{name: a, secret: {secretName: key, optional: true}}, {name: b, secret: {secretName: key}}],")), "volumes[b].secret: Secret/key is not in the bundle"},
	{"references", "what is there in each namespace", web(restricted("volumes: [{name: a, secret: {secretName: web-generated}}, {name: b, configMap: {name: kube-root-ca.crt}}],")), ""},
	{"references", "what a kind of the app's own may make", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: q}}\n---\n" + web(restricted("volumes: [{name: a, secret: {secretName: key}}],")), ""},
	{"references", "a route to nothing", ingress("{rules: [{host: x, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}], tls: [{hosts: [x], secretName: cert}]}"), "Service/s is not in the bundle, so that the route leads nowhere"},
	{"accounts", "the default one", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}", `the account "default" of the namespace is not the app's`},
	{"accounts", "the installer", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: allmenning-installer}}", "metadata.name"},
	{"secret-types", "a password", "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque}", ""},
	{"secret-types", "a token", "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: kubernetes.io/service-account-token}", "a token that never expires"},
	{"roles", "what the installer may do", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [configmaps], verbs: [get]}, {apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [get]}, {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}]}", ""},
	{"roles", "more than that", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [configmaps], verbs: [get, deletecollection]}]}", "deletecollection on configmaps is more than an app may have"},
	{"roles", "a wildcard", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: ['*'], verbs: [get]}]}", "a wildcard gives what nobody has read"},
	{"roles", "the operator's kinds", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [allmenning.dev], resources: [appinstallations], verbs: [get]}]}", "appinstallations.allmenning.dev belongs to the operator"},
	{"roles", "rights", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create]}]}", "give rights away"},
	{"roles", "changing a Secret of the bundle, which would be refused when it runs", ownSecret + role("{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [get, patch]}"), "so that the app is refused when it uses patch on secrets"},
	{"roles", "a name that is empty, as that of a list", ownSecret + role("{apiGroups: [''], resources: [secrets], resourceNames: [''], verbs: [list, watch]}"), "rules[0].resourceNames: an empty name"},
	{"roles", "one beside another", role("{apiGroups: [''], resources: [configmaps], resourceNames: [a, ''], verbs: [get]}"), "rules[0].resourceNames: an empty name"},
	{"roles", "watching a Secret of the bundle", ownSecret + role("{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [get, list, watch]}"), ""},
	{"roles", "watching a Secret of somebody else", ownSecret + role("{apiGroups: [''], resources: [secrets], resourceNames: [mine, theirs], verbs: [watch]}"), "list and watch are for Secrets of the bundle"},
	{"roles", "reading one, which the municipality may keep", role("{apiGroups: [''], resources: [secrets], resourceNames: [theirs], verbs: [get]}"), ""},
	{"roles", "changing whatever the namespace has", role("{apiGroups: [apps], resources: [deployments], verbs: [get, patch]}"), "patch on all deployments.apps of the namespace changes what is other apps' or the municipality's"},
	{"roles", "deleting it", role("{apiGroups: [''], resources: [configmaps], verbs: [delete]}"), "delete on all configmaps of the namespace"},
	{"roles", "changing what the bundle does not bring", role("{apiGroups: [apps], resources: [deployments], resourceNames: [theirs], verbs: [patch]}"), `patch on deployments.apps "theirs", which is not in the bundle`},
	{"roles", "an object of that name that is of another kind", ownSecret + role("{apiGroups: [apps], resources: [deployments], resourceNames: [mine], verbs: [patch]}"), "which is not in the bundle"},
	{"roles", "restarting a workload of the bundle", web(restricted("")) + "---\n" + role("{apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [get, patch]}"), ""},
	{"roles", "the status of an object of the app's own kind", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: q}}\n---\n" + role("{apiGroups: [example.org], resources: [queues/status], resourceNames: [q], verbs: [patch]}"), ""},
	{"roles", "electing a leader, and events", role("{apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update, patch, delete]}, {apiGroups: [events.k8s.io], resources: [events], verbs: [create, patch]}"), ""},
	{"roles", "making objects", role("{apiGroups: [''], resources: [configmaps], verbs: [get, create]}"), ""},
	{"roles", "deleting all at once, which a platform gave", role("{apiGroups: [example.org], resources: [queues], resourceNames: [q], verbs: [deletecollection]}"), "deletecollection on queues.example.org deletes what is others', too"},
	{"roles", "deleting data", "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}\n---\n" + role("{apiGroups: [''], resources: [persistentvolumeclaims], resourceNames: [data], verbs: [get, delete]}"), "the data would go with the claim"},
	{"roles", "making Secrets", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [create]}]}", "could be a token of another account"},
	{"roles", "making a Secret by a patch", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [patch]}]}", "could be a token of another account"},
	{"roles", "all Secrets", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]}", "name those that it reads"},
	{"roles", "shells", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]}", "act as another"},
	{"role-bindings", "a role for an account, both of the bundle", "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}\n---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: r}}\n---\n" +
		"{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: r}, subjects: [{kind: ServiceAccount, name: web}]}", ""},
	{"role-bindings", "a role of the cluster", "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: ClusterRole, name: cluster-admin}}", "ClusterRole/cluster-admin is not a Role of this bundle"},
	{"role-bindings", "somebody else", "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {kind: Role, name: r}, subjects: [{kind: Group, name: 'system:authenticated'}]}", "subjects[0]: Group/system:authenticated is not an account of this bundle"},
	{"jobs", "one that runs once for each version", "{apiVersion: batch/v1, kind: Job, metadata: {name: a, annotations: {allmenning.dev/run-once: \"true\"}}}", ""},
	{"jobs", "one that the next version can't change", "{apiVersion: batch/v1, kind: Job, metadata: {name: a}}", "a Job can't be changed"},
	{"phases", "a migration whose database comes first", migration(`env: [{name: URL, value: "postgres://db:5432/x"}]`, "allmenning.dev/phase: before"), ""},
	{"phases", "one that has nothing to do with the Service", migration(`env: [{name: URL, value: "postgres://olddb:5432/my-db"}, {name: TABLE, value: db.table}], args: [migrate, db, database]`, ""), ""},
	{"phases", "one that runs after the rest", strings.Replace(migration(`env: [{name: HOST, value: db}]`, ""), "allmenning.dev/phase: before", "allmenning.dev/phase: after", 1), ""},
	{"phases", "a Service of pods that the bundle does not make", strings.Replace(migration(`env: [{name: HOST, value: db}]`, ""), "labels: {app: db}", "labels: {app: other}", 1), ""},
	{"phases", "a host", migration(`env: [{name: HOST, value: db}]`, ""), "Job/migrate: spec.template.spec.containers[c].env[HOST]: it names Service/db, for which StatefulSet/db answers"},
	{"phases", "a URL", migration(`env: [{name: URL, value: "postgres://app:x@db/app"}]`, ""), "annotate StatefulSet/db allmenning.dev/phase: before"},
	{"phases", "a script", migration(`command: [sh, -c, "until pg_isready -h db; do sleep 1; done"]`, ""), "containers[c]: it names Service/db"},
	{"phases", "arguments", migration(`command: [pg_isready, --host, db]`, ""), "it names Service/db"},
	{"phases", "a port", migration(`args: ["nc -z db 5432"]`, ""), "it names Service/db"},
	{"phases", "a whole name", migration(`args: ["--server=db.vinje-prod.svc.cluster.local"]`, ""), "it names Service/db"},
	{"phases", "configuration", migration(`envFrom: [{configMapRef: {name: conf}}]`, "") + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {DB_ADDR: \"db:5432\"}}", "envFrom[0].configMapRef: it names Service/db"},
	{"health", "a kind with a rule", "{apiVersion: example.org/v1, kind: Queue, metadata: {name: a}}", ""},
	{"health", "a kind without", "{apiVersion: example.org/v1, kind: Topic, metadata: {name: a}}", "add a rule for Topic to spec.versions[].health"},
}

func TestRules(t *testing.T) {
	for _, tc := range cases {
		t.Run(tc.rule+": "+tc.reason, func(t *testing.T) {
			var found []Finding
			for _, f := range Check(parse(t, tc.objects), terms()) {
				if f.Rule == tc.rule {
					found = append(found, f)
				}
			}
			switch text := Text(found); {
			case tc.want == "" && text != "":
				t.Errorf("refused: %s", text)
			case !strings.Contains(text, tc.want):
				t.Errorf("it says %q, want %q in it", text, tc.want)
			}
		})
	}
}

// TestTheTableIsDocumented holds the rules, the table of docs/bundles.md and the cases above against each other.
func TestTheTableIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/bundles.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		documented = append(documented, row[1])
	}
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
		for _, accepted := range []bool{true, false} {
			if !slices.ContainsFunc(cases, func(c struct{ rule, reason, objects, want string }) bool {
				return c.rule == r.name && (c.want == "") == accepted
			}) {
				t.Errorf("rule %s has no case that is accepted: %v", r.name, accepted)
			}
		}
	}
	if diff := cmp.Diff(names, documented); diff != "" {
		t.Errorf("rules (-code +docs/bundles.md):\n%s", diff)
	}
}

// TestNothingIsSaidTwice has faults that two rules, or two parts of one, could each report.
func TestNothingIsSaidTwice(t *testing.T) {
	for _, tc := range []struct{ reason, objects, want string }{
		{"a wildcard on several resources", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: ['*'], resources: [pods, secrets], verbs: ['*']}]}", "a wildcard gives"},
		{"a phase that is none, of what has none", "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a, annotations: {allmenning.dev/phase: befor}}}", "metadata.annotations[allmenning.dev/phase]"},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if text := Text(Check(parse(t, tc.objects), terms())); strings.Count(text, tc.want) != 1 {
				t.Errorf("%q is not there once: %s", tc.want, text)
			}
		})
	}
}

// TestWhatIsRefusedLaterIsWarnedOf keeps no version out for a right that is of no use.
func TestWhatIsRefusedLaterIsWarnedOf(t *testing.T) {
	found := Check(parse(t, ownSecret+role("{apiGroups: [''], resources: [secrets], resourceNames: [mine], verbs: [get, patch]}")), terms())
	if len(found) != 1 || !found[0].Warning {
		t.Errorf("%+v, want one warning", found)
	}
}

// TestTheSampleIsNamed shows that a publisher is not sent to look for a municipality that does not exist.
func TestTheSampleIsNamed(t *testing.T) {
	trial := terms()
	trial.Domains = []string{SampleDomain}
	if text := Text(Check(parse(t, ingress("{rules: [{host: vinje.kommune.no}]}")), trial)); !strings.Contains(text, "is not a name of the municipality that does not exist, for which versions are tried") {
		t.Error(text)
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	found := Check(parse(t, web("{nodeName: node-1, containers: [{name: c}]}")+"---\n{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, externalIPs: [192.0.2.1]}}"), terms())
	var got []string
	for _, f := range Refusals(found) {
		got = append(got, f.Object+" "+f.Field)
	}
	want := []string{"Deployment/web spec.selector", "Deployment/web spec.template.spec.containers[0].image", "Deployment/web spec.template.spec", "Deployment/web spec.template.spec.nodeName", "Service/a spec.type", "Service/a spec.externalIPs"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestWhatAMachineMayCorrect(t *testing.T) {
	for _, tc := range []struct {
		reason, objects, rule string
		drop                  bool
		patch                 []Operation
	}{
		{"the app is the same without what the platform brings", "{apiVersion: v1, kind: PersistentVolume, metadata: {name: a}}", "kind", true, nil},
		{"without a Secret that its pods wait for it is never ready", sealed + "---\n" + web(waiting("")), "kind", true, nil},
		{"without one that they don't wait for it would be ready", sealed + "---\n" + web(waiting(", optional: true")), "kind", false, nil},
		{"nobody waits for a CronJob", sealed + "---\n{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {jobTemplate: {spec: {template: {spec: " + waiting("") + "}}}}}", "kind", false, nil},
		{"a Secret of another name", strings.Replace(sealed, "name: key}", "name: sealed}, spec: {template: {metadata: {name: key}}}", 1) + "---\n" + web(waiting("")), "kind", true, nil},
		{"a budget that keeps all lets one go", "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, spec: {minAvailable: 100%}}", "disruption-budget", false,
			[]Operation{{Op: "remove", Path: "/spec/minAvailable"}, {Op: "add", Path: "/spec/maxUnavailable", Value: 1}}},
		{"walls are the platform's", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}", "kind", true, nil},
		{"what has a successor is not taken out: without a workload nothing would run, and the rest be ready", "{apiVersion: policy/v1beta1, kind: PodDisruptionBudget, metadata: {name: a}}", "kind", false, nil},
		{"without its rights the app would fail later", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}", "kind", false, nil},
		{"nor without a right of its Role", "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{apiGroups: [''], resources: [pods], verbs: [deletecollection]}]}", "roles", false, nil},
		{"without a route nobody would reach it", "{apiVersion: traefik.io/v1alpha1, kind: IngressRoute, metadata: {name: a}}", "kind", false, nil},
		{"a process that is not root has no use for added capabilities", web("{securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [CHOWN, NET_BIND_SERVICE]}}}]}"),
			"pod-security", false, []Operation{
				{Op: "add", Path: "/spec/template/spec/containers/0/securityContext/capabilities/add", Value: []string{"NET_BIND_SERVICE"}},
				{Op: "add", Path: "/spec/template/spec/securityContext/runAsNonRoot", Value: true},
			}},
		{"a workload that has pods without its scaler", scaled + "---\n" + web(restricted("")), "kind", true, nil},
		{"one that is off without it", scaled + "---\n" + strings.Replace(web(restricted("")), "spec: {template", "spec: {replicas: 0, template", 1), "kind", false, nil},
		{"one that is not of the bundle", scaled, "kind", false, nil},
		{"who owns files is for the mount to say", web(owning("chown -R 1000:2000 /data && chmod -R 770 /data")), "pod-security", false, []Operation{
			{Op: "remove", Path: "/spec/template/spec/initContainers/0"}, {Op: "add", Path: "/spec/template/spec/securityContext/fsGroup", Value: int64(2000)}}},
		{"an init container that does more stays", web(owning("chown -R 1000 /data && cp /a /data")), "pod-security", false, nil},
		{"so does one that makes what it gives away", web(owning("chown -R 1000 $(mkdir /data/x)")), "pod-security", false, nil},
		{"nor is it known for which group", web(owning("chown -R postgres /data")), "pod-security", false, nil},
		{"a pod that wants the node stays refused", web("{hostNetwork: true, securityContext: {seccompProfile: {type: RuntimeDefault}}, containers: [{name: c, image: i, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]}"), "pod-security", false, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			found := slices.DeleteFunc(Check(parse(t, tc.objects), terms()), func(f Finding) bool { return f.Rule != tc.rule })
			if len(found) != 1 || found[0].Drop != tc.drop {
				t.Fatalf("%+v, want one finding with drop %v", found, tc.drop)
			}
			if diff := cmp.Diff(tc.patch, found[0].Patch); diff != "" {
				t.Errorf("patch (-want +got):\n%s", diff)
			}
		})
	}
}
