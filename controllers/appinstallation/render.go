package appinstallation

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/buildpool"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/controllers/internal/operatorsecret"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/condition"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/installable"
	"github.com/allmenning/allmenning/internal/parameters"
	"github.com/allmenning/allmenning/internal/podtemplate"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// rendered is what the bundle came to for this tenant, or why it did not.
type rendered struct {
	// objects in the order in which they are installed.
	objects []*unstructured.Unstructured
	// sample are the objects that the version was tried with when it entered the catalogue; nil where the
	// version is applied already.
	sample []*unstructured.Unstructured
	// missing are parameters whose values are still to be made.
	missing []parameters.Generated
	rules   *health.Rules
	// images are findings on those that the Platform does not allow, where nothing else is wrong with the objects.
	images []contract.Finding
	fault  *condition.Outcome
}

// render builds the bundle, and judges what came of it as the catalogue judged the sample. It writes nothing
// and reads nothing but its argument, and which kinds the cluster knows; it is a method because compiled
// schemas and built bundles are kept for the next time.
func (r *Reconciler) render(seen observed) rendered {
	i := &seen.installation
	if i.Spec.State == v1alpha1.InstallationAbsent || seen.app == nil || seen.bundle == nil {
		return rendered{}
	}

	version := seen.offer.Version(i.Spec.Version)
	if version == nil {
		return rendered{fault: stalled(v1alpha1.ReasonVersionMissing, fmt.Sprintf(
			"version %s is no longer in spec.versions of SharedApp %s: put it back, or promote another; what runs stays as it is", i.Spec.Version, i.Spec.App))}
	}

	params, secrets, fault := parametersOf(seen, version)
	if fault != nil {
		return rendered{fault: fault}
	}
	missing, fault := generatedOf(seen, version, params, secrets)
	if fault != nil || len(missing) > 0 {
		return rendered{missing: missing, fault: fault}
	}

	rules, err := r.healthRules(version)
	if err != nil {
		return rendered{fault: stalled(v1alpha1.ReasonInvalidVersion, err.Error())}
	}

	facts := contextOf(seen, params)
	if fault = addChart(r, seen, &facts, secrets); fault != nil {
		return rendered{fault: fault}
	}
	built, images, fault := build(r, seen, facts)
	if fault != nil {
		return rendered{fault: fault}
	}

	out := rendered{rules: rules, sample: r.sample(seen), images: images}
	if out.objects, out.fault = withPullSecret(seen, built.Objects); out.fault == nil {
		out.objects, out.fault = withGenerated(seen, out.objects)
	}
	return out
}

// build builds the bundle for this tenant, and judges what came of it.
func build(r *Reconciler, seen observed, facts bundle.Context) (built bundle.Built, images []contract.Finding, fault *condition.Outcome) {
	built, err := r.Build(*seen.bundle, facts)
	if errors.Is(err, buildpool.ErrLost) {
		return built, nil, &condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: err.Error()}
	}
	if err != nil {
		spec := seen.installation.Spec
		return built, nil, stalled(v1alpha1.ReasonBuildFailed, fmt.Sprintf("the bundle of %s %s does not build with these parameters: %v", spec.App, spec.Version, err))
	}
	images, fault = r.judge(seen, facts, built)
	return built, images, fault
}

// sample builds the bundle as the catalogue did, to know what was tried then; nil where that does not
// matter, or can't be known.
func (r *Reconciler) sample(seen observed) []*unstructured.Unstructured {
	spec := specOf(seen)
	if isApplied(seen) || spec == nil {
		return nil
	}
	facts, err := bundle.Sample(seen.installation.Spec.App, *spec, cmp.Or(seen.offer.Version(spec.Version).Zone(v1alpha1.StageProduction), v1alpha1.ZoneClosed))
	if err != nil {
		return nil
	}
	if seen.bundle.IsChart() {
		if facts.Capabilities, err = r.Capabilities(seen.roleRules); err != nil {
			return nil
		}
	}
	built, err := r.Build(*seen.bundle, facts)
	if err != nil {
		return nil
	}
	return built.Objects
}

