package contract

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

// claimsRule: a claim gets a volume of its own, and not one that somebody else has, or had.
func claimsRule(w *whole, o *unstructured.Unstructured) []Finding {
	switch {
	case is(o, "", "PersistentVolumeClaim"):
		parsed, found := typed[corev1.PersistentVolumeClaim](o.Object, "")
		if parsed == nil {
			return found
		}
		return append(w.claim("spec", &parsed.Spec), w.classOf("spec", &parsed.Spec)...)
	case is(o, "apps", "StatefulSet"):
		set, found := typed[appsv1.StatefulSet](o.Object, "")
		if set == nil {
			return found
		}
		for i := range set.Spec.VolumeClaimTemplates {
			field, spec := fmt.Sprintf("spec.volumeClaimTemplates[%d].spec", i), &set.Spec.VolumeClaimTemplates[i].Spec
			found = slices.Concat(found, w.claim(field, spec), w.classOf(field, spec))
		}
		return found
	}
	return nil
}

// classOf judges the class of disks that a claim names: one that the bundle brings itself goes with what brings it, and
// that of a volume which the claim was written for may make none: the claim would wait for ever.
func (w *whole) classOf(field string, spec *corev1.PersistentVolumeClaimSpec) []Finding {
	if spec.StorageClassName == nil {
		return nil
	}
	class := *spec.StorageClassName
	problem := ""
	switch {
	case w.has("storage.k8s.io", "StorageClass", class):
		problem = fmt.Sprintf("%q is a class that the bundle would bring, and may not", class)
	case class == "" && spec.VolumeName != "", w.hasVolumeOf(class):
		problem = fmt.Sprintf("%q is the class of a volume that was made by hand, and the claim may not have that volume", class)
	default:
		return nil
	}
	return takeOut(field+".storageClassName", problem, "take it out: the claim gets a disk of the cluster's default class")
}

// hasVolumeOf says whether the bundle brings a PersistentVolume of a class.
func (w *whole) hasVolumeOf(class string) bool {
	return slices.ContainsFunc(w.objects, func(o *unstructured.Unstructured) bool {
		of, _, err := unstructured.NestedString(o.Object, "spec", "storageClassName")
		return is(o, "", "PersistentVolume") && err == nil && of == class
	})
}

func (w *whole) claim(field string, spec *corev1.PersistentVolumeClaimSpec) []Finding {
	var found []Finding
	if spec.VolumeName != "" {
		found = append(found, takeOut(field+".volumeName", fmt.Sprintf("%q is one volume, which may be somebody else's", spec.VolumeName), "take it out")...)
	}
	if spec.Selector != nil {
		found = append(found, takeOut(field+".selector", "it chooses among volumes that may be somebody else's", "take it out")...)
	}
	if ref := spec.DataSourceRef; ref != nil && ref.Namespace != nil && *ref.Namespace != "" {
		found = append(found, takeOut(field+".dataSourceRef.namespace", "it reads the data of another namespace", "take it out")...)
	}
	for _, from := range sourcesOf(spec) {
		if !from.isClaim() && !w.has(from.group, from.kind, from.name) {
			found = append(found, one(field+"."+from.field, fmt.Sprintf("%s/%s may be a copy of another app's data, and does not say whose", from.kind, from.name),
				"take it out, or bring the object in the bundle; a PersistentVolumeClaim may be copied if it is no other app's")...)
		}
	}
	return found
}

// source is what a claim begins as a copy of.
type source struct{ field, group, kind, name string }

// isClaim says whether it is another claim of the namespace.
func (s source) isClaim() bool { return s.group == "" && s.kind == claimKind }

// claimKind is the kind of what asks for a volume.
const claimKind = "PersistentVolumeClaim"

// sourcesOf are what a claim begins as a copy of: one, which may be written in two fields.
func sourcesOf(spec *corev1.PersistentVolumeClaimSpec) []source {
	var all []source
	if from := spec.DataSource; from != nil {
		all = append(all, source{"dataSource", ptr.Deref(from.APIGroup, ""), from.Kind, from.Name})
	}
	if from := spec.DataSourceRef; from != nil {
		all = append(all, source{"dataSourceRef", ptr.Deref(from.APIGroup, ""), from.Kind, from.Name})
	}
	return all
}

// retentionRule: volumes never go by themselves.
func retentionRule(_ *whole, o *unstructured.Unstructured) []Finding {
	if !is(o, "apps", "StatefulSet") {
		return nil
	}
	set, _ := typed[appsv1.StatefulSet](o.Object, "")
	if set == nil || set.Spec.PersistentVolumeClaimRetentionPolicy == nil {
		return nil
	}
	var found []Finding
	policy := set.Spec.PersistentVolumeClaimRetentionPolicy
	for _, when := range []struct {
		name string
		is   appsv1.PersistentVolumeClaimRetentionPolicyType
	}{{"whenDeleted", policy.WhenDeleted}, {"whenScaled", policy.WhenScaled}} {
		if when.is == appsv1.DeletePersistentVolumeClaimRetentionPolicyType {
			found = append(found, write("spec.persistentVolumeClaimRetentionPolicy."+when.name, "Delete would take the data along", "write Retain", "Retain")...)
		}
	}
	return found
}
