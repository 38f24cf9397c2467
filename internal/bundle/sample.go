package bundle

import (
	"encoding/json"
	"fmt"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// Sample is a tenant that does not exist, with the sample parameters of a version: what a version is tried
// with when it enters the catalogue. The zone is that of the production environments that the app is for.
func Sample(app string, v v1alpha1.Version, zone v1alpha1.Zone) (Context, error) {
	const namespace = "eksempel-prod"
	given, err := sampleParameters(v)
	homes := map[string]string{}
	if v.Requires != nil {
		for _, other := range v.Requires.Apps {
			homes[other.Name] = namespace
		}
	}
	return Context{
		Namespace: namespace, Homes: homes, App: app, Version: v.Version,
		Municipality: "eksempel", Number: "0000", DisplayName: "Eksempel", County: "00", Domain: "eksempel.kommune.no",
		Environment: "prod", Stage: string(v1alpha1.StageProduction), Zone: string(zone),
		Parameters: given,
	}, err
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
	return applied, nil
}
