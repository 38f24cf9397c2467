package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// storeNetwork stores a network with what the operator wrote to its status.
func storeNetwork(t *testing.T, patch, status string) *unstructured.Unstructured {
	t.Helper()
	c := operatorClient(t)
	object := create(t, c, toObject(merge(parse(t, networks().manifest), parse(t, patch))))
	object.Object["status"] = parse(t, status)
	if err := c.Status().Update(t.Context(), object); err != nil {
		t.Fatalf("writing the status of Network %s: %v", object.GetName(), err)
	}
	return object
}

func TestNetworkDelegation(t *testing.T) {
	const (
		approval = `{app: svarut, digest: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865", wave: everyone, attempt: 1}`
		retry    = `{app: svarut, digest: "sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865", attempt: 2}`
		apps     = `apps: [{name: svarut, channel: stable, obligation: Recommended, stages: [Test, Production]}]`
		approve  = `spec: {rollout: {approvals: [` + approval + `]}}`
	)
	stored := map[string]*unstructured.Unstructured{
		// per is a coordinator by his name, and everybody by a group.
		"own": storeNetwork(t, `
metadata: {name: own}
spec:
  `+apps+`
  rollout: {maxIntroductions: 2, waves: [{name: pilot, members: {names: [vinje]}}, {name: everyone, requireApproval: true}]}`,
			`coordinators: {users: [per]}`),
		"by-group": storeNetwork(t, `{metadata: {name: by-group}, spec: {`+apps+`}}`, `coordinators: {groups: [nobody, "system:authenticated"]}`),
		"others":   storeNetwork(t, `{metadata: {name: others}, spec: {`+apps+`, access: [{role: Coordinator, users: [per]}]}}`, `coordinators: {groups: [digi], users: [kari]}`),
		"nobodys":  storeNetwork(t, `{metadata: {name: nobodys}, spec: {`+apps+`}}`, `{}`),
		"approved": storeNetwork(t, `{metadata: {name: approved}, spec: {`+apps+`, rollout: {approvals: [`+approval+`]}}}`, `coordinators: {users: [per]}`),
	}
	runAttempts(t, "network-delegation.allmenning.dev", stored, append(
		approvals(approve, retry), append(beyondApprovals(approval, approve), wholeNetworks(approve)...)...))
}

// approvals are what coordinators are for.
func approvals(approve, retry string) []attempt {
	return []attempt{
		{
			reason: "A coordinator of one network has no say in another; spec.access alone is not enough, as what it names may have expired.",
			user:   outsider, verb: "update", object: "others", patch: approve,
			denied: "only its coordinators (status.coordinators, which follows spec.access) and platform operators (who may update platforms.allmenning.dev) change Network others",
		},
		{
			reason: "A network without coordinators is changed by platform operators.",
			user:   outsider, verb: "update", object: "nobodys", patch: approve,
			denied: "you are neither, or your access has expired",
		},
		{
			reason: "Who is none may not even ask for a reconcile.",
			user:   outsider, verb: "update", object: "others", patch: `metadata: {annotations: {allmenning.dev/reconcile: now}}`,
			denied: "change Network others",
		},
		{
			reason: "A coordinator approves a wave.",
			user:   outsider, verb: "update", object: "own", patch: approve,
		},
		{
			reason: "One by a group does, in a network that had no strategy before.",
			user:   outsider, verb: "update", object: "by-group", patch: approve,
		},
		{
			reason: "A coordinator takes an approval back, and the strategy goes that held nothing else.",
			user:   outsider, verb: "update", object: "approved", patch: `spec: {rollout: null}`,
		},
		{
			reason: "A coordinator asks for one more attempt.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {rollout: {retries: [` + retry + `]}}`,
		},
		{
			reason: "kubectl apply leaves an annotation behind.",
			user:   outsider, verb: "update", object: "own",
			patch: `{metadata: {annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", allmenning.dev/reconcile: now}}, ` + approve + `}`,
		},
	}
}

