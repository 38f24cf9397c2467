package cel

import (
	"slices"
	"strings"
	"testing"
)

func TestSharedApp(t *testing.T) { sharedApps().run(t) }

// digest is a well-formed digest that is made of one hexadecimal digit.
func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func sharedApps() table {
	return table{
		kind: "SharedApp",
		manifest: `
apiVersion: allmenning.dev/v1alpha1
kind: SharedApp
metadata: {name: svarut}
spec:
  displayName: SvarUt
  versions: [{version: 2.4.1, source: {configMap: {name: svarut-2.4.1}}}]`,
		examples: slices.Concat(sharedAppOffers(), sharedAppIsolation(), sharedAppVersions(), sharedAppRequirements()),
	}
}

// versions is a patch that offers one version, given without its number.
func versions(rest string) string {
	return `spec: {versions: [{version: 2.4.1, ` + rest + `}]}`
}

func sharedAppIsolation() []example {
	const fixed = "spec.isolation can't change once a version was available: what is installed stays in its namespace; offer another SharedApp"
	available := `status: {versions: [{version: 2.4.1, available: true, digest: "` + digest("a") + `"}]}`
	refused := `status: {versions: [{version: 2.4.1, message: refused}]}`
	return []example{
		{reason: "An app may have namespaces of its own, and declare its share.", create: `spec: {isolation: Own, ownNamespace: {quota: {cpu: "1", pods: 8}}}`},
		{reason: "There are two isolations.", create: `spec: {isolation: Cluster}`, field: "spec.isolation", message: `supported values: "Shared", "Own"`},
		{
			reason: "A share of what the app does not have says nothing.", create: `spec: {ownNamespace: {quota: {cpu: "1"}}}`,
			field: "spec.ownNamespace", message: "spec.ownNamespace is for spec.isolation Own: set that, or take it out",
		},
		{reason: "Before a version was available, nothing is installed.", status: refused, update: `spec: {isolation: Own}`},
		{reason: "Afterwards something may be.", status: available, update: `spec: {isolation: Own}`, field: "spec.isolation", message: fixed},
		{reason: "Own can't become Shared, either.", create: `spec: {isolation: Own}`, status: available, update: `spec: {isolation: Shared}`, field: "spec.isolation", message: fixed},
		{reason: "Its share may change.", create: `spec: {isolation: Own}`, status: available, update: `spec: {ownNamespace: {quota: {cpu: "2"}}}`},
	}
}

func sharedAppOffers() []example {
	const name = "metadata.name must be at most 40 characters, begin with a letter and hold only a-z, 0-9 and dashes"
	return []example{
		{
			reason: "A name and one version are enough; without a channel members name the version.",
		},
		{
			reason: "A name may be up to 40 characters long.",
			create: `metadata: {name: ` + long(40) + `}`,
		},
		{
			reason:  "A longer one does not fit where names are made from it.",
			create:  `metadata: {name: ` + long(41) + `}`,
			field:   "metadata",
			message: name,
		},
		{
			reason:  "A name that begins with a digit can't name a Service.",
			create:  `metadata: {name: 7svarut}`,
			field:   "metadata",
			message: name,
		},
		{
			reason: "To promote is to change one field.",
			create: `spec: {channels: [{name: stable, version: 2.4.1}],
				versions: [{version: 2.4.1, source: {configMap: {name: a}}}, {version: 2.5.0, source: {configMap: {name: b}}}]}`,
			update: `spec: {channels: [{name: stable, version: 2.5.0}]}`,
		},
		{
			reason:  "A channel that points at nothing would leave its followers without a version.",
			create:  `spec: {channels: [{name: stable, version: 2.5.0}]}`,
			field:   "spec.channels",
			message: "each of spec.channels[].version must be one of spec.versions[].version",
		},
		{
			reason:  "A version can't be taken out while a channel points at it.",
			create:  `spec: {channels: [{name: stable, version: 2.4.1}]}`,
			update:  `spec: {versions: [{version: 2.5.0, source: {configMap: {name: b}}}]}`,
			field:   "spec.channels",
			message: "each of spec.channels[].version must be one of spec.versions[].version",
		},
		{
			reason:  "A channel's name is written in lower case.",
			create:  `spec: {channels: [{name: Stable, version: 2.4.1}]}`,
			field:   "spec.channels[0].name",
			message: "should match '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'",
		},
		{
			reason:  "A channel points at one version.",
			create:  `spec: {channels: [{name: stable, version: 2.4.1}, {name: stable, version: 2.4.1}]}`,
			field:   "spec.channels[1]",
			message: "Duplicate value",
		},
		{
			reason: "Some networks go first, and all may be asked to wait; both may change.",
			create: `spec: {pilotNetworks: [digi-rogaland, digi-tv], pause: true}`,
			update: `spec: {pilotNetworks: [digi-tv], pause: false}`,
		},
		{
			reason:  "A pilot is named once.",
			create:  `spec: {pilotNetworks: [digi-rogaland, digi-rogaland]}`,
			field:   "spec.pilotNetworks[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A pause has no end of its own; a freeze has, on the networks.",
			create:  `spec: {pause: until Monday}`,
			field:   "spec.pause",
			message: "must be of type boolean",
		},
		{
			reason:  "There are four function areas.",
			create:  `spec: {functionArea: Mail}`,
			field:   "spec.functionArea",
			message: `supported values: "UserService", "ProcessControl", "DataManagement", "Support"`,
		},
	}
}

