package cel

import "testing"

func TestRollout(t *testing.T) { rollouts().run(t) }

func rollouts() table {
	const (
		record = "a Rollout is a record and can't change: promote another version in spec.channels of the SharedApp, or ask for a retry in spec.rollout.retries of the Network"
		either = "a Rollout is either a network's, or that of a channel's direct adopters"
	)
	completed := `{version: 2.3.0, digest: "` + digest("b") + `"}`
	return table{
		kind: "Rollout",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: Rollout
metadata: {name: digi-tv.svarut.2.4.1.1}
spec:
  network: digi-tv
  app: svarut
  version: 2.4.1
  digest: "` + digest("a") + `"
  attempt: 1
  sequence: 1`,
		examples: []example{
			{
				reason: "Who gets what, and for which time, are enough.",
			},
			{
				reason: "Those who take an app directly follow a channel.",
				create: `spec: {network: null, channel: stable}`,
			},
			{
				reason: "What was completed before is what joiners get meanwhile.",
				create: `spec: {completed: ` + completed + `}`,
			},
			{
				reason: "Metadata is not what is targeted.",
				update: `metadata: {labels: {allmenning.dev/app: svarut}, annotations: {allmenning.dev/reconcile: now}}`,
			},
			{
				reason:  "A rollout for nobody.",
				create:  `spec: {network: null}`,
				field:   "spec",
				message: either,
			},
			{
				reason:  "A rollout for two groups would have two strategies.",
				create:  `spec: {channel: stable}`,
				field:   "spec",
				message: either,
			},
			{
				reason:  "Another version is another rollout, or what was approved would not be what comes.",
				update:  `spec: {version: 2.5.0, digest: "` + digest("b") + `"}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "Another digest under the same number is another rollout just as well.",
				update:  `spec: {digest: "` + digest("b") + `"}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "Another attempt is another rollout, with approvals of its own.",
				update:  `spec: {attempt: 2}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "A rollout does not change hands: a successor begins its own.",
				update:  `spec: {network: digi-sor}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "What is written down afterwards is no record.",
				update:  `spec: {completed: ` + completed + `}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "What is taken out is missing from the record.",
				create:  `spec: {completed: ` + completed + `}`,
				update:  `spec: {completed: null}`,
				field:   "spec",
				message: record,
			},
			{
				reason:  "A version without a digest could be anything.",
				create:  `spec: {digest: null}`,
				field:   "spec.digest",
				message: "Required value",
			},
			{
				reason:  "A digest is what makes the version one thing.",
				create:  `spec: {digest: "` + digest("g") + `"}`,
				field:   "spec.digest",
				message: "should match '^sha256:[0-9a-f]{64}$'",
			},
			{
				reason:  "Attempts are counted from one.",
				create:  `spec: {attempt: 0}`,
				field:   "spec.attempt",
				message: "should be greater than or equal to 1",
			},
			{
				reason:  "What was completed has a digest, too.",
				create:  `spec: {completed: {version: 2.3.0}}`,
				field:   "spec.completed.digest",
				message: "Required value",
			},
		},
	}
}