// beyondApprovals are changes of a coordinator's own network that are not a coordinator's.
func beyondApprovals(approval, approve string) []attempt {
	return []attempt{
		{
			reason: "Members are the platform's, and an approval beside them excuses nothing.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {members: {names: [vinje, tokke]}, rollout: {approvals: [` + approval + `]}}`,
			denied: "a coordinator changes spec.rollout.approvals and spec.rollout.retries of a Network, and not spec.members: propose that to the platform operators",
		},
		{
			reason: "So is a field that is added.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {priority: 10}`,
			denied: "not spec.priority:",
		},
		{
			reason: "And one that is taken out; all are named, those that are changed first.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {displayName: Mine, apps: null}`,
			denied: "not spec.displayName, spec.apps:",
		},
		{
			reason: "The strategy besides: without requireApproval there would be nothing to approve.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {rollout: {waves: [{name: everyone}]}}`,
			denied: "not spec.rollout.waves:",
		},
		{
			reason: "A field that is taken out of the strategy, or put in, is a change too.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {rollout: {maxIntroductions: null, announcement: 1h}}`,
			denied: "not spec.rollout.announcement, spec.rollout.maxIntroductions:",
		},
		{
			reason: "To take the strategy out takes its waves out.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {rollout: null}`,
			denied: "spec.rollout.waves",
		},
		{
			reason: "A strategy of one's own where there was none.",
			user:   outsider, verb: "update", object: "by-group", patch: `spec: {rollout: {waves: [{name: everyone, maxConcurrent: 100%}]}}`,
			denied: "not spec.rollout.waves:",
		},
		{
			reason: "Who could write access would make more of their kind.",
			user:   outsider, verb: "update", object: "own", patch: `spec: {access: [{role: Coordinator, users: [ola]}]}`,
			denied: "not spec.access:",
		},
		{
			reason: "Labels and finalizers are the platform's.",
			user:   outsider, verb: "update", object: "own", patch: `metadata: {finalizers: [example.org/mine]}`,
			denied: "a coordinator changes no labels, finalizers and ownerReferences of a Network, only spec.rollout.approvals",
		},
		{
			reason: "Labels of a Network are how others select it.",
			user:   outsider, verb: "update", object: "own", patch: `metadata: {labels: {a: b}}`,
			denied: "a coordinator changes no labels",
		},
		{
			reason: "An owner reference would let the garbage collector delete it.",
			user:   outsider, verb: "update", object: "own",
			patch:  `metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: gone, uid: 0e1e1e1e-0000-4000-8000-000000000000}]}`,
			denied: "a coordinator changes no labels",
		},
		{
			reason: "The operator writes no Network: nothing it does depends on that it could.",
			user:   operator, verb: "update", object: "own", patch: approve,
			denied: "change Network own",
		},
	}
}

// wholeNetworks are for those who run the platform, and for the cluster itself.
func wholeNetworks(approve string) []attempt {
	const other = `metadata: {name: other}`
	return []attempt{
		{
			reason: "Who could create a network would decide which apps go where.",
			user:   outsider, verb: "create", object: "own", patch: other,
			denied: "only platform operators (who may update platforms.allmenning.dev) create a Network: ask one of them",
		},
		{
			reason: "A platform operator creates networks.",
			user:   platformOperator, verb: "create", object: "own", patch: other,
		},
		{
			reason: "A platform operator changes all of it.",
			user:   platformOperator, verb: "update", object: "others",
			patch: `{metadata: {labels: {a: b}, finalizers: [example.org/mine]}, spec: {displayName: New, members: {names: [tokke]}, rollout: {maxIntroductions: 1}}}`,
		},
		{
			reason: "system:masters is kept for recovery.",
			user:   recovery, verb: "update", object: "others", patch: `spec: {priority: 7}`,
		},
		{
			reason: "A coordinator does not end the network.",
			user:   outsider, verb: "delete", object: "own",
			denied: "only platform operators (who may update platforms.allmenning.dev) delete a Network: ask one of them",
		},
		{
			reason: "A platform operator may.",
			user:   platformOperator, verb: "delete", object: "own",
		},
		{
			reason: "The garbage collector deletes what its owner left.",
			user:   cluster, verb: "delete", object: "own",
		},
		{
			reason: "It takes finalizers off, also where the controllers share one account.",
			user:   sharedCluster, verb: "update", object: "own", patch: `metadata: {finalizers: [foregroundDeletion]}`,
		},
		{
			reason: "It has no business in spec.",
			user:   cluster, verb: "update", object: "own", patch: `spec: {priority: 7}`,
			denied: "not spec.priority:",
		},
		{
			reason: "Nor does it approve.",
			user:   cluster, verb: "update", object: "own", patch: approve,
			denied: "not spec.rollout.approvals:",
		},
	}
}

// The policy trusts status.coordinators, so nobody may bring a status of their own along.
func TestNobodyNamesThemselvesCoordinator(t *testing.T) {
	stored := storeNetwork(t, `metadata: {name: trusting}`, `{}`)
	pretended := stored.DeepCopy()
	pretended.Object["status"] = parse(t, `coordinators: {users: [per]}`)
	if err := clientFor(t, recovery, masters).Update(t.Context(), pretended); err != nil {
		t.Fatal(err)
	}
	after := stored.DeepCopy()
	if err := operatorClient(t).Get(t.Context(), client.ObjectKeyFromObject(stored), after); err != nil {
		t.Fatal(err)
	}
	if found, ok, _ := unstructured.NestedMap(after.Object, "status", "coordinators"); ok {
		t.Errorf("an update of the Network wrote status.coordinators %v", found)
	}
}
