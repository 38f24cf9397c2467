package contract

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// podOf returns the pod that an object is, or makes, with the path of its spec; nil where it makes none.
func podOf(o *unstructured.Unstructured) (pod *corev1.PodTemplateSpec, field string, wrong []Finding) {
	path := podtemplate.Spec(o.GroupVersionKind())
	if path == nil {
		return nil, "", nil
	}
	field = strings.Join(path, ".")
	content := o.Object
	if template := podtemplate.Path(o.GroupVersionKind()); template != nil {
		found, there, err := unstructured.NestedMap(o.Object, template...)
		if err != nil || !there {
			return nil, field, nil // schemaRule says so
		}
		content = found
	}
	pod, wrong = typed[corev1.PodTemplateSpec](content, field)
	return pod, field, wrong
}

// podSecurityRule: the pods of an app keep the Pod Security Standard restricted, which the API server
// enforces in every tenant's namespace. The checks are the API server's own.
func podSecurityRule(_ *whole, o *unstructured.Unstructured) []Finding {
	pod, field, wrong := podOf(o)
	if pod == nil {
		return wrong
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return one(field, fmt.Sprintf("the Pod Security checks can't be prepared: %v", err), "")
	}
	withSources(&pod.Spec)
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
	if result.Allowed {
		return nil
	}
	found := one(field, "its pods break the Pod Security Standard restricted: "+result.ForbiddenDetail(), "set what is named in the securityContext of the pod or its containers")
	less, taken := withoutOwners(field, pod)
	if len(taken) > 0 {
		result = policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &less.ObjectMeta, &less.Spec))
	}
	fixes, patch := withoutRoot(field, less, result.ForbiddenReasons)
	if len(fixes) < len(result.ForbiddenReasons) {
		return found
	}
	if len(taken) > 0 {
		fixes = append(fixes, "set fsGroup in the securityContext of the pod, and take out the init container that changes who owns files")
	}
	found[0].Fix, found[0].Patch = strings.Join(fixes, ". "), slices.Concat(taken, patch)
	return found
}

