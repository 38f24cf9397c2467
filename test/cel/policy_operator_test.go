package cel

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// store creates objects by name, as the administrator.
func store(t *testing.T, manifests map[string]string) map[string]*unstructured.Unstructured {
	t.Helper()
	stored := map[string]*unstructured.Unstructured{}
	for name, manifest := range manifests {
		stored[name] = create(t, operatorClient(t), toObject(parse(t, manifest)))
	}
	return stored
}

// tenantNamespace is a manifest of a namespace of Vinje.
func tenantNamespace(name string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata:
  name: %s
  labels: {allmenning.dev/municipality: vinje, app.kubernetes.io/managed-by: allmenning, pod-security.kubernetes.io/enforce: restricted}`, name)
}

func TestOperatorNamespaces(t *testing.T) {
	stored := store(t, map[string]string{
		"tenant": tenantNamespace("vinje-kept"),
		"plain":  `{apiVersion: v1, kind: Namespace, metadata: {name: plain, labels: {pod-security.kubernetes.io/enforce: privileged}}}`,
		"handed": `{apiVersion: v1, kind: Namespace, metadata: {name: vinje-handed, annotations: {allmenning.dev/adopt: vinje}}}`,
	})
	const own = `allmenning.dev/municipality: vinje, pod-security.kubernetes.io/enforce: restricted`
	runAttempts(t, "operator-namespaces.allmenning.dev", stored, []attempt{
		{
			reason: "A namespace that is relabelled as a tenant's would be open to all that the operator may do there; the message says who hands one over.",
			user:   operator, verb: "update", object: "plain", patch: `metadata: {labels: {` + own + `}}`,
			denied: "takes over none: to hand namespace plain over, annotate it allmenning.dev/adopt with the name of the Municipality",
		},
		{
			reason: "The annotation that hands one over is not the operator's to set, not even on its own.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {annotations: {allmenning.dev/adopt: tinn}}`,
			denied: "does not set the annotation allmenning.dev/adopt",
		},
		{
			reason: "One that was handed over becomes that Municipality's.",
			user:   operator, verb: "update", object: "handed", patch: `metadata: {labels: {` + own + `}}`,
		},
		{
			reason: "And nobody else's.",
			user:   operator, verb: "update", object: "handed", patch: `metadata: {labels: {allmenning.dev/municipality: tinn, pod-security.kubernetes.io/enforce: restricted}}`,
			denied: "takes over none",
		},
		{
			reason: "One municipality's namespace does not become another's.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/municipality: tinn}}`,
			denied: "takes over none",
		},
		{
			reason: "Without its label a namespace would be nobody's, and guarded by nothing.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/municipality: null}}`,
			denied: "writes only namespaces of a Municipality",
		},
		{
			reason: "Namespaces are made for municipalities.",
			user:   operator, verb: "create", object: "tenant", patch: `metadata: {name: mine, labels: {allmenning.dev/municipality: null}}`,
			denied: "writes only namespaces of a Municipality",
		},
		{
			reason: "These are what the operator is for.",
			user:   operator, verb: "create", object: "tenant", patch: `metadata: {name: vinje-new}`,
		},
		{
			reason: "No pod of a tenant is privileged.",
			user:   operator, verb: "create", object: "tenant", patch: `metadata: {name: vinje-new, labels: {pod-security.kubernetes.io/enforce: privileged}}`,
			denied: "the Pod Security level restricted",
		},
		{
			reason: "Without the label the cluster's default would hold, which is privileged.",
			user:   operator, verb: "create", object: "tenant", patch: `metadata: {name: vinje-new, labels: {pod-security.kubernetes.io/enforce: null}}`,
			denied: "the Pod Security level restricted",
		},
		{
			reason: "What is there is not lowered either.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {pod-security.kubernetes.io/enforce: baseline}}`,
			denied: "the Pod Security level restricted",
		},
		{
			reason: "An old version of the standard asks for less.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {pod-security.kubernetes.io/enforce-version: v1.0}}`,
			denied: "the Pod Security level restricted",
		},
		{
			reason: "Other labels of a tenant's namespace are the operator's to write.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/zone: Open}}`,
		},
		{
			reason: "Who could delete any namespace would delete the cluster.",
			user:   operator, verb: "delete", object: "plain",
			denied: "the operator deletes only namespaces of a Municipality, and namespace plain does not carry the label allmenning.dev/municipality",
		},
		{
			reason: "An environment that is taken out may go.",
			user:   operator, verb: "delete", object: "tenant",
		},
		{
			reason: "Others' namespaces are others' to delete.",
			user:   platformOperator, verb: "delete", object: "plain",
		},
	})
}

