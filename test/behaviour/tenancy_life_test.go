package behaviour_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/allmenning/allmenning/api/v1alpha1"
)

func TestAnEnvironmentThatLeavesTheSpec(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "drangedal", withTest))
	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-test"))
	t.Run("is retained, and shown as such", func(t *testing.T) {
		edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Environments = m.Spec.Environments[:1] })
		after := standing(t, m)
		if got := environment(after, "test"); got.State != v1alpha1.EnvironmentRetained || got.Namespace != namespace.Name || after.Status.EnvironmentsReady != "1/1" {
			t.Errorf("it is shown as %+v, of %s", got, after.Status.EnvironmentsReady)
		}
		consistsOf(t, namespace.Name, walls()...)
	})
	t.Run("goes where deletionPolicy is Delete", func(t *testing.T) {
		edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
		gone(t, namespace)
		after := standing(t, m)
		if len(after.Status.Environments) != 1 {
			t.Errorf("environments are %+v", after.Status.Environments)
		}
	})
}

func TestADeletedMunicipalityIsRetainedAndTakesUpItsNamespacesAgain(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "fyresdal"))
	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-prod"))
	remove(t, m)
	gone(t, m)
	again := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: m.Spec}
	standing(t, put(t, again))
	if after := read(t, namespace); after.UID != namespace.UID || !after.DeletionTimestamp.IsZero() {
		t.Errorf("the namespace did not outlive its Municipality: %+v", after.ObjectMeta)
	}
}

// TestDeleteReachesWhatWasHeldWhenItWasSet: a namespace that a Municipality took up goes with it where it held the namespace
// before deletionPolicy was Delete, and stays where it did not, also where the Municipality before took it up under Delete.
func TestDeleteReachesWhatWasHeldWhenItWasSet(t *testing.T) {
	parallel(t)
	deletes := func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete }
	m := standing(t, town(t, "bykle"))
	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-prod"))
	remove(t, m)
	gone(t, m)

	under := &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: *m.Spec.DeepCopy()}
	deletes(under)
	standing(t, put(t, under))
	remove(t, under)
	gone(t, under)
	if after := read(t, namespace); !after.DeletionTimestamp.IsZero() || after.Annotations[v1alpha1.AnnotationTakenUp] == "" {
		t.Fatalf("what was taken up under Delete is %+v, want it kept, and said", after.ObjectMeta)
	}

	again := standing(t, put(t, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: *m.Spec.DeepCopy()}))
	if after := read(t, namespace); after.Annotations[v1alpha1.AnnotationTakenUp] != "" || after.Annotations[v1alpha1.AnnotationHeldBy] != string(again.UID) {
		t.Errorf("what was taken up under Retain is noted as %v", after.Annotations)
	}
	edit(t, again, deletes)
	standing(t, again)
	remove(t, again)
	gone(t, again)
	gone(t, namespace)
}

// TestDeletionIsHeldBeforeAMunicipalityIsReady: who deletes it as soon as it is Ready with deletionPolicy Delete has its namespaces deleted.
func TestDeletionIsHeldBeforeAMunicipalityIsReady(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "hjartdal"))
	watcher, err := client.NewWithWatch(plane.Config(), client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	events, err := watcher.Watch(t.Context(), &v1alpha1.MunicipalityList{}, client.MatchingFields{"metadata.name": m.Name},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: m.ResourceVersion}})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()

	edited := edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete })
	for e := range events.ResultChan() {
		m, ok := e.Object.(*v1alpha1.Municipality)
		if !ok {
			t.Fatalf("the watch ends with %+v", e.Object)
		}
		if isReady(m.Status.Conditions, edited.Generation) != nil {
			continue
		}
		if !slices.Contains(m.Finalizers, v1alpha1.FinalizerDrain) {
			t.Errorf("it is Ready, and nothing holds its deletion: %v", m.Finalizers)
		}
		return
	}
	t.Error("the watch ended")
}

