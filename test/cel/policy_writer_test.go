package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestAppInstallationWriter(t *testing.T) {
	manifest := merge(parse(t, appInstallations().manifest), parse(t, `
metadata: {namespace: vinje-writer, finalizers: [allmenning.dev/uninstall], labels: {allmenning.dev/app: svarut}}`))
	store(t, map[string]string{"namespace": tenantNamespace("vinje-writer")})
	object := create(t, operatorClient(t), toObject(manifest))
	t.Cleanup(func() { removeFinalizers(t, object) })
	const other = `{metadata: {name: kobo, finalizers: null}, spec: {app: kobo}}`
	runAttempts(t, "appinstallation-writer.allmenning.dev", map[string]*unstructured.Unstructured{"svarut": object}, []attempt{
		{
			reason: "Who could create one would decide for the municipality.",
			user:   outsider, verb: "create", object: "svarut", patch: other,
			denied: "only the operator creates AppInstallations; to have kobo, list it in spec.apps of Municipality vinje with decision Adopt",
		},
		{
			reason: "Not even a platform operator: there is a way to do it that leaves a trace of who decided.",
			user:   platformOperator, verb: "create", object: "svarut", patch: other,
			denied: "only the operator creates AppInstallations",
		},
		{
			reason: "The operator creates them.",
			user:   operator, verb: "create", object: "svarut", patch: other,
		},
		{
			reason: "state Absent uninstalls, so nobody but the operator sets it.",
			user:   recovery, verb: "update", object: "svarut", patch: `spec: {state: Absent}`,
			denied: "only the operator changes spec.state of an AppInstallation; to remove the app, set decision Decline in spec.apps of Municipality vinje, and to have it, Adopt",
		},
		{
			reason: "A field that is added is a change; suspend beside it excuses nothing.",
			user:   outsider, verb: "update", object: "svarut", patch: `spec: {parameters: {sender: X}, suspend: true}`,
			denied: "only the operator changes spec.parameters of an AppInstallation; set parameters, or parametersFrom, of the app in spec.apps of Municipality vinje",
		},
		{
			reason: "Another version is the municipality's to name, or the nation's to promote.",
			user:   outsider, verb: "update", object: "svarut", patch: `spec: {version: 2.5.0}`,
			denied: "only the operator changes spec.version of an AppInstallation; to name a version for the municipality set version, and to keep the one it has set hold, in spec.apps of Municipality vinje; to bring one to everybody, promote it in spec.channels of SharedApp svarut",
		},
		{
			reason: "What it knows of its municipality is the Municipality's.",
			user:   outsider, verb: "update", object: "svarut", patch: `spec: {tenant: {domain: seljord.kommune.no}}`,
			denied: "only the operator changes spec.tenant of an AppInstallation; change the Municipality, or the Network or SharedApp that spec.decidedBy names",
		},
		{
			reason: "Of several fields each is answered.",
			user:   outsider, verb: "update", object: "svarut", patch: `spec: {state: Absent, parameters: {sender: X}}`,
			denied: "and to have it, Adopt; set parameters",
		},
		{
			reason: "The operator changes what it likes.",
			user:   operator, verb: "update", object: "svarut", patch: `{metadata: {finalizers: null}, spec: {version: 2.5.0, state: Absent, suspend: true}}`,
		},
		{
			reason: "A platform operator may hold the operator off while looking into a fault.",
			user:   platformOperator, verb: "update", object: "svarut", patch: `spec: {suspend: true}`,
		},
		{
			reason: "Others may not: a suspended installation is not corrected.",
			user:   outsider, verb: "update", object: "svarut", patch: `spec: {suspend: true}`,
			denied: "set spec.suspend of an AppInstallation; to hold the app at its version, set hold in spec.apps of Municipality vinje",
		},
		{
			reason: "Anybody who may update it may ask for a reconcile.",
			user:   outsider, verb: "update", object: "svarut", patch: `metadata: {annotations: {allmenning.dev/reconcile: now}}`,
		},
		{
			reason: "Without its finalizer an installation would be gone before it is uninstalled.",
			user:   outsider, verb: "update", object: "svarut", patch: `metadata: {finalizers: null}`,
			denied: "change labels, finalizers and ownerReferences of an AppInstallation; annotations are free: write these instead. Let a tool that labels or prunes what it manages leave AppInstallations out",
		},
		{
			reason: "Labels are how the operator knows it.",
			user:   outsider, verb: "update", object: "svarut", patch: `metadata: {labels: null}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "An owner reference would let the garbage collector delete it.",
			user:   outsider, verb: "update", object: "svarut",
			patch:  `metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: 0e1e1e1e-0000-4000-8000-000000000000}]}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "A platform operator may take off a finalizer that nobody else does.",
			user:   platformOperator, verb: "update", object: "svarut", patch: `metadata: {finalizers: null}`,
		},
		{
			reason: "So may the cluster's own controllers.",
			user:   cluster, verb: "update", object: "svarut", patch: `metadata: {finalizers: null}`,
		},
		{
			reason: "They have no business in spec.",
			user:   cluster, verb: "update", object: "svarut", patch: `spec: {suspend: true}`,
			denied: "set spec.suspend",
		},
		{
			reason: "Deleting it is not the way to remove an app.",
			user:   outsider, verb: "delete", object: "svarut",
			denied: "delete an AppInstallation, and that uninstalls nothing; to remove the app, set decision Decline in spec.apps of Municipality vinje",
		},
		{
			reason: "A platform operator may delete it: nothing is uninstalled, and the operator makes it again.",
			user:   platformOperator, verb: "delete", object: "svarut",
		},
		{
			reason: "The namespace controller must: else no namespace could go.",
			user:   cluster, verb: "delete", object: "svarut",
		},
		{
			reason: "So must the controllers that share one account.",
			user:   sharedCluster, verb: "delete", object: "svarut",
		},
		{
			reason: "The operator deletes what has been uninstalled.",
			user:   operator, verb: "delete", object: "svarut",
		},
	})
}

