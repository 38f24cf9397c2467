package tenancy_test

import (
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/tenancy"
)

func TestOwnNamespace(t *testing.T) {
	long := strings.Repeat("a", 40)
	for _, tc := range []struct{ reason, environment, app, want string }{
		{"the names part at two dashes", "vinje-prod", "svarut", "vinje-prod--svarut"},
		{"an app may have dashes, also two in a row", "vinje-prod", "id--gateway", "vinje-prod--id--gateway"},
		{"what fits is left as it is", long + "-prod", strings.Repeat("b", 16), long + "-prod--" + strings.Repeat("b", 16)},
		{"what does not is cut, and made distinct by a hash", long + "-prod", strings.Repeat("b", 17), "aaaaaaaaaaaaaaaaaaaaaa--0-bbbbbbbbbbbbbbb-0"},
		{"a municipality from before two dashes were refused", "vinje--x-prod", "svarut", "vinje-x-prod--0-svarut-0"},
		{"of which no other has the hash", "vinje-x-prod", "svarut", "vinje-x-prod--svarut"},
	} {
		if got := tenancy.OwnNamespace(tc.environment, tc.app); !strings.HasPrefix(got, tc.want) || len(got) > 63 || (len(got) > len(tc.want) && len(got) != len(tc.want)+20) {
			t.Errorf("%s: %s, want %s", tc.reason, got, tc.want)
		}
	}
	if tenancy.OwnNamespace("a--b-prod", "x") == tenancy.OwnNamespace("a-b-prod", "x") || tenancy.OwnNamespace("a---b-prod", "x") == tenancy.OwnNamespace("a--b-prod", "x") {
		t.Error("two environments have one namespace")
	}
}

// names that the API takes, those of municipalities with two dashes included, as there may be some from before.
var (
	municipalities = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
	environments   = regexp.MustCompile(`^[a-z][a-z0-9]{0,14}$`)
	apps           = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
)

// FuzzOwnNamespace looks for two namespaces of one name: of two apps, or of an app and an environment.
func FuzzOwnNamespace(f *testing.F) {
	f.Add("vinje", "prod", "svarut", "vinje-prod", "x", "y")
	f.Add("vinje", "prod", "id-gateway", "vinje-prod--id", "gateway", "y")
	f.Add("a", "b", "c--d", "a-b--c", "d", "x")
	f.Add("a--b", "c", "d", "a", "b", "c--d")
	f.Add("a-b", "c", "d", "a", "b", "c-d")
	f.Add(strings.Repeat("a", 40), "prod", strings.Repeat("b", 40), strings.Repeat("a", 40), "prod", strings.Repeat("b", 39)+"c")
	f.Add("aaaaaaaaaaaaaaaaaaaaaa", "b", "x-0a", "aaaaaaaaaaaaaaaaaaaaaa-b--0", "x", "x")
	f.Fuzz(func(t *testing.T, m1, e1, a1, m2, e2, a2 string) {
		for _, m := range []string{m1, m2} {
			if !municipalities.MatchString(m) {
				t.Skip()
			}
		}
		if !environments.MatchString(e1) || !environments.MatchString(e2) || !apps.MatchString(a1) || !apps.MatchString(a2) {
			t.Skip()
		}
		one, other := v1alpha1.NamespaceFor(m1, e1), v1alpha1.NamespaceFor(m2, e2)
		first, second := tenancy.OwnNamespace(one, a1), tenancy.OwnNamespace(other, a2)
		if faults := validation.IsDNS1123Label(first); len(faults) > 0 || !tenancy.MayBeOwn(first) {
			t.Fatalf("%s is no name of a namespace: %v", first, faults)
		}
		if (first == second) != (m1 == m2 && e1 == e2 && a1 == a2) {
			t.Fatalf("%s/%s/%s and %s/%s/%s: %s and %s", m1, e1, a1, m2, e2, a2, first, second)
		}
		if first == other && !strings.Contains(m2, "--") { // the guard on labels keeps those from before apart
			t.Fatalf("%s is an environment of %s, too", first, m2)
		}
	})
}

func TestHomeWaits(t *testing.T) {
	i := &v1alpha1.AppInstallation{ObjectMeta: metav1.ObjectMeta{Name: "svarut", Namespace: "vinje-prod"}, Spec: v1alpha1.AppInstallationSpec{
		App: "svarut", Isolation: v1alpha1.IsolationOwn, Tenant: v1alpha1.Tenant{Municipality: "vinje", Environment: "prod"},
	}}
	labelled := func(app string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "vinje-prod--svarut", Labels: map[string]string{
			v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: "vinje", v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelApp: app,
		}}}
	}
	quota := func(name, hard, counted string) corev1.ResourceQuota {
		return corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"pods": resource.MustParse(hard)}},
			Status: corev1.ResourceQuotaStatus{Hard: corev1.ResourceList{"pods": resource.MustParse(counted)}}}
	}
	for _, tc := range []struct {
		reason string
		ns     *corev1.Namespace
		quotas []corev1.ResourceQuota
		want   string
	}{
		{"there is none", nil, nil, "not there yet"},
		{"it is another app's", labelled("kart"), []corev1.ResourceQuota{quota("allmenning", "5", "5")}, "not the app's"},
		{"the quota comes last", labelled("svarut"), nil, "not in force"},
		{"a quota of the tenant's says nothing", labelled("svarut"), []corev1.ResourceQuota{quota("mine", "5", "5")}, "not in force"},
		{"the cluster counts", labelled("svarut"), []corev1.ResourceQuota{quota("allmenning", "5", "4")}, "not in force"},
		{"all is there", labelled("svarut"), []corev1.ResourceQuota{quota("allmenning", "5", "5")}, ""},
	} {
		if got := tenancy.HomeWaits(i, tc.ns, tc.quotas); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.reason, got, tc.want)
		}
	}
	if home := tenancy.Home(i); home != "vinje-prod--svarut" {
		t.Errorf("its objects are in %s", home)
	}
	i.Spec.Isolation = ""
	if home := tenancy.Home(i); home != "vinje-prod" {
		t.Errorf("objects of one that shares are in %s", home)
	}
}
