package municipality

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/settings"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// sizeClass picks the class of a municipality: the first that it does not exceed,
// and the first of all where its inhabitants are not given.
func sizeClass(classes []v1alpha1.SizeClass, inhabitants *int32) v1alpha1.SizeClass {
	for _, class := range classes {
		if inhabitants == nil || class.UpTo == nil || *inhabitants <= *class.UpTo {
			return class
		}
	}
	return classes[len(classes)-1]
}

// effectiveQuota fills what an environment leaves out from its size class, which is complete.
func effectiveQuota(own *v1alpha1.Quota, class v1alpha1.SizeClass) v1alpha1.Quota {
	if own == nil {
		return class.Quota
	}
	return settings.Filled(*own, class.Quota)
}

// roomPause is how long to wait before looking again whether an environment has room for a share: what is in use in it
// is not watched.
const roomPause = time.Minute

// recounts says whether the cluster only counts other bounds of a quota that is in force, as a share came or went: the
// environment stays ready meanwhile.
func recounts(m v1alpha1.Municipality, environment string, quota *corev1.ResourceQuota) bool {
	return quota != nil && len(quota.Status.Hard) > 0 && m.Status.ObservedGeneration == m.Generation && tenancy.Complete(&m, environment)
}

// shareOf is the share of an environment's quota that an app declares, which may be nil.
func shareOf(app *v1alpha1.SharedApp) v1alpha1.Quota {
	standard := v1alpha1.Quota{
		CPU: new(resource.MustParse("250m")), Memory: new(resource.MustParse("512Mi")), EphemeralStorage: new(resource.MustParse("1Gi")),
		Storage: new(resource.MustParse("0")), Pods: new(int32(5)), Services: new(int32(5)), Secrets: new(int32(10)), ConfigMaps: new(int32(10)),
		PersistentVolumeClaims: new(int32(0)), Objects: new(int32(20)),
	}
	if app == nil || app.Spec.OwnNamespace == nil || app.Spec.OwnNamespace.Quota == nil {
		return standard
	}
	return settings.Filled(*app.Spec.OwnNamespace.Quota, standard)
}

// quotaCounts says whether the API server has taken the quota into force. Before
// that it refuses pods, so an environment is not ready. Bounds that others added are theirs.
func quotaCounts(live *corev1.ResourceQuota, want corev1.ResourceList) bool {
	if live == nil || !equality.Semantic.DeepEqual(live.Spec.Hard, live.Status.Hard) {
		return false
	}
	for name, limit := range want {
		if got, ok := live.Status.Hard[name]; !ok || got.Cmp(limit) != 0 {
			return false
		}
	}
	return true
}