func TestARecreatedMunicipalityInheritsNothingSilently(t *testing.T) {
	parallel(t)
	app := publish(t, unique("heir"), nil, files("heir", nil))
	m := standing(t, town(t, "tinn", adopts(app.Name), func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{"tinn-ikt"}}}
	}))
	installed := runs(t, m.Name+"-prod", app.Name, "1.0.0")
	namespace := read(t, at(&corev1.Namespace{}, "", m.Name+"-prod"))
	remove(t, m)
	gone(t, m)

	spec := *m.Spec.DeepCopy()
	spec.Number, spec.Apps = fmt.Sprintf("%04d", serial.Add(1)), nil
	spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessAdministrator, Groups: []string{"strangers"}}}
	again := put(t, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: spec})
	until(t, "both numbers are named", again, func(again *v1alpha1.Municipality) error {
		return isStalled(again.Status.Conditions, again.Generation, namespace.Name, m.Spec.Number, spec.Number, v1alpha1.AnnotationAdopt+"="+m.Name)
	})
	stranger := person(t, "eve", "strangers")
	if err := stranger.List(t.Context(), &corev1.SecretList{}, client.InNamespace(namespace.Name)); !apierrors.IsForbidden(err) {
		t.Errorf("a stranger reads the Secrets: %v", err)
	}
	if after := read(t, installed); after.Spec.State != v1alpha1.InstallationPresent || after.UID != installed.UID {
		t.Errorf("what ran before is uninstalled: %+v", after.Spec)
	}

	edit(t, namespace, func(ns *corev1.Namespace) { ns.Annotations[v1alpha1.AnnotationAdopt] = m.Name })
	standing(t, again)
	eventually(t, "those whom it gives access have it", func(ctx context.Context) error {
		return stranger.List(ctx, &corev1.SecretList{}, client.InNamespace(namespace.Name))
	})
}

func TestDeletionDrainsPodsBeforeItDropsTheWalls(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "hjartdal", func(m *v1alpha1.Municipality) { m.Spec.DeletionPolicy = v1alpha1.DeletionDelete }))
	ns := m.Name + "-prod"
	pod := restrictedPod(ns, "slow")
	pod.Finalizers = []string{"example.org/still-running"} // like a pod that takes its time to end
	put(t, pod)

	remove(t, m)
	until(t, "the pod is asked to end", pod, func(p *corev1.Pod) error {
		if p.DeletionTimestamp.IsZero() {
			return errors.New("not yet")
		}
		return nil
	})
	until(t, "the Municipality waits for the pod", m, func(m *v1alpha1.Municipality) error {
		return holds(environment(m, "prod").Message, "its pods are ending")
	})
	if wall := read(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-default-deny")); len(wall.Spec.PolicyTypes) != 2 || !slices.Contains(wall.Finalizers, v1alpha1.FinalizerDrain) {
		t.Errorf("the pod may outlive its walls: %+v", wall)
	}
	if state := environment(read(t, m), "prod").State; state != v1alpha1.EnvironmentDeleting {
		t.Errorf("the environment is %s, want Deleting", state)
	}
	edit(t, pod, func(p *corev1.Pod) { p.Finalizers = nil })
	gone(t, m)
	gone(t, at(&corev1.Namespace{}, "", ns))
}

func TestAccessEndsByItself(t *testing.T) {
	parallel(t)
	m := town(t, "skien", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{
			{Role: v1alpha1.AccessViewer, Users: []string{"ola"}},
			{Role: v1alpha1.AccessViewer, Groups: []string{"vendor"}},
		}
	})
	standing(t, m)
	vendor, ola := person(t, "vera", "vendor"), person(t, "ola")
	looks := func(ctx context.Context, who client.Client) error {
		return who.List(ctx, &corev1.ConfigMapList{}, client.InNamespace(m.Name+"-prod"))
	}
	eventually(t, "the vendor may look", func(ctx context.Context) error { return looks(ctx, vendor) })
	ends := metav1.NewTime(time.Now().Add(3 * time.Second))
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Access[1].Expires = &ends })
	eventually(t, "the vendor may not look any more", func(ctx context.Context) error {
		if err := looks(ctx, vendor); !apierrors.IsForbidden(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		return nil
	})
	if time.Now().Before(ends.Truncate(time.Second)) {
		t.Error("access ended before its time")
	}
	if err := looks(t.Context(), ola); err != nil {
		t.Errorf("others must keep what they have: %v", err)
	}
}

