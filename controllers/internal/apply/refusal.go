package apply

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// quoted is how server-side apply shows a value that has another type than the schema asks for.
var quoted = regexp.MustCompile(`&value\.value[A-Za-z]*\{[^}]*\}`)

// Refusal is what the API server says against an object, without the values that it quotes: a
// whole pod template would hide what is wrong with it, and a value may be a secret.
func Refusal(err error) string {
	var refused apierrors.APIStatus
	if !apierrors.IsInvalid(err) || !errors.As(err, &refused) || refused.Status().Details == nil || len(refused.Status().Details.Causes) == 0 {
		return quoted.ReplaceAllString(err.Error(), "another value")
	}

	var faults []string
	for _, cause := range refused.Status().Details.Causes {
		fault := withoutValue(cause)
		if cause.Field != "" {
			fault = cause.Field + ": " + fault
		}
		if !slices.Contains(faults, fault) {
			faults = append(faults, fault)
		}
	}
	return strings.Join(faults, "; ")
}

// SecretValues are the values of the Secrets among objects, which no message may show: who refuses an object may quote them.
func SecretValues(objects []*unstructured.Unstructured) []any {
	var all []any
	for _, o := range objects {
		if o.GetKind() != "Secret" || o.GroupVersionKind().Group != "" {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			values, _, _ := unstructured.NestedMap(o.Object, field)
			for _, value := range values {
				text, _ := value.(string)
				if decoded, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
					text = string(decoded)
				}
				all = append(all, text)
			}
		}
	}
	return all
}

// withoutValue takes the value out of a cause, which reads "<kind of fault>: <value>: <detail>".
func withoutValue(cause metav1.StatusCause) string {
	switch cause.Type {
	case metav1.CauseTypeFieldValueInvalid, metav1.CauseTypeFieldValueNotSupported,
		metav1.CauseTypeFieldValueDuplicate, metav1.CauseTypeFieldValueNotFound:
	default:
		return cause.Message
	}

	kind, rest, found := strings.Cut(cause.Message, ": ")
	if !found {
		return cause.Message
	}
	if detail := strings.TrimPrefix(afterValue(rest), ": "); detail != "" {
		return kind + ": " + detail
	}
	return kind
}

// afterValue is what follows a value, which is a quoted text, JSON, or a plain word.
func afterValue(text string) string {
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		return text[len(quoted):]
	}
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		decoder := json.NewDecoder(strings.NewReader(text))
		var value any
		if decoder.Decode(&value) == nil {
			return text[decoder.InputOffset():]
		}
		return text[strings.LastIndexAny(text, "}]")+1:]
	}
	_, detail, _ := strings.Cut(text, ": ")
	return detail
}

// Immutable says whether the API server refused a change because a field can't be changed. The
// words are those of its validation; the error has no reason code of its own.
func Immutable(err error) bool {
	if !apierrors.IsInvalid(err) {
		return false
	}
	text := err.Error()
	return strings.Contains(text, "immutable") || (strings.Contains(text, "updates to ") && strings.Contains(text, "are forbidden"))
}

// ImmutableFix says what to do about an object of a kind of which a version changes a field that can't be changed.
func ImmutableFix(kind string) string {
	const fix = "a field that can't be changed differs: the new version must name this object otherwise"
	if kind == "PersistentVolumeClaim" { // its data would go
		return fix
	}
	return fmt.Sprintf("%s, or have it deleted and created again with the annotation %s: %s", fix, v1alpha1.AnnotationReplace, v1alpha1.ReplaceRecreate)
}