// specOf is the version that is asked for, as the SharedApp has it; nil where it has it no longer.
func specOf(seen observed) *v1alpha1.Version {
	for i := range seen.app.Spec.Versions {
		if v := &seen.app.Spec.Versions[i]; v.Version == seen.installation.Spec.Version {
			return v
		}
	}
	return nil
}

// addChart adds to the facts what a chart is rendered with beside them.
func addChart(r *Reconciler, seen observed, facts *bundle.Context, secrets sets.Set[string]) *condition.Outcome {
	spec := specOf(seen)
	if spec == nil {
		return nil
	}
	var err error
	if facts.Chart, err = bundle.ReadSettings(*spec); err != nil {
		return stalled(v1alpha1.ReasonInvalidVersion, fmt.Sprintf("SharedApp %s: %v", seen.app.Name, err))
	}
	if !seen.bundle.IsChart() {
		return nil
	}
	facts.Secrets = sets.List(secrets)
	if facts.Capabilities, err = r.Capabilities(seen.roleRules); err != nil {
		return &condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: err.Error()}
	}
	return nil
}

// judge passes what was built for this tenant through the checks that the sample passed: a bundle may build to
// something else for one tenant. Where nothing but images is wrong these are returned, as what runs already may run on.
func (r *Reconciler) judge(seen observed, facts bundle.Context, built bundle.Built) (images []contract.Finding, fault *condition.Outcome) {
	i := &seen.installation
	allowed := installable.Images(seen.platform, i.Spec.Tenant.Stage)
	asked, err := json.Marshal([]any{i.Spec.Digest, facts, seen.platform.Bundles, allowed, installable.Audiences(seen.platform), seen.domains(), seen.roleVersion})
	if err != nil {
		return nil, stalled(v1alpha1.ReasonBuildFailed, "the parameters can't be written as JSON") // the cause could hold a value
	}
	sum := sha256.Sum256(asked)
	key := string(sum[:])
	found, known := r.memory.judged.get(key)
	if !known {
		question := installable.Question{Rules: seen.roleRules, Mapper: r.Mapper, Platform: seen.platform, Images: allowed, Domains: seen.domains()}
		terms, err := question.Terms(built.Objects)
		if err != nil {
			return nil, &condition.Outcome{State: condition.Retrying, Reason: v1alpha1.ReasonRetrying, Message: err.Error()}
		}
		found = contract.Refusals(built.WithFiles(contract.Check(built.Objects, terms)))
		if !slices.ContainsFunc(found, func(f contract.Finding) bool { return f.Rule == "kind" }) {
			r.memory.judged.put(key, found) // which kinds the cluster knows may change
		}
	}
	if !slices.ContainsFunc(found, func(f contract.Finding) bool { return f.Rule != contract.RuleImages }) {
		return found, nil
	}
	if outcome := domainMissing(seen, found); outcome != nil {
		return nil, outcome
	}
	return nil, stalled(v1alpha1.ReasonBundleRefused, fmt.Sprintf("the bundle of %s %s, as it is built for %s: %s", i.Spec.App, i.Spec.Version, seen.home(), contract.Text(found)))
}

// domainMissing says that nothing but the names of routes was refused, as the municipality has no domain, or has another one
// since a moment ago: that is nothing that the version is to blame for. Nil where it is otherwise.
func domainMissing(seen observed, found []contract.Finding) *condition.Outcome {
	i, m := &seen.installation, seen.municipality
	if m == nil || slices.ContainsFunc(found, func(f contract.Finding) bool { return f.Rule != contract.RuleHosts }) {
		return nil
	}
	switch domains := tenancy.Domains(m); {
	case len(domains) == 0:
		return stalled(v1alpha1.ReasonDomainMissing, fmt.Sprintf("add a domain to spec.domains of Municipality %s, which %s %s makes names of: %s",
			m.Name, i.Spec.App, i.Spec.Version, contract.Text(found)))
	case domains[0] != i.Spec.Tenant.Domain:
		return progressing(v1alpha1.ReasonEnvironmentNotReady, fmt.Sprintf("spec.domains of Municipality %s has changed, and %s is about to get it", m.Name, i.Spec.App))
	}
	return nil
}

