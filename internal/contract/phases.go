package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// phasesRule: workloads come when the Jobs that come before them have succeeded. One that waits for the answer of such a
// workload, as a migration does for the app's own database, would wait for ever.
func phasesRule(w *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil || !is(o, "batch", "Job") || o.GetAnnotations()[v1alpha1.AnnotationPhase] != v1alpha1.PhaseBefore {
		return nil
	}
	var all []Finding
	texts := w.textsOf(field, pod)
	for _, service := range w.objects {
		later := w.laterBehind(service)
		if later == "" {
			continue
		}
		named := namedAs(service.GetName())
		at := slices.IndexFunc(texts, func(t text) bool { return t.value == service.GetName() || named.MatchString(t.value) })
		if at < 0 {
			continue
		}
		all = append(all, warn(texts[at].field, fmt.Sprintf("it names Service/%s, for which %s answers, and that comes when this Job has succeeded: a Job that needs it waits for ever", service.GetName(), later),
			fmt.Sprintf("annotate %s %s: %s, so that it is ready first, or have the Job run %s the rest", later, v1alpha1.AnnotationPhase, v1alpha1.PhaseBefore, v1alpha1.PhaseAfter))...)
	}
	return all
}

// laterBehind names a workload of the bundle that answers for a Service, where all that do come after the Jobs of the phase
// before; empty otherwise.
func (w *whole) laterBehind(o *unstructured.Unstructured) string {
	if !is(o, "", "Service") {
		return ""
	}
	service, _ := typed[corev1.Service](o.Object, "")
	if service == nil || len(service.Spec.Selector) == 0 {
		return ""
	}
	selector, err := metav1.LabelSelectorAsSelector(metav1.SetAsLabelSelector(service.Spec.Selector))
	if err != nil {
		return ""
	}
	later := ""
	for i, workload := range w.objects {
		if w.pods[i] == nil || is(workload, "batch", "Job") || is(workload, "batch", "CronJob") || !selector.Matches(labels.Set(w.pods[i].Labels)) {
			continue
		}
		if workload.GetAnnotations()[v1alpha1.AnnotationPhase] == v1alpha1.PhaseBefore {
			return ""
		}
		if later == "" {
			later = Name(workload)
		}
	}
	return later
}

// namedAs finds the name of a Service where a text sends requests to it: behind a scheme, a user or the flag of a host, or
// before a port or the name of a namespace.
func namedAs(service string) *regexp.Regexp {
	name := regexp.QuoteMeta(service)
	return regexp.MustCompile(`(?:://|@|\s-h[ =]?|--host[ =]|[hH][oO][sS][tT]=)` + name + `(?:[^a-z0-9-]|$)` + `|(?:^|[^a-z0-9.-])` + name + `(?::[0-9]+|\s+[0-9]{2,5}(?:[^0-9]|$)|\.[a-z0-9-]+\.svc)`)
}

// text is what a pod is given, and the field that gives it.
type text struct{ field, value string }

// textsOf are the texts that a pod is given: arguments, variables, and the configuration of the bundle that it reads.
func (w *whole) textsOf(field string, pod *corev1.PodTemplateSpec) []text {
	var all []text
	for at, c := range containersAt(field, &pod.Spec) {
		all = append(all, text{at, " " + strings.Join(slices.Concat(c.Command, c.Args), " ")}) // a flag may begin it
		for _, v := range c.Env {
			all = append(all, text{fmt.Sprintf("%s.env[%s]", at, v.Name), v.Value})
		}
	}
	from := references{}
	from.pod(field, &pod.Spec)
	for _, r := range from.all {
		if o := w.find("", r.Kind, r.Name); o != nil && r.Kind == "ConfigMap" {
			data, _, _ := unstructured.NestedStringMap(o.Object, "data")
			for _, key := range sortedKeys(data) {
				all = append(all, text{r.Field, data[key]})
			}
		}
	}
	return all
}
