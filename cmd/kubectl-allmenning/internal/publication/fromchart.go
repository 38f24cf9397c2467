package publication

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/contract"
)

// Frozen is a chart that was rendered at the publisher's: a kustomize folder that needs no Helm any more.
type Frozen struct {
	// Files of the folder, by name.
	Files map[string][]byte
	// Report is what came of the check of the folder.
	Report Report
	// Same says what has one value in the folder, and would be another for each tenant if the operator rendered the chart.
	Same []string
	// Adjusted says what is done otherwise than by Helm.
	Adjusted []string
}

// Freeze renders a chart, and writes what comes out as a kustomize folder.
func Freeze(b bundle.Bundle, o Options) (Frozen, error) {
	if !b.IsChart() {
		return Frozen{}, fmt.Errorf("the folder holds no Chart.yaml")
	}
	var err error
	if o.Tenant.Capabilities, err = capabilitiesOf(o); err != nil {
		return Frozen{}, err
	}
	built, err := bundle.Try(b, o.Tenant)
	if err != nil {
		return Frozen{}, err
	}
	out := Frozen{Files: map[string][]byte{}, Adjusted: withoutRestarts(built)}
	out.Same = slices.Concat(tenants(b, o, built), fromParameters(b, o, built), secrets(built))
	var names []string
	for _, object := range built.Objects {
		plain(object, o.Tenant)
		content, err := sigsyaml.Marshal(object.Object)
		if err != nil {
			return out, fmt.Errorf("write %s: %w", contract.Name(object), err)
		}
		name := strings.ToLower(object.GetKind()) + "-" + strings.ReplaceAll(object.GetName(), ":", "-") + ".yaml"
		if out.Files[name] != nil {
			name = strings.ToLower(strings.ReplaceAll(object.GroupVersionKind().Group, ".", "-")) + "-" + name
		}
		out.Files[name] = content
		names = append(names, name)
	}
	if len(out.Same) > 0 {
		content, err := factsOf(o.Tenant)
		if err != nil {
			return out, err
		}
		out.Files[bundle.ContextFile], names = content, append(names, bundle.ContextFile)
	}
	slices.Sort(names)
	content, err := sigsyaml.Marshal(map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": names})
	if err != nil {
		return out, fmt.Errorf("write %s: %w", kustomizationFile, err)
	}
	out.Files[kustomizationFile] = content
	o.Tenant.Chart = nil
	out.Report = Check(bundle.Bundle{Digest: bundle.DigestOf(out.Files), Files: out.Files}, o)
	return out, nil
}

// withoutRestarts takes out what a chart draws to restart its pods, and what the operator writes there: a folder has one value
// for it, which restarts nothing. It returns what is said of how the objects were changed.
func withoutRestarts(built bundle.Built) []string {
	said := slices.Clone(built.Adjusted)
	for _, r := range built.Restarts {
		for _, o := range built.Objects {
			r.TakeOut(o)
		}
		if at := slices.Index(said, r.String()); at >= 0 {
			said[at] = fmt.Sprintf("%s: annotation %s of its pods is left out: the chart draws it to restart them, and a folder has one value for it", r.Object, r.Annotation)
		}
	}
	return said
}

// factsOf is the file that replacements read, with the values that the chart was rendered with.
func factsOf(tenant bundle.Context) ([]byte, error) {
	data := map[string]any{
		"municipality": tenant.Municipality, "number": tenant.Number, "displayName": tenant.DisplayName, "county": tenant.County, "domain": tenant.Domain,
		"environment": tenant.Environment, "stage": tenant.Stage, "zone": tenant.Zone, "namespace": tenant.Namespace, "app": tenant.App, "version": tenant.Version,
	}
	for name, value := range tenant.Parameters {
		if text, is := value.(string); is {
			data["parameter_"+name] = text
		}
	}
	content, err := sigsyaml.Marshal(map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": data,
		"metadata": map[string]any{"name": "allmenning-context", "annotations": map[string]any{"config.kubernetes.io/local-config": "true"}}})
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", bundle.ContextFile, err)
	}
	return content, nil
}