// domains are the names that the municipality is given.
func (o *observed) domains() []string {
	if o.municipality != nil {
		return tenancy.Domains(o.municipality)
	}
	if domain := o.installation.Spec.Tenant.Domain; domain != "" {
		return []string{domain}
	}
	return nil
}

func stalled(reason, message string) *condition.Outcome {
	return &condition.Outcome{State: condition.Stalled, Reason: reason, Message: message}
}

// parametersOf gathers what the municipality gave and what its Secrets hold, and checks what of it the
// version takes against the version's schema: what was given ahead, for a version to come, is left out. secrets are the
// names of those whose values are secret.
func parametersOf(seen observed, version *catalogue.Version) (given map[string]any, secrets sets.Set[string], fault *condition.Outcome) {
	i := &seen.installation
	given = map[string]any{}
	if i.Spec.Parameters != nil {
		if err := json.Unmarshal(i.Spec.Parameters.Raw, &given); err != nil {
			return nil, nil, stalled(v1alpha1.ReasonInvalidParameters, fmt.Sprintf("parameters of %q in spec.apps of Municipality %s: not an object", i.Spec.App, i.Spec.Tenant.Municipality))
		}
	}

	secrets = sets.New[string]()
	for _, from := range i.Spec.ParametersFrom {
		data, ok := seen.secrets[from.SecretRef.Name]
		if !ok {
			return nil, nil, stalled(v1alpha1.ReasonSecretMissing, fmt.Sprintf("Secret %s is missing in namespace %s: create it, or take it out of parametersFrom of %q in spec.apps of Municipality %s",
				from.SecretRef.Name, i.Namespace, i.Spec.App, i.Spec.Tenant.Municipality))
		}
		for key, value := range data {
			given[key] = string(value)
			secrets.Insert(key)
		}
	}

	schema, err := version.Schema()
	if err != nil {
		return nil, nil, stalled(v1alpha1.ReasonInvalidVersion, fmt.Sprintf("SharedApp %s, version %s: %v", i.Spec.App, version.Number, err))
	}

	applied, err := schema.Apply(seen.offer.Taken(version.Number, given), secrets)
	if err != nil {
		return nil, nil, stalled(v1alpha1.ReasonInvalidParameters, fmt.Sprintf("parameters of %q in spec.apps of Municipality %s do not fit version %s: %v",
			i.Spec.App, i.Spec.Tenant.Municipality, version.Number, err))
	}
	return applied, secrets, nil
}

// generatedOf fills in the parameters that the operator makes, which are secret. It returns those that are still to be
// made.
func generatedOf(seen observed, version *catalogue.Version, given map[string]any, secrets sets.Set[string]) ([]parameters.Generated, *condition.Outcome) {
	schema, err := version.Schema()
	if err != nil {
		return nil, stalled(v1alpha1.ReasonInvalidVersion, fmt.Sprintf("SharedApp %s, version %s: %v", seen.app.Name, version.Number, err))
	}
	wanted := schema.Generated()
	missing, fault := seen.generated.generate(seen, wanted, given)
	for _, g := range wanted {
		secrets.Insert(g.Name)
	}
	return missing, fault
}

func (r *Reconciler) healthRules(version *catalogue.Version) (*health.Rules, error) {
	if len(version.Health) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(version.Health)
	if err != nil {
		return nil, fmt.Errorf("encode health rules: %w", err)
	}
	if known, ok := r.memory.rules.get(string(raw)); ok {
		return known, nil
	}
	compiled, err := health.Compile(version.Health)
	if err == nil {
		r.memory.rules.put(string(raw), compiled)
	}
	return compiled, err
}

