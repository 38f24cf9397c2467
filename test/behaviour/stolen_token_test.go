package behaviour_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// operatorRights is the page with the table of what a thief of the operator's token can do.
const operatorRights = "../../docs/operator-rights.md"

var updateRights = flag.Bool("update-rights", false, "write the table of docs/operator-rights.md again")

// theft is one thing that a thief of the operator's token tries.
type theft struct {
	// does is what is tried, as the table says it.
	does string
	// as is the account that is acted as, beside the operator's own; empty for that.
	as string
	// try makes the request, as a dry run where it would write.
	try func(ctx context.Context, thief client.Client) error
	// by is what refuses it: RBAC, the name of a policy, or something else in the API server; empty where it is let through.
	by string
	// because says, of what is let through, why it is accepted.
	because string
}

// TestWhatAThiefOfTheTokenCanDo tries, with a real token of the operator, to make of it what it is not. The table in the docs
// is the accepted list. What a policy refuses is let through without the policies: so the attempt is one.
//
// Not parallel: the policies are taken away for a while.
func TestWhatAThiefOfTheTokenCanDo(t *testing.T) {
	again := putBack(t, policyFolder)
	stage(t)
	thief, as := thiefOf(t)
	eventually(t, "the policies are in force", func(ctx context.Context) error {
		if got := verdict(thief.Delete(ctx, namespace(operatorNamespace), client.DryRunAll)); got != "operator-namespaces.allmenning.dev" {
			return fmt.Errorf("deleting the operator's namespace is refused by %q", got)
		}
		return nil
	})
	var table strings.Builder
	for _, attempt := range thefts() {
		who := "the operator"
		with := thief
		if attempt.as != "" {
			who, with = attempt.as, as(attempt.as)
		}
		got := verdict(attempt.try(t.Context(), with))
		if got != attempt.by {
			t.Errorf("as %s: %s: got %q, want %q", who, attempt.does, got, attempt.by)
		}
		said := "refused by " + got
		if got == "" {
			said = "**let through**: " + attempt.because
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", who, attempt.does, said)
	}
	compareRights(t, table.String())

	for _, name := range []string{"operator-namespaces", "operator-bindings", "operator-places", "operator-municipalities", "installer-bounds"} {
		remove(t, guardOf(name+".allmenning.dev"))
	}
	for _, attempt := range thefts() {
		if !strings.HasSuffix(attempt.by, ".allmenning.dev") {
			continue
		}
		with := thief
		if attempt.as != "" {
			with = as(attempt.as)
		}
		eventually(t, "without the policies: "+attempt.does, func(ctx context.Context) error { return attempt.try(ctx, with) })
	}
	again()
}

// stage makes what the attempts are about: a tenant, and an installer in kube-system that somebody bound.
func stage(t *testing.T) {
	t.Helper()
	for _, manifest := range []string{
		`{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: thief-vinje}, spec: {number: "9871", displayName: Vinje, environments: [{name: prod, stage: Production, zone: Closed}]}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: thief-prod, labels: {allmenning.dev/municipality: thief-vinje, pod-security.kubernetes.io/enforce: restricted}}}`,
		`{apiVersion: v1, kind: ServiceAccount, metadata: {name: allmenning-installer, namespace: thief-prod}}`,
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: allmenning-installer, namespace: thief-prod},
		  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-installer}, subjects: [{kind: ServiceAccount, name: allmenning-installer, namespace: thief-prod}]}`,
		`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: thief-installer, namespace: kube-system},
		  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: allmenning-installer}, subjects: [{kind: ServiceAccount, name: allmenning-installer, namespace: kube-system}]}`,
	} {
		put(t, object(manifest))
	}
}

// thiefOf returns what a thief holds: a client with a token of the operator, and what acts as another by it.
func thiefOf(t *testing.T) (thief client.Client, as func(user string) client.Client) {
	t.Helper()
	request := &authenticationv1.TokenRequest{}
	account := at(&corev1.ServiceAccount{}, operatorNamespace, "allmenning-manager")
	if err := admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	with := func(user string) client.Client {
		config := &rest.Config{Host: plane.Config().Host, BearerToken: request.Status.Token, QPS: -1, TLSClientConfig: rest.TLSClientConfig{CAData: plane.Config().CAData}}
		config.Impersonate.UserName = user
		c, err := client.New(config, client.Options{Scheme: admin.Scheme(), Mapper: admin.RESTMapper()})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return with(""), with
}

// verdict names what refused a request; empty where it was let through.
func verdict(err error) string {
	if err == nil {
		return ""
	}
	if _, after, found := strings.Cut(err.Error(), "ValidatingAdmissionPolicy '"); found {
		name, _, _ := strings.Cut(after, "'")
		return name
	}
	switch {
	case strings.Contains(err.Error(), "cannot "), strings.Contains(err.Error(), "attempting to grant RBAC permissions"):
		return "RBAC"
	case strings.Contains(err.Error(), "violates PodSecurity"):
		return "Pod Security"
	case apierrors.IsForbidden(err):
		return "the API server"
	}
	return err.Error()
}

// compareRights holds the table against that of the docs.
func compareRights(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- begin table -->\n", "<!-- end table -->"
	content, err := os.ReadFile(operatorRights)
	if err != nil {
		t.Fatal(err)
	}
	before, tail, found := strings.Cut(string(content), begin)
	was, after, found2 := strings.Cut(tail, end)
	if !found || !found2 {
		t.Fatalf("%s has no table between %q and %q", operatorRights, begin, end)
	}
	table = "| as | tries to | verdict |\n|---|---|---|\n" + table
	if was == table {
		return
	}
	if !*updateRights {
		t.Errorf("the accepted list differs from what was tried: read each line that changes, and run the test with -update-rights\n--- docs\n%s\n+++ tried\n%s", was, table)
		return
	}
	if err := os.WriteFile(operatorRights, []byte(before+begin+table+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

// object is what a manifest says.
func object(manifest string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		panic(err) // it is in this file
	}
	return o
}

// creating creates an object, as a dry run.
func creating(manifest string) func(context.Context, client.Client) error {
	return func(ctx context.Context, thief client.Client) error {
		return thief.Create(ctx, object(manifest), client.DryRunAll)
	}
}

// altering patches an object, as a dry run.
func altering(manifest, patch string) func(context.Context, client.Client) error {
	return func(ctx context.Context, thief client.Client) error {
		return thief.Patch(ctx, object(manifest), client.RawPatch(types.MergePatchType, []byte(patch)), client.DryRunAll)
	}
}

// deleting deletes an object, as a dry run.
func deleting(manifest string) func(context.Context, client.Client) error {
	return func(ctx context.Context, thief client.Client) error {
		return thief.Delete(ctx, object(manifest), client.DryRunAll)
	}
}

// listing lists what there is of a kind in a namespace, or in the whole cluster.
func listing(list client.ObjectList, namespace string) func(context.Context, client.Client) error {
	return func(ctx context.Context, thief client.Client) error {
		return thief.List(ctx, list, client.InNamespace(namespace))
	}
}

// binding is the manifest of a binding to a role; in the whole cluster where no namespace is given.
func binding(namespace, name, role, subject string) string {
	kind, where := "ClusterRoleBinding", ""
	if namespace != "" {
		kind, where = "RoleBinding", ", namespace: "+namespace
	}
	return fmt.Sprintf(`{apiVersion: rbac.authorization.k8s.io/v1, kind: %s, metadata: {name: %s%s}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}, subjects: [%s]}`,
		kind, name, where, role, subject)
}

func user(name string) string {
	return fmt.Sprintf(`{apiGroup: rbac.authorization.k8s.io, kind: User, name: %q}`, name)
}

// deployment is one with one container.
func deployment(namespace, security string) string {
	return fmt.Sprintf(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: thief, namespace: %s}, spec: {selector: {matchLabels: {a: thief}}, template: {metadata: {labels: {a: thief, allmenning.dev/app: thief}},
	  spec: {containers: [{name: a, image: "example.org/a:1", securityContext: %s}]}}}}`, namespace, security)
}