// withSources gives the volumes that name no source the one that the API server gives them: an empty folder.
func withSources(spec *corev1.PodSpec) {
	for i := range spec.Volumes {
		if v := &spec.Volumes[i]; v.VolumeSource == (corev1.VolumeSource{}) {
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
}

// withoutRoot says how pods keep the standard by not running as root, for each reason that this answers: a
// process that is not root has no use for added capabilities.
func withoutRoot(field string, pod *corev1.PodTemplateSpec, reasons []string) (fixes []string, patch []Operation) {
	for _, reason := range reasons {
		switch reason {
		case "runAsNonRoot != true":
			fixes = append(fixes, "set runAsNonRoot: true in the securityContext of the pod, and runAsUser too where the image says of itself that it runs as root")
			patch = append(patch, Operation{Op: "add", Path: field + ".securityContext.runAsNonRoot", Value: true})
		case "unrestricted capabilities":
			fixes = append(fixes, "take the capabilities out, which only root could use")
			patch = append(patch, withoutCapabilities(field+".initContainers", pod.Spec.InitContainers)...)
			patch = append(patch, withoutCapabilities(field+".containers", pod.Spec.Containers)...)
		}
	}
	return fixes, patch
}

// withoutCapabilities takes out what containers add beyond the one capability that the standard lets them add.
func withoutCapabilities(field string, containers []corev1.Container) []Operation {
	var patch []Operation
	for i := range containers {
		security := containers[i].SecurityContext
		if security == nil || security.Capabilities == nil || len(security.Capabilities.Add) == 0 {
			continue
		}
		operation := Operation{Op: "remove", Path: fmt.Sprintf("%s[%d].securityContext.capabilities.add", field, i)}
		if slices.Contains(security.Capabilities.Add, "NET_BIND_SERVICE") {
			operation.Op, operation.Value = "add", []string{"NET_BIND_SERVICE"}
		}
		patch = append(patch, operation)
	}
	return patch
}

// containersAt are the containers of a pod, each with its field below that of the pod.
func containersAt(field string, spec *corev1.PodSpec) iter.Seq2[string, *corev1.Container] {
	return func(yield func(string, *corev1.Container) bool) {
		for _, list := range []struct {
			name       string
			containers []corev1.Container
		}{{"initContainers", spec.InitContainers}, {"containers", spec.Containers}} {
			for i := range list.containers {
				c := &list.containers[i]
				if !yield(fmt.Sprintf("%s.%s[%s]", field, list.name, c.Name), c) {
					return
				}
			}
		}
	}
}

// placementRule: where and how urgently pods run is the platform's to say.
func placementRule(w *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil {
		return nil
	}
	var found []Finding
	refuse := func(set bool, name, why string) {
		if set {
			found = append(found, takeOut(field+"."+name, why, "take it out")...)
		}
	}
	spec := &pod.Spec
	refuse(spec.NodeName != "", "nodeName", "it would pass by the scheduler")
	refuse(len(spec.Tolerations) > 0, "tolerations", "it would run on nodes that are kept for others")
	refuse(spec.SchedulerName != "" && spec.SchedulerName != corev1.DefaultSchedulerName, "schedulerName", "another scheduler may not be there")
	refuse(len(spec.HostAliases) > 0, "hostAliases", "it would give names to addresses that the cluster's DNS does not give them")
	refuse(spec.RuntimeClassName != nil, "runtimeClassName", "which runtime isolates pods is the platform's to say")
	refuse(spec.DNSPolicy != "" && spec.DNSPolicy != corev1.DNSClusterFirst, "dnsPolicy", "pods find each other, and what is outside, by the cluster's DNS")
	if dns := spec.DNSConfig; dns != nil {
		refuse(len(dns.Nameservers) > 0, "dnsConfig.nameservers", "others would learn what the app asks for, and could answer what they like")
		refuse(len(dns.Searches) > 0, "dnsConfig.searches", "a short name would mean something else than in other pods")
	}
	if class := spec.PriorityClassName; class != "" && !slices.Contains(w.terms.PriorityClasses, class) {
		found = append(found, takeOut(field+".priorityClassName", fmt.Sprintf("%q could push out the pods of others", class),
			"take it out, or have the platform list it in spec.bundles.priorityClasses of the Platform")...)
	}
	for _, term := range affinityTerms(spec.Affinity) {
		refuse(term.NamespaceSelector != nil || len(term.Namespaces) > 0, "affinity", "a term with namespaces or namespaceSelector is about the pods of others, and keeps them off nodes as well")
	}
	refuse(spec.Priority != nil, "priority", "the API server derives it from priorityClassName")
	return found
}

// affinityTerms are the terms of a pod that name other pods. One against others holds for these as well: while
// the pod runs, the scheduler keeps them off its nodes.
func affinityTerms(a *corev1.Affinity) []corev1.PodAffinityTerm {
	var all []corev1.PodAffinityTerm
	add := func(required []corev1.PodAffinityTerm, preferred []corev1.WeightedPodAffinityTerm) {
		all = append(all, required...)
		for _, p := range preferred {
			all = append(all, p.PodAffinityTerm)
		}
	}
	if a != nil && a.PodAffinity != nil {
		add(a.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	if a != nil && a.PodAntiAffinity != nil {
		add(a.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, a.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution)
	}
	return all
}

// podAccountRule: pods run as an account of their own app, or as the default account, which has no rights.
func podAccountRule(w *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil {
		return nil
	}
	found := w.audiences(field, &pod.Spec)
	name, at := pod.Spec.ServiceAccountName, "serviceAccountName"
	if name == "" {
		name, at = pod.Spec.DeprecatedServiceAccount, "serviceAccount"
	}
	if name == "" || name == defaultAccount || (w.has("", "ServiceAccount", name) && name != v1alpha1.InstallerName) {
		return found
	}
	return append(found, one(field+"."+at, fmt.Sprintf("%q is not an account of this app, so its pods could have the rights of another", name), "bring a ServiceAccount of that name in the bundle, or take it out")...)
}

// audiences judges for whom the tokens are that pods mount: one for another than the API server makes the pod somebody there.
func (w *whole) audiences(field string, spec *corev1.PodSpec) []Finding {
	var found []Finding
	for _, v := range spec.Volumes {
		if v.Projected == nil {
			continue
		}
		for i, s := range v.Projected.Sources {
			if token := s.ServiceAccountToken; token != nil && token.Audience != "" && !slices.Contains(w.terms.TokenAudiences, token.Audience) {
				found = append(found, one(fmt.Sprintf("%s.volumes[%s].projected.sources[%d].serviceAccountToken.audience", field, v.Name, i),
					fmt.Sprintf("a token for %q lets the pod be somebody outside of the cluster", token.Audience), "take it out, or have the platform list it in spec.workloads.tokenAudiences of the Platform")...)
			}
		}
	}
	return found
}

// podVolumesRule: what a pod mounts comes out of its namespace.
func podVolumesRule(w *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil {
		return nil
	}
	var found []Finding
	for _, v := range pod.Spec.Volumes {
		at := fmt.Sprintf("%s.volumes[%s]", field, v.Name)
		if v.Image != nil {
			found = append(found, one(at+".image", "an image as a volume is pulled past the checks of the app's own images", "copy the files in an init container")...)
		}
		if v.CSI != nil {
			found = append(found, one(at+".csi", "a driver mounts what the pod asks for, past the walls of the environment", "use a PersistentVolumeClaim, or a Secret")...)
		}
		if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
			found = append(found, w.claim(at+".ephemeral.volumeClaimTemplate.spec", &v.Ephemeral.VolumeClaimTemplate.Spec)...)
		}
	}
	return found
}

// maxGrace is the longest time, in seconds, that a pod may take to end: what is uninstalled, drained or
// replaced waits for it.
const maxGrace = 600

// graceRule: a node that is drained, and an upgrade, wait for pods to end.
func graceRule(_ *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil || pod.Spec.TerminationGracePeriodSeconds == nil || *pod.Spec.TerminationGracePeriodSeconds <= maxGrace {
		return nil
	}
	return write(field+".terminationGracePeriodSeconds", fmt.Sprintf("%d seconds: nodes could not be drained meanwhile", *pod.Spec.TerminationGracePeriodSeconds),
		fmt.Sprintf("write at most %d", maxGrace), maxGrace)
}
