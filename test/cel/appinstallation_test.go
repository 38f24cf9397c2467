package cel

import "testing"

func TestAppInstallation(t *testing.T) { appInstallations().run(t) }

func appInstallations() table {
	target := `{version: 2.4.1, digest: "` + digest("a") + `"}`
	previous := `{version: 2.3.0, digest: "` + digest("b") + `"}`

	return table{
		kind: "AppInstallation",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: AppInstallation
metadata: {name: svarut, namespace: default}
spec:
  app: svarut
  version: 2.4.1
  digest: "` + digest("a") + `"
  tenant: {municipality: vinje, number: "4036", displayName: Vinje, environment: prod, stage: Production, zone: Closed}
  decidedBy: {level: Network, name: digi-tv}`,
		examples: []example{
			{
				reason: "What, where and why are enough.",
			},
			{
				reason:  "There is one installation of an app in an environment; its name sees to that.",
				create:  `metadata: {name: svarut-2}`,
				field:   "metadata",
				message: "metadata.name must be the name of the app: there is one installation of an app in an environment",
			},
			{
				reason: "An upgrade changes version and digest, an uninstall the state.",
				update: `spec: {version: 2.5.0, digest: "` + digest("b") + `", state: Absent, decidedBy: {level: Municipality, name: vinje}}`,
			},
			{
				reason:  "What is installed stays in its namespace.",
				update:  `spec: {isolation: Own}`,
				field:   "spec.isolation",
				message: "isolation can't change: what is installed stays in its namespace",
			},
			{
				reason: "One of its own stays so when the version changes.",
				create: `spec: {isolation: Own}`,
				update: `spec: {version: 2.5.0, digest: "` + digest("b") + `"}`,
			},
			{
				reason:  "Another app is another installation.",
				update:  `spec: {app: kobo}`,
				field:   "spec.app",
				message: "app can't change: an installation of another app is another AppInstallation",
			},
			{
				reason:  "A digest is what makes the version one thing.",
				create:  `spec: {digest: latest}`,
				field:   "spec.digest",
				message: "should match '^sha256:[0-9a-f]{64}$'",
			},
			{
				reason:  "There are two states.",
				create:  `spec: {state: Paused}`,
				field:   "spec.state",
				message: `supported values: "Present", "Absent"`,
			},
			{
				reason:  "There are three levels.",
				create:  `spec: {decidedBy: {level: County}}`,
				field:   "spec.decidedBy.level",
				message: `supported values: "National", "Network", "Municipality"`,
			},
			{
				reason: "A rollout moves it, and records what became of that; the next one starts afresh.",
				create: `spec: {lastVerified: ` + previous + `, move: {rollout: digi-tv.svarut.2.4.1.1, network: digi-tv, attempt: 1, target: ` + target + `, wave: pilot, movedAt: "2026-11-22T08:00:00Z"}}`,
				update: `spec: {move: {wave: null, outcome: Returned}}`,
			},
			{
				reason: "What the municipality moves by itself has no rollout.",
				create: `spec: {move: {target: ` + target + `, movedAt: "2026-11-22T08:00:00Z"}}`,
			},
			{
				reason:  "A move without a time has no deadline.",
				create:  `spec: {move: {rollout: digi-tv.svarut.2.4.1.1, target: ` + target + `}}`,
				field:   "spec.move.movedAt",
				message: "Required value",
			},
			{
				reason:  "A move that failed ends in one of two ways.",
				create:  `spec: {move: {target: ` + target + `, movedAt: "2026-11-22T08:00:00Z", outcome: Failed}}`,
				field:   "spec.move.outcome",
				message: `supported values: "Returned", "Stuck"`,
			},
			{
				reason:  "A release to return to is known by its digest.",
				create:  `spec: {lastVerified: {version: 2.3.0}}`,
				field:   "spec.lastVerified.digest",
				message: "Required value",
			},
			{
				reason:  "A stage that does not exist.",
				create:  `spec: {tenant: {stage: Staging}}`,
				field:   "spec.tenant.stage",
				message: `supported values: "Development", "Test", "Production"`,
			},
			{
				reason:  "A zone that does not exist.",
				create:  `spec: {tenant: {zone: Internal}}`,
				field:   "spec.tenant.zone",
				message: `supported values: "Open", "Closed"`,
			},
		},
	}
}
