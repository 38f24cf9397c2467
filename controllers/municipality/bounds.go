package municipality

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

const limitsName = "allmenning"

const (
	// kept is how many times as many there may be of what the cluster keeps behind the objects of people and apps: a
	// Deployment keeps ten ReplicaSets beside the one that runs.
	kept = 5
	// lent is how many times the requests for node-local disk the limits may come to.
	lent = 4
)

// countPrefix begins the names of the bounds on how many objects of a kind there may be.
const countPrefix = "count/"

// countedKinds are the kinds that Quota.objects bounds, each by itself. Every kind that a role of a tenant or the
// installer's may create is here, or has a field of its own. EndpointSlices are not: nobody here may write them, there are
// as many as Services and pods ask for, and one that is refused cuts an app off.
func countedKinds() []corev1.ResourceName {
	return []corev1.ResourceName{
		"deployments.apps", "statefulsets.apps", "jobs.batch", "cronjobs.batch",
		"horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy", "ingresses.networking.k8s.io",
		"serviceaccounts", "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "leases.coordination.k8s.io",
	}
}

// keptKinds are the kinds of which the cluster keeps some behind those that people and apps write. Pods are here because
// the bound on pods does not count those that have ended.
func keptKinds() []corev1.ResourceName {
	return []corev1.ResourceName{"replicasets.apps", "controllerrevisions.apps", "pods"}
}

// hardLimits is a quota in the words of the API server. Node ports and load
// balancers stay 0: traffic comes in by the platform's ingress controller only.
func hardLimits(q v1alpha1.Quota) corev1.ResourceList {
	count := func(n *int32) resource.Quantity { return *resource.NewQuantity(int64(*n), resource.DecimalSI) }
	disk := q.EphemeralStorage.DeepCopy()
	disk.Mul(lent)
	hard := corev1.ResourceList{
		corev1.ResourceRequestsCPU:              *q.CPU,
		corev1.ResourceRequestsMemory:           *q.Memory,
		corev1.ResourceLimitsMemory:             *q.Memory,
		corev1.ResourceRequestsEphemeralStorage: *q.EphemeralStorage,
		corev1.ResourceLimitsEphemeralStorage:   disk,
		corev1.ResourceRequestsStorage:          *q.Storage,
		corev1.ResourcePods:                     count(q.Pods),
		corev1.ResourceServices:                 count(q.Services),
		corev1.ResourceServicesNodePorts:        resource.MustParse("0"),
		corev1.ResourceServicesLoadBalancers:    resource.MustParse("0"),
		corev1.ResourceSecrets:                  count(q.Secrets),
		corev1.ResourceConfigMaps:               count(q.ConfigMaps),
		corev1.ResourcePersistentVolumeClaims:   count(q.PersistentVolumeClaims),
	}
	for _, kind := range countedKinds() {
		hard[countPrefix+kind] = count(q.Objects)
	}
	for _, kind := range keptKinds() {
		hard[countPrefix+kind] = *resource.NewQuantity(kept*int64(*q.Objects), resource.DecimalSI)
	}
	return hard
}

// limits give a container that asks for nothing enough to run, so that a quota on
// requests does not keep it out. There is no default limit on cpu: it would slow
// every app down for no gain. No container may fill more of a node's disk than the environment may ask for,
// but as much as one gets that says nothing.
func limits(disk resource.Quantity) *corev1ac.LimitRangeItemApplyConfiguration {
	standard := tenancy.ContainerLimits()
	if most := standard[corev1.ResourceEphemeralStorage]; disk.Cmp(most) < 0 {
		disk = most
	}
	return corev1ac.LimitRangeItem().
		WithType(corev1.LimitTypeContainer).
		WithDefaultRequest(corev1.ResourceList{
			corev1.ResourceCPU:              resource.MustParse("50m"),
			corev1.ResourceMemory:           resource.MustParse("128Mi"),
			corev1.ResourceEphemeralStorage: resource.MustParse("128Mi"),
		}).
		WithDefault(standard).
		WithMax(corev1.ResourceList{corev1.ResourceEphemeralStorage: disk})
}
