package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/parameters"
)

// Sample is a tenant that does not exist, with the sample parameters of a version: what a version is tried
// with when it enters the catalogue. The zone is that of the production environments that the app is for.
func Sample(app string, v v1alpha1.Version, zone v1alpha1.Zone) (Context, error) {
	const namespace = "eksempel-prod"
	given, err := sampleParameters(v)
	if err != nil {
		return Context{}, err
	}
	settings, err := SettingsOf(v)
	homes := map[string]string{}
	if v.Requires != nil {
		for _, other := range v.Requires.Apps {
			homes[other.Name] = namespace
		}
	}
	return Context{
		Namespace: namespace, Homes: homes, App: app, Version: v.Version,
		Municipality: "eksempel", Number: "0000", DisplayName: "Eksempel", County: "00", Domain: contract.SampleDomain,
		Environment: "prod", Stage: string(v1alpha1.StageProduction), Zone: string(zone),
		Parameters: given, Chart: settings,
	}, err
}

// SettingsOf are the settings that a version has for its chart; nil where it has none. The error says all that is
// wrong with them.
func SettingsOf(v v1alpha1.Version) (*chart.Settings, error) {
	out, err := ReadSettings(v)
	if out == nil || err != nil {
		return nil, err
	}
	schema := (*parameters.Schema)(nil)
	if v.Parameters != nil {
		if schema, err = parameters.Compile(v.Parameters.OpenAPIV3Schema); err != nil {
			return nil, fmt.Errorf("spec.versions[%s].parameters: %w", v.Version, err)
		}
	}
	if wrong := out.Check(schema.Has); len(wrong) > 0 {
		field := fmt.Sprintf("spec.versions[%s].chart.", v.Version)
		return nil, errors.New(field + strings.Join(wrong, "; "+field))
	}
	return out, nil
}

// ReadSettings are the settings of a version that SettingsOf has found nothing wrong with.
func ReadSettings(v v1alpha1.Version) (*chart.Settings, error) {
	if v.Chart == nil {
		return nil, nil
	}
	out := &chart.Settings{}
	if v.Chart.Values != nil {
		if err := json.Unmarshal(v.Chart.Values.Raw, &out.Values); err != nil {
			return nil, fmt.Errorf("spec.versions[%s].chart.values: not an object", v.Version)
		}
	}
	for _, p := range v.Chart.Parameters {
		out.Parameters = append(out.Parameters, chart.Mapping{Parameter: p.Parameter, Value: p.Value})
	}
	return out, nil
}

// sampleParameters are the parameters that a version is tried with.
func sampleParameters(v v1alpha1.Version) (map[string]any, error) {
	if v.Parameters == nil {
		return map[string]any{}, nil
	}
	field := fmt.Sprintf("spec.versions[%s].parameters", v.Version)
	schema, err := parameters.Compile(v.Parameters.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	var sample map[string]any
	if v.Parameters.Sample != nil {
		if err := json.Unmarshal(v.Parameters.Sample.Raw, &sample); err != nil {
			return nil, fmt.Errorf("%s.sample: %w", field, err)
		}
	}
	applied, err := schema.Apply(sample, nil)
	if err != nil {
		return nil, fmt.Errorf("%s.sample: %w", field, err)
	}
	for _, g := range schema.Generated() {
		if _, given := applied[g.Name]; !given {
			applied[g.Name] = g.Placeholder()
		}
	}
	return applied, nil
}
