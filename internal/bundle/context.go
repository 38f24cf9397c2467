package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/internal/chart"
)

// ContextFile is the file in a bundle that the facts of the tenant and the parameters of the app are
// written into. It is optional, and lies at the root of the folder, among its resources.
const ContextFile = "allmenning-context.yaml"

// localConfig marks an object that kustomize reads and doesn't put out.
const localConfig = "config.kubernetes.io/local-config"

// Context is what a bundle may know about where it is built for.
type Context struct {
	// Namespace that the objects are meant for.
	Namespace string
	// Homes are the namespaces of the apps that the app requires, by app.
	Homes map[string]string
	// Doors that the municipality asks for with the app among the clients.
	Doors []Door `json:",omitempty"`
	// App and Version that are installed.
	App, Version string
	// Municipality is the name of the Municipality; the fields that follow are facts about it.
	Municipality, Number, DisplayName, County, Domain string
	// Environment of the municipality, and its stage and zone.
	Environment, Stage, Zone string
	// Parameters of the app, validated and with defaults. They may hold secrets: errors never show
	// a value of them.
	Parameters map[string]any
	// Secrets are the names of parameters, at the top level, whose values are secret. No message of a chart shows
	// what depends on them.
	Secrets []string `json:",omitempty"`
	// Chart has the version's settings for a chart; nil where it has none.
	Chart *chart.Settings `json:",omitempty"`
	// Capabilities are what a chart may know of the cluster; empty for other bundles.
	Capabilities chart.Capabilities `json:",omitzero"`
}

// Door is what a bundle may know of a service of another municipality that its app connects to.
type Door struct {
	// App of the host, and its Service.
	App, Service string
	// Address of the Service within the cluster.
	Address string
	// Secret is the name of the one that holds what the host lets the app in by; empty where there is none.
	Secret string
}

// parseContext reads ContextFile and checks that nothing of it can end up in a tenant's namespace.
func parseContext(content []byte) (*corev1.ConfigMap, error) {
	documents, _, err := parseYAML(content)
	if err != nil {
		return nil, err
	}
	if len(documents) != 1 {
		return nil, fmt.Errorf("%d YAML documents; it must hold one ConfigMap", len(documents))
	}
	var parsed corev1.ConfigMap
	if err := yaml.UnmarshalStrict(content, &parsed); err != nil {
		return nil, fmt.Errorf("not a ConfigMap: %w", err)
	}
	if parsed.APIVersion != "v1" || parsed.Kind != "ConfigMap" {
		return nil, fmt.Errorf("it holds a %s %s; it must hold a v1 ConfigMap", parsed.APIVersion, parsed.Kind)
	}
	if parsed.Name == "" {
		return nil, errors.New("metadata.name: missing")
	}
	if parsed.Annotations[localConfig] != "true" {
		return nil, fmt.Errorf(`metadata.annotations: add %s: "true", so that the file is read and not installed`, localConfig)
	}
	return &parsed, nil
}

// withContext returns the content of ContextFile with the facts and parameters in its data. A key
// that the file has and the context doesn't give keeps its value.
func withContext(parsed *corev1.ConfigMap, c Context) ([]byte, error) {
	data, plain, err := c.data()
	if err != nil {
		return nil, err
	}
	if parsed.Data == nil {
		parsed.Data = map[string]string{}
	}
	maps.Copy(parsed.Data, data)
	markTexts(parsed.Data, plain)
	return yaml.Marshal(parsed)
}

// data lists the context by key, with the keys of numbers and truth values. Parameters are flattened: {mail: {from: x}} gives
// parameter_mail_from, and parameter_mail as JSON.
func (c Context) data() (data map[string]string, plain map[string]bool, err error) {
	f := flattening{data: c.facts(), plain: map[string]bool{}, from: map[string]string{}}
	err = f.object("parameter", "", c.Parameters)
	return f.data, f.plain, err
}

// facts are the context without the parameters, by key.
func (c Context) facts() map[string]string {
	facts := map[string]string{
		"namespace": c.Namespace, "app": c.App, "version": c.Version,
		"municipality": c.Municipality, "number": c.Number, "displayName": c.DisplayName,
		"county": c.County, "domain": c.Domain,
		"environment": c.Environment, "stage": c.Stage, "zone": c.Zone,
	}
	for app, namespace := range c.Homes {
		facts["namespace_"+app] = namespace
	}
	for _, d := range c.Doors {
		key := "door_" + d.App + "_" + d.Service // neither name holds an underscore
		facts[key] = d.Address
		if d.Secret != "" {
			facts[key+"_secret"] = d.Secret
		}
	}
	return facts
}

// flattening writes parameters into data, and remembers which parameter each key came from.
type flattening struct {
	data map[string]string
	// plain are the keys of numbers and truth values.
	plain map[string]bool
	from  map[string]string
}

func (f flattening) object(key, path string, object map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		childPath := name
		if path != "" {
			childPath = path + "." + name
		}
		if err := f.value(key+"_"+name, childPath, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func (f flattening) value(key, path string, value any) error {
	if value == nil {
		return nil
	}
	if other, taken := f.from[key]; taken {
		return fmt.Errorf("the parameters %s and %s would both be %s in %s; rename one of them", other, path, key, ContextFile)
	}
	f.from[key] = path
	if text, ok := value.(string); ok {
		f.data[key] = text
		return nil
	}
	written, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("parameter %s can't be written as JSON", path) // the cause could hold the value
	}
	f.data[key] = string(written)
	switch value := value.(type) {
	case map[string]any:
		return f.object(key, path, value)
	case []any:
	default:
		f.plain[key] = true
	}
	return nil
}
