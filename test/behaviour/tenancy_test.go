package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

// tenancyKinds are the kinds that an environment consists of, beside its Namespace.
var tenancyKinds = []string{"ResourceQuota", "LimitRange", "ServiceAccount", "NetworkPolicy", "RoleBinding"}

// tenancy lists, as Kind/name, what of the operator's is in a namespace.
func tenancy(ctx context.Context, namespace string) ([]string, error) {
	var found []string
	for _, kind := range tenancyKinds {
		list := &metav1.PartialObjectMetadataList{}
		group := map[string]string{"NetworkPolicy": networkingv1.GroupName, "RoleBinding": rbacv1.GroupName}[kind]
		list.APIVersion, list.Kind = metav1.GroupVersion{Group: group, Version: "v1"}.String(), kind
		if err := admin.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}); err != nil {
			return nil, err
		}
		for _, o := range list.Items {
			found = append(found, kind+"/"+o.Name)
		}
	}
	slices.Sort(found)
	return found, nil
}

// consistsOf fails unless exactly these objects of the operator's come to be in a namespace.
func consistsOf(t *testing.T, namespace string, want ...string) {
	t.Helper()
	slices.Sort(want)
	eventually(t, "the tenancy of "+namespace, func(ctx context.Context) error {
		got, err := tenancy(ctx, namespace)
		if diff := cmp.Diff(want, got); err == nil && diff != "" {
			return errors.New("objects (-want +got):\n" + diff)
		}
		return err
	})
}

// walls are what every environment has.
func walls(more ...string) []string {
	return append(more, "ResourceQuota/allmenning", "LimitRange/allmenning",
		"ServiceAccount/default", "ServiceAccount/allmenning-installer", "RoleBinding/allmenning-installer",
		"NetworkPolicy/allmenning-default-deny", "NetworkPolicy/allmenning-allow-own-pods", "NetworkPolicy/allmenning-allow-same-namespace", "NetworkPolicy/allmenning-allow-dns")
}

func TestEachEnvironmentIsAWalledNamespace(t *testing.T) {
	parallel(t)
	m := town(t, "vinje", withTest, func(m *v1alpha1.Municipality) {
		m.Labels = map[string]string{v1alpha1.LabelCounty: "40"}
		m.Spec.Inhabitants = new(int32(12000))
		m.Spec.Environments[1].Quota = &v1alpha1.Quota{Memory: new(resource.MustParse("3Gi"))}
		m.Spec.Access = []v1alpha1.Access{
			{Role: v1alpha1.AccessAdministrator, Groups: []string{"vinje-ikt"}},
			{Role: v1alpha1.AccessDeveloper, Users: []string{"kari"}, Environments: []string{"test"}},
		}
	})
	m = standing(t, m)
	if m.Status.EnvironmentsReady != "2/2" || m.Status.SizeClass != "Medium" {
		t.Errorf("status is %+v", m.Status)
	}
	consistsOf(t, m.Name+"-prod", walls("NetworkPolicy/allmenning-allow-internet", "NetworkPolicy/allmenning-allow-ingress-controller",
		"RoleBinding/allmenning-administrator")...)
	consistsOf(t, m.Name+"-test", walls("RoleBinding/allmenning-administrator", "RoleBinding/allmenning-developer")...)

	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-prod"))
	for label, want := range map[string]string{
		v1alpha1.LabelMunicipality: m.Name, v1alpha1.LabelEnvironment: "prod", v1alpha1.LabelStage: "Production",
		v1alpha1.LabelZone: "Open", v1alpha1.LabelCounty: "40", "pod-security.kubernetes.io/enforce": "restricted",
	} {
		if got := namespace.Labels[label]; got != want {
			t.Errorf("label %s of the namespace is %q, want %q", label, got, want)
		}
	}
	if len(namespace.OwnerReferences) > 0 {
		t.Errorf("a namespace must not go with its Municipality: %+v", namespace.OwnerReferences)
	}
	quota := read(t, at(&corev1.ResourceQuota{}, m.Name+"-test", "allmenning"))
	for name, want := range map[corev1.ResourceName]string{
		corev1.ResourceRequestsMemory: "3Gi", corev1.ResourceLimitsMemory: "3Gi", corev1.ResourceRequestsCPU: "8",
		corev1.ResourceServicesNodePorts: "0", corev1.ResourceServicesLoadBalancers: "0",
	} {
		if got := quota.Status.Hard[name]; got.Cmp(resource.MustParse(want)) != 0 {
			t.Errorf("quota in force for %s is %s, want %s", name, got.String(), want)
		}
	}
	if account := read(t, at(&corev1.ServiceAccount{}, m.Name+"-prod", "default")); account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
		t.Error("pods must not get a token that nobody asked for")
	}
}

