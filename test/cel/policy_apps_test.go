package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestTenantApps has an app, board, in two namespaces, of which one is without what the operator notes of it.
func TestTenantApps(t *testing.T) {
	stored := func(manifest string) *unstructured.Unstructured {
		return create(t, operatorClient(t), toObject(parse(t, manifest)))
	}
	for _, name := range []string{"vinje-apps", "vinje-none"} {
		stored(`
apiVersion: v1
kind: Namespace
metadata:
  name: ` + name + `
  labels: {allmenning.dev/municipality: vinje}
  annotations:
    allmenning.dev/image-registries: "*"
    allmenning.dev/image-digests: optional
    allmenning.dev/controllers: system:serviceaccount:backup:backup`)
	}
	stored(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allmenning-app-board
  namespace: vinje-apps
  labels: {app.kubernetes.io/managed-by: allmenning, allmenning.dev/app: board, allmenning.dev/belongings: "true"}
  annotations: {allmenning.dev/app-workloads: "Deployment/board,StatefulSet/store", allmenning.dev/app-claims: "data-store-*,disk"}
spec: {podSelector: {matchLabels: {allmenning.dev/app: board}}}`)
	const pods = `{metadata: {labels: {app: own}}, spec: {containers: [{name: a, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: own}}]}}`
	objects := map[string]*unstructured.Unstructured{
		"scaler":     stored(`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: own, namespace: vinje-apps}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: own}, maxReplicas: 3}}`),
		"deployment": stored(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: own, namespace: vinje-apps}, spec: {replicas: 0, selector: {matchLabels: {app: own}}, template: ` + pods + `}}`),
		// before mounts what was mounted when there was no app yet.
		"before": stored(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: before, namespace: vinje-apps}, spec: {replicas: 0, selector: {matchLabels: {app: own}}, template: {metadata: {labels: {app: own}}, spec: {containers: [{name: a, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]}}}}`),
		"set":    stored(`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: own, namespace: vinje-apps}, spec: {replicas: 0, serviceName: own, selector: {matchLabels: {app: own}}, template: ` + pods + `, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}`),
		"claim":  stored(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: own, namespace: vinje-apps}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`),
		"cron":   stored(`{apiVersion: batch/v1, kind: CronJob, metadata: {name: own, namespace: vinje-apps}, spec: {schedule: "0 4 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: x}]}}}}}}`),
		"pod":    stored(`{apiVersion: v1, kind: Pod, metadata: {name: own, namespace: vinje-apps}, spec: {automountServiceAccountToken: false, containers: [{name: a, image: x}], volumes: [{name: v, persistentVolumeClaim: {claimName: own}}]}}`),
	}
	runAttempts(t, "tenant-apps.allmenning.dev", objects, append(autoscalers(), mounts()...))
}

// autoscalers aim at workloads.
func autoscalers() []attempt {
	const aims = "how many pods it has is the app's to say: aim at a workload of your own; for more pods of the app, change its parameters in spec.apps of the Municipality"
	return []attempt{
		{
			reason: "An autoscaler of one's own does not scale an app; the message says what to do.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {name: board}}}`,
			denied: "Deployment/board is of the shared app board, and " + aims,
		},
		{
			reason: "Controllers find a kind in small letters too.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {kind: deployment, name: board}}}`,
			denied: "deployment/board is of the shared app board",
		},
		{
			reason: "Nor does it scale a StatefulSet.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {kind: StatefulSet, name: store}}}`,
			denied: "StatefulSet/store is of the shared app board",
		},
		{
			reason: "One that is there is not led to the app, either.",
			user:   outsider, verb: "update", object: "scaler", patch: `spec: {scaleTargetRef: {name: board}}`,
			denied: aims,
		},
		{
			reason: "One's own workload is one's own to scale.",
			user:   outsider, verb: "update", object: "scaler", patch: `spec: {maxReplicas: 5}`,
		},
		{
			reason: "A name that the app has for another kind is free.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {name: store}}}`,
		},
		{
			reason: "A part of a name is another name.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {name: boar}}}`,
		},
		{
			reason: "Where there is no app there is nothing to protect.",
			user:   outsider, verb: "create", object: "scaler", patch: `{metadata: {name: made, namespace: vinje-none}, spec: {scaleTargetRef: {name: board}}}`,
		},
		{
			reason: "The app's own autoscaler is as its version says.",
			user:   operator, verb: "create", object: "scaler", patch: `{metadata: {name: made, labels: {allmenning.dev/app: board}}, spec: {scaleTargetRef: {name: board}}}`,
		},
		{
			reason: "Platform operators do as they must.",
			user:   platformOperator, verb: "create", object: "scaler", patch: `{metadata: {name: made}, spec: {scaleTargetRef: {name: board}}}`,
		},
	}
}

