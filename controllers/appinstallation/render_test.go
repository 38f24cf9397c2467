package appinstallation

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/contract"
)

// renderer builds in this process, and knows the kinds that the tests' bundles hold.
func renderer() *Reconciler { return &Reconciler{Build: bundle.Build, Mapper: mapperOf()} }

func mapperOf() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}, meta.RESTScopeNamespace)
	mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "Service"}, meta.RESTScopeNamespace)
	return mapper
}

func given(raw string) func(*observed) {
	return func(s *observed) { s.installation.Spec.Parameters = &apiextensionsv1.JSON{Raw: []byte(raw)} }
}

func from(names ...string) func(*observed) {
	return func(s *observed) {
		for _, name := range names {
			s.installation.Spec.ParametersFrom = append(s.installation.Spec.ParametersFrom, v1alpha1.ParametersSource{SecretRef: v1alpha1.LocalReference{Name: name}})
		}
	}
}

func holding(secret, key, value string) func(*observed) {
	return func(s *observed) { s.secrets[secret] = map[string][]byte{key: []byte(value)} }
}

func TestRenderFaults(t *testing.T) {
	unlabelled := func(s *observed) {
		s.pullSecret = &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": "e30="},
			"metadata": map[string]any{"name": "registry", "namespace": "allmenning-system"},
		}}
	}
	pull := func(s *observed) { s.app.Spec.ImagePullSecretRef = &v1alpha1.LocalReference{Name: "registry"} }
	cases := []struct {
		reason string
		seen   observed
		want   string
		says   string
		hides  string
	}{
		{"it builds", world(), "", "", ""},
		{"the version left the catalogue", world(func(s *observed) { s.installation.Spec.Version = "9.9.9" }), "Stalled VersionMissing", "version 9.9.9", ""},
		{"a parameter breaks the schema", world(given(`{"sender":"much too long a name"}`)), "Stalled InvalidParameters", "parameters.sender", ""},
		{"a parameter is unknown", world(given(`{"sendr":"x"}`)), "Stalled InvalidParameters", "parameters.sendr: unknown", ""},
		{"parameters are no object", world(given(`[]`)), "Stalled InvalidParameters", `parameters of "svarut" in spec.apps of Municipality vinje`, ""},
		{"a Secret is missing", world(from("there", "credentials"), holding("there", "sender", "x")), "Stalled SecretMissing", "Secret credentials is missing in namespace vinje-prod", ""},
		{"a secret value that breaks the schema is not shown", world(from("s"), holding("s", "password", "hunter2")), "Stalled InvalidParameters", "parameters.password", "hunter2"},
		{"a schema that does not compile", world(func(s *observed) {
			s.app.Spec.Versions[0].Parameters.OpenAPIV3Schema.Raw = []byte(`{"type":"nothing"}`)
		}), "Stalled InvalidVersion", "SharedApp svarut, version 2.4.1", ""},
		{"a health rule that does not compile", world(func(s *observed) {
			s.app.Spec.Versions[0].Health = []v1alpha1.HealthRule{{APIVersion: "v1", Kind: "Queue", Healthy: "object."}}
		}), "Stalled InvalidVersion", "health[0].healthy", ""},
		{"a bundle that does not build", world(func(s *observed) { delete(s.bundle.Files, "web.yaml") }), "Stalled BuildFailed", "svarut 2.4.1 does not build", ""},
		{"what is harmless for the sample, and not for this tenant", world(func(s *observed) {
			s.bundle.Files["kustomization.yaml"] = []byte("resources: [web.yaml, s.yaml, allmenning-context.yaml]\n" +
				"replacements: [{source: {kind: ConfigMap, name: ctx, fieldPath: data.municipality}, targets: [{select: {kind: Service}, fieldPaths: [spec.type], options: {create: true}}]}]\n")
			s.bundle.Files["s.yaml"] = []byte("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {}\n")
			s.bundle.Files["allmenning-context.yaml"] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ctx, annotations: {config.kubernetes.io/local-config: \"true\"}}\ndata: {municipality: x}\n")
			s.installation.Spec.Tenant.Municipality = "NodePort"
		}), "Stalled BundleRefused", "as it is built for vinje-prod: Service/s: spec.type: NodePort is not allowed", ""},
		{"the pull secret is not for that", world(pull, unlabelled), "Stalled PullSecretMissing", "spec.imagePullSecretRef of SharedApp svarut: Secret registry in namespace allmenning-system can't be used: the platform has not labelled it", ""},
		{"the pull secret is missing", world(pull), "Stalled PullSecretMissing", "spec.imagePullSecretRef of SharedApp svarut", ""},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got := renderer().render(tc.seen)
			if brief(got.fault) != tc.want {
				t.Fatalf("fault %+v, want %q", got.fault, tc.want)
			}
			if tc.want == "" {
				if len(got.objects) != 1 {
					t.Errorf("%d objects, want 1", len(got.objects))
				}
				return
			}
			if !strings.Contains(got.fault.Message, tc.says) {
				t.Errorf("it says %q, want %q in it", got.fault.Message, tc.says)
			}
			if tc.hides != "" && strings.Contains(got.fault.Message, tc.hides) {
				t.Errorf("it shows a secret: %q", got.fault.Message)
			}
		})
	}
}