func TestWhatIsDeletedOrChangedComesBack(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "tokke", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Groups: []string{"tokke-ikt"}}}
	}))
	ns := m.Name + "-prod"
	cases := []struct {
		reason string
		object client.Object
		spoil  func(client.Object)
		part   func(client.Object) any
	}{
		{"a quota that somebody raised", at(&corev1.ResourceQuota{}, ns, "allmenning"),
			on(func(o *corev1.ResourceQuota) { o.Spec.Hard[corev1.ResourcePods] = resource.MustParse("4000") }),
			of(func(o *corev1.ResourceQuota) any { return o.Spec })},
		{"defaults that somebody changed", at(&corev1.LimitRange{}, ns, "allmenning"),
			on(func(o *corev1.LimitRange) { o.Spec.Limits[0].Default = nil }),
			of(func(o *corev1.LimitRange) any { return o.Spec })},
		{"a wall that somebody opened", at(&networkingv1.NetworkPolicy{}, ns, "allmenning-default-deny"),
			on(func(o *networkingv1.NetworkPolicy) {
				o.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
			}),
			of(func(o *networkingv1.NetworkPolicy) any { return o.Spec })},
		{"an account that somebody gave a token", at(&corev1.ServiceAccount{}, ns, "default"),
			on(func(o *corev1.ServiceAccount) { o.AutomountServiceAccountToken = new(true) }),
			of(func(o *corev1.ServiceAccount) any { return o.AutomountServiceAccountToken })},
		{"access that somebody gave away", at(&rbacv1.RoleBinding{}, ns, "allmenning-viewer"),
			on(func(o *rbacv1.RoleBinding) {
				o.Subjects = append(o.Subjects, rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "mallory"})
			}),
			of(func(o *rbacv1.RoleBinding) any { return o.Subjects })},
		{"a label that somebody took off", at(&networkingv1.NetworkPolicy{}, ns, "allmenning-allow-dns"),
			func(o client.Object) { o.SetLabels(nil) },
			func(o client.Object) any { return o.GetLabels() }},
	}
	for _, tc := range cases {
		t.Run(tc.reason, func(t *testing.T) {
			before := read(t, tc.object)
			back := func(o client.Object) error {
				if !equality.Semantic.DeepEqual(tc.part(before), tc.part(o)) {
					return errors.New("not as it was")
				}
				return nil
			}
			edit(t, tc.object, tc.spoil)
			until(t, "it is as it was", tc.object, back)

			remove(t, read(t, tc.object))
			after := until(t, "it is back", tc.object, back)
			if after.GetUID() == before.GetUID() {
				t.Error("it was not deleted at all")
			}
		})
	}
}

// on changes an object of a kind.
func on[O client.Object](change func(O)) func(client.Object) {
	return func(o client.Object) {
		if typed, ok := o.(O); ok {
			change(typed)
		}
	}
}

// of reads a part of an object of a kind.
func of[O client.Object](part func(O) any) func(client.Object) any {
	return func(o client.Object) any {
		if typed, ok := o.(O); ok {
			return part(typed)
		}
		return nil
	}
}

func TestABindingToAnotherRoleIsReplaced(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "seljord", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Groups: []string{"seljord-ikt"}}}
	}))
	place := at(&rbacv1.RoleBinding{}, m.Name+"-prod", v1alpha1.RoleViewer)
	wrong := read(t, place)
	wrong.ResourceVersion, wrong.UID, wrong.RoleRef.Name = "", "", "cluster-admin"
	eventually(t, "somebody is faster with a binding of the same name", func(ctx context.Context) error {
		if err := client.IgnoreNotFound(admin.Delete(ctx, at(&rbacv1.RoleBinding{}, place.Namespace, place.Name))); err != nil {
			return err
		}
		return admin.Create(ctx, wrong.DeepCopy())
	})
	until(t, "the role is the shipped one", place, func(b *rbacv1.RoleBinding) error {
		if b.RoleRef.Name != v1alpha1.RoleViewer {
			return fmt.Errorf("it gives %s", b.RoleRef.Name)
		}
		return nil
	})
}

