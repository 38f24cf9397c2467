package publication

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/config/rbac"
	"github.com/allmenning/allmenning/internal/builtin"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
	"github.com/allmenning/allmenning/internal/installable"
)

// Options say for whom a bundle is tried.
type Options struct {
	// Tenant that it is built for.
	Tenant bundle.Context
	// Kinds that the platform allows beside the built-in ones, as resource.group.
	Kinds []string
	// Domains, Annotations and PriorityClasses that the platform allows; see spec.bundles of Platform.
	Domains, Annotations, PriorityClasses []string
	// TokenAudiences that it allows; see spec.workloads of Platform.
	TokenAudiences []string
	// Images that the platform allows; see spec.workloads of Platform.
	Images contract.Images
	// KubeVersion is the version of the cluster that a chart sees; empty for that of the operator's own tests.
	KubeVersion string
	// Health has the health rules of the version.
	Health []v1alpha1.HealthRule
}

// Located is a finding with the place where it is to be corrected.
type Located struct {
	contract.Finding

	// Source is the name that the object has in the file, which the built one may not.
	Source string
	// Written says that the field itself is in the file.
	Written bool
}

// Report is what came of a check.
type Report struct {
	Findings []Located
	// Adjusted says what the operator changes to make the bundle fit.
	Adjusted []string
	// Assumed says what was taken for granted of what a bundle does not say.
	Assumed []string
	// Built are the objects; none where the bundle does not build.
	Built bundle.Built
}

// Refused says whether a version with this bundle would not be available.
func (r Report) Refused() bool {
	return slices.ContainsFunc(r.Findings, func(f Located) bool { return !f.Warning })
}