func TestOperatorBindings(t *testing.T) {
	stored := store(t, map[string]string{
		"namespace": tenantNamespace("vinje-bound"),
		"wide": `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: theirs}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: kari}]`,
		"coordinators": `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: allmenning-coordinators-digi}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-coordinator}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: digi}]`,
	})
	for name, binding := range store(t, map[string]string{
		"viewers": `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: allmenning-viewer, namespace: vinje-bound}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-viewer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: vinje-ikt}]`,
		"installer": `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: allmenning-installer, namespace: vinje-bound}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-installer}
subjects: [{kind: ServiceAccount, name: allmenning-installer, namespace: vinje-bound}]`,
	}) {
		stored[name] = binding
	}
	account := func(namespace, name string) string {
		return fmt.Sprintf(`{kind: ServiceAccount, name: %s, namespace: %s}`, name, namespace)
	}
	system := func(kind, name string) string {
		return fmt.Sprintf(`subjects: [{apiGroup: rbac.authorization.k8s.io, kind: %s, name: %q}]`, kind, name)
	}
	const people = "users and groups of the identity provider"
	runAttempts(t, "operator-bindings.allmenning.dev", stored, []attempt{
		{
			reason: "A tenant's role in the whole cluster is every tenant's Secrets, and the system's.",
			user:   operator, verb: "create", object: "coordinators", patch: `{metadata: {name: allmenning-coordinators-mine}, roleRef: {name: allmenning-administrator}}`,
			denied: "binds no role in the whole cluster but ClusterRole allmenning-coordinator, and not ClusterRole allmenning-administrator",
		},
		{
			reason: "Another name is not a network's.",
			user:   operator, verb: "create", object: "coordinators", patch: `metadata: {name: mine}`,
			denied: "mine is yours to write",
		},
		{
			reason: "Others' bindings are not the operator's to delete: without them nobody runs the cluster.",
			user:   operator, verb: "delete", object: "wide",
			denied: "theirs is yours to write",
		},
		{
			reason: "Nor to give to more people.",
			user:   operator, verb: "update", object: "wide", patch: system("User", "kari2"),
			denied: "theirs is yours to write",
		},
		{
			reason: "Coordinators are given their role.",
			user:   operator, verb: "update", object: "coordinators", patch: system("User", "kari"),
		},
		{
			reason: "Everybody in the cluster coordinates nothing.",
			user:   operator, verb: "update", object: "coordinators", patch: system("Group", "system:authenticated"),
			denied: people,
		},
		{
			reason: "Nor does anybody on the network.",
			user:   operator, verb: "update", object: "coordinators", patch: system("User", "system:anonymous"),
			denied: people,
		},
		{
			reason: "Service accounts are no people.",
			user:   operator, verb: "update", object: "coordinators", patch: `subjects: [` + account("kube-system", "default") + `]`,
			denied: people,
		},
		{
			reason: "Access that ended is taken away.",
			user:   operator, verb: "delete", object: "coordinators",
		},
		{
			reason: "In a namespace people get what spec.access says.",
			user:   operator, verb: "update", object: "viewers", patch: system("User", "kari"),
		},
		{
			reason: "Another role is not the tenant's.",
			user:   operator, verb: "create", object: "viewers", patch: `{metadata: {name: mine}, roleRef: {name: cluster-admin}}`,
			denied: "allmenning-administrator, -developer, -viewer and -installer, and not ClusterRole cluster-admin",
		},
		{
			reason: "A Role of the namespace may hold anything.",
			user:   operator, verb: "create", object: "viewers", patch: `{metadata: {name: mine}, roleRef: {kind: Role, name: allmenning-viewer}}`,
			denied: "and not Role allmenning-viewer",
		},
		{
			reason: "Nodes are no people of a municipality.",
			user:   operator, verb: "update", object: "viewers", patch: system("Group", "system:nodes"),
			denied: people,
		},
		{
			reason: "The operator does not give itself a tenant's role.",
			user:   operator, verb: "update", object: "viewers", patch: system("User", operatorAccount),
			denied: people,
		},
		{
			reason: "The installer of the namespace installs.",
			user:   operator, verb: "update", object: "installer", patch: `metadata: {labels: {a: b}}`,
		},
		{
			reason: "The installer of one namespace does nothing in another.",
			user:   operator, verb: "update", object: "installer", patch: `subjects: [` + account("tinn-prod", "allmenning-installer") + `]`,
			denied: "the ServiceAccount allmenning-installer of that very namespace",
		},
		{
			reason: "No person installs.",
			user:   operator, verb: "update", object: "installer", patch: system("User", "kari"),
			denied: "the ServiceAccount allmenning-installer of that very namespace",
		},
		{
			reason: "What others bind is none of this policy's business.",
			user:   platformOperator, verb: "update", object: "wide", patch: system("Group", "system:masters-of-none"),
		},
	})
}