func sharedAppVersions() []example {
	const (
		source     = "the source of a version that was available can't change: its members would run different things under one number; offer a new version"
		settings   = "the chart settings of a version that was available can't change: its members would run different things under one number; offer a new version"
		parameters = "the parameters of a version can't change: offer a new version"
	)
	available := `status: {versions: [{version: 2.4.1, available: true, digest: "` + digest("a") + `"}]}`
	oci := `source: {oci: {repository: "registry.example.org:5000/ks/svarut", digest: "` + digest("a") + `"}}`
	return []example{
		{reason: "A bundle from a registry is pinned by digest.", create: versions(oci)},
		{
			reason: "Numbers follow semantic versioning, with pre-release and build.",
			create: `spec: {versions: [{version: 2.5.0-rc.1+build.7, source: {configMap: {name: a}}}]}`,
		},
		{
			reason: "A leading v is how many publishers write a version.",
			create: `spec: {versions: [{version: v2.5.0, source: {configMap: {name: a}}}]}`,
		},
		{
			reason:  "Two parts are too few to compare.",
			create:  `spec: {versions: [{version: "2.5", source: {configMap: {name: a}}}]}`,
			field:   "spec.versions[0].version",
			message: "should match",
		},
		{
			reason:  "A number means one thing.",
			create:  `spec: {versions: [{version: 2.5.0, source: {configMap: {name: a}}}, {version: 2.5.0, source: {configMap: {name: b}}}]}`,
			field:   "spec.versions[1]",
			message: "Duplicate value",
		},
		{
			reason:  "A version comes from one place.",
			create:  versions(`source: {configMap: {name: a}, oci: {repository: ghcr.io/ks/svarut, digest: "` + digest("a") + `"}}`),
			field:   "spec.versions[0].source",
			message: "a source is one of oci, chart and configMap",
		},
		{reason: "A chart from a registry is pinned by digest, and has settings.", create: versions(strings.Replace(oci, "oci:", "chart:", 1) +
			`, chart: {values: {replicas: 2}, parameters: [{parameter: mail.sender, value: app.from}]}`)},
		{
			reason:  "A chart is one place too.",
			create:  versions(strings.Replace(oci, "oci:", "chart:", 1) + `, chart: {parameters: [{parameter: "a[0]", value: b}]}`),
			field:   "spec.versions[0].chart.parameters[0].parameter",
			message: "should match",
		},
		{
			reason: "An app that serves others says how widely, and by which Services.",
			create: `spec: {hosting: {by: National}, versions: [{version: 2.4.1, source: {configMap: {name: a}}, services: [{name: payroll, ports: [{port: 443, targetPort: 8443}, {port: 53, protocol: UDP}], podLabels: {component: api}}]}]}`,
		},
		{
			reason:  "A width that does not exist.",
			create:  `spec: {hosting: {by: County}}`,
			field:   "spec.hosting.by",
			message: `supported values: "Municipality", "Network", "National"`,
		},
		{
			reason:  "A service without ports would be open on all of them.",
			create:  versions(`source: {configMap: {name: a}}, services: [{name: payroll}]`),
			field:   "spec.versions[0].services[0].ports",
			message: "Required value",
		},
		{
			reason:  "A value that no label can have would match nothing.",
			create:  versions(`source: {configMap: {name: a}}, services: [{name: payroll, ports: [{port: 443}], podLabels: {component: "` + long(64) + `"}}]`),
			field:   "spec.versions[0].services[0].podLabels",
			message: "podLabels can hold only what a label can: keys of at most 317 characters, values of at most 63",
		},
		{
			reason:  "Doors would open to other pods under one number.",
			create:  versions(`source: {configMap: {name: a}}, services: [{name: payroll, ports: [{port: 443}]}]`),
			status:  available,
			update:  versions(`source: {configMap: {name: a}}, services: [{name: payroll, ports: [{port: 444}]}]`),
			field:   "spec.versions",
			message: "the services of a version that was available can't change: doors would open to other pods under one number; offer a new version",
		},
		{
			reason:  "One that is dropped is a change.",
			create:  versions(`source: {configMap: {name: a}}, services: [{name: payroll, ports: [{port: 443}]}]`),
			status:  available,
			update:  versions(`source: {configMap: {name: a}}, services: null`),
			field:   "spec.versions",
			message: "the services of a version that was available can't change",
		},
		{
			reason: "What is rendered with a version that nobody was offered may be corrected.",
			create: versions(oci + `, chart: {values: {replicas: 2}}`), update: versions(oci + `, chart: {values: {replicas: 3}}`),
		},
		{
			reason: "Members who run one number run the same.",
			create: versions(oci + `, chart: {values: {replicas: 2}}`), status: available,
			update:  versions(oci + `, chart: {values: {replicas: 3}}`),
			field:   "spec.versions",
			message: settings,
		},
		{
			reason: "Settings that come later change it as well.",
			create: versions(oci), status: available,
			update:  versions(oci + `, chart: {values: {replicas: 3}}`),
			field:   "spec.versions",
			message: settings,
		},
		{
			reason:  "A version comes from somewhere.",
			create:  versions(`source: {}`),
			field:   "spec.versions[0].source",
			message: "a source is one of oci, chart and configMap",
		},
		{
			reason:  "A tag moves; it has no place in the repository.",
			create:  versions(`source: {oci: {repository: "ghcr.io/ks/svarut:2.4.1", digest: "` + digest("a") + `"}}`),
			field:   "spec.versions[0].source.oci.repository",
			message: "should match",
		},
		{
			reason:  "A scheme has no place in the repository.",
			create:  versions(`source: {oci: {repository: "oci://ghcr.io/ks/svarut", digest: "` + digest("a") + `"}}`),
			field:   "spec.versions[0].source.oci.repository",
			message: "should match",
		},
		{
			reason:  "A digest is written in lower case.",
			create:  versions(`source: {oci: {repository: ghcr.io/ks/svarut, digest: "` + digest("A") + `"}}`),
			field:   "spec.versions[0].source.oci.digest",
			message: "should match '^sha256:[0-9a-f]{64}$'",
		},
		{
			reason:  "The same for the digest of a ConfigMap.",
			create:  versions(`source: {configMap: {name: a, digest: "` + digest("g") + `"}}`),
			field:   "spec.versions[0].source.configMap.digest",
			message: "should match '^sha256:[0-9a-f]{64}$'",
		},
		{
			reason: "A version may be discouraged, or withdrawn, and other versions offered.",
			update: `spec: {versions: [{version: 2.4.1, state: Withdrawn, source: {configMap: {name: svarut-2.4.1}}}, {version: 2.5.0, source: {configMap: {name: b}}}]}`,
		},
		{
			reason:  "There are three states.",
			create:  versions(`state: Retired, source: {configMap: {name: a}}`),
			field:   "spec.versions[0].state",
			message: `supported values: "Active", "Deprecated", "Withdrawn"`,
		},
		{
			reason:  "Another digest under the same number is another version.",
			create:  versions(oci),
			status:  available,
			update:  versions(`source: {oci: {repository: "registry.example.org:5000/ks/svarut", digest: "` + digest("b") + `"}}`),
			field:   "spec.versions",
			message: source,
		},
		{
			reason:  "Another ConfigMap under the same number is another version.",
			status:  available,
			update:  versions(`source: {configMap: {name: other}}`),
			field:   "spec.versions",
			message: source,
		},
		{
			reason:  "Order in the list does not matter: a version is known by its number.",
			status:  available,
			update:  `spec: {versions: [{version: 2.5.0, source: {configMap: {name: b}}}, {version: 2.4.1, source: {configMap: {name: b}}}]}`,
			field:   "spec.versions",
			message: source,
		},
		{
			reason: "Nobody has a version that was never available: its source may be corrected.",
			status: `status: {versions: [{version: 2.4.1, message: refused}]}`,
			update: versions(`source: {configMap: {name: other}}`),
		},
		{
			reason:  "A schema that comes later would refuse installations that were fine.",
			update:  versions(`source: {configMap: {name: svarut-2.4.1}}, parameters: {openAPIV3Schema: {type: object}}`),
			field:   "spec.versions[0].parameters",
			message: parameters,
		},
		{
			reason:  "A schema that goes would drop parameters that are set.",
			create:  versions(`source: {configMap: {name: a}}, parameters: {openAPIV3Schema: {type: object}}`),
			update:  versions(`source: {configMap: {name: a}}`),
			field:   "spec.versions[0].parameters",
			message: parameters,
		},
		{
			reason:  "A change deep within the schema is a change.",
			create:  versions(`source: {configMap: {name: a}}, parameters: {openAPIV3Schema: {type: object, properties: {sender: {type: string, maxLength: 60}}}}`),
			update:  versions(`source: {configMap: {name: a}}, parameters: {openAPIV3Schema: {type: object, properties: {sender: {type: string, maxLength: 61}}}}`),
			field:   "spec.versions[0].parameters",
			message: parameters,
		},
		{
			reason: "The same schema again is no change.",
			create: versions(`source: {configMap: {name: a}}, parameters: {openAPIV3Schema: {type: object, properties: {sender: {type: string}}}, sample: {sender: A}}`),
			update: versions(`state: Deprecated, source: {configMap: {name: a}}, parameters: {openAPIV3Schema: {type: object, properties: {sender: {type: string}}}, sample: {sender: A}}`),
		},
		{
			reason: "That a version closes a hole may be learnt later, and turn out to be wrong.",
			create: versions(`securityFix: false, source: {configMap: {name: a}}`),
			update: versions(`securityFix: true, source: {configMap: {name: a}}`),
		},
		{
			reason: "Rules of health may be fixed.",
			update: versions(`source: {configMap: {name: svarut-2.4.1}}, health: [{apiVersion: v1, kind: Queue, healthy: "true"}]`),
		},
	}
}