// token asks for a token of an account.
func token(namespace, name string) func(context.Context, client.Client) error {
	return func(ctx context.Context, thief client.Client) error {
		return thief.SubResource("token").Create(ctx, at(&corev1.ServiceAccount{}, namespace, name), &authenticationv1.TokenRequest{})
	}
}

// thefts are the attempts, from what would be the worst.
func thefts() []theft {
	const (
		namespaces = "operator-namespaces.allmenning.dev"
		bindings   = "operator-bindings.allmenning.dev"
		places     = "operator-places.allmenning.dev"
		installers = "installer-bounds.allmenning.dev"
		towns      = "operator-municipalities.allmenning.dev"
		rbac       = "RBAC"
		home       = "system:serviceaccount:thief-prod:allmenning-installer"
		system     = "system:serviceaccount:kube-system:allmenning-installer"
		kube       = `{apiVersion: v1, kind: Namespace, metadata: {name: kube-system}}`
	)
	group := `{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}`
	manager := `{kind: ServiceAccount, name: allmenning-manager, namespace: allmenning-system}`
	return []theft{
		{does: "list the Secrets of the cluster", try: listing(&corev1.SecretList{}, ""), by: rbac},
		{does: "list the Secrets of kube-system", try: listing(&corev1.SecretList{}, "kube-system"), by: rbac},
		{does: "list the Secrets of a tenant", try: listing(&corev1.SecretList{}, "thief-prod"), by: rbac},
		{does: "list the Secrets of a tenant", as: home, try: listing(&corev1.SecretList{}, "thief-prod"), because: "it installs them"},
		{does: "list the Secrets of its own namespace", try: listing(&corev1.SecretList{}, operatorNamespace), because: "it reaches registries with them"},
		{does: "bind cluster-admin to itself in the cluster", try: creating(binding("", "thief", "cluster-admin", manager)), by: rbac},
		{does: "bind allmenning-administrator to itself in the cluster", try: creating(binding("", "thief", "allmenning-administrator", manager)), by: bindings},
		{does: "bind allmenning-administrator in the cluster by the name of coordinators", try: creating(binding("", "allmenning-coordinators-thief", "allmenning-administrator", user("thief"))), by: bindings},
		{does: "bind allmenning-administrator to system:anonymous in the cluster", try: creating(binding("", "thief", "allmenning-administrator", user("system:anonymous"))), by: bindings},
		{does: "bind allmenning-installer to system:authenticated in the cluster", try: creating(binding("", "thief", "allmenning-installer", group)), by: bindings},
		{does: "make itself coordinator of all networks", try: creating(binding("", "allmenning-coordinators-thief", "allmenning-coordinator", manager)), by: bindings},
		{does: "make somebody coordinator of all networks", try: creating(binding("", "allmenning-coordinators-thief", "allmenning-coordinator", user("thief"))),
			because: "it binds coordinators; what they may change is bounded by network-delegation.allmenning.dev"},
		{does: "delete the binding of cluster-admin", try: deleting(binding("", "cluster-admin", "cluster-admin", "")), by: bindings},
		{does: "give the binding of cluster-admin to itself", try: altering(binding("", "cluster-admin", "cluster-admin", ""), `{"subjects": []}`), by: rbac},
		{does: "bind allmenning-administrator in kube-system", try: creating(binding("kube-system", "thief", "allmenning-administrator", user("thief"))), by: places},
		{does: "bind allmenning-administrator in default", try: creating(binding("default", "thief", "allmenning-administrator", user("thief"))), by: places},
		{does: "bind allmenning-administrator in its own namespace", try: creating(binding(operatorNamespace, "thief", "allmenning-administrator", user("thief"))), by: places},
		{does: "bind allmenning-administrator to a person in a tenant's namespace", try: creating(binding("thief-prod", "thief", "allmenning-administrator", user("thief"))),
			because: "it gives people access to namespaces of their municipality"},
		{does: "bind allmenning-administrator to itself in a tenant's namespace", try: creating(binding("thief-prod", "thief", "allmenning-administrator", manager)), by: bindings},
		{does: "bind cluster-admin in a tenant's namespace", try: creating(binding("thief-prod", "thief", "cluster-admin", user("thief"))), by: rbac},
		{does: "make an installer account in kube-system", try: creating(`{apiVersion: v1, kind: ServiceAccount, metadata: {name: allmenning-installer-2, namespace: kube-system}}`), by: places},
		{does: "bind an installer in kube-system", try: creating(binding("kube-system", "allmenning-installer", "allmenning-installer", `{kind: ServiceAccount, name: allmenning-installer, namespace: kube-system}`)), by: places},
		{does: "run a privileged workload in kube-system, where somebody bound that installer", as: system, try: creating(deployment("kube-system", "{privileged: true}")), by: installers},
		{does: "run a privileged workload in its own namespace", as: "system:serviceaccount:allmenning-system:allmenning-installer", try: creating(deployment(operatorNamespace, "{privileged: true}")), by: rbac},
		{does: "run a workload in a tenant's namespace, held to the level restricted", as: home, try: creating(deployment("thief-prod", "{}")), because: "it installs apps"},
		{does: "make a privileged pod in a tenant's namespace", as: home, try: creating(`{apiVersion: v1, kind: Pod, metadata: {name: thief, namespace: thief-prod}, spec: {containers: [{name: a, image: "example.org/a:1"}]}}`), by: rbac},
		{does: "write at another tenant", as: home, try: creating(`{apiVersion: v1, kind: ConfigMap, metadata: {name: thief, namespace: default}}`), by: rbac},
		{does: "relabel kube-system as a tenant's", try: altering(kube, `{"metadata": {"labels": {"allmenning.dev/municipality": "thief-vinje", "pod-security.kubernetes.io/enforce": "restricted"}}}`), by: namespaces},
		{does: "hand kube-system over to a Municipality", try: altering(kube, `{"metadata": {"annotations": {"allmenning.dev/adopt": "thief-vinje"}}}`), by: namespaces},
		{does: "delete kube-system", try: deleting(kube), by: "the API server"},
		{does: "delete its own namespace", try: deleting(`{apiVersion: v1, kind: Namespace, metadata: {name: allmenning-system}}`), by: namespaces},
		{does: "delete a tenant's namespace", try: deleting(`{apiVersion: v1, kind: Namespace, metadata: {name: thief-prod}}`), because: "it deletes environments that are taken out"},
		{does: "make a namespace with the level privileged", try: creating(`{apiVersion: v1, kind: Namespace, metadata: {name: thief, labels: {allmenning.dev/municipality: thief-vinje, pod-security.kubernetes.io/enforce: privileged}}}`), by: namespaces},
		{does: "make a namespace that is no municipality's", try: creating(`{apiVersion: v1, kind: Namespace, metadata: {name: thief, labels: {pod-security.kubernetes.io/enforce: restricted}}}`), by: namespaces},
		{does: "make a namespace for a municipality, with the level restricted", try: creating(`{apiVersion: v1, kind: Namespace, metadata: {name: thief, labels: {allmenning.dev/municipality: thief-vinje, pod-security.kubernetes.io/enforce: restricted}}}`),
			because: "it makes environments"},
		{does: "lower a tenant's namespace to privileged", try: altering(`{apiVersion: v1, kind: Namespace, metadata: {name: thief-prod}}`, `{"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}`), by: namespaces},
		{does: "starve kube-system by a quota", try: creating(`{apiVersion: v1, kind: ResourceQuota, metadata: {name: thief, namespace: kube-system}, spec: {hard: {pods: "0"}}}`), by: places},
		{does: "wall kube-system off", try: creating(`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: thief, namespace: kube-system}, spec: {podSelector: {}}}`), by: places},
		{does: "delete an account of kube-system", try: deleting(`{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: kube-system}}`), by: places},
		{does: "open the walls of a tenant", try: creating(`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: thief, namespace: thief-prod}, spec: {podSelector: {}, ingress: [{}]}}`),
			because: "it writes the walls"},
		{does: "give somebody access in the spec of a Municipality", try: altering(`{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: thief-vinje}}`, `{"spec": {"access": [{"role": "Administrator", "users": ["thief"]}]}}`), by: towns},
		{does: "ask for a municipality's volumes to be deleted", try: altering(`{apiVersion: allmenning.dev/v1alpha1, kind: Municipality, metadata: {name: thief-vinje}}`, `{"metadata": {"annotations": {"allmenning.dev/delete-volumes": "true"}}}`), by: towns},
		{does: "act as system:admin", as: "system:admin", try: listing(&corev1.NamespaceList{}, ""), by: rbac},
		{does: "act as a controller of the cluster", as: "system:serviceaccount:kube-system:namespace-controller", try: listing(&corev1.NamespaceList{}, ""), by: rbac},
		{does: "mint a token of an account of kube-system", try: token("kube-system", "default"), by: rbac},
		{does: "mint a token of its own account", try: token(operatorNamespace, "allmenning-manager"), by: rbac},
		{does: "mint a token of an installer", as: home, try: token("thief-prod", "allmenning-installer"), by: rbac},
		{does: "keep a token of its own account in a Secret", try: creating(`{apiVersion: v1, kind: Secret, metadata: {name: thief, namespace: allmenning-system, annotations: {kubernetes.io/service-account.name: allmenning-manager}}, type: kubernetes.io/service-account-token}`), by: rbac},
		{does: "widen its own role", try: altering(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: allmenning-manager}}`, `{"rules": []}`), by: rbac},
		{does: "add rights to the installers by a labelled ClusterRole", try: creating(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: thief, labels: {allmenning.dev/aggregate-to-installer: "true"}}}`), by: rbac},
		{does: "delete the bindings of its own policies", try: deleting(`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, metadata: {name: operator-bindings.allmenning.dev}}`), by: rbac},
		{does: "change its own policies", try: altering(`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: operator-bindings.allmenning.dev}}`, `{"spec": {"failurePolicy": "Ignore"}}`), by: rbac},
		{does: "add a webhook", try: func(ctx context.Context, thief client.Client) error {
			return thief.Create(ctx, at(&admissionv1.MutatingWebhookConfiguration{}, "", "thief"), client.DryRunAll)
		}, by: rbac},
		{does: "ask for a certificate", try: func(ctx context.Context, thief client.Client) error {
			o := at(&certificatesv1.CertificateSigningRequest{}, "", "thief")
			o.Spec.Request, o.Spec.SignerName, o.Spec.Usages = []byte("x"), "kubernetes.io/kube-apiserver-client", []certificatesv1.KeyUsage{"client auth"}
			return thief.Create(ctx, o, client.DryRunAll)
		}, by: rbac},
		{does: "list nodes", try: listing(&corev1.NodeList{}, ""), because: "it looks whether their addresses, and those of their pods, are private"},
		{does: "list the ranges of Services", try: listing(&networkingv1.ServiceCIDRList{}, ""), because: "it looks whether they are private"},
		{does: "change a node", try: altering(`{apiVersion: v1, kind: Node, metadata: {name: node-1}}`, `{"spec": {"unschedulable": true}}`), by: rbac},
		{does: "list the endpoints of kube-system", try: listing(&discoveryv1.EndpointSliceList{}, "kube-system"), by: rbac},
		{does: "list the pods of the cluster", try: listing(&corev1.PodList{}, ""), because: "it waits for pods to end; their environment may hold secrets that an app wrote into it"},
		{does: "list the ConfigMaps of kube-system", try: listing(&corev1.ConfigMapList{}, "kube-system"), because: "it watches the kinds of apps in the whole cluster, which are no secrets"},
		{does: "ask what anybody may do", try: func(ctx context.Context, thief client.Client) error {
			return thief.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: "kari", NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"}}})
		}, because: "it asks who may read its metrics"},
		{does: "change the definition of a kind", try: deleting(`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: municipalities.allmenning.dev}}`), by: rbac},
		{does: "change the Platform", try: altering(`{apiVersion: allmenning.dev/v1alpha1, kind: Platform, metadata: {name: default}}`, `{"spec": {"suspend": true}}`), by: rbac},
		{does: "offer a version of an app", try: creating(`{apiVersion: allmenning.dev/v1alpha1, kind: SharedApp, metadata: {name: thief}, spec: {displayName: Thief}}`), by: rbac},
	}
}
