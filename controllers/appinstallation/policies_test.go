package appinstallation

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
	"github.com/allmenning/allmenning/internal/installation"
)

func opening(s *observed) {
	s.app.Spec.Versions[0].Requires = &v1alpha1.Requirements{
		Egress: []v1alpha1.RequiredEgress{
			{CIDR: "203.0.113.0/24", Ports: []v1alpha1.Port{{Port: 443}, {Port: 8443}}, Reason: "national digital post"},
			{CIDR: "2001:db8::/32", Ports: []v1alpha1.Port{{Port: 443}}, Reason: "the same by IPv6"},
		},
		Ingress: []v1alpha1.RequiredIngress{
			{NamespaceLabels: map[string]string{"role": "edge"}, Ports: []v1alpha1.Port{{Port: 8080}}, Reason: "the portal"},
			{CIDR: "198.51.100.7/32", Ports: []v1alpha1.Port{{Port: 8080}}, Reason: "the monitor"},
		},
	}
}

func TestPolicyGolden(t *testing.T) {
	both := world(opening)
	egress, ingress := world(opening), world(opening)
	egress.app.Spec.Versions[0].Requires.Ingress, ingress.app.Spec.Versions[0].Requires.Egress = nil, nil
	for file, seen := range map[string]observed{"policy.yaml": both, "policy-egress.yaml": egress, "policy-ingress.yaml": ingress} {
		t.Run(file, func(t *testing.T) {
			todo, err := plan(seen, rendered{objects: []*unstructured.Unstructured{configMap("a", "1")}})
			if err != nil {
				t.Fatal(err)
			}
			var documents []string
			for _, policy := range todo.policies {
				document, err := yaml.Marshal(policy.Desired)
				if err != nil {
					t.Fatal(err)
				}
				documents = append(documents, string(document))
			}
			got := []byte(strings.Join(documents, "---\n"))
			file := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; run with -update to write it", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got); run with -update if it should change:\n%s", file, diff)
			}
		})
	}
}

// moving is svarut 2.4.1, which comes from 2.3.0, with what both require.
func moving(from, to *v1alpha1.Requirements, changes ...func(*observed)) observed {
	return world(append([]func(*observed){func(s *observed) {
		s.app.Spec.Versions[0].Requires = to
		s.app.Spec.Versions = append(s.app.Spec.Versions, v1alpha1.Version{Version: "2.3.0", Requires: from})
		s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.3.0", "sha256:23"
	}}, changes...)...)
}

func egressTo(cidrs ...string) *v1alpha1.Requirements {
	r := &v1alpha1.Requirements{}
	for _, cidr := range cidrs {
		r.Egress = append(r.Egress, v1alpha1.RequiredEgress{CIDR: cidr, Reason: "post"})
	}
	return r
}