func contextOf(seen observed, params map[string]any) bundle.Context {
	i := &seen.installation
	t := i.Spec.Tenant
	doors := make([]bundle.Door, 0, len(i.Spec.Doors))
	for _, d := range i.Spec.Doors {
		doors = append(doors, bundle.Door{App: d.App, Service: d.Service, Address: d.Address, Secret: d.Secret})
	}
	return bundle.Context{
		Namespace: seen.home(), Homes: seen.homes, Doors: doors, App: i.Spec.App, Version: i.Spec.Version,
		Municipality: t.Municipality, Number: t.Number, DisplayName: t.DisplayName, County: t.County, Domain: t.Domain,
		Environment: t.Environment, Stage: string(t.Stage), Zone: string(t.Zone), Parameters: params,
	}
}

// withPullSecret puts a copy of the app's image pull secret before its objects, and
// its name into their pods.
func withPullSecret(seen observed, objects []*unstructured.Unstructured) ([]*unstructured.Unstructured, *condition.Outcome) {
	named := seen.app.Spec.ImagePullSecretRef
	if named == nil {
		return objects, nil
	}
	if seen.pullSecret == nil {
		return nil, stalled(v1alpha1.ReasonPullSecretMissing, fmt.Sprintf("Secret %s, named by spec.imagePullSecretRef of SharedApp %s, is missing in the operator's namespace: create it there", named.Name, seen.app.Name))
	}
	login, problem := operatorsecret.ImagePull().Value(seen.pullSecret)
	if problem != "" {
		return nil, stalled(v1alpha1.ReasonPullSecretMissing, fmt.Sprintf("spec.imagePullSecretRef of SharedApp %s: %s", seen.app.Name, problem))
	}

	i := &seen.installation
	copied := untyped(seen.pullSecret.GroupVersionKind())
	copied.SetName(i.Spec.App + "-image-pull")
	copied.SetNamespace(seen.home())
	copied.SetLabels(ownLabels(i))
	copied.Object["type"] = seen.pullSecret.Object["type"]
	copied.Object["data"] = map[string]any{corev1.DockerConfigJsonKey: base64.StdEncoding.EncodeToString(login)}
	for _, o := range objects {
		if refOf(o) == refOf(copied) {
			return nil, stalled(v1alpha1.ReasonBuildFailed, fmt.Sprintf("the bundle brings %s, which is the name that the copy of the app's image pull secret gets: name it otherwise", refOf(o)))
		}
		if err := addPullSecret(o, copied.GetName()); err != nil {
			return nil, stalled(v1alpha1.ReasonBuildFailed, fmt.Sprintf("%s: %v", refOf(o), err))
		}
	}
	return append([]*unstructured.Unstructured{copied}, objects...), nil
}

func addPullSecret(o *unstructured.Unstructured, name string) error {
	path := podtemplate.Spec(o.GroupVersionKind())
	if path == nil {
		return nil
	}

	path = append(path, "imagePullSecrets")
	existing, _, err := unstructured.NestedSlice(o.Object, path...)
	if err != nil {
		return fmt.Errorf("read imagePullSecrets: %w", err)
	}
	return unstructured.SetNestedSlice(o.Object, append(existing, map[string]any{"name": name}), path...)
}

// ownLabels are on every object of an installation.
func ownLabels(i *v1alpha1.AppInstallation) map[string]string {
	return map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelApp: i.Spec.App,
		v1alpha1.LabelMunicipality: i.Spec.Tenant.Municipality, v1alpha1.LabelEnvironment: i.Spec.Tenant.Environment,
	}
}

// sorted puts references in an order that does not depend on a map's.
func sorted(refs []ref) []ref {
	slices.SortFunc(refs, func(a, b ref) int { return cmp.Compare(a.String(), b.String()) })
	return refs
}
