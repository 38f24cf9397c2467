package cel

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The people and programs that the policies distinguish.
const (
	// operator is operatorAccount, with no more rights than it needs here.
	operator = operatorAccount
	// platformOperator has cluster-admin.
	platformOperator = "anna"
	// recovery is in system:masters, which authorisation does not bind.
	recovery = "recovery"
	// outsider has been given every verb on what the policies guard, by a
	// ClusterRole that is wider than it should be.
	outsider = "per"
	// cluster is one of the cluster's own controllers.
	cluster = "system:serviceaccount:kube-system:namespace-controller"
	// sharedCluster is all of them, where they share one account.
	sharedCluster = "system:kube-controller-manager"
	// installer is the account of one tenant's namespace, and strangeInstaller that of another namespace.
	installer        = "system:serviceaccount:vinje-bounds:allmenning-installer"
	strangeInstaller = "system:serviceaccount:kube-system:allmenning-installer"
	// trialInstaller is the account by which versions are tried.
	trialInstaller = "system:serviceaccount:allmenning-system-trial:allmenning-installer"
	// backup is a controller that the platform lists for some namespaces.
	backup = "system:serviceaccount:backup:backup"
)

// attempt is one request on an object that is there already.
type attempt struct {
	reason string
	user   string
	verb   string // create, update, delete or deletecollection
	object string // name of the stored object
	patch  string // merge patch of it, for create and update
	denied string // a part of the message; empty means allowed
}

