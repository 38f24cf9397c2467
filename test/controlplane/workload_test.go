package controlplane_test

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const neverReady = "never-ready"

// A workload lives the life that it would in a real cluster: a namespace gets
// its service account, a Deployment its pods, the pods nodes, and deletion ends
// with everything gone.
func TestWorkload(t *testing.T) {
	t.Parallel()
	_, client := start(t, whole())
	const namespace = "vinje-prod"
	createNamespace(t, client, namespace)
	createDeployment(t, client, namespace, "portal", nil)
	createDeployment(t, client, namespace, "stuck", map[string]string{"allmenning.dev/simulate": neverReady})

	eventually(t, "the pods of a Deployment become Ready", func(ctx context.Context) error {
		return replicasReady(ctx, client, namespace, "portal", 2)
	})
	eventually(t, "the pods that are never to be Ready run", func(ctx context.Context) error {
		return podsRunNotReady(ctx, client, namespace, "stuck", 2)
	})
	if err := replicasReady(t.Context(), client, namespace, "stuck", 0); err != nil {
		t.Errorf("never-ready pods are Ready: %v", err)
	}

	createJob(t, client, namespace, "migration")
	eventually(t, "a Job completes", func(ctx context.Context) error {
		job, err := client.BatchV1().Jobs(namespace).Get(ctx, "migration", metav1.GetOptions{})
		if err == nil && job.Status.Succeeded != 1 {
			return fmt.Errorf("its status is %+v", job.Status)
		}
		return err
	})

	if err := client.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a deleted namespace goes away with its pods", func(ctx context.Context) error {
		list, err := client.CoreV1().Namespaces().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + namespace})
		if err != nil || len(list.Items) == 0 {
			return err
		}
		return fmt.Errorf("still there: %v", list.Items[0].Status.Conditions)
	})
}

// A claim that names no class gets one of the volumes that lie ready.
func TestVolumes(t *testing.T) {
	t.Parallel()
	options := whole()
	options.Volumes = 2
	_, client := start(t, options)
	const namespace = "vinje-prod"
	createNamespace(t, client, namespace)

	claim := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "archive"},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("5Gi")}},
		},
	}
	if _, err := client.CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), claim, metav1.CreateOptions{}); err != nil {
		t.Fatalf("creating a claim: %v", err)
	}
	eventually(t, "a claim is bound", func(ctx context.Context) error {
		got, err := client.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, claim.Name, metav1.GetOptions{})
		if err == nil && got.Status.Phase != corev1.ClaimBound {
			return fmt.Errorf("its phase is %q", got.Status.Phase)
		}
		return err
	})
}

// createNamespace makes a namespace and waits for its default service account,
// without which pods are refused.
func createNamespace(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the default service account appears", func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts(name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

func createDeployment(t *testing.T, client kubernetes.Interface, namespace, name string, annotations map[string]string) {
	t.Helper()
	replicas, grace := int32(2), int64(1) // a namespace controller waits as long as its pods may take
	labels := map[string]string{"app": name}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations},
				Spec: corev1.PodSpec{
					Containers:                    []corev1.Container{{Name: "app", Image: "example.com/app:1"}},
					TerminationGracePeriodSeconds: &grace,
				},
			},
		},
	}
	if _, err := client.AppsV1().Deployments(namespace).Create(t.Context(), deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// createJob makes a Job whose pod has an init container, too.
func createJob(t *testing.T, client kubernetes.Interface, namespace, name string) {
	t.Helper()
	container := corev1.Container{Name: "app", Image: "example.com/app:1"}
	prepare := corev1.Container{Name: "prepare", Image: "example.com/app:1"}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy:  corev1.RestartPolicyNever,
			InitContainers: []corev1.Container{prepare},
			Containers:     []corev1.Container{container},
		}}},
	}
	if _, err := client.BatchV1().Jobs(namespace).Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func replicasReady(ctx context.Context, client kubernetes.Interface, namespace, name string, want int32) error {
	deployment, err := client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if got := deployment.Status.ReadyReplicas; got != want {
		return fmt.Errorf("%d replicas are ready, want %d", got, want)
	}
	return nil
}

func podsRunNotReady(ctx context.Context, client kubernetes.Interface, namespace, name string, want int) error {
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return err
	}
	running := 0
	for _, pod := range pods.Items {
		for _, c := range pod.Status.Conditions {
			if pod.Status.Phase == corev1.PodRunning && c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse {
				running++
			}
		}
	}
	if running != want {
		return fmt.Errorf("%d pods run without being Ready, want %d", running, want)
	}
	return nil
}