func TestSuspendDecidesNothingAndHoldsTheWalls(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "porsgrunn", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"ola"}}, {Role: v1alpha1.AccessViewer, Users: []string{"vera"}}}
	}))
	ns, ola, vera := m.Name+"-prod", person(t, "ola"), person(t, "vera")
	looks := func(ctx context.Context, who client.Client) error {
		return who.List(ctx, &corev1.ConfigMapList{}, client.InNamespace(ns))
	}
	eventually(t, "vera may look", func(ctx context.Context) error { return looks(ctx, vera) })
	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionOperator })
	until(t, "it says that it is suspended", m, func(m *v1alpha1.Municipality) error {
		if !meta.IsStatusConditionTrue(m.Status.Conditions, v1alpha1.ConditionSuspended) {
			return fmt.Errorf("conditions: %+v", m.Status.Conditions)
		}
		return nil
	})
	place := read(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-default-deny"))
	edit(t, m, func(m *v1alpha1.Municipality) {
		m.Spec.Environments[0].Zone = v1alpha1.ZoneClosed
		m.Annotations = map[string]string{v1alpha1.AnnotationReconcile: "look"}
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"ola", "new"}}}
	})
	eventually(t, "access that was taken out ends", func(ctx context.Context) error {
		if err := looks(ctx, vera); !apierrors.IsForbidden(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		return looks(ctx, ola)
	})
	if err := looks(t.Context(), person(t, "new")); !apierrors.IsForbidden(err) {
		t.Errorf("somebody new has access: %v", err)
	}
	remove(t, place)
	until(t, "the wall is put back", at(&networkingv1.NetworkPolicy{}, ns, place.Name), func(o *networkingv1.NetworkPolicy) error {
		if o.UID == place.UID {
			return errors.New("it is the old one")
		}
		return nil
	})
	if m := read(t, m); isReady(m.Status.Conditions, m.Generation) == nil {
		t.Errorf("a suspended object must not claim that its new generation is Ready: %+v", m.Status)
	}
	read(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-allow-internet")) // the zone is as it was

	edit(t, m, func(m *v1alpha1.Municipality) { m.Spec.Suspend = v1alpha1.SuspensionNone })
	after := standing(t, m)
	consistsOf(t, ns, walls("RoleBinding/allmenning-viewer")...)
	if after.Status.LastHandledReconcileAt != "look" {
		t.Errorf("lastHandledReconcileAt is %q", after.Status.LastHandledReconcileAt)
	}
	if meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionSuspended) != nil {
		t.Errorf("Suspended must be there only while it is true: %+v", after.Status.Conditions)
	}
}

func TestWhatAMunicipalityLeavesIsWalledOffAndNobodysAny(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "seljord", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessViewer, Users: []string{"ola"}}}
	}))
	ns, ola := m.Name+"-prod", person(t, "ola")
	looks := func(ctx context.Context) error { return ola.List(ctx, &corev1.ConfigMapList{}, client.InNamespace(ns)) }
	eventually(t, "ola may look", looks)
	remove(t, m)
	gone(t, m)
	eventually(t, "access ends with the Municipality", func(ctx context.Context) error {
		if err := looks(ctx); !apierrors.IsForbidden(err) {
			return fmt.Errorf("the answer is %w", err)
		}
		return nil
	})
	place := read(t, at(&networkingv1.NetworkPolicy{}, ns, "allmenning-default-deny"))
	remove(t, place)
	until(t, "a wall that is taken down is put back", at(&networkingv1.NetworkPolicy{}, ns, place.Name), func(o *networkingv1.NetworkPolicy) error {
		if o.UID == place.UID {
			return errors.New("it is the old one")
		}
		return nil
	})
	standing(t, put(t, &v1alpha1.Municipality{ObjectMeta: metav1.ObjectMeta{Name: m.Name}, Spec: m.Spec}))
	eventually(t, "ola may look again when it is there again", looks)
}

// restrictedPod keeps to the restricted Pod Security Standard and asks for nothing.
func restrictedPod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: corev1.PodSpec{
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers: []corev1.Container{{Name: "app", Image: "registry.k8s.io/pause:3.10", SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}}},
	}}
}

func TestPodsOfTenants(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "notodden", func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{{Role: v1alpha1.AccessDeveloper, Groups: []string{"notodden-dev"}}}
	}))
	ns := m.Name + "-prod"
	developer := person(t, "nina", "notodden-dev")
	var pod *corev1.Pod
	eventually(t, "a pod without requests is taken", func(ctx context.Context) error {
		pod = restrictedPod(ns, "plain")
		return developer.Create(ctx, pod)
	})
	got := pod.Spec.Containers[0].Resources
	if got.Requests.Cpu().Cmp(resource.MustParse("50m")) != 0 || got.Requests.Memory().IsZero() || got.Limits.Memory().IsZero() || pod.Spec.AutomountServiceAccountToken != nil && *pod.Spec.AutomountServiceAccountToken {
		t.Errorf("its resources are %+v", got)
	}
	for _, v := range pod.Spec.Volumes {
		if v.Projected != nil {
			t.Errorf("it was given a token: %+v", v)
		}
	}
	loose := restrictedPod(ns, "loose")
	loose.Spec.SecurityContext.RunAsNonRoot = nil
	if err := developer.Create(t.Context(), loose); !apierrors.IsForbidden(err) || holds(err.Error(), "restricted", "runAsNonRoot") != nil {
		t.Errorf("a pod that may run as root must be refused: %v", err)
	}
}

