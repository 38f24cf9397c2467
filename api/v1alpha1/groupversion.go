package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "allmenning.dev", Version: "v1alpha1"}

// SchemeGroupVersion is GroupVersion under the name that generated code expects.
var SchemeGroupVersion = GroupVersion

// AddToScheme makes the kinds of this package known to a scheme. It never fails
// on a scheme that does not hold other types under the same group and version.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Platform{}, &PlatformList{},
		&Municipality{}, &MunicipalityList{},
		&Network{}, &NetworkList{},
		&SharedApp{}, &SharedAppList{},
		&AppInstallation{}, &AppInstallationList{},
		&Rollout{}, &RolloutList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
