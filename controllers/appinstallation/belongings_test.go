package appinstallation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/apply"
)

// workload is an object of the app as a build gives it, with claims that it makes.
func workload(apiVersion, kind, name string, templates ...string) *unstructured.Unstructured {
	claims := []any{}
	for _, t := range templates {
		claims = append(claims, map[string]any{"metadata": map[string]any{"name": t}})
	}
	o := of(world(), kind, name, map[string]any{"spec": map[string]any{"volumeClaimTemplates": claims}})
	o.SetAPIVersion(apiVersion)
	return o
}

// notesOf are the annotations of the policy that a plan applies to let the app's pods out; false where it leaves that as it is.
func notesOf(t *testing.T, policies []apply.Object) (map[string]string, bool) {
	t.Helper()
	for _, o := range policies {
		if o.Name != outName("svarut") {
			continue
		}
		np, ok := o.Desired.(*networkingv1ac.NetworkPolicyApplyConfiguration)
		if !ok {
			t.Fatalf("%T", o.Desired)
		}
		if noted := np.Labels[v1alpha1.LabelBelongings] == "true"; noted != (len(np.Annotations) > 0) {
			t.Errorf("labels %v beside annotations %v: the policy of admission finds it by its label", np.Labels, np.Annotations)
		}
		return np.Annotations, true
	}
	return nil, false
}

func TestWhatAnAppHasIsNoted(t *testing.T) {
	const workloads, claims = v1alpha1.AnnotationAppWorkloads, v1alpha1.AnnotationAppClaims
	web, store := workload("apps/v1", "Deployment", "web"), workload("apps/v1", "StatefulSet", "store", "data", "log")
	disk, queue := workload("v1", "PersistentVolumeClaim", "disk"), workload("example.org/v1", "Queue", "post")
	had := installed(t, web, store, disk)
	gone := func(s *observed) { s.bundle = nil }
	unreadable := func(s *observed) {
		s.unreadable, s.live = "nothing can be listed", nil
		s.policies = map[string]*networkingv1.NetworkPolicy{outName("svarut"): {ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{claims: "disk", "example.org/a": "b"}}}}
	}
	for _, tc := range []struct {
		reason string
		seen   observed
		wanted []*unstructured.Unstructured
		want   map[string]string
	}{
		{"before the first object is there", world(), []*unstructured.Unstructured{configMap("a", "1"), web, store, disk, queue}, map[string]string{
			workloads: "Deployment/web,Queue/post,StatefulSet/store", claims: "data-store-*,disk,log-store-*"}},
		{"what nobody could aim at or mount is not", world(), []*unstructured.Unstructured{configMap("a", "1")}, nil},
		{"in a move, what was before as well", had, []*unstructured.Unstructured{web, workload("apps/v1", "StatefulSet", "archive", "data")}, map[string]string{
			workloads: "Deployment/web,StatefulSet/archive,StatefulSet/store", claims: "data-archive-*,data-store-*,disk,log-store-*"}},
		{"what runs stays noted while nothing can be built", with(had, gone), nil, map[string]string{
			workloads: "Deployment/web,StatefulSet/store", claims: "data-store-*,disk,log-store-*"}},
		{"and while nothing can be seen", with(had, unreadable), nil, map[string]string{claims: "disk"}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got, planned := notesOf(t, mustPlan(t, tc.seen, tc.wanted...).policies)
			if diff := cmp.Diff(tc.want, got); diff != "" || !planned {
				t.Errorf("annotations, planned %t (-want +got):\n%s", planned, diff)
			}
		})
	}
}

func TestTheListIsNoLongerThanAnAnnotationMayBe(t *testing.T) {
	var names []string
	for n := range 1000 {
		names = append(names, fmt.Sprintf("Deployment/%s-%d", strings.Repeat("x", 200), n))
	}
	text := within(names)
	if last := strings.LastIndex(text, ","); len(text) > 100_000 || !strings.HasPrefix(strings.Join(names, ",")+",", text+",") || last < 0 {
		t.Errorf("%d letters, which end with %q", len(text), text[max(0, len(text)-20):])
	}
}
