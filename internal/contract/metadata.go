package contract

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// ownershipRule: an object belongs to its installation alone, and goes when that goes; so do the pods and
// claims that it makes.
func ownershipRule(_ *whole, o *unstructured.Unstructured) []Finding {
	found := madeFinalizers(o)
	if len(o.GetOwnerReferences()) > 0 {
		found = append(found, takeOut("metadata.ownerReferences", "the garbage collector would remove the object with its owner", "take it out")...)
	}
	if len(o.GetFinalizers()) > 0 {
		found = append(found, takeOut("metadata.finalizers", "they would keep the app from being uninstalled", "take them out")...)
	}
	return found
}

// madeFinalizers are those of what an object makes: Kubernetes copies the metadata of templates.
func madeFinalizers(o *unstructured.Unstructured) []Finding {
	var found []Finding
	refuse := func(field string, finalizers []string) {
		if len(finalizers) > 0 {
			found = append(found, takeOut(field+".metadata.finalizers", "they would keep what is made by it from going", "take them out")...)
		}
	}
	if pod, field, _ := podOf(o); pod != nil && !is(o, "", "Pod") {
		refuse(strings.TrimSuffix(field, ".spec"), pod.Finalizers)
		for _, v := range pod.Spec.Volumes {
			if v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil {
				refuse(fmt.Sprintf("%s.volumes[%s].ephemeral.volumeClaimTemplate", field, v.Name), v.Ephemeral.VolumeClaimTemplate.Finalizers)
			}
		}
	}
	if set, _ := typed[appsv1.StatefulSet](o.Object, ""); set != nil && is(o, "apps", "StatefulSet") {
		for i := range set.Spec.VolumeClaimTemplates {
			refuse(fmt.Sprintf("spec.volumeClaimTemplates[%d]", i), set.Spec.VolumeClaimTemplates[i].Finalizers)
		}
	}
	if cron, _ := typed[batchv1.CronJob](o.Object, ""); cron != nil && is(o, "batch", "CronJob") {
		refuse("spec.jobTemplate", cron.Spec.JobTemplate.Finalizers)
	}
	return found
}

// reservedRule: what speaks to the operator, or for it, is written by the operator; a publisher has a few
// annotations to speak to it.
func reservedRule(_ *whole, o *unstructured.Unstructured) []Finding {
	known := []string{v1alpha1.AnnotationPrune, v1alpha1.AnnotationPhase, v1alpha1.AnnotationReplace, v1alpha1.AnnotationIgnoreFields, v1alpha1.AnnotationRunOnce}
	var found []Finding
	if wrong := content.IsPathSegmentName(o.GetName()); len(wrong) > 0 {
		found = append(found, one("metadata.name", strings.Join(wrong, ", "), "write a name of small letters, digits and hyphens")...)
	}
	for _, key := range sortedKeys(o.GetAnnotations()) {
		if strings.HasPrefix(key, v1alpha1.GroupVersion.Group+"/") && !allowed(known, key) {
			found = append(found, takeOut("metadata.annotations["+key+"]", "the operator does not read this annotation of an app's object",
				"take it out; those that it reads are "+strings.Join(known, ", "))...)
		}
	}
	for _, values := range []struct {
		key     string
		allowed []string
	}{
		{v1alpha1.AnnotationPhase, []string{v1alpha1.PhaseBefore, v1alpha1.PhaseAfter}},
		{v1alpha1.AnnotationReplace, []string{v1alpha1.ReplaceNever, v1alpha1.ReplaceRecreate}},
		{v1alpha1.AnnotationRunOnce, []string{"true"}},
		{v1alpha1.AnnotationPrune, []string{v1alpha1.PruneDisabled}},
	} {
		if values.key == v1alpha1.AnnotationPhase && !is(o, "batch", "Job") {
			continue // phaseRule has it taken out, whatever it says
		}
		if value, set := o.GetAnnotations()[values.key]; set && !allowed(values.allowed, value) {
			found = append(found, one("metadata.annotations["+values.key+"]", fmt.Sprintf("%q is not a value of it", value), "write "+strings.Join(values.allowed, " or "))...)
		}
	}
	found = append(found, phaseRule(o)...)
	found = append(found, ignoredRule(o)...)
	if o.GetKind() == "PersistentVolumeClaim" && o.GetAnnotations()[v1alpha1.AnnotationReplace] == v1alpha1.ReplaceRecreate {
		found = append(found, one("metadata.annotations["+v1alpha1.AnnotationReplace+"]", "volumes never go, so a claim can't be deleted and created again", "give the new claim another name")...)
	}
	return found
}

// phaseRule: only what ends by itself, or gets ready by itself, can be waited for.
func phaseRule(o *unstructured.Unstructured) []Finding {
	phase := o.GetAnnotations()[v1alpha1.AnnotationPhase]
	isWorkload := is(o, "apps", "StatefulSet") || is(o, "apps", "Deployment")
	if phase == "" || is(o, "batch", "Job") || (isWorkload && phase == v1alpha1.PhaseBefore) {
		return nil
	}
	return takeOut("metadata.annotations["+v1alpha1.AnnotationPhase+"]", "only a Job runs before or after the rest, as it ends, and only a Deployment or StatefulSet, such as a database, is ready before those Jobs", "take it out")
}
