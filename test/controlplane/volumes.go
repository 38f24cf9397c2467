package controlplane

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	// storageClass is the default one, so a claim needs to name none.
	storageClass = "standard"
	// volumeSize is more than an app asks for. Nothing is ever stored.
	volumeSize = "1Ti"
	// volumeWriters is how many volumes are created at a time.
	volumeWriters = 10
)

// createVolumes makes a default StorageClass and so many volumes of it. A real cluster has
// a provisioner that makes them on demand; here they lie ready, and the controller-manager
// binds each to the first claim that asks.
func createVolumes(ctx context.Context, client kubernetes.Interface, count int) error {
	class := &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{
			Name:        storageClass,
			Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		Provisioner: "kubernetes.io/no-provisioner",
	}
	if _, err := client.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating StorageClass %s: %w", class.Name, err)
	}

	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(volumeWriters)
	for i := range count {
		group.Go(func() error {
			volume := newVolume(i)
			if _, err := client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("creating PersistentVolume %s: %w", volume.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func newVolume(index int) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("volume-%d", index)},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName:              storageClass,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(volumeSize)},
			AccessModes:                   []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadOnlyMany, corev1.ReadWriteMany},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: "/nowhere"}, // no kubelet mounts it
			},
		},
	}
}