// Check judges a bundle as the catalogue does, but for what only a cluster knows: whether it has the kinds,
// and what its API server says to the objects. A folder without a kustomization.yaml is judged as if it
// had one with all its manifests.
func Check(b bundle.Bundle, o Options) Report {
	var report Report
	var ways []string // overlays that would be listed
	if !hasKustomization(b) && !b.IsChart() {
		ways = overlaysOf(b)
		fix := "list the manifests under resources, or one overlay; --fix would list " + strings.Join(manifestsOf(b), ", ")
		if len(ways) > 1 {
			fix += "; where they are ways to install one app, list one of them"
		}
		report.Findings = append(report.Findings, Located{Finding: contract.Finding{Rule: "files", Object: kustomizationFile,
			Problem: "missing at the root of the bundle, which is a kustomize folder",
			Fix:     fix, File: kustomizationFile, Line: 1}})
		b = withKustomization(b)
	}
	places := locate(b)
	if b.IsChart() {
		var err error
		if o.Tenant.Capabilities, err = capabilitiesOf(o); err != nil {
			report.Findings = append(report.Findings, Located{Finding: contract.Finding{Rule: "build", Problem: err.Error()}})
			return report
		}
	}
	built, err := bundle.Try(b, o.Tenant)
	built, report.Assumed, err = withGenerated(b, o, built, err)
	var refused *bundle.RefusedError
	switch {
	case errors.As(err, &refused):
		for _, f := range refused.Findings {
			report.Findings = append(report.Findings, places.any(f))
		}
	case err != nil:
		report.Findings = append(report.Findings, places.file(unbuilt(err, ways)))
		return report
	}
	report.Built, report.Adjusted = built, built.Adjusted
	terms, err := termsOf(o)
	if err != nil {
		report.Findings = append(report.Findings, Located{Finding: contract.Finding{Rule: "build", Problem: err.Error()}})
		return report
	}
	for _, f := range built.WithFiles(contract.Check(built.Objects, terms)) {
		report.Findings = append(report.Findings, places.object(f))
	}
	for _, f := range built.WithFiles(built.Warnings) {
		report.Findings = append(report.Findings, places.object(f))
	}
	slices.SortStableFunc(report.Findings, func(a, b Located) int {
		return cmp.Or(compareBools(a.Warning, b.Warning), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return report
}

// unbuilt says why a bundle does not build; ways are the overlays that would be listed where it has no kustomization.
func unbuilt(err error, ways []string) contract.Finding {
	found := contract.Finding{Rule: "build", Problem: err.Error()}
	if strings.Contains(found.Problem, "already registered id") {
		found.Fix = "a bundle installs each object once: have the kustomization.yaml at its root list one of the files, or of the overlays, that bring it"
	}
	if len(ways) > 1 {
		found.Fix = "of the overlays " + strings.Join(ways, ", ") + " list one in the kustomization.yaml at its root, where they are ways to install one app"
	}
	return found
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// kustomizationFile is the name that a new kustomization file gets.
const kustomizationFile = "kustomization.yaml"

func hasKustomization(b bundle.Bundle) bool { return rootKustomization(b) != "" }

// rootKustomization is the name of the kustomization file at the root; empty where there is none.
func rootKustomization(b bundle.Bundle) string {
	for _, name := range []string{kustomizationFile, "kustomization.yml", "Kustomization"} {
		if _, there := b.Files[name]; there {
			return name
		}
	}
	return ""
}

// withKustomization is the bundle with a kustomization file that lists its manifests: of a folder below with a
// kustomization file of its own, the folder.
func withKustomization(b bundle.Bundle) bundle.Bundle {
	b.Files = maps.Clone(b.Files)
	var text strings.Builder
	text.WriteString("resources:\n")
	for _, name := range manifestsOf(b) {
		text.WriteString("- " + name + "\n")
	}
	b.Files[kustomizationFile] = []byte(text.String())
	b.Digest = bundle.DigestOf(b.Files)
	return b
}

func manifestsOf(b bundle.Bundle) []string {
	folders := kustomizedFolders(b)
	inFolder := func(name string) bool {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if slices.Contains(folders, dir) {
				return true
			}
		}
		return false
	}
	overlays := overlaysOf(b)
	var all []string
	for name, content := range b.Files {
		if isYAML(name) && !inFolder(name) && !ofAnotherStage(name, overlays) && bytes.Contains(content, []byte("kind:")) {
			all = append(all, name)
		}
	}
	all = append(withoutRepeats(b, all), overlays...)
	slices.Sort(all)
	return all
}

func isYAML(name string) bool { return path.Ext(name) == ".yaml" || path.Ext(name) == ".yml" }

// kustomizedFolders are the folders with a kustomization file.
func kustomizedFolders(b bundle.Bundle) []string {
	var all []string
	for name := range b.Files {
		switch path.Base(name) {
		case kustomizationFile, "kustomization.yml", "Kustomization":
			all = append(all, path.Dir(name))
		}
	}
	return all
}

// termsOf are the terms of a cluster with the operator's own roles.
func termsOf(o Options) (contract.Terms, error) {
	rules, err := installerRules()
	if err != nil {
		return contract.Terms{}, err
	}
	for _, kind := range o.Kinds {
		resource, group, _ := strings.Cut(kind, ".")
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{"get", "create", "patch", "delete"}})
	}
	terms, err := installable.Question{
		Rules: rules, Mapper: guessing{}, Domains: append([]string{o.Tenant.Domain}, o.Domains...), Images: o.Images, Health: o.Health,
	}.Terms(nil)
	if err != nil {
		return contract.Terms{}, err
	}
	terms.Annotations, terms.PriorityClasses, terms.TokenAudiences, terms.Offline = o.Annotations, o.PriorityClasses, o.TokenAudiences, true
	terms.ScopeOf = func(gvk schema.GroupVersionKind) contract.Scope {
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		switch {
		case builtin.Has(gvk.Group) && !builtin.Known(gvk):
			return contract.ScopeUnknown
		case installable.Allows(rules, plural.Group, plural.Resource):
			return contract.ScopeNamespaced
		case isClusterScoped(gvk):
			return contract.ScopeCluster
		}
		return contract.ScopeForbidden
	}
	return terms, nil
}

// capabilitiesOf are what a chart may know of a cluster with the operator's own roles.
func capabilitiesOf(o Options) (chart.Capabilities, error) {
	rules, err := installerRules()
	out := chart.Capabilities{KubeVersion: cmp.Or(o.KubeVersion, chart.DefaultKubeVersion)}
	for _, known := range []struct {
		group, version string
		kinds          []string
	}{
		{"", "v1", []string{"ConfigMap", "PersistentVolumeClaim", "Pod", "Secret", "Service", "ServiceAccount"}},
		{"apps", "v1", []string{"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}},
		{"autoscaling", "v1", []string{"HorizontalPodAutoscaler"}},
		{"autoscaling", "v2", []string{"HorizontalPodAutoscaler"}},
		{"batch", "v1", []string{"CronJob", "Job"}},
		{"networking.k8s.io", "v1", []string{"Ingress"}},
		{"policy", "v1", []string{"PodDisruptionBudget"}},
		{"rbac.authorization.k8s.io", "v1", []string{"Role", "RoleBinding"}},
	} {
		for _, kind := range known.kinds {
			gvk := schema.GroupVersionKind{Group: known.group, Version: known.version, Kind: kind}
			if plural, _ := meta.UnsafeGuessKindToResource(gvk); installable.Allows(rules, plural.Group, plural.Resource) {
				out.APIVersions = append(out.APIVersions, gvk.GroupVersion().String(), gvk.GroupVersion().String()+"/"+kind)
			}
		}
	}
	slices.Sort(out.APIVersions)
	out.APIVersions = slices.Compact(out.APIVersions)
	return out, err
}

// guessing is no cluster: it is asked about no object.
type guessing struct{}

// RESTMapping finds nothing.
func (guessing) RESTMapping(gk schema.GroupKind, _ ...string) (*meta.RESTMapping, error) {
	return nil, &meta.NoKindMatchError{GroupKind: gk}
}

// KindFor finds nothing.
func (guessing) KindFor(resource schema.GroupVersionResource) (schema.GroupVersionKind, error) {
	return schema.GroupVersionKind{}, &meta.NoResourceMatchError{PartialResource: resource}
}

// installerRules are the rules of the roles that the operator brings.
func installerRules() ([]rbacv1.PolicyRule, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(rbac.Installer), 4096)
	var rules []rbacv1.PolicyRule
	for {
		var role rbacv1.ClusterRole
		err := decoder.Decode(&role)
		if errors.Is(err, io.EOF) {
			return rules, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the installer role: %w", err)
		}
		if role.Labels[v1alpha1.LabelAggregateToInstaller] == "true" {
			rules = append(rules, role.Rules...)
		}
	}
}

// isClusterScoped says of the kinds that Kubernetes and its common additions bring whether they belong to no
// namespace.
func isClusterScoped(gvk schema.GroupVersionKind) bool {
	switch gvk.Kind {
	case "Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "StorageClass", "PriorityClass", "IngressClass",
		"RuntimeClass", "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
		"ClusterIssuer", "GatewayClass", "CSIDriver":
		return true
	}
	return strings.HasPrefix(gvk.Kind, "Cluster") && gvk.Kind != "Cluster"
}
