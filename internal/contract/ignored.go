package contract

import (
	"fmt"
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

// maxIgnored is how many fields of an object may be left to others.
const maxIgnored = 8

// ignoredRule: a publisher may leave fields to others, but not what runs, nor all of an object.
func ignoredRule(o *unstructured.Unstructured) []Finding {
	if _, set := o.GetAnnotations()[v1alpha1.AnnotationIgnoreFields]; !set {
		return nil
	}
	field := "metadata.annotations[" + v1alpha1.AnnotationIgnoreFields + "]"
	paths := IgnoredFields(o)
	if len(paths) > maxIgnored {
		return one(field, fmt.Sprintf("%d fields are left to others, at most %d may be", len(paths), maxIgnored), "name fewer")
	}
	var found []Finding
	for _, steps := range paths {
		first, path := steps[0], strings.Join(steps, ".")
		switch {
		case len(steps) < 2 || (first != "spec" && first != "data"), path == "spec.template", path == "spec.template.spec", path == "spec.jobTemplate", path == "spec.jobTemplate.spec", path == "spec.jobTemplate.spec.template", path == "spec.jobTemplate.spec.template.spec", path == "spec.selector", path == "spec.ports",
			strings.Contains(path, "ontainers"), strings.Contains(path, "volumes"), strings.Contains(path, "serviceAccount"), strings.Contains(path, "securityContext"), strings.Contains(path, "["):
			found = append(found, one(field, fmt.Sprintf("%q can't be left to others: it decides what runs", path), "name a field below spec or data, such as spec.replicas")...)
		}
	}
	return found
}