// mounts get at claims.
func mounts() []attempt {
	const data = "holds data of the shared app board, which the app alone reads and writes: mount a claim of your own"
	const disk = `volumes: [{name: v, persistentVolumeClaim: {claimName: disk}}]`
	template := func(claim string) string {
		return `{metadata: {name: made}, spec: {template: {spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: ` + claim + `}}]}}}}`
	}
	return []attempt{
		{
			reason: "A pod does not mount an app's claim; the message says what to do.",
			user:   outsider, verb: "create", object: "pod", patch: `{metadata: {name: made}, spec: {` + disk + `}}`,
			denied: "the claim disk " + data,
		},
		{
			reason: "Nor does a template.",
			user:   outsider, verb: "create", object: "deployment", patch: template("disk"),
			denied: "spec.workloads.controllers",
		},
		{
			reason: "Those of a StatefulSet have numbers.",
			user:   outsider, verb: "create", object: "deployment", patch: template("data-store-11"),
			denied: "the claim data-store-11 " + data,
		},
		{
			reason: "What only looks like one is another.",
			user:   outsider, verb: "create", object: "deployment", patch: template("data-store-new"),
		},
		{
			reason: "So is one that has more in front.",
			user:   outsider, verb: "create", object: "deployment", patch: template("my-data-store-0"),
		},
		{
			reason: "A workload that is there is not led to the claim.",
			user:   outsider, verb: "update", object: "deployment", patch: `spec: {template: {spec: {` + disk + `}}}`,
			denied: "the claim disk",
		},
		{
			reason: "Nor is a CronJob.",
			user:   outsider, verb: "update", object: "cron", patch: `spec: {jobTemplate: {spec: {template: {spec: {` + disk + `}}}}}`,
			denied: "the claim disk",
		},
		{
			reason: "A StatefulSet does not make claims of the names that an app's has.",
			user:   outsider, verb: "create", object: "set", patch: `{metadata: {name: store}}`,
			denied: "the claim data-store-0",
		},
		{
			reason: "A claim does not begin as a copy of an app's.",
			user:   outsider, verb: "create", object: "claim", patch: `{metadata: {name: made}, spec: {dataSource: {kind: PersistentVolumeClaim, name: data-store-0}}}`,
			denied: "the claim data-store-0 " + data,
		},
		{
			reason: "Nor do those of a StatefulSet, by the newer field.",
			user:   outsider, verb: "create", object: "set", patch: `{metadata: {name: made}, spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSourceRef: {kind: PersistentVolumeClaim, name: disk}}}]}}`,
			denied: "the claim disk",
		},
		{
			reason: "Nor do ephemeral volumes.",
			user:   outsider, verb: "update", object: "deployment", patch: `spec: {template: {spec: {volumes: [{name: v, persistentVolumeClaim: null, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSource: {kind: PersistentVolumeClaim, name: disk}}}}}]}}}`,
			denied: "the claim disk",
		},
		{
			reason: "A copy of one's own claim is one's own.",
			user:   outsider, verb: "create", object: "claim", patch: `{metadata: {name: made}, spec: {dataSource: {kind: PersistentVolumeClaim, name: own}}}`,
		},
		{
			reason: "So is what a snapshot of that name holds.",
			user:   outsider, verb: "create", object: "claim", patch: `{metadata: {name: made}, spec: {dataSource: {apiGroup: snapshot.storage.k8s.io, kind: VolumeSnapshot, name: disk}}}`,
		},
		{
			reason: "A controller makes no pod of what was written before.",
			user:   cluster, verb: "create", object: "pod", patch: `{metadata: {name: made}, spec: {` + disk + `}}`,
			denied: "the claim disk",
		},
		{
			reason: "What was there before the app may be changed in other ways.",
			user:   outsider, verb: "update", object: "before", patch: `spec: {replicas: 1}`,
		},
		{
			reason: "A claim of one's own is one's own.",
			user:   outsider, verb: "create", object: "pod", patch: `{metadata: {name: made}}`,
		},
		{
			reason: "So are those of one's own StatefulSet.",
			user:   outsider, verb: "create", object: "set", patch: `{metadata: {name: made}}`,
		},
		{
			reason: "And its pods, as controllers make them.",
			user:   cluster, verb: "create", object: "pod", patch: `{metadata: {name: made}, spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: data-own-0}}]}}`,
		},
		{
			reason: "The app's pods mount what is the app's.",
			user:   cluster, verb: "create", object: "pod", patch: `{metadata: {name: made, labels: {allmenning.dev/app: board}}, spec: {` + disk + `}}`,
		},
		{
			reason: "So do those of what controllers make of its templates, such as Jobs.",
			user:   cluster, verb: "create", object: "deployment", patch: `{metadata: {name: made}, spec: {template: {metadata: {labels: {allmenning.dev/app: board}}, spec: {` + disk + `}}}}`,
		},
		{
			reason: "A controller that the platform lists backs claims up.",
			user:   backup, verb: "create", object: "pod", patch: `{metadata: {name: made}, spec: {` + disk + `}}`,
		},
		{
			reason: "Platform operators look into a fault.",
			user:   platformOperator, verb: "create", object: "pod", patch: `{metadata: {name: made}, spec: {` + disk + `}}`,
		},
	}
}