func TestOperatorPlaces(t *testing.T) {
	kinds := map[string]string{
		"account":      `{apiVersion: v1, kind: ServiceAccount}`,
		"quota":        `{apiVersion: v1, kind: ResourceQuota, spec: {hard: {pods: "0"}}}`,
		"limits":       `{apiVersion: v1, kind: LimitRange, spec: {limits: [{type: Container, max: {cpu: 1m}}]}}`,
		"wall":         `{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}}}`,
		"installation": appInstallations().manifest,
		"binding": `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-viewer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: kari}]`,
	}
	stored := store(t, map[string]string{
		"tenant": tenantNamespace("vinje-place"),
		"plain":  `{apiVersion: v1, kind: Namespace, metadata: {name: elsewhere}}`,
		"handed": `{apiVersion: v1, kind: Namespace, metadata: {name: handed-place, annotations: {allmenning.dev/adopt: vinje}}}`,
	})
	attempts := []attempt{}
	for name, manifest := range kinds {
		for _, namespace := range []string{"vinje-place", "elsewhere"} {
			o := merge(parse(t, manifest), parse(t, `metadata: {name: svarut, namespace: `+namespace+`}`))
			stored[name+" in "+namespace] = create(t, operatorClient(t), toObject(o))
		}
		const denied = "the operator writes only in namespaces of a Municipality, and namespace elsewhere does not carry the label allmenning.dev/municipality"
		attempts = append(attempts,
			attempt{reason: name + ": not where the cluster lives", user: operator, verb: "update", object: name + " in elsewhere", patch: `metadata: {annotations: {a: b}}`, denied: denied},
			attempt{reason: name + ": nor is anything taken away there", user: operator, verb: "delete", object: name + " in elsewhere", denied: denied},
			attempt{reason: name + ": a tenant's is the operator's to write", user: operator, verb: "update", object: name + " in vinje-place", patch: `metadata: {annotations: {a: b}}`},
			attempt{reason: name + ": and to delete", user: operator, verb: "delete", object: name + " in vinje-place"},
		)
	}
	attempts = append(attempts,
		attempt{reason: "others may do as RBAC lets them", user: outsider, verb: "delete", object: "quota in elsewhere"},
		attempt{
			reason: "a namespace that is handed over may not be known by its label yet",
			user:   operator, verb: "create", object: "quota in elsewhere", patch: `metadata: {namespace: handed-place}`,
		},
	)
	runAttempts(t, "operator-places.allmenning.dev", stored, attempts)
}

func TestOperatorMunicipalities(t *testing.T) {
	stored := store(t, map[string]string{"vinje": municipalities().manifest})
	const denied = "the operator changes no spec, label or annotation of a Municipality"
	runAttempts(t, "operator-municipalities.allmenning.dev", stored, []attempt{
		{
			reason: "Who gets access is the municipality's to say.",
			user:   operator, verb: "update", object: "vinje", patch: `spec: {access: [{role: Administrator, users: [mallory]}]}`,
			denied: denied,
		},
		{
			reason: "An annotation may ask for data to be deleted.",
			user:   operator, verb: "update", object: "vinje", patch: `metadata: {annotations: {allmenning.dev/delete-volumes: "true"}}`,
			denied: denied,
		},
		{
			reason: "Networks pick their members by labels.",
			user:   operator, verb: "update", object: "vinje", patch: `metadata: {labels: {allmenning.dev/county: "40"}}`,
			denied: denied,
		},
		{
			reason: "The finalizer is the operator's.",
			user:   operator, verb: "update", object: "vinje", patch: `metadata: {finalizers: [allmenning.dev/drain]}`,
		},
		{
			reason: "People change their own.",
			user:   outsider, verb: "update", object: "vinje", patch: `spec: {access: [{role: Administrator, users: [kari]}]}`,
		},
	})
}

