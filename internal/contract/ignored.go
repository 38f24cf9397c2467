package contract

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// IgnoredFields are the fields of an object that its publisher leaves to others. Of a live object they count
// only where the app's field manager owns the annotation.
func IgnoredFields(o *unstructured.Unstructured) [][]string {
	text := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]
	if text == "" {
		return nil
	}

	var all [][]string
	for path := range strings.SplitSeq(text, ",") {
		all = append(all, stepsOf(strings.TrimSpace(path)))
	}
	return all
}

// stepsOf are the keys of a path: between dots, or in brackets and quotes where a key holds dots, as
// in data["app.conf"]; a dot behind a backslash is a part of the key, too.
func stepsOf(path string) []string {
	var all []string
	var key strings.Builder
	for rest := path; rest != ""; {
		quoted, behind, ok := inBrackets(rest)
		switch {
		case ok:
			if key.Len() > 0 {
				all = append(all, key.String())
				key.Reset()
			}
			all, rest = append(all, quoted), strings.TrimPrefix(behind, ".")
		case strings.HasPrefix(rest, `\.`):
			key.WriteByte('.')
			rest = rest[2:]
		case rest[0] == '.':
			all = append(all, key.String())
			key.Reset()
			rest = rest[1:]
		default:
			key.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	if key.Len() > 0 || len(all) == 0 {
		all = append(all, key.String())
	}
	return all
}

// inBrackets is the key that a text begins with in brackets and quotes, and what is behind it.
func inBrackets(text string) (key, behind string, ok bool) {
	for _, quote := range []string{`"`, `'`} {
		if rest, found := strings.CutPrefix(text, "["+quote); found {
			if key, behind, ok = strings.Cut(rest, quote+"]"); ok {
				return key, behind, true
			}
		}
	}
	return "", "", false
}

// maxIgnored is how many fields of an object may be left to others, beside the replicas that an autoscaler of the bundle counts.
const maxIgnored = 8

// ignoredRule: a publisher may leave fields to others, but not what runs, nor all of an object.
func ignoredRule(o *unstructured.Unstructured) []Finding {
	if _, set := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]; !set {
		return nil
	}
	field := "metadata.annotations[" + v1alpha1.AnnotationIgnoreFields + "]"
	paths := IgnoredFields(o)
	counted := slices.DeleteFunc(slices.Clone(paths), func(steps []string) bool { return slices.Equal(steps, []string{"spec", "replicas"}) })
	if len(counted) > maxIgnored {
		return one(field, fmt.Sprintf("%d fields are left to others, at most %d may be", len(counted), maxIgnored), "name fewer")
	}
	var found []Finding
	for _, steps := range paths {
		if decides(o, steps) {
			found = append(found, one(field, fmt.Sprintf("%q can't be left to others: it decides what runs, who is reached or what becomes of data", strings.Join(steps, ".")),
				"name a field below spec or data, such as spec.replicas")...)
		}
	}
	return found
}

// decides says whether a path is of a field that decides what runs, who is reached or what becomes of data, or holds such.
func decides(o *unstructured.Unstructured, steps []string) bool {
	isOpen := func(step string) bool { return strings.Contains(step, "[") } // of brackets that nothing closes, or an item of a list
	switch {
	case len(steps) < 2, slices.ContainsFunc(steps, isOpen):
		return true
	case steps[0] == "data":
		return false
	case steps[0] != "spec", slices.Contains(reaching(), steps[1]), is(o, "", "Service") && steps[1] == "type":
		return true
	}
	return slices.ContainsFunc(steps[1:], func(step string) bool { return slices.Contains(running(), step) }) || decidesTemplate(steps)
}

// decidesTemplate says whether a path is of a template as a whole, of its spec, or of its metadata other than an annotation: labels decide which
// walls pods have.
func decidesTemplate(steps []string) bool {
	isTemplate := func(at int) bool { return at >= 0 && (steps[at] == "template" || steps[at] == "jobTemplate") }
	last := len(steps) - 1
	if isTemplate(last) || steps[last] == "spec" && isTemplate(last-1) {
		return true
	}
	at := slices.Index(steps, "metadata")
	return at > 0 && isTemplate(at-1) && (last < at+2 || steps[at+1] != "annotations")
}

// reaching are the fields of specs that decide who is reached, what is scaled, and what becomes of data.
func reaching() []string {
	return []string{
		"selector", "ports", "externalIPs", "externalName", "rules", "tls", "defaultBackend", "hostnames", "parentRefs", "ingressClassName", "scaleTargetRef",
		"volumeClaimTemplates", "persistentVolumeClaimRetentionPolicy", "volumeName", "dataSource", "dataSourceRef",
	}
}

// running are the fields of pods that decide what runs, as whom, and where.
func running() []string {
	return []string{
		"containers", "initContainers", "ephemeralContainers", "volumes", "resourceClaims", "imagePullSecrets",
		"serviceAccount", "serviceAccountName", "automountServiceAccountToken", "securityContext",
		"hostNetwork", "hostPID", "hostIPC", "hostUsers", "hostAliases", "shareProcessNamespace", "dnsPolicy", "dnsConfig",
		"nodeName", "schedulerName", "tolerations", "runtimeClassName", "priority", "priorityClassName",
	}
}
