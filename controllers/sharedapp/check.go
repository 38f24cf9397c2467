package sharedapp

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/Masterminds/semver/v3"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/bundle"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/installable"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/parameters"
)

// question is all that the answer whether a version is fit depends on.
type question struct {
	App     string
	Version v1alpha1.Version
	// Zone of the production environments that the app is for.
	Zone v1alpha1.Zone
	// Digest of the bundle.
	Digest string
	// Rules of the installer's role.
	Rules []rbacv1.PolicyRule
}

// key of a question; the state of a version has no part in the answer.
func (q question) key() [sha256.Size]byte {
	q.Version.State = ""
	written, err := json.Marshal(q)
	if err != nil {
		return sha256.Sum256([]byte(err.Error())) // the same question gives the same error
	}
	return sha256.Sum256(written)
}

// errCluster marks an error that says nothing about the bundle.
var errCluster = errors.New("the cluster can't be asked")

// check says why a bundle is not fit for the catalogue, nil where it is. An errCluster
// says neither.
func check(q question, b bundle.Bundle, builder *bundle.Builder, mapper installable.Mapper) error {
	if _, err := semver.StrictNewVersion(q.Version.Version); err != nil {
		return fmt.Errorf("spec.versions[%s].version: not a semantic version: %w", q.Version.Version, err)
	}
	if err := bundle.Scan(b); err != nil {
		return err
	}
	if _, err := health.Compile(q.Version.Health); err != nil {
		return fmt.Errorf("spec.versions[%s].%w", q.Version.Version, err)
	}

	sample, err := sampleOf(q.Version)
	if err != nil {
		return err
	}

	objects, err := builder.Build(b, sampleTenant(q, sample))
	if err != nil {
		return err
	}

	scopeOf, err := installable.ScopesOf(objects, q.Rules, mapper)
	if err != nil {
		return fmt.Errorf("%w: %w", errCluster, err)
	}
	if err := bundle.Inspect(objects, scopeOf); err != nil {
		return err
	}
	return bundle.PodSecurity(objects)
}

// sampleOf returns the parameters that a version is tried with.
func sampleOf(v v1alpha1.Version) (map[string]any, error) {
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

// sampleTenant is a municipality that does not exist.
func sampleTenant(q question, sample map[string]any) bundle.Context {
	return bundle.Context{
		Namespace: "eksempel-prod", App: q.App, Version: q.Version.Version,
		Municipality: "eksempel", Number: "0000", DisplayName: "Eksempel", County: "00", Domain: "eksempel.kommune.no",
		Environment: "prod", Stage: string(v1alpha1.StageProduction), Zone: string(q.Zone),
		Parameters: sample,
	}
}

// productionZone is the zone that an app's production environments have.
func productionZone(app *v1alpha1.SharedApp) v1alpha1.Zone {
	return cmp.Or(catalogue.Compile(app).Zone(v1alpha1.StageProduction), v1alpha1.ZoneClosed)
}
