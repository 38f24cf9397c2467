package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestRolloutWriter(t *testing.T) {
	manifest := merge(parse(t, rollouts().manifest), parse(t, `
metadata: {finalizers: [example.org/archive], labels: {allmenning.dev/app: svarut}}`))
	object := create(t, operatorClient(t), toObject(manifest))
	t.Cleanup(func() { removeFinalizers(t, object) })
	const name = "digi-tv.svarut.2.4.1.1"
	const other = `{metadata: {name: digi-tv.svarut.2.4.1.2, finalizers: null}, spec: {attempt: 2}}`
	runAttempts(t, "rollout-writer.allmenning.dev", map[string]*unstructured.Unstructured{name: object}, []attempt{
		{
			reason: "Who could create one would bring a version to others' members; the message says how it is done.",
			user:   outsider, verb: "create", object: name, patch: other,
			denied: "only the operator creates Rollouts; to bring a version out, promote it in spec.channels of SharedApp svarut, and to try one again, add it to spec.rollout.retries of Network digi-tv",
		},
		{
			reason: "Those who adopted the app directly follow the Platform's strategy.",
			user:   outsider, verb: "create", object: name, patch: `{metadata: {name: stable.svarut.2.4.1.1, finalizers: null}, spec: {network: null, channel: stable}}`,
			denied: "add it to spec.rollout.retries of Platform default",
		},
		{
			reason: "Not even a platform operator: a retry leaves a trace of who asked for it.",
			user:   platformOperator, verb: "create", object: name, patch: other,
			denied: "only the operator creates Rollouts",
		},
		{
			reason: "Nor system:masters.",
			user:   recovery, verb: "create", object: name, patch: other,
			denied: "only the operator creates Rollouts",
		},
		{
			reason: "Nor do the cluster's own controllers.",
			user:   cluster, verb: "create", object: name, patch: other,
			denied: "only the operator creates Rollouts",
		},
		{
			reason: "The operator creates them.",
			user:   operator, verb: "create", object: name, patch: other,
		},
		{
			reason: "Anybody who may update it may ask for a reconcile.",
			user:   outsider, verb: "update", object: name, patch: `metadata: {annotations: {allmenning.dev/reconcile: now}}`,
		},
		{
			reason: "Labels are how the operator knows it.",
			user:   outsider, verb: "update", object: name, patch: `metadata: {labels: {allmenning.dev/app: kobo}}`,
			denied: "only the operator and platform operators (who may update platforms.allmenning.dev) change labels, finalizers and ownerReferences of a Rollout; annotations are free: write these instead. Let a tool that labels or prunes what it manages leave Rollouts out",
		},
		{
			reason: "A label that is added is a change too; an annotation beside it excuses nothing.",
			user:   outsider, verb: "update", object: name, patch: `metadata: {labels: {a: b}, annotations: {a: b}}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "A finalizer of one's own would keep the record for ever.",
			user:   outsider, verb: "update", object: name, patch: `metadata: {finalizers: [example.org/archive, example.org/mine]}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "Without somebody else's it would be gone before they are done.",
			user:   outsider, verb: "update", object: name, patch: `metadata: {finalizers: null}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "An owner reference would let the garbage collector delete it.",
			user:   outsider, verb: "update", object: name,
			patch:  `metadata: {ownerReferences: [{apiVersion: v1, kind: Namespace, name: gone, uid: 0e1e1e1e-0000-4000-8000-000000000000}]}`,
			denied: "change labels, finalizers and ownerReferences",
		},
		{
			reason: "A platform operator may take off a finalizer that nobody else does, and repair labels.",
			user:   platformOperator, verb: "update", object: name, patch: `metadata: {finalizers: null, labels: {allmenning.dev/app: kobo}}`,
		},
		{
			reason: "So may the cluster's own controllers: the garbage collector ends a deletion in the foreground.",
			user:   cluster, verb: "update", object: name, patch: `metadata: {finalizers: null}`,
		},
		{
			reason: "The operator writes metadata as it likes.",
			user:   operator, verb: "update", object: name, patch: `metadata: {finalizers: null, labels: {a: b}}`,
		},
		{
			reason: "Deleting it is not the way to stop a rollout.",
			user:   outsider, verb: "delete", object: name,
			denied: "delete a Rollout, and that takes no version back; to stop one, set spec.pause of Network digi-tv, or state Withdrawn in spec.versions of SharedApp svarut",
		},
		{
			reason: "Nor are all of them deleted by mistake.",
			user:   outsider, verb: "deletecollection", object: name,
			denied: "to stop one, set spec.pause of Network digi-tv, or state Withdrawn in spec.versions of SharedApp svarut",
		},
		{
			reason: "A platform operator may delete it.",
			user:   platformOperator, verb: "delete", object: name,
		},
		{
			reason: "So may system:masters.",
			user:   recovery, verb: "delete", object: name,
		},
		{
			reason: "So may the garbage collector.",
			user:   cluster, verb: "delete", object: name,
		},
		{
			reason: "So may the controllers that share one account.",
			user:   sharedCluster, verb: "delete", object: name,
		},
		{
			reason: "The operator deletes what has become too old to keep.",
			user:   operator, verb: "delete", object: name,
		},
	})
}

// TestRolloutIsImmutable shows who sees to it that a record does not change: the
// definition, so that it holds for everybody, and nobody need be distinguished.
func TestRolloutIsImmutable(t *testing.T) {
	const name = "digi-tv.svarut.2.4.1.1"
	stored := map[string]*unstructured.Unstructured{
		name: create(t, operatorClient(t), toObject(parse(t, rollouts().manifest))),
	}
	grant(t)
	for _, user := range []string{operator, platformOperator, recovery, outsider, cluster} {
		t.Run(user, func(t *testing.T) {
			err := attempt{user: user, verb: "update", object: name, patch: `spec: {attempt: 2}`}.try(t, stored)
			requireRefusal(t, err, "spec", "a Rollout is a record and can't change")
		})
	}
}
