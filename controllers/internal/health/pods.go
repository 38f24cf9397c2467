package health

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/internal/condition"
)

// sentence is the longest that is taken over of what a scheduler says.
const sentence = 160

// Causes say why pods are not ready, by the workload that they are of, as Kind/name: of each the first that has a cause. What a
// kubelet or a program wrote is not taken over, as it may quote variables and logins: of that only its class is said.
func Causes(pods []corev1.Pod) map[string]string {
	pods = slices.SortedFunc(slices.Values(pods), func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	all := map[string]string{}
	for i := range pods {
		of := workloadOf(&pods[i])
		if of == "" || all[of] != "" || !pods[i].DeletionTimestamp.IsZero() {
			continue
		}
		if cause := causeOf(&pods[i]); cause != "" {
			all[of] = "pod " + pods[i].Name + ": " + cause
		}
	}
	return all
}

// workloadOf is the workload that a pod is of. That of a ReplicaSet is a Deployment, whose name is before the hash of the template.
func workloadOf(pod *corev1.Pod) string {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return ""
	}
	if name, found := strings.CutSuffix(owner.Name, "-"+pod.Labels["pod-template-hash"]); found && owner.Kind == "ReplicaSet" {
		return "Deployment/" + name
	}
	return owner.Kind + "/" + owner.Name
}

// causeOf is why a pod is not ready; empty where it is, or where nothing is known.
func causeOf(pod *corev1.Pod) string {
	switch {
	case pod.Status.Phase == corev1.PodSucceeded || isTrue(pod, corev1.PodReady):
		return ""
	case pod.Status.Phase == corev1.PodFailed && pod.Status.Reason != "":
		return "it has failed: " + word(pod.Status.Reason)
	}
	if c := podCondition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		text, _, _ := strings.Cut(c.Message, " preemption:")
		return "no node takes it: " + condition.Within(cmp.Or(strings.TrimSuffix(strings.TrimSpace(text), "."), word(c.Reason)), sentence)
	}
	for _, list := range []struct {
		containers []corev1.Container
		statuses   []corev1.ContainerStatus
	}{{pod.Spec.InitContainers, pod.Status.InitContainerStatuses}, {pod.Spec.Containers, pod.Status.ContainerStatuses}} {
		for i := range list.statuses {
			if cause := containerCause(&list.statuses[i], list.containers); cause != "" {
				return fmt.Sprintf("container %s %s", list.statuses[i].Name, cause)
			}
		}
	}
	return ""
}

// containerCause is why a container is not ready; empty where it is, or where nothing is known.
func containerCause(s *corev1.ContainerStatus, containers []corev1.Container) string {
	switch waits, ended := s.State.Waiting, s.State.Terminated; {
	case waits != nil && waits.Reason != "":
		return waitCause(s, waits)
	case ended != nil && ended.ExitCode != 0:
		return "has ended" + exit(ended, s.RestartCount)
	case s.State.Running != nil && !s.Ready:
		return "runs, and is not ready" + probe(s, containers)
	}
	return ""
}

// waitCause is why a container that waits has not started; empty where it only waits for its turn.
func waitCause(s *corev1.ContainerStatus, waits *corev1.ContainerStateWaiting) string {
	switch {
	case waits.Reason == "CrashLoopBackOff":
		return "ends again and again" + exit(s.LastTerminationState.Terminated, s.RestartCount)
	case strings.Contains(waits.Reason, "Image"):
		return fmt.Sprintf("waits for its image, which can't be pulled (%s)%s", word(waits.Reason), pullFault(waits.Message))
	case waits.Reason == "ContainerCreating":
		return "waits for its volumes or its network (ContainerCreating)"
	case waits.Reason == "PodInitializing":
		return ""
	}
	return fmt.Sprintf("can't start (%s)%s", word(waits.Reason), configFault(waits.Message))
}

// exit is how a container ended, and how often it was started again.
func exit(t *corev1.ContainerStateTerminated, restarts int32) string {
	text := ""
	if t != nil {
		text = fmt.Sprintf(", with exit code %d (%s)", t.ExitCode, cmp.Or(word(t.Reason), "Error"))
	}
	if restarts > 0 {
		text += fmt.Sprintf(", restarts: %d", restarts)
	}
	return text
}

// probe names the probe that a container which runs has not passed.
func probe(s *corev1.ContainerStatus, containers []corev1.Container) string {
	at := slices.IndexFunc(containers, func(c corev1.Container) bool { return c.Name == s.Name })
	switch {
	case at < 0:
		return exit(s.LastTerminationState.Terminated, s.RestartCount)
	case containers[at].StartupProbe != nil && (s.Started == nil || !*s.Started):
		return ": its startup probe does not pass" + exit(s.LastTerminationState.Terminated, s.RestartCount)
	case containers[at].ReadinessProbe != nil:
		return ": its readiness probe does not pass" + exit(s.LastTerminationState.Terminated, s.RestartCount)
	}
	return exit(s.LastTerminationState.Terminated, s.RestartCount)
}

// pullFault is the class of what a registry, or the way to it, refuses.
func pullFault(message string) string {
	message = strings.ToLower(message)
	for _, class := range []struct {
		says  string
		words []string
	}{
		{"the registry wants a login, see spec.imagePullSecretRef of the SharedApp", []string{"unauthorized", "denied", "401", "403", "authentication required", "no basic auth"}},
		{"the registry does not have it", []string{"not found", "manifest unknown", "404"}},
		{"the registry can't be reached", []string{"no such host", "timeout", "refused", "unreachable", "deadline exceeded", "x509", "tls:"}},
	} {
		if slices.ContainsFunc(class.words, func(w string) bool { return strings.Contains(message, w) }) {
			return ": " + class.says
		}
	}
	return ""
}

var (
	missingObject = regexp.MustCompile(`^(secret|configmap) "([a-z0-9.-]+)" not found$`)
	missingKey    = regexp.MustCompile(`^couldn't find key ([A-Za-z0-9._-]+) in (Secret|ConfigMap) [a-z0-9-]+/([a-z0-9.-]+)$`)
)

// configFault names the object, or the key of one, that a container waits for. Of all else a kubelet says nothing is taken over.
func configFault(message string) string {
	if found := missingObject.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf(": there is no %s %s", map[string]string{"secret": "Secret", "configmap": "ConfigMap"}[found[1]], found[2])
	}
	if found := missingKey.FindStringSubmatch(message); found != nil {
		return fmt.Sprintf(": %s %s has no key %s", found[2], found[3], found[1])
	}
	return ""
}

var camel = regexp.MustCompile(`^[A-Za-z]{1,64}$`)

// word is a reason, which is one word; empty for what is none.
func word(reason string) string {
	if camel.MatchString(reason) {
		return reason
	}
	return ""
}

func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func isTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	c := podCondition(pod, kind)
	return c != nil && c.Status == corev1.ConditionTrue
}