func TestWhatTenantsMay(t *testing.T) {
	parallel(t)
	m := standing(t, town(t, "vaaler", withTest, func(m *v1alpha1.Municipality) {
		m.Spec.Access = []v1alpha1.Access{
			{Role: v1alpha1.AccessAdministrator, Groups: []string{m.Name + "-ikt"}},
			{Role: v1alpha1.AccessDeveloper, Groups: []string{m.Name + "-dev"}, Environments: []string{"test"}},
			{Role: v1alpha1.AccessViewer, Groups: []string{m.Name + "-audit"}},
		}
	}))
	other := standing(t, town(t, "heroy"))
	prod, test := m.Name+"-prod", m.Name+"-test"
	for _, tc := range []struct {
		reason, group, namespace, verb, apiGroup, resource string
		want                                               bool
	}{
		{"an administrator deploys", "-ikt", prod, "create", "apps", "deployments", true},
		{"an administrator sees secrets", "-ikt", prod, "get", "", "secrets", true},
		{"an administrator opens no wall", "-ikt", prod, "create", networkingv1.GroupName, "networkpolicies", false},
		{"an administrator changes no wall", "-ikt", prod, "patch", networkingv1.GroupName, "networkpolicies", false},
		{"an administrator removes no wall", "-ikt", prod, "delete", networkingv1.GroupName, "networkpolicies", false},
		{"an administrator raises no quota", "-ikt", prod, "update", "", "resourcequotas", false},
		{"an administrator gives nothing away", "-ikt", prod, "create", "rbac.authorization.k8s.io", "rolebindings", false},
		{"an administrator can't act as the installer", "-ikt", prod, "impersonate", "", "serviceaccounts", false},
		{"an administrator makes no token of an account", "-ikt", prod, "create", "", "serviceaccounts/token", false},
		{"an administrator can't relabel the namespace", "-ikt", prod, "patch", "", "namespaces", false},
		{"an administrator can't delete the namespace", "-ikt", prod, "delete", "", "namespaces", false},
		{"an administrator makes no namespace", "-ikt", "", "create", "", "namespaces", false},
		{"an administrator decides on no installation", "-ikt", prod, "patch", v1alpha1.GroupVersion.Group, "appinstallations", false},
		{"an administrator sees the installations", "-ikt", prod, "list", v1alpha1.GroupVersion.Group, "appinstallations", true},
		{"an administrator has nothing to do at a neighbour's", "-ikt", other.Name + "-prod", "get", "", "configmaps", false},
		{"a developer deploys in the environment of the access", "-dev", test, "create", "apps", "deployments", true},
		{"a developer sees no secrets", "-dev", test, "get", "", "secrets", false},
		{"a developer opens no shell", "-dev", test, "create", "", "pods/exec", false},
		{"a developer has no access to the other environment", "-dev", prod, "get", "", "pods", false},
		{"a viewer looks", "-audit", prod, "list", "", "pods", true},
		{"a viewer sees no secrets", "-audit", prod, "list", "", "secrets", false},
		{"a viewer changes nothing", "-audit", prod, "create", "", "configmaps", false},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			who := person(t, "somebody", m.Name+tc.group)
			eventually(t, tc.reason, func(ctx context.Context) error {
				review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
					ResourceAttributes: attributes(tc.namespace, tc.verb, tc.apiGroup, tc.resource),
				}}
				if err := who.Create(ctx, review); err != nil {
					return err
				}
				return expect(tc.verb+" "+tc.resource+" allowed", review.Status.Allowed, tc.want)
			})
		})
	}
}

func attributes(namespace, verb, group, what string) *authorizationv1.ResourceAttributes {
	a := &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Group: group, Resource: what}
	if name, sub, ok := strings.Cut(what, "/"); ok {
		a.Resource, a.Subresource = name, sub
	}
	if what == "namespaces" {
		a.Name = namespace
	}
	return a
}
