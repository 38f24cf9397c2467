//go:build linux

package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// NewPod is a pod of the image PodImage that the Pod Security level restricted admits.
func NewPod(namespace, name string, env map[string]string) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken:  ptr.To(false),
			TerminationGracePeriodSeconds: ptr.To[int64](1),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:  "pod",
				Image: PodImage,
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: PodPort}},
				ReadinessProbe: &corev1.Probe{
					ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString("http")}},
					PeriodSeconds: 1,
				},
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("8Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")},
				},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					ReadOnlyRootFilesystem:   ptr.To(true),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
	container := &pod.Spec.Containers[0]
	for key, value := range env {
		container.Env = append(container.Env, corev1.EnvVar{Name: key, Value: value})
	}
	return pod
}

// Ready says whether a pod is.
func Ready(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

const (
	// PodPort is where a program of PodImage is asked.
	PodPort = 8080
	// askTime is longer than what is asked for may take.
	askTime = 20 * time.Second
)

// Outcome is what became of an attempt to connect: what was answered, or else the fault.
type Outcome struct {
	Answer string `json:"answer"`
	Fault  string `json:"fault"`
}

// Try lets the program at an address try others, side by side: see test/node/pod for how they are written. Where
// from is not empty, it tries from that address of its own.
func Try(ctx context.Context, at, from string, targets []string) (map[string]Outcome, error) {
	var all map[string]Outcome
	query := url.Values{"to": targets}
	if from != "" {
		query.Set("from", from)
	}
	err := Ask(ctx, at, "/try?"+query.Encode(), &all)
	return all, err
}

// Ask asks the program at an address, and decodes what it answers.
func Ask(ctx context.Context, at, path string, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d%s", at, PodPort, path), http.NoBody)
	if err != nil {
		return fmt.Errorf("asking %s: %w", at, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read to its end
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", at, err)
	}
	return nil
}
