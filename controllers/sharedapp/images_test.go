package sharedapp

import (
	"context"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/country"
)

// judging builds in this process, knows Deployments, and counts how often it builds.
func judging(builds *int) *Reconciler {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	return &Reconciler{
		Mapper:   mapper,
		Readable: func(context.Context, schema.GroupVersionKind) error { return nil },
		Try: func(b bundle.Bundle, c bundle.Context) (bundle.Built, error) {
			*builds++
			return bundle.Try(b, c)
		},
	}
}

// webVersion is a version with one Deployment, which was available until now.
func webVersion() seenVersion {
	b := &bundle.Bundle{Digest: digestOf("a"), Files: map[string][]byte{
		"kustomization.yaml": []byte("resources: [web.yaml]\n"),
		"web.yaml": []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, " +
			"spec: {securityContext: {runAsNonRoot: true}, containers: [{name: web, image: \"ghcr.io/ks/web:1\"}]}}}\n"),
	}}
	return seenVersion{spec: ociVersion("1.0.0", digestOf("a")), offered: digestOf("a"), remembered: digestOf("a"), bundle: b, stored: true}
}

// under is the app as it is seen where the Platform allows this.
func under(workloads *v1alpha1.AllowedWorkloads) observed {
	seen := see(webVersion())
	seen.installer = &rbacv1.ClusterRole{Rules: []rbacv1.PolicyRule{{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"create", "patch"}}}}
	seen.app.Status.Versions = []v1alpha1.VersionStatus{{Version: "1.0.0", Digest: digestOf("a"), Available: true}}
	return in(country.Objects{Platform: v1alpha1.PlatformSpec{Workloads: workloads}}, seen)
}

// TestAChangedListOfRegistriesJudgesAgain goes through what a platform may say, one after the other.
func TestAChangedListOfRegistriesJudgesAgain(t *testing.T) {
	builds := 0
	r := judging(&builds)
	for _, step := range []struct {
		reason string
		lists  *v1alpha1.AllowedWorkloads
		// says are words of the message of the version; none where it is available.
		says   []string
		builds int
	}{
		{"nothing is said of images", nil, nil, 1},
		{"the list is without its registry", &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/vinje/", "docker.io/library/"}},
			[]string{"Deployment/web", "spec.template.spec.containers[web].image", "ghcr.io/ks/web:1", "spec.workloads.registries", "Where the version is installed it runs on"}, 2},
		{"in another order it is the same list", &v1alpha1.AllowedWorkloads{Registries: []string{"docker.io/library/", "ghcr.io/vinje/"}, Tolerations: []string{"example.org/gpu"}}, []string{"ghcr.io/ks/web:1"}, 2},
		{"the list has it", &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}}, nil, 3},
		{"digests are asked for in production", &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}, RequireDigests: []v1alpha1.Stage{v1alpha1.StageProduction}},
			[]string{"Deployment/web", "spec.template.spec.containers[web].image", "spec.workloads.requireDigests", "Where the version is installed it runs on"}, 4},
		{"digests are asked for elsewhere", &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}, RequireDigests: []v1alpha1.Stage{v1alpha1.StageTest}}, nil, 5},
		{"tokens may be for others", &v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/ks/"}, TokenAudiences: []string{"https://vault.example.org"}}, nil, 6},
	} {
		seen, err := r.judge(t.Context(), under(step.lists), today)
		if err != nil {
			t.Fatalf("%s: %v", step.reason, err)
		}
		got := status(seen, plan(seen, today), applied{}, today).Versions[0]
		if got.Available != (step.says == nil) || got.Digest != digestOf("a") {
			t.Errorf("%s: %+v, want it available: %t", step.reason, got, step.says == nil)
		}
		for _, word := range step.says {
			if !strings.Contains(got.Message, word) {
				t.Errorf("%s: it says %q, want %q in it", step.reason, got.Message, word)
			}
		}
		if builds != step.builds {
			t.Errorf("%s: built %d times until now, want %d", step.reason, builds, step.builds)
		}
	}
}

func TestAVersionThatNeverWasAvailableRunsNowhere(t *testing.T) {
	builds := 0
	seen := under(&v1alpha1.AllowedWorkloads{Registries: []string{"ghcr.io/vinje/"}})
	seen.versions[0].remembered = ""
	seen, err := judging(&builds).judge(t.Context(), seen, today)
	if err != nil {
		t.Fatal(err)
	}
	if got := plan(seen, today).versions[0].outcome.Message; !strings.Contains(got, "ghcr.io/ks/web:1") || strings.Contains(got, "runs on") {
		t.Errorf("it says %q", got)
	}
}