func TestInstallerBounds(t *testing.T) {
	stored := store(t, map[string]string{
		"namespace": tenantNamespace("vinje-bounds"),
		"other":     tenantNamespace("tinn-bounds"),
		"trial":     `{apiVersion: v1, kind: Namespace, metadata: {name: allmenning-system-trial}}`,
	})
	for name, o := range store(t, map[string]string{
		"config": `{apiVersion: v1, kind: ConfigMap, metadata: {name: config, namespace: vinje-bounds}}`,
		"role":   `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: app, namespace: vinje-bounds}}`,
		"binding": `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: vinje-bounds}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app, namespace: vinje-bounds}]`,
	}) {
		stored[name] = o
	}
	const subjects = "an app gives a Role of its own to service accounts of its own namespace"
	without(t, "installed-objects.allmenning.dev", "installer-account.allmenning.dev")
	runAttempts(t, "installer-bounds.allmenning.dev", stored, []attempt{
		{
			reason: "An installer of one tenant writes nothing at another.",
			user:   installer, verb: "create", object: "config", patch: `metadata: {namespace: tinn-bounds}`,
			denied: "an installer writes in its own namespace, and not in tinn-bounds",
		},
		{
			reason: "At home it installs.",
			user:   installer, verb: "create", object: "config", patch: `metadata: {name: another}`,
		},
		{
			reason: "It changes what it installed.",
			user:   installer, verb: "update", object: "config", patch: `data: {a: b}`,
		},
		{
			reason: "It uninstalls.",
			user:   installer, verb: "delete", object: "config",
		},
		{
			reason: "An account of that name in a namespace of the cluster's installs nothing, whatever was bound to it.",
			user:   strangeInstaller, verb: "create", object: "config", patch: `metadata: {namespace: kube-system}`,
			denied: "namespace kube-system does not carry the label allmenning.dev/municipality",
		},
		{
			reason: "Versions are tried by dry runs, and each attempt here is one.",
			user:   trialInstaller, verb: "create", object: "config", patch: `metadata: {namespace: allmenning-system-trial}`,
		},
		{
			reason: "An app's account gets the app's Role.",
			user:   installer, verb: "update", object: "binding", patch: `subjects: [{kind: ServiceAccount, name: app}, {kind: ServiceAccount, name: other, namespace: vinje-bounds}]`,
		},
		{
			reason: "A ClusterRole is not the app's.",
			user:   installer, verb: "create", object: "binding", patch: `{metadata: {name: admin}, roleRef: {kind: ClusterRole, name: allmenning-administrator}}`,
			denied: subjects,
		},
		{
			reason: "People get their access from the Municipality.",
			user:   installer, verb: "update", object: "binding", patch: `subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]`,
			denied: subjects,
		},
		{
			reason: "Another tenant's account gets nothing here.",
			user:   installer, verb: "update", object: "binding", patch: `subjects: [{kind: ServiceAccount, name: app, namespace: tinn-bounds}]`,
			denied: subjects,
		},
		{
			reason: "Nobody becomes the installer.",
			user:   installer, verb: "update", object: "binding", patch: `subjects: [{kind: ServiceAccount, name: allmenning-installer, namespace: vinje-bounds}]`,
			denied: subjects,
		},
		{
			reason: "Others may do as RBAC lets them.",
			user:   outsider, verb: "create", object: "config", patch: `metadata: {namespace: tinn-bounds}`,
		},
	})
	// A dry run is all that the trial is for.
	written := toObject(parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: real, namespace: allmenning-system-trial}}`))
	if err := clientFor(t, trialInstaller).Create(t.Context(), written); err == nil || !strings.Contains(err.Error(), "apps are installed in namespaces of a Municipality") {
		t.Errorf("a real write where versions are tried: want it denied, got: %v", err)
	}
}