// TestWallsOfAMove opens first and closes last.
func TestWallsOfAMove(t *testing.T) {
	const before, after, inside = "203.0.113.0/24", "198.51.100.0/24", "10.20.0.0/16"
	config := configMap("a", "1")
	installed := func(s *observed) { // all of 2.4.1 is there, and healthy
		live := cached(t, answered(config))
		sum, _ := hash(config, s.salt)
		s.live = map[ref]*unstructured.Unstructured{refOf(config): live}
		s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.4.1", digest
		s.installation.Status.WallsOf = []string{"2.4.1", "2.3.0"}
		s.installation.Status.Inventory = []v1alpha1.InstalledObject{{
			APIVersion: "v1", Kind: "ConfigMap", Name: "a", UID: string(live.GetUID()), Sent: sum, Content: shown(apply.ContentHash(live), s.salt),
		}}
	}
	left := func(s *observed) { // an object of 2.3.0 is still there
		old := cached(t, answered(configMap("old", "1")))
		s.live[refOf(old)] = old
	}
	allows := func(s *observed) {
		s.platform.AllowedEgress = []v1alpha1.AllowedEgress{{CIDR: inside}, {CIDR: "0.0.0.0/0"}}
	}
	for _, tc := range []struct {
		reason  string
		seen    observed
		open    []string
		wallsOf []string
	}{
		{"before the new version is sent, both are open", moving(egressTo(before), egressTo(after)), []string{after, before}, []string{"2.4.1", "2.3.0"}},
		{"the new version requires nothing, and pods of the old one run", moving(egressTo(before), nil), []string{before}, []string{"2.4.1", "2.3.0"}},
		{"when all of it is ready, it is open alone", moving(egressTo(before), egressTo(after), installed), []string{after}, []string{"2.4.1"}},
		{"not while something of the old one is left", moving(egressTo(before), egressTo(after), installed, left), []string{after, before}, []string{"2.4.1", "2.3.0"}},
		{"what both require is open once", moving(egressTo(before), egressTo(after, before)), []string{after, before}, []string{"2.4.1", "2.3.0"}},
		{"a return opens for both, too", moving(egressTo(before), egressTo(after), func(s *observed) {
			s.installation.Spec.Version, s.installation.Spec.Digest = "2.3.0", "sha256:23"
			s.installation.Status.AppliedVersion, s.installation.Status.WallsOf = "2.4.1", []string{"2.4.1", "2.3.0"}
		}), []string{before, after}, []string{"2.3.0", "2.4.1"}},
		{"what was ready once, and is not any longer, gets nothing back", moving(egressTo(before), egressTo(after), installed, func(s *observed) {
			s.installation.Status.WallsOf, s.live = []string{"2.4.1"}, nil
		}), []string{after}, []string{"2.4.1"}},
		{"a private range is never open", moving(egressTo(before), egressTo(inside, after)), []string{after, before}, []string{"2.4.1", "2.3.0"}},
		{"but where the Platform lists it", moving(nil, egressTo(inside), allows), []string{inside}, []string{"2.4.1", "2.3.0"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := plan(tc.seen, rendered{objects: []*unstructured.Unstructured{config}})
			if err != nil {
				t.Fatal(err)
			}
			var open []string
			for _, rule := range written(t, todo)[outName("svarut")].Spec.Egress {
				if block := rule.To[0].IPBlock; block != nil {
					open = append(open, block.CIDR)
				}
			}
			if diff := cmp.Diff(tc.open, open); diff != "" {
				t.Errorf("open (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wallsOf, todo.wallsOf); diff != "" {
				t.Errorf("walls of (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCallersAreNeverTenants asks the selector of the policy itself, as the API server would.
func TestCallersAreNeverTenants(t *testing.T) {
	tenant := labels.Set{
		v1alpha1.LabelMunicipality: "tokke", v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelZone: "Open", v1alpha1.LabelManagedBy: v1alpha1.ManagedBy,
		corev1.LabelMetadataName: "tokke-prod", "pod-security.kubernetes.io/enforce": "restricted",
	}
	for key, value := range tenant { // whatever label of a tenant's namespace a version names, and all of them together
		for _, named := range []map[string]string{{key: value}, maps.Clone(tenant)} {
			if matches(t, named, tenant) {
				t.Errorf("%v lets tokke in", named)
			}
		}
	}
	if other := (labels.Set{"role": "edge", corev1.LabelMetadataName: "edge"}); !matches(t, map[string]string{"role": "edge"}, other) {
		t.Error("a namespace of the platform is not let in")
	}
}

func matches(t *testing.T, named map[string]string, namespace labels.Set) bool {
	t.Helper()
	raw, err := json.Marshal(noTenant(named))
	if err != nil {
		t.Fatal(err)
	}
	var written metav1.LabelSelector
	if err := json.Unmarshal(raw, &written); err != nil {
		t.Fatal(err)
	}
	selector, err := metav1.LabelSelectorAsSelector(&written)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(namespace)
}

// TestWhatThePlatformDoesNotAllowIsTold blames neither the version nor the municipality.
func TestWhatThePlatformDoesNotAllowIsTold(t *testing.T) {
	seen := world(func(s *observed) { s.app.Spec.Versions[0].Requires = egressTo("10.20.0.0/16") })
	closed := wallsClosed(seen)
	if closed == nil || closed.Reason != v1alpha1.ReasonEgressNotAllowed || !strings.Contains(closed.Message, "spec.versions[2.4.1].requires.egress[0].cidr") ||
		!strings.Contains(closed.Message, "it is closed here") || !installation.IsElsewhere(closed.Reason) {
		t.Errorf("got %+v", closed)
	}
}

// written are the policies that a plan writes, by name, as the API server would have them.
func written(t *testing.T, todo planned) map[string]*networkingv1.NetworkPolicy {
	t.Helper()
	all := map[string]*networkingv1.NetworkPolicy{}
	for _, policy := range todo.policies {
		raw, err := json.Marshal(policy.Desired)
		if err != nil {
			t.Fatal(err)
		}
		var np networkingv1.NetworkPolicy
		if err := json.Unmarshal(raw, &np); err != nil {
			t.Fatal(err)
		}
		all[np.Name] = &np
	}
	return all
}

func TestPlanPolicies(t *testing.T) {
	const out, in = "allmenning-app-svarut", "allmenning-callers-svarut"
	empty := func(names ...string) func(*observed) {
		return func(s *observed) {
			s.policies = map[string]*networkingv1.NetworkPolicy{}
			for _, name := range names {
				s.policies[name] = &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
			}
		}
	}
	closed := func(s *observed) { s.bundle = nil }
	applied := func(s *observed) {
		s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.4.1", digest
	}
	for _, tc := range []struct {
		reason  string
		seen    observed
		applies []string
		prunes  []string
	}{
		{"the app requires nothing: its pods reach each other", world(), []string{out}, nil},
		{"it requires apps alone", world(requiring(""), gateway("1.2.0")), []string{out}, nil},
		{"it requires an opening", world(opening), []string{out, in}, nil},
		{"the opening that is there is another's work", world(opening, empty(out, in)), []string{out, in}, nil},
		{"it serves nobody any longer", world(empty(in)), []string{out}, []string{in}},
		{"nothing was installed, and its version can't be", world(closed, empty()), nil, nil},
		{"what runs is corrected, though its version could not be installed now", world(applied, closed, empty()), []string{out}, nil},
		{"what the catalogue has lost keeps what is open", world(applied, func(s *observed) { s.app, s.offer = nil, nil }, empty(in)), nil, nil},
		{"and so does a version that it has lost", world(closed, empty(out, in), func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.3.0", "sha256:23"
		}), nil, nil},
		{"nothing is written to a namespace that is somebody else's", world(applied, empty(), func(s *observed) { s.namespace.Labels = nil }, closed), nil, nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			todo, err := plan(tc.seen, rendered{})
			if err != nil {
				t.Fatal(err)
			}
			var applies, prunes []string
			for _, policy := range todo.policies {
				applies = append(applies, policy.Name)
			}
			for _, policy := range todo.prunePolicies {
				prunes = append(prunes, policy.Name)
			}
			if diff := cmp.Diff([][]string{tc.applies, tc.prunes}, [][]string{applies, prunes}); diff != "" {
				t.Errorf("applied and pruned (-want +got):\n%s", diff)
			}
			for name, np := range written(t, todo) {
				if len(np.Spec.PolicyTypes) != 1 {
					t.Errorf("%s speaks of %v", name, np.Spec.PolicyTypes)
				}
			}
		})
	}
}

// TestWhomAnAppConnectsTo asks the selectors of the policy, as the API server would, of pods of the environment.
func TestWhomAnAppConnectsTo(t *testing.T) {
	requires := func(version string, apps ...string) v1alpha1.Version {
		v := v1alpha1.Version{Version: version, Requires: &v1alpha1.Requirements{}}
		for _, app := range apps {
			v.Requires.Apps = append(v.Requires.Apps, v1alpha1.RequiredApp{Name: app})
		}
		return v
	}
	offers := func(versions ...v1alpha1.Version) func(*observed) {
		return func(s *observed) { s.app.Spec.Versions = versions }
	}
	from := func(version string) func(*observed) {
		return func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = version, "sha256:23"
			s.bundle = nil // which does not matter to what runs
		}
	}
	for _, tc := range []struct {
		reason string
		seen   observed
		want   []string
	}{
		{"what its version requires", world(offers(requires("2.4.1", "mail")), gatewayOf("mail")), []string{"mail", "own", "svarut"}},
		{"nothing", world(offers(requires("2.4.1"))), []string{"own", "svarut"}},
		{"while it moves, what both require", world(offers(requires("2.4.1", "mail"), requires("2.3.0", "archive")), gatewayOf("mail"), func(s *observed) {
			s.installation.Status.AppliedVersion, s.installation.Status.AppliedDigest = "2.3.0", "sha256:23"
		}), []string{"archive", "mail", "own", "svarut"}},
		{"while its new version can't be installed, what the one requires that runs", world(offers(requires("2.4.1", "mail"), requires("2.3.0", "archive")), from("2.3.0")), []string{"archive", "own", "svarut"}},
		{"all, where nobody knows what the version required that runs", world(offers(requires("2.4.1", "mail")), from("2.3.0")), []string{"archive", "mail", "map", "own", "svarut"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			todo := mustPlan(t, tc.seen, configMap("a", "1"))
			np := written(t, todo)[outName("svarut")]
			if np == nil {
				t.Fatalf("nothing lets its pods out: %s", brief(todo.outcome))
			}
			home := labels.Set{v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelEnvironment: "prod"}
			var got []string
			for _, app := range []string{"archive", "mail", "map", "own", "svarut"} {
				pod := labels.Set{v1alpha1.LabelApp: app}
				if app == "own" {
					pod = labels.Set{"app": "own"}
				}
				if lets(t, np, home, pod) {
					got = append(got, app)
				}
				for _, elsewhere := range []labels.Set{{v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelEnvironment: "test"}, {v1alpha1.LabelMunicipality: "tokke", v1alpha1.LabelEnvironment: "prod"}, {}} {
					if lets(t, np, elsewhere, pod) {
						t.Errorf("out to %s in %v", app, elsewhere)
					}
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("it reaches (-want +got):\n%s", diff)
			}
			if selects(t, &np.Spec.PodSelector, labels.Set{v1alpha1.LabelApp: "map"}) || selects(t, &np.Spec.PodSelector, nil) {
				t.Error("it lets others out")
			}
		})
	}
}

// gatewayOf is another app of the environment, installed and ready.
func gatewayOf(name string) func(*observed) {
	return func(s *observed) {
		gateway("1.2.0")(s)
		s.dependencies[name] = s.dependencies["id-gateway"]
	}
}

// lets says whether a policy lets pods out to one with these labels, in a namespace with those.
func lets(t *testing.T, np *networkingv1.NetworkPolicy, namespace, pod labels.Set) bool {
	t.Helper()
	for _, rule := range np.Spec.Egress {
		for _, peer := range rule.To {
			if peer.IPBlock == nil && selects(t, peer.NamespaceSelector, namespace) && selects(t, peer.PodSelector, pod) {
				return true
			}
		}
	}
	return false
}

func selects(t *testing.T, s *metav1.LabelSelector, set labels.Set) bool {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		t.Fatal(err)
	}
	return selector.Matches(set)
}