// fromParameters finds what a parameter that was given went into.
func fromParameters(b bundle.Bundle, o Options, built bundle.Built) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(o.Tenant.Parameters)) {
		text, is := o.Tenant.Parameters[name].(string)
		if !is {
			continue
		}
		other := o.Tenant
		other.Parameters = maps.Clone(other.Parameters)
		other.Parameters[name] = text + "x"
		for _, field := range differences(b, o.Tenant, other, built) {
			all = append(all, fmt.Sprintf("%s; write a replacement that reads data.parameter_%s from %s", field, name, bundle.ContextFile))
		}
	}
	return all
}

// secrets are the values of Secrets: who renders a chart once gives all tenants the same.
func secrets(built bundle.Built) []string {
	var all []string
	for _, o := range built.Objects {
		data, _, err := unstructured.NestedMap(o.Object, "data")
		if o.GetKind() != "Secret" || err != nil {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(data)) {
			all = append(all, fmt.Sprintf("%s: data.%s, a secret that all municipalities would share; make it a parameter, with format: generated for a password", contract.Name(o), key))
		}
	}
	return all
}

// plain takes off what the operator adds for a tenant.
func plain(o *unstructured.Unstructured, tenant bundle.Context) {
	unstructured.RemoveNestedField(o.Object, "metadata", "namespace")
	unlabel(o.Object, map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: tenant.App,
		v1alpha1.LabelMunicipality: tenant.Municipality, v1alpha1.LabelEnvironment: tenant.Environment,
	})
	if labels, found, err := unstructured.NestedMap(o.Object, "metadata", "labels"); err == nil && found && len(labels) == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "labels")
	}
	if o.GetAnnotations()[v1alpha1.AnnotationRunOnce] == "true" && len(o.GetName()) > 9 {
		o.SetName(o.GetName()[:len(o.GetName())-9]) // the operator adds what its content decides
	}
}

// unlabel takes labels with these values out, also of templates and selectors.
func unlabel(value any, own map[string]string) {
	switch value := value.(type) {
	case map[string]any:
		for key, added := range own {
			if text, is := value[key].(string); is && text == added {
				delete(value, key)
			}
		}
		for _, child := range value {
			unlabel(child, own)
		}
	case []any:
		for _, child := range value {
			unlabel(child, own)
		}
	}
}

// tenants finds what is another for another tenant: a folder that is rendered once can't know it.
func tenants(b bundle.Bundle, o Options, built bundle.Built) []string {
	other := o.Tenant
	other.Municipality, other.Number, other.DisplayName, other.County, other.Domain = "annen", "9999", "Annen", "99", "annen.kommune.no"
	other.Environment, other.Stage, other.Zone, other.Namespace = "test", string(v1alpha1.StageTest), string(v1alpha1.ZoneOpen), v1alpha1.NamespaceFor("annen", "test")
	fields := differences(b, o.Tenant, other, built)
	all := make([]string, 0, len(fields))
	for _, field := range fields {
		all = append(all, field+"; write a replacement that reads the fact from "+bundle.ContextFile)
	}
	return all
}

// differences are the fields of objects that are others for another tenant, each as Kind/name: field.
func differences(b bundle.Bundle, tenant, other bundle.Context, built bundle.Built) []string {
	second, err := bundle.Build(b, other)
	if err != nil {
		return []string{"the whole app, which does not render for another tenant: " + err.Error()}
	}
	withoutRestarts(second)
	byName := map[string]*unstructured.Unstructured{}
	for _, object := range second.Objects {
		copied := object.DeepCopy()
		plain(copied, other)
		byName[contract.Name(copied)] = copied
	}
	var all []string
	for _, object := range built.Objects {
		copied := object.DeepCopy()
		plain(copied, tenant)
		name := contract.Name(copied)
		twin := byName[name]
		if twin == nil {
			all = append(all, name+", which has another name for another tenant")
			continue
		}
		for _, field := range differing("", copied.Object, twin.Object) {
			all = append(all, name+": "+field)
		}
	}
	slices.Sort(all)
	return all
}

// differing are the fields in which two values differ.
func differing(at string, a, b any) []string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			return []string{at}
		}
		var all []string
		keys := maps.Clone(x)
		maps.Copy(keys, y)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			all = append(all, differing(strings.TrimPrefix(at+"."+key, "."), x[key], y[key])...)
		}
		return all
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return []string{at}
		}
		var all []string
		for i := range x {
			all = append(all, differing(fmt.Sprintf("%s[%d]", at, i), x[i], y[i])...)
		}
		return all
	}
	if reflect.DeepEqual(a, b) {
		return nil
	}
	return []string{at}
}
