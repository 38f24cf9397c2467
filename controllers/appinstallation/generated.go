package appinstallation

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/secrets"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/parameters"
)

// generatedName is the Secret in which an app's generated values are kept.
func generatedName(app string) string { return app + "-generated" }

// valuesOf is the Secret of an installation's generated values. What the app keeps may only open with them, so they are
// kept as long as that is.
func valuesOf(i *v1alpha1.AppInstallation) ref {
	return ref{secrets.Kind().GroupKind(), generatedName(i.Spec.App)}
}

// kept is what there is of an installation's generated values.
type kept struct {
	// identity of the Secret, without values; nil where there is none.
	identity *unstructured.Unstructured
	// data are the values by the names of parameters.
	data map[string][]byte
}

// generate fills in the parameters that the operator makes and nobody gives. It returns those whose values are still
// to be made, or why that may not be.
func (k kept) generate(seen observed, wanted []parameters.Generated, given map[string]any) ([]parameters.Generated, *condition.Outcome) {
	var missing []parameters.Generated
	for _, g := range wanted {
		if _, is := given[g.Name]; is {
			continue
		}
		if value, is := k.data[g.Name]; is {
			given[g.Name] = string(value)
			continue
		}
		missing = append(missing, g)
	}
	if len(missing) == 0 {
		return nil, nil
	}
	if k.identity != nil {
		return missing, takenSecret(seen, k.identity)
	}
	var lost []string
	for _, g := range missing {
		if slices.Contains(seen.previous().Generated, g.Name) {
			lost = append(lost, g.Name)
		}
	}
	if len(lost) == 0 {
		return missing, nil
	}
	return nil, secretLost(seen, lost)
}

// valuesLost says that values are to be made for an app that is there already, and of which nothing is remembered: its
// AppInstallation was deleted, or its status was. What it keeps may only open with the values of before. Nil where nothing of
// the app is there, or where it is known to have had none.
func valuesLost(seen observed, missing []parameters.Generated) *condition.Outcome {
	before := seen.previous()
	if seen.generated.identity != nil || before.AppliedDigest != "" || len(before.Inventory) > 0 {
		return nil
	}
	for _, o := range seen.live {
		if labelled(seen, o) && ours(seen, o) {
			names := make([]string, 0, len(missing))
			for _, g := range missing {
				names = append(names, g.Name)
			}
			return secretLost(seen, names)
		}
	}
	return nil
}

func secretLost(seen observed, names []string) *condition.Outcome {
	app := seen.installation.Spec.App
	return stalled(v1alpha1.ReasonSecretMissing, fmt.Sprintf(
		"Secret %s is gone from namespace %s, which held what was made for %s, and what the app keeps may only open with that: restore it with the annotation %s: %s, or create an empty one with it to have new values made",
		generatedName(app), seen.home(), strings.Join(names, ", "), v1alpha1.AnnotationAdopt, app))
}

// takenSecret says that the Secret of the name that is needed is not the app's; nil where it is.
func takenSecret(seen observed, o *unstructured.Unstructured) *condition.Outcome {
	i := &seen.installation
	if labelled(seen, o) || o.GetAnnotations()[v1alpha1.AnnotationAdopt] == i.Spec.App {
		return nil
	}
	return stalled(v1alpha1.ReasonNameTaken, fmt.Sprintf(
		"Secret %s in %s was not made by the operator, which keeps the generated values of app %s under that name: rename or delete it, or have it used with the annotation %s: %s",
		o.GetName(), seen.home(), i.Spec.App, v1alpha1.AnnotationAdopt, i.Spec.App))
}

// names are the parameters that there are values of.
func (k kept) names() []string { return slices.Sorted(maps.Keys(k.data)) }

// secretWith is the Secret of generated values.
func secretWith(i *v1alpha1.AppInstallation, namespace string, data map[string][]byte) *unstructured.Unstructured {
	o := untyped(schema.GroupVersionKind{Version: "v1", Kind: "Secret"})
	o.SetName(generatedName(i.Spec.App))
	o.SetNamespace(namespace)
	o.SetLabels(ownLabels(i))
	encoded := map[string]any{}
	for name, value := range data {
		encoded[name] = base64.StdEncoding.EncodeToString(value)
	}
	o.Object["type"], o.Object["data"] = "Opaque", encoded
	return o
}

// withGenerated puts the Secret of generated values before the app's objects, so that it lives and goes with them.
func withGenerated(seen observed, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, *condition.Outcome) {
	if seen.generated.identity == nil || len(seen.generated.data) == 0 || takenSecret(seen, seen.generated.identity) != nil {
		return objects, nil
	}
	o := secretWith(&seen.installation, seen.home(), seen.generated.data)
	for _, other := range objects {
		if refOf(other) == refOf(o) {
			return nil, stalled(v1alpha1.ReasonBuildFailed, fmt.Sprintf("the bundle brings %s, which is the name of the Secret that generated values are kept in: name it otherwise", refOf(o)))
		}
	}
	return append([]*unstructured.Unstructured{o}, objects...), nil
}

// notMade says that values are still to be made.
func notMade(missing []parameters.Generated) *condition.Outcome {
	names := make([]string, 0, len(missing))
	for _, g := range missing {
		names = append(names, g.Name)
	}
	return progressing(v1alpha1.ReasonProgressing, "making the values of "+strings.Join(names, ", "))
}

// generates says whether the operator makes values for the app, or made some.
func generates(seen *observed) bool {
	if len(seen.previous().Generated) > 0 {
		return true
	}
	if seen.offer == nil {
		return false
	}
	version := seen.offer.Version(seen.installation.Spec.Version)
	if version == nil {
		return false
	}
	accepted, err := version.Schema()
	return err == nil && len(accepted.Generated()) > 0
}
