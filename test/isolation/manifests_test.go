package isolation_test

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

// podSpec keeps the Pod Security Standard restricted.
const podSpec = `
securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
containers: [{name: a, image: "ghcr.io/vinje/own:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`

// kinds are manifests to which the rows add.
func kinds() map[string]string {
	template := "{metadata: {labels: {app: made}}, spec: " + flow(podSpec) + "}"
	once := "{metadata: {labels: {app: made}}, spec: " + flow(podSpec+"\nrestartPolicy: Never") + "}"
	return map[string]string{
		"Pod":         `{apiVersion: v1, kind: Pod, metadata: {name: made}, spec: ` + flow(podSpec) + `}`,
		"Deployment":  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: made}, spec: {replicas: 0, selector: {matchLabels: {app: made}}, template: ` + template + `}}`,
		"StatefulSet": `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: made}, spec: {replicas: 0, serviceName: own, selector: {matchLabels: {app: made}}, template: ` + template + `}}`,
		"ReplicaSet":  `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: made}, spec: {replicas: 0, selector: {matchLabels: {app: made}}, template: ` + template + `}}`,
		"DaemonSet":   `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: made}, spec: {selector: {matchLabels: {app: made}}, template: ` + template + `}}`,
		"Job":         `{apiVersion: batch/v1, kind: Job, metadata: {name: made}, spec: {template: ` + once + `}}`,
		"CronJob":     `{apiVersion: batch/v1, kind: CronJob, metadata: {name: made}, spec: {schedule: "0 4 1 1 *", jobTemplate: {spec: {template: ` + once + `}}}}`,
		"Service":     `{apiVersion: v1, kind: Service, metadata: {name: made}, spec: {selector: {app: own}, ports: [{port: 80}]}}`,
		"Ingress":     `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: made}, spec: {rules: [{host: made.vinje.kommune.no, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: own, port: {number: 80}}}}]}}]}}`,
		"Claim":       `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: made}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`,
	}
}

// flow is YAML on one line.
func flow(text string) string {
	content, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("%v in %s", err, text))
	}
	return string(content)
}

// with is a manifest with a merge patch on top.
func with(kind, patch string) string {
	var base, over map[string]any
	for text, into := range map[string]*map[string]any{kinds()[kind]: &base, patch: &over} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			panic(fmt.Sprintf("%v in %s", err, text))
		}
	}
	content, err := yaml.Marshal(merged(base, over))
	if err != nil {
		panic(err)
	}
	return flow(string(content))
}

func pod(patch string) string         { return with("Pod", patch) }
func deployment(patch string) string  { return with("Deployment", patch) }
func statefulSet(patch string) string { return with("StatefulSet", patch) }
func cronJob(patch string) string     { return with("CronJob", patch) }
func job(patch string) string         { return with("Job", patch) }
func service(patch string) string     { return with("Service", patch) }
func ingress(patch string) string     { return with("Ingress", patch) }
func claim(patch string) string       { return with("Claim", patch) }

// podOf is a Pod, and templateOf a Deployment, with these fields in the pod's spec.
func podOf(fields string) string { return pod("{spec: {" + fields + "}}") }
func templateOf(fields string) string {
	return deployment("{spec: {template: {spec: {" + fields + "}}}}")
}

// container is a list of the one container with more fields.
func container(fields string) string {
	return `containers: [{name: a, image: "ghcr.io/vinje/own:1", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}, ` + fields + `}]`
}

// imageOf is a list of one container of an image.
func imageOf(image string) string {
	return `containers: [{name: a, image: "` + image + `", securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]`
}

// filled puts fields in the place that a manifest leaves.
func filled(manifest, fields string) string { return strings.Replace(manifest, "%", fields, 1) }

// route is an HTTPRoute.
func route(fields string) string {
	return "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: made}, spec: {" + fields + "}}"
}
