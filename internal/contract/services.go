package contract

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// RuleServices is the rule on what a version lets others in to.
const RuleServices = "services"

// Services says what of a version's services, which doors lead to, the bundle does not have: a door would lead nowhere.
func Services(objects []*unstructured.Unstructured, services []v1alpha1.HostedService) []Finding {
	if len(services) == 0 {
		return nil
	}
	var all []Finding
	for i := range services {
		s := &services[i]
		for _, problem := range serviceFaults(objects, s) {
			all = append(all, Finding{Rule: RuleServices, Object: "Service/" + s.Name, Problem: problem,
				Fix: fmt.Sprintf("correct services[%s] of the version, or the bundle", s.Name)})
		}
	}
	return all
}

func serviceFaults(objects []*unstructured.Unstructured, s *v1alpha1.HostedService) []string {
	at := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return is(o, "", "Service") && o.GetName() == s.Name })
	if at < 0 {
		return []string{"the bundle has no Service of this name"}
	}
	service, _ := typed[corev1.Service](objects[at].Object, "")
	if service == nil {
		return nil // what is wrong with it is reported of the object itself
	}
	pods := podsBehind(objects, service)
	var all []string
	for _, p := range s.Ports {
		if problem := portFault(service, pods, p); problem != "" {
			all = append(all, problem)
		}
	}
	if len(s.PodLabels) > 0 && len(pods) > 0 && !slices.ContainsFunc(pods, func(pod *corev1.PodTemplateSpec) bool { return hasLabels(pod, s.PodLabels) }) {
		all = append(all, "none of its pods has all of podLabels")
	}
	return all
}

// portFault says why a door could not lead to a port of a Service.
func portFault(service *corev1.Service, pods []*corev1.PodTemplateSpec, p v1alpha1.HostedPort) string {
	protocol := corev1.Protocol(cmp.Or(p.Protocol, v1alpha1.ProtocolTCP))
	at := slices.IndexFunc(service.Spec.Ports, func(has corev1.ServicePort) bool {
		return has.Port == p.Port && cmp.Or(has.Protocol, corev1.ProtocolTCP) == protocol
	})
	if at < 0 {
		return fmt.Sprintf("it has no port %d of %s", p.Port, protocol)
	}
	leads, means := service.Spec.Ports[at].TargetPort, cmp.Or(p.TargetPort, p.Port)
	number := cmp.Or(leads.IntVal, p.Port)
	if leads.Type == intstr.String {
		number = named(pods, leads.StrVal)
		if number == 0 {
			return "" // only the app knows the pods
		}
	}
	if number != means {
		return fmt.Sprintf("its port %d leads to port %d of the pods, and targetPort is %d", p.Port, number, means)
	}
	return ""
}

// named is the number of a port that containers name; 0 where none does.
func named(pods []*corev1.PodTemplateSpec, name string) int32 {
	for _, pod := range pods {
		for _, c := range pod.Spec.Containers {
			for _, p := range c.Ports {
				if p.Name == name {
					return p.ContainerPort
				}
			}
		}
	}
	return 0
}

// podsBehind are the pods of a bundle that a Service selects.
func podsBehind(objects []*unstructured.Unstructured, service *corev1.Service) []*corev1.PodTemplateSpec {
	var all []*corev1.PodTemplateSpec
	for _, o := range objects {
		pod, _, _ := podOf(o)
		selector := maps.Clone(service.Spec.Selector)
		delete(selector, v1alpha1.LabelApp) // it comes with the installation
		if pod != nil && hasLabels(pod, selector) {
			all = append(all, pod)
		}
	}
	return all
}

func hasLabels(pod *corev1.PodTemplateSpec, labels map[string]string) bool {
	for key, value := range labels {
		if pod.Labels[key] != value {
			return false
		}
	}
	return true
}