func TestNamespaceLabels(t *testing.T) {
	store := func(manifest string) *unstructured.Unstructured {
		return create(t, operatorClient(t), toObject(parse(t, manifest)))
	}
	stored := map[string]*unstructured.Unstructured{
		"tenant": store(`
apiVersion: v1
kind: Namespace
metadata:
  name: vinje-prod
  labels: {allmenning.dev/municipality: vinje, allmenning.dev/zone: Closed, app.kubernetes.io/managed-by: allmenning, pod-security.kubernetes.io/enforce: restricted}`),
		"other": store(`{apiVersion: v1, kind: Namespace, metadata: {name: other, labels: {pod-security.kubernetes.io/enforce: baseline}}}`),
	}
	const restored = `metadata: {name: vinje-test}`
	runAttempts(t, "namespace-labels.allmenning.dev", stored, []attempt{
		{
			reason: "Another zone is another wall; the message says where it is changed.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/zone: Open}}`,
			denied: "only the operator writes the labels allmenning.dev/zone of a namespace of a Municipality; change its environment in spec.environments of Municipality vinje",
		},
		{
			reason: "A cluster administrator does not lower Pod Security by mistake.",
			user:   platformOperator, verb: "update", object: "tenant", patch: `metadata: {labels: {pod-security.kubernetes.io/enforce: privileged}}`,
			denied: "pod-security.kubernetes.io/enforce",
		},
		{
			reason: "A label of the guarded kind that is added is a change too.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {pod-security.kubernetes.io/enforce-version: v1.20}}`,
			denied: "pod-security.kubernetes.io/enforce-version",
		},
		{
			reason: "So is one without a value.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/county: ""}}`,
			denied: "allmenning.dev/county",
		},
		{
			reason: "Without the label that names the municipality it would not be guarded any more.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/municipality: null}}`,
			denied: "allmenning.dev/municipality",
		},
		{
			reason: "managed-by says whose it is.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {app.kubernetes.io/managed-by: Helm}}`,
			denied: "app.kubernetes.io/managed-by",
		},
		{
			reason: "Labels of other tools are free.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {labels: {team.example.org/cost: "42"}, annotations: {a: b}}`,
		},
		{
			reason: "The operator writes them.",
			user:   operator, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/zone: Open}}`,
		},
		{
			reason: "system:masters is kept for recovery.",
			user:   recovery, verb: "update", object: "tenant", patch: `metadata: {labels: {allmenning.dev/municipality: null, pod-security.kubernetes.io/enforce: null}}`,
		},
		{
			reason: "A namespace of one's own can't pass for a tenant's.",
			user:   outsider, verb: "update", object: "other", patch: `metadata: {labels: {allmenning.dev/municipality: vinje}}`,
			denied: "Municipality vinje",
		},
		{
			reason: "Namespaces that are no tenant's are none of this policy's business.",
			user:   outsider, verb: "update", object: "other", patch: `metadata: {labels: {pod-security.kubernetes.io/enforce: null}, annotations: {allmenning.dev/domains: x}}`,
		},
		{
			reason: "But for labels by which the walls of tenants open.",
			user:   outsider, verb: "update", object: "other", patch: `metadata: {labels: {allmenning.dev/ingress: "true"}}`,
			denied: "the labels allmenning.dev/ingress open the walls of tenants",
		},
		{
			reason: "Those are the platform's to set.",
			user:   platformOperator, verb: "update", object: "other", patch: `metadata: {labels: {allmenning.dev/ingress: "true"}}`,
		},
		{
			reason: "What other policies read of a namespace is the operator's to write.",
			user:   platformOperator, verb: "update", object: "tenant", patch: `metadata: {annotations: {allmenning.dev/domains: seljord.kommune.no}}`,
			denied: "only the operator writes the annotations allmenning.dev/domains",
		},
		{
			reason: "A namespace with an owner goes with it.",
			user:   outsider, verb: "update", object: "tenant", patch: `metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: x}]}`,
			denied: "has no owner",
		},
		{
			reason: "A tenant's namespace made in advance would be taken for the operator's own.",
			user:   outsider, verb: "create", object: "tenant", patch: restored,
			denied: "only the operator writes the labels",
		},
		{
			reason: "A restore from backup runs as a platform operator.",
			user:   platformOperator, verb: "create", object: "tenant", patch: restored,
		},
		{
			reason: "The operator creates namespaces.",
			user:   operator, verb: "create", object: "tenant", patch: restored,
		},
		{
			reason: "Who hands a namespace over must have the right to.",
			user:   outsider, verb: "update", object: "other", patch: `metadata: {annotations: {allmenning.dev/adopt: vinje}}`,
			denied: "set the annotation allmenning.dev/adopt: it hands the namespace over to a Municipality; ask one of them",
		},
		{
			reason: "A platform operator has.",
			user:   platformOperator, verb: "update", object: "other", patch: `metadata: {annotations: {allmenning.dev/adopt: vinje}}`,
		},
	})
}
