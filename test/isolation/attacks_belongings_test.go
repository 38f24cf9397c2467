package isolation_test

// ownScaler is an autoscaler of the municipality's own.
const ownScaler = `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: own}}`

// scaler is an autoscaler that aims at a workload.
func scaler(target string) string {
	return `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: made}, spec: {scaleTargetRef: {apiVersion: apps/v1, ` + target + `}, minReplicas: 1, maxReplicas: 100}}`
}

// attacksOnBelongings: what an app has in a namespace is not got hold of by its name.
func attacksOnBelongings() []attack {
	const scales, holds = "how many pods it has is the app's to say", "holds data of the shared app board"
	const volumes = "volumes: [{name: v, persistentVolumeClaim: {claimName: CLAIM}}]"
	made := func(id, what string, by actor, object string, refused ...string) attack {
		return attack{id: id, what: what, by: by, request: request{verb: "create", object: object}, refused: refused}
	}
	template := "{spec: {template: {spec: {" + volumes + "}}}}"
	return []attack{
		made("scaler-app", "an autoscaler of one's own that asks for a hundred pods of an app", developer, scaler("kind: Deployment, name: board"), "Deployment/board is of the shared app board", scales, "a workload of your own"),
		made("scaler-case", "the same, by the kind in small letters", developer, scaler("kind: deployment, name: board"), scales),
		made("scaler-set", "the same of an app's StatefulSet", administrator, scaler("kind: StatefulSet, name: store"), "StatefulSet/store is of the shared app board"),
		made("scaler-pipeline", "the same by a pipeline", pipeline, scaler("kind: Deployment, name: board"), scales),
		{id: "scaler-later", what: "an autoscaler that is there led to an app", by: developer, request: request{verb: "patch", object: ownScaler, patch: "{spec: {scaleTargetRef: {name: board}}}"}, refused: []string{scales}},
		made("mount-pod", "an app's data read by a pod", developer, podOf(volumes), holds, "mount a claim of your own", "spec.workloads.controllers"),
		made("mount-deployment", "by a Deployment", developer, templateOf(volumes), holds),
		made("mount-set", "by a StatefulSet", administrator, statefulSet(template), holds),
		made("mount-replicas", "by a ReplicaSet", administrator, with("ReplicaSet", template), holds),
		made("mount-daemons", "by a DaemonSet", administrator, with("DaemonSet", template), holds),
		made("mount-job", "by a Job", developer, job(template), holds),
		made("mount-cron", "by a CronJob", pipeline, cronJob("{spec: {jobTemplate: "+template+"}}"), holds),
		made("mount-read-only", "only to read", developer, podOf("volumes: [{name: v, persistentVolumeClaim: {claimName: CLAIM, readOnly: true}}]"), holds),
		{id: "mount-later", what: "by a workload that is there", by: developer, request: request{verb: "patch", object: ownApp, patch: template}, refused: []string{holds}},
		made("mount-copy", "a copy of an app's data", developer, claim("{spec: {dataSource: {kind: PersistentVolumeClaim, name: CLAIM}}}"), holds),
		made("mount-copies", "copies by a StatefulSet", administrator, statefulSet("{spec: {volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSourceRef: {kind: PersistentVolumeClaim, name: CLAIM}}}]}}"), holds),
		made("mount-controller", "by a controller, of what was written before the app was there", replicaSets, podOf(volumes), holds),
	}
}