// runAttempts makes each attempt as a dry run. The first one must be one that
// is denied: when it is, the policy is in force.
func runAttempts(t *testing.T, policy string, stored map[string]*unstructured.Unstructured, attempts []attempt) {
	t.Helper()
	grant(t)
	waitFor(t, policy+" to be in force", func() error {
		err := attempts[0].try(t, stored)
		if err == nil {
			return errors.New("the canary was let through")
		}
		if !strings.Contains(err.Error(), policy) {
			return fmt.Errorf("the canary was refused by another: %w", err)
		}
		return nil
	})
	for _, a := range attempts {
		t.Run(a.reason, func(t *testing.T) {
			var err error
			waitFor(t, "the answer of "+policy, func() error { // a binding that was taken away is in force a moment longer
				err = a.try(t, stored)
				if a.denied != "" && err != nil && strings.Contains(err.Error(), "ValidatingAdmissionPolicy '") && !strings.Contains(err.Error(), "'"+policy+"'") {
					return err
				}
				return nil
			})
			if a.denied == "" {
				if err != nil {
					t.Errorf("%s: want it allowed, got: %v", a.reason, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), "'"+policy+"'") || !strings.Contains(err.Error(), a.denied) {
				t.Errorf("%s: want it denied by %s with %q, got: %v", a.reason, policy, a.denied, err)
			}
		})
	}
}

// without takes the bindings of other policies away for the time of the test: where two refuse the same request, the API
// server names any of them.
func without(t *testing.T, policies ...string) {
	t.Helper()
	c := clientFor(t, recovery, masters)
	for _, name := range policies {
		binding := toObject(parse(t, fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: %s}
spec: {policyName: %[1]s, validationActions: [Deny]}`, name)))
		if err := c.Delete(t.Context(), binding.DeepCopy()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := c.Create(context.WithoutCancel(t.Context()), binding); err != nil {
				t.Error(err)
			}
		})
	}
}

func (a attempt) try(t *testing.T, stored map[string]*unstructured.Unstructured) error {
	t.Helper()
	var groups []string
	if a.user == recovery {
		groups = append(groups, masters)
	}
	c := clientFor(t, a.user, groups...)
	object, ok := stored[a.object]
	if !ok {
		t.Fatalf("%s: no object %q is stored", a.reason, a.object)
	}
	patched := toObject(merge(object.Object, parse(t, a.patch)))
	switch a.verb {
	case "create":
		patched.SetResourceVersion("")
		patched.SetUID("")
		return c.Create(t.Context(), patched, client.DryRunAll)
	case "update":
		return c.Update(t.Context(), patched, client.DryRunAll)
	case "delete":
		return c.Delete(t.Context(), patched, client.DryRunAll)
	case "deletecollection":
		return c.DeleteAllOf(t.Context(), patched, client.DryRunAll)
	default:
		t.Fatalf("%s: unknown verb %q", a.reason, a.verb)
		return nil
	}
}

// grant gives each user the rights that its comment says, and waits until RBAC
// has heard of them.
func grant(t *testing.T) {
	t.Helper()
	c := operatorClient(t)
	create(t, c, toObject(parse(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: wide}
rules:
- {apiGroups: [allmenning.dev], resources: [appinstallations, rollouts, sharedapps, networks], verbs: ["*"]}
- {apiGroups: [""], resources: [namespaces, serviceaccounts, limitranges, resourcequotas, configmaps, secrets], verbs: ["*"]}
- {apiGroups: [""], resources: [pods, persistentvolumeclaims], verbs: ["*"]}
- {apiGroups: [apps, batch, autoscaling], resources: ["*"], verbs: ["*"]}
- {apiGroups: [allmenning.dev], resources: [municipalities], verbs: ["*"]}
- {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: ["*"]}
- {apiGroups: [rbac.authorization.k8s.io], resources: ["*"], verbs: ["*"]}`)))
	for i, user := range []string{operator, platformOperator, outsider, cluster, sharedCluster, installer, strangeInstaller, trialInstaller, backup} {
		role := "wide"
		if user == platformOperator {
			role = "cluster-admin"
		}
		create(t, c, toObject(parse(t, fmt.Sprintf(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: user-%d}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %s}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: %q}]`, i, role, user))))
		waitFor(t, "the rights of "+user, func() error {
			// No policy looks at who creates a SharedApp, so it is RBAC that answers.
			return clientFor(t, user).Create(t.Context(), toObject(parse(t, sharedApps().manifest)), client.DryRunAll)
		})
	}
}

// waitFor asks again until there is no error.
func waitFor(t *testing.T, what string, try func() error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true,
		func(context.Context) (bool, error) {
			last = try()
			return last == nil, nil
		})
	if err != nil {
		t.Fatalf("waiting for %s: %v; last: %v", what, err, last)
	}
}

// storeSharedApp stores an offer of 2.4.1 and 2.5.0 with what the operator
// wrote to its status.
func storeSharedApp(t *testing.T, name, annotations, status string) *unstructured.Unstructured {
	t.Helper()
	c := operatorClient(t)
	object := create(t, c, toObject(parse(t, fmt.Sprintf(`
apiVersion: allmenning.dev/v1alpha1
kind: SharedApp
metadata: {name: %s, annotations: %s}
spec:
  displayName: SvarUt
  versions:
  - {version: 2.4.1, source: {configMap: {name: a}}}
  - {version: 2.5.0, source: {configMap: {name: b}}}`, name, annotations))))
	if status != "" {
		object.Object["status"] = parse(t, status)
		if err := c.Status().Update(t.Context(), object); err != nil {
			t.Fatalf("writing the status of SharedApp %s: %v", name, err)
		}
	}
	t.Cleanup(func() {
		// Its installations are made up, so it may go.
		allow := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"allmenning.dev/allow-delete":"true"}}}`))
		if err := c.Patch(context.WithoutCancel(t.Context()), object.DeepCopy(), allow); err != nil {
			t.Errorf("allowing SharedApp %s to be deleted: %v", name, err)
		}
	})
	return object
}

// removeFinalizers lets go of an object for which no operator runs.
func removeFinalizers(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
	if err := operatorClient(t).Patch(context.WithoutCancel(t.Context()), object.DeepCopy(), patch); err != nil {
		t.Errorf("removing the finalizers of %s: %v", object.GetName(), err)
	}
}
