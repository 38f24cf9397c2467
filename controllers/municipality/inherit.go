package municipality

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/reference"
)

// remembered is how many of the people that have access a namespace remembers: enough to know them again.
const remembered = 16

// memory are the annotations by which a namespace shows, when its Municipality is gone, whose it was: who held it, with
// which number, and who had access.
// Of one that is there already, and is taken up while deletionPolicy is Delete, that is remembered until the policy is another.
func memory(m v1alpha1.Municipality, live *corev1.Namespace, environment string) map[string]string {
	notes := map[string]string{
		v1alpha1.AnnotationHeldBy: string(m.UID),
		v1alpha1.AnnotationNumber: m.Spec.Number,
		v1alpha1.AnnotationAccess: strings.Join(peopleOf(m, environment), ","),
	}
	if m.Spec.DeletionPolicy == v1alpha1.DeletionDelete && live != nil && (takenUp(live) || live.Annotations[v1alpha1.AnnotationHeldBy] != string(m.UID)) {
		notes[v1alpha1.AnnotationTakenUp] = string(v1alpha1.DeletionDelete)
	}
	return notes
}

// peopleOf an environment are the groups and users that its Municipality gives access, the first few of many, whether it has
// expired or not: time alone changes nothing that is remembered.
func peopleOf(m v1alpha1.Municipality, environment string) []string {
	var all []string
	for _, a := range m.Spec.Access {
		if len(a.Environments) > 0 && !slices.Contains(a.Environments, environment) {
			continue
		}
		for _, g := range a.Groups {
			all = append(all, "group:"+g)
		}
		for _, u := range a.Users {
			all = append(all, "user:"+u)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), remembered)]
}

// inherits says why a Municipality does not go on with a namespace that an earlier one of its name held; empty where it
// does. One of the same number that gives access to some of the same people is the same municipality, as after a restore
// from backup, which changes UIDs. An administrator of the cluster may say so, too.
func inherits(ns *corev1.Namespace, m v1alpha1.Municipality, environment string) string {
	notes := ns.Annotations
	if by := notes[v1alpha1.AnnotationHeldBy]; by == "" || by == string(m.UID) || notes[v1alpha1.AnnotationAdopt] == m.Name {
		return ""
	}
	var differ string
	number, had, has := notes[v1alpha1.AnnotationNumber], notes[v1alpha1.AnnotationAccess], peopleOf(m, environment)
	switch {
	case number == "":
		differ = fmt.Sprintf("whose number is not known, and this one has the number %s", m.Spec.Number)
	case !slices.Contains(reference.Numbers(&m), number):
		differ = fmt.Sprintf("with the number %s, and this one has the number %s", number, m.Spec.Number)
	case had != "" && len(has) > 0 && !common(strings.Split(had, ","), has):
		differ = fmt.Sprintf("that gave access to %s, and this one gives access to %s and to none of them", had, strings.Join(has, ","))
	default:
		return ""
	}
	return fmt.Sprintf("an earlier Municipality %s held namespace %s, %s: to let this one go on with all that is in it, let an administrator of the cluster annotate it %s=%s; "+
		"else give the Municipality another name, or delete the namespace", m.Name, ns.Name, differ, v1alpha1.AnnotationAdopt, m.Name)
}

// common says whether two lists have anything in common.
func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
