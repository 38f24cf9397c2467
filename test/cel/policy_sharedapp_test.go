package cel

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestSharedAppInUse(t *testing.T) {
	const usage = `{observedGeneration: 1, installations: 12, usage: [{version: 2.4.1, installations: 12}, {version: 2.5.0, installations: 0}, {version: 2.3.0, installations: 3}]}`
	stored := map[string]*unstructured.Unstructured{
		"used":    storeSharedApp(t, "used", `{}`, usage),
		"allowed": storeSharedApp(t, "allowed", `{allmenning.dev/allow-delete: "true"}`, usage),
		"zero":    storeSharedApp(t, "zero", `{}`, `{observedGeneration: 1, installations: 0}`),
		"fresh":   storeSharedApp(t, "fresh", `{}`, ``),
	}
	const without241 = `spec: {versions: [{version: 2.5.0, source: {configMap: {name: b}}}]}`
	runAttempts(t, "sharedapp-in-use.allmenning.dev", stored, []attempt{
		{
			reason: "An app that runs somewhere is not deleted by mistake; the message counts, and says how it is done.",
			user:   platformOperator, verb: "delete", object: "used",
			denied: "SharedApp used has 12 installations; let the municipalities decline it first, or annotate it allmenning.dev/allow-delete=true",
		},
		{
			reason: "Not even by system:masters.",
			user:   recovery, verb: "delete", object: "used",
			denied: "12 installations",
		},
		{
			reason: "Nor among others, with --all.",
			user:   platformOperator, verb: "deletecollection", object: "used",
			denied: "12 installations",
		},
		{
			reason: "Who has annotated it means it.",
			user:   platformOperator, verb: "delete", object: "allowed",
		},
		{
			reason: "An app that runs nowhere may go.",
			user:   platformOperator, verb: "delete", object: "zero",
		},
		{
			reason: "An app that the operator has not seen yet may go.",
			user:   platformOperator, verb: "delete", object: "fresh",
		},
		{
			reason: "A version that runs somewhere stays; the message names it.",
			user:   platformOperator, verb: "update", object: "used", patch: without241,
			denied: "spec.versions must keep 2.4.1 (12 installations): move the installations to another version first, set its state to Withdrawn, or annotate the SharedApp allmenning.dev/allow-delete=true",
		},
		{
			reason: "One apply may set the annotation and take the version out.",
			user:   platformOperator, verb: "update", object: "used",
			patch: `metadata: {annotations: {allmenning.dev/allow-delete: "true"}}` + "\n" + without241,
		},
		{
			reason: "Any other value of the annotation does not count.",
			user:   platformOperator, verb: "update", object: "used",
			patch:  `metadata: {annotations: {allmenning.dev/allow-delete: "yes"}}` + "\n" + without241,
			denied: "spec.versions must keep 2.4.1",
		},
		{
			reason: "A version that runs nowhere may be taken out, and one that is gone already stops no edit.",
			user:   platformOperator, verb: "update", object: "used",
			patch: `spec: {versions: [{version: 2.4.1, source: {configMap: {name: a}}}]}`,
		},
		{
			reason: "Without a status there is nothing to protect.",
			user:   platformOperator, verb: "update", object: "fresh", patch: without241,
		},
	})
}

func TestVersionDigest(t *testing.T) {
	stored := map[string]*unstructured.Unstructured{
		"known": storeSharedApp(t, "known", `{}`, `{observedGeneration: 1, versions: [
			{version: 2.4.1, digest: "`+digest("d")+`", available: true}, {version: 2.3.0, digest: "`+digest("a")+`"}, {version: 2.2.0}]}`),
		"fresh": storeSharedApp(t, "fresh", `{}`, ``),
	}
	add := func(version, source string) string {
		return `spec: {versions: [{version: 2.4.1, source: {configMap: {name: a}}}, {version: 2.5.0, source: {configMap: {name: b}}},
			{version: ` + version + `, source: ` + source + `}]}`
	}
	oci := func(digest string) string { return `{oci: {repository: ghcr.io/ks/svarut, digest: "` + digest + `"}}` }
	runAttempts(t, "version-digest.allmenning.dev", stored, []attempt{
		{
			reason: "A number that comes back with another digest; the message names it and both digests.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.3.0", oci(digest("b"))),
			denied: "spec.versions: 2.3.0 was offered with digest " + digest("a") + " and can not come back with " + digest("b") + "; offer it under a new version number",
		},
		{
			reason: "The same from a ConfigMap that says its digest.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.3.0", `{configMap: {name: c, digest: "`+digest("c")+`"}}`),
			denied: "2.3.0 was offered with digest " + digest("a") + " and can not come back with " + digest("c"),
		},
		{
			reason: "The number may come back with its own digest.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.3.0", oci(digest("a"))),
		},
		{
			reason: "A ConfigMap that does not say its digest is compared by the operator.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.3.0", `{configMap: {name: c}}`),
		},
		{
			reason: "A number whose bundle was never read has no digest to contradict.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.2.0", oci(digest("b"))),
		},
		{
			reason: "A new number is free.",
			user:   platformOperator, verb: "update", object: "known", patch: add("2.6.0", oci(digest("b"))),
		},
		{
			reason: "Without a status nothing is remembered.",
			user:   platformOperator, verb: "update", object: "fresh", patch: add("2.3.0", oci(digest("b"))),
		},
	})
}
