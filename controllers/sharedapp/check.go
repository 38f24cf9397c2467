package sharedapp

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/Masterminds/semver/v3"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/trial"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/installable"
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
	// Allowed is what the Platform allows beyond the rules.
	Allowed *v1alpha1.AllowedInBundles
	// Images that the Platform allows where the app is in production.
	Images contract.Images
	// Audiences that it allows tokens of pods to be for.
	Audiences []string
	// Isolation of the app, and what its own namespaces are like.
	Isolation v1alpha1.Isolation
	Own       *v1alpha1.OwnNamespace
	// Capabilities are what a chart may know of the cluster; empty for other bundles.
	Capabilities chart.Capabilities

	// tried says that the version is available already: the API server was asked then. It is no part of the
	// question.
	tried bool
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

// answer is what came of a check.
type answer struct {
	// refused are the reasons why a version is not fit, all of them; none where it is.
	refused []contract.Finding
	// warnings keep no version out.
	warnings []contract.Finding
	// adjusted says what was changed to make the bundle fit.
	adjusted []string
	// exceeds says that the bundle takes more to build than it may.
	exceeds bool
	// lacksKind says that the cluster does not know a kind, or that the operator may not read it: a
	// definition, or a role, may come any moment, and no watch sees it.
	lacksKind bool
}

// kindRetry is how long a refusal counts that a definition or a role may end.
const kindRetry = 15 * time.Second

// askAgain is how long a refusal counts.
func (a answer) askAgain() time.Duration {
	if a.lacksKind {
		return kindRetry
	}
	return slowRetry
}

// refusal is an answer of a single reason.
func refusal(problem string) answer {
	return answer{refused: []contract.Finding{{Rule: "version", Problem: problem}}}
}

// check finds out whether a bundle is fit for the catalogue. It is scanned and built for the sample tenant,
// what comes of it is judged, and the API server is asked about it. An error says neither that it is
// fit nor that it is not: the cluster can't be asked.
func (r *Reconciler) check(ctx context.Context, q question, b bundle.Bundle) (answer, error) {
	if _, err := semver.NewVersion(q.Version.Version); err != nil {
		return refusal(fmt.Sprintf("spec.versions[%s].version: not a semantic version: %v", q.Version.Version, err)), nil
	}
	if _, err := health.Compile(q.Version.Health); err != nil {
		return refusal(fmt.Sprintf("spec.versions[%s].%v", q.Version.Version, err)), nil
	}
	tenant, err := bundle.Sample(q.App, q.Version, q.Zone)
	if err != nil {
		return refusal(err.Error()), nil
	}
	tenant.Capabilities = q.Capabilities

	built, err := r.Try(b, tenant)
	var refused *bundle.RefusedError
	var exceeded *buildpool.Exceeded
	switch {
	case errors.Is(err, buildpool.ErrLost):
		return answer{}, err
	case errors.As(err, &refused) && len(built.Objects) == 0:
		return answer{refused: refused.Findings}, nil
	case errors.As(err, &refused):
		out, err := r.judgeBuilt(ctx, q, tenant, built)
		out.refused = append(refused.Findings, out.refused...)
		return out, err
	case errors.As(err, &exceeded):
		out := refusal(exceeded.Error())
		out.exceeds = true
		return out, nil
	case err != nil:
		return refusal(err.Error()), nil
	}
	return r.judgeBuilt(ctx, q, tenant, built)
}

// judgeBuilt judges what a bundle was built to. The API server is asked about the objects that pass the rules, so
// that nothing is said twice.
func (r *Reconciler) judgeBuilt(ctx context.Context, q question, tenant bundle.Context, built bundle.Built) (answer, error) {
	terms, err := installable.Question{
		Rules: q.Rules, Mapper: r.Mapper, Domains: []string{tenant.Domain}, Health: q.Version.Health,
		Platform: v1alpha1.PlatformSpec{Bundles: q.Allowed, Workloads: &v1alpha1.AllowedWorkloads{TokenAudiences: q.Audiences}}, Images: q.Images,
		Readable: func(gvk schema.GroupVersionKind) bool { return r.Readable(ctx, gvk) == nil },
	}.Terms(built.Objects)
	if err != nil {
		return answer{}, err
	}

	found := built.WithFiles(append(contract.Check(built.Objects, terms), contract.Services(built.Objects, q.Version.Services)...))
	out := answer{refused: contract.Refusals(found), warnings: append(contract.Warnings(found), built.WithFiles(built.Warnings)...), adjusted: built.Adjusted}
	out.warnings = append(out.warnings, shareWarnings(q.Isolation, q.Own, built.Objects)...)
	bad := map[string]bool{}
	for _, f := range out.refused {
		bad[f.Object] = true
	}
	good := built.Objects[:0:0]
	for _, o := range built.Objects {
		scope := terms.ScopeOf(o.GroupVersionKind())
		out.lacksKind = out.lacksKind || scope == contract.ScopeUnknown || scope == contract.ScopeUnreadable
		if !bad[contract.Name(o)] {
			good = append(good, o)
		}
	}
	if q.tried {
		return out, nil
	}
	said, err := trial.Run(ctx, r.Direct, trial.NamespaceOf(r.Store.Namespace), q.App, good)
	if err != nil {
		return answer{}, err
	}
	secrets := apply.SecretValues(built.Objects)
	for i := range said {
		said[i].Problem = parameters.Hide(said[i].Problem, secrets)
	}
	out.refused = append(out.refused, built.WithFiles(said)...)
	return out, nil
}

// productionZone is the zone of the production environments that a version is for.
func productionZone(app *catalogue.App, version string) v1alpha1.Zone {
	return cmp.Or(app.Version(version).Zone(v1alpha1.StageProduction), v1alpha1.ZoneClosed)
}