func TestDomainMissing(t *testing.T) {
	host := contract.Finding{Rule: contract.RuleHosts, Object: "Ingress/web", Field: "spec.rules[0].host", Problem: `"web." is a name that nobody here owns`}
	with := func(given string, domains ...string) observed {
		return world(func(s *observed) { s.installation.Spec.Tenant.Domain, s.municipality.Spec.Domains = given, domains })
	}
	for _, tc := range []struct {
		reason string
		seen   observed
		found  []contract.Finding
		want   string
	}{
		{"the municipality has no domain", with(""), []contract.Finding{host}, "Stalled DomainMissing"},
		{"it has one since a moment ago", with("", "vinje.kommune.no"), []contract.Finding{host}, "Progressing EnvironmentNotReady"},
		{"it has another one since a moment ago", with("vinje.no", "vinje.kommune.no"), []contract.Finding{host}, "Progressing EnvironmentNotReady"},
		{"the version makes a name of somebody else's", with("vinje.kommune.no", "vinje.kommune.no"), []contract.Finding{host}, ""},
		{"the version has other faults", with(""), []contract.Finding{host, {Rule: "service"}}, ""},
		{"the Municipality was deleted", world(func(s *observed) { s.municipality = nil }), []contract.Finding{host}, ""},
	} {
		got := domainMissing(tc.seen, tc.found)
		if brief(got) != tc.want {
			t.Errorf("%s: %+v, want %q", tc.reason, got, tc.want)
		}
		if tc.want == "Stalled DomainMissing" && !strings.Contains(got.Message, "spec.domains of Municipality vinje") {
			t.Errorf("%s: it says %q, and not where to add it", tc.reason, got.Message)
		}
	}
}

func TestRenderWaitsForWhatTheGatesTell(t *testing.T) {
	for reason, change := range map[string]func(*observed){
		"no app": func(s *observed) { s.app = nil }, "no bundle": func(s *observed) { s.bundle = nil }, "uninstalled": absent,
	} {
		if got := renderer().render(world(change)); got.fault != nil || got.objects != nil {
			t.Errorf("%s: %+v, want nothing: a gate says so", reason, got)
		}
	}
}

// nextVersion offers one more version, which takes an organisation number.
func nextVersion(s *observed) {
	s.app.Spec.Versions = append(s.app.Spec.Versions, v1alpha1.Version{Version: "3.0.0", Parameters: &v1alpha1.ParameterSchema{
		OpenAPIV3Schema: apiextensionsv1.JSON{Raw: []byte(`{"type":"object","properties":{"orgno":{"type":"string"}}}`)},
	}})
}

func TestParametersInTheirOrder(t *testing.T) {
	cases := []struct {
		reason string
		seen   observed
		want   map[string]any
	}{
		{"defaults fill what nobody gave", world(), map[string]any{"sender": "post"}},
		{"what the municipality gave wins", world(given(`{"sender":"Vinje"}`)), map[string]any{"sender": "Vinje"}},
		{"a Secret wins over that", world(given(`{"sender":"Vinje"}`), from("a"), holding("a", "sender", "secret")), map[string]any{"sender": "secret"}},
		{"what is given ahead, for a version that knows it, is left out", world(nextVersion, given(`{"sender":"Vinje","orgno":"964964610"}`)), map[string]any{"sender": "Vinje"}},
		{"also out of a Secret", world(nextVersion, from("a"), holding("a", "orgno", "964964610")), map[string]any{"sender": "post"}},
		{"a later Secret over an earlier", world(from("a", "b"), holding("a", "sender", "first"), holding("b", "sender", "second")), map[string]any{"sender": "second"}},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			got, _, fault := parametersOf(tc.seen, tc.seen.offer.Versions()[0])
			if fault != nil {
				t.Fatalf("%+v", fault)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithPullSecret(t *testing.T) {
	secret := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": "e30="},
		"metadata": map[string]any{"name": "registry", "namespace": "allmenning-system", "labels": map[string]any{"allmenning.dev/secret-for": "image-pull"}},
	}}
	seen := world(func(s *observed) {
		s.app.Spec.ImagePullSecretRef = &v1alpha1.LocalReference{Name: "registry"}
		s.pullSecret = secret
	})
	for _, tc := range []struct{ version, kind, path string }{
		{"apps/v1", "Deployment", "spec.template.spec"}, {"apps/v1", "StatefulSet", "spec.template.spec"},
		{"batch/v1", "Job", "spec.template.spec"}, {"batch/v1", "CronJob", "spec.jobTemplate.spec.template.spec"}, {"v1", "Pod", "spec"},
	} {
		kind, path := tc.kind, append(strings.Split(tc.path, "."), "imagePullSecrets")
		web := of(seen, kind, "web", map[string]any{})
		web.SetAPIVersion(tc.version)
		if err := unstructured.SetNestedSlice(web.Object, []any{map[string]any{"name": "own"}}, path...); err != nil {
			t.Fatal(err)
		}
		objects, fault := withPullSecret(seen, []*unstructured.Unstructured{web, configMap("a", "1")})
		if fault != nil {
			t.Fatalf("%s: %+v", kind, fault)
		}
		want := of(seen, "Secret", "svarut-image-pull", map[string]any{"type": secret.Object["type"], "data": secret.Object["data"]})
		if diff := cmp.Diff(want, objects[0]); diff != "" {
			t.Errorf("%s: the copy comes first, as the app's own (-want +got):\n%s", kind, diff)
		}
		got, _, err := unstructured.NestedSlice(objects[1].Object, path...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{map[string]any{"name": "own"}, map[string]any{"name": "svarut-image-pull"}}, got); diff != "" {
			t.Errorf("%s: pull secrets (-want +got):\n%s", kind, diff)
		}
		if diff := cmp.Diff(configMap("a", "1"), objects[2]); diff != "" {
			t.Errorf("what runs no pods changed (-want +got):\n%s", diff)
		}
	}
	if got, _ := withPullSecret(world(), []*unstructured.Unstructured{configMap("a", "1")}); len(got) != 1 {
		t.Errorf("%d objects where the app asks for no pull secret, want 1", len(got))
	}
}