func TestADeletedNamespaceIsMadeAgain(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "kviteseid"))
	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-prod"))
	remove(t, namespace)
	until(t, "the namespace is made again", namespace, func(ns *corev1.Namespace) error {
		if ns.UID == namespace.UID {
			return errors.New("it is still the old one")
		}
		return nil
	})
	consistsOf(t, namespace.Name, walls("NetworkPolicy/allmenning-allow-internet", "NetworkPolicy/allmenning-allow-ingress-controller")...)
	standing(t, m)
}

func TestAForeignNamespaceIsNotAdoptedSilentlyAndStopsNoOther(t *testing.T) {
	parallel(t)
	name := unique("nome")
	foreign := put(t, at(&corev1.Namespace{}, "", name+"-prod"))
	m := town(t, "nome", withTest, func(m *v1alpha1.Municipality) { m.Name = name })
	m = until(t, "the foreign namespace is reported", m, func(m *v1alpha1.Municipality) error {
		return errors.Join(
			isStalled(m.Status.Conditions, m.Generation, "environment prod", foreign.Name, "spec.environments", v1alpha1.AnnotationAdopt+"="+m.Name),
			expect("test", environment(m, "test").State, v1alpha1.EnvironmentReady),
			expect("prod", environment(m, "prod").State, v1alpha1.EnvironmentFailed),
		)
	})
	if labels := read(t, foreign).Labels; labels[v1alpha1.LabelMunicipality] != "" {
		t.Errorf("the foreign namespace was labelled: %v", labels)
	}
	if got, err := tenancy(t.Context(), foreign.Name); err != nil || len(got) > 0 {
		t.Errorf("the foreign namespace got %v (%v)", got, err)
	}
	edit(t, foreign, func(ns *corev1.Namespace) { ns.Annotations = map[string]string{v1alpha1.AnnotationAdopt: m.Name} })
	standing(t, m)
	if adopted := read(t, foreign); adopted.UID != foreign.UID || adopted.Labels[v1alpha1.LabelMunicipality] != m.Name {
		t.Errorf("the namespace was not adopted: %+v", adopted.ObjectMeta)
	}
}

// expect returns an error where two values differ.
func expect[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

func TestZoneDecidesTheWalls(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "bamble"))
	opened := walls("NetworkPolicy/allmenning-allow-internet", "NetworkPolicy/allmenning-allow-ingress-controller")
	for _, tc := range []struct {
		reason string
		zone   v1alpha1.Zone
		want   []string
	}{
		{"closing takes the way to the internet away", v1alpha1.ZoneClosed, walls()},
		{"opening gives it back", v1alpha1.ZoneOpen, opened},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments[0].Zone = tc.zone })
			standing(t, m)
			consistsOf(t, m.Name+"-prod", tc.want...)
		})
	}
}

func TestOfTwoWithOneNumberTheElderWins(t *testing.T) {
	parallel(t)
	elder := standing(t, town(t, "aremark"))
	younger := town(t, "bykle", func(m *v1alpha1.Municipality) {
		m.Spec.Number, m.Spec.FormerNumbers = fmt.Sprintf("%04d", 5000+serial.Add(1)), []string{elder.Spec.Number}
	})
	until(t, "the younger stalls", younger, func(m *v1alpha1.Municipality) error {
		return isStalled(m.Status.Conditions, m.Generation, "spec.number", "spec.formerNumbers", elder.Name)
	})
	if err := admin.Get(t.Context(), client.ObjectKey{Name: younger.Name + "-prod"}, &corev1.Namespace{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("nothing may be made for the younger, but its namespace is there (%v)", err)
	}
	edit(t, elder, func(m *v1alpha1.Municipality) { m.Spec.Number = fmt.Sprintf("%04d", 5000+serial.Add(1)) })
	standing(t, younger)
	standing(t, elder)
}
