package contract

import (
	"strings"
	"testing"
)

func TestImages(t *testing.T) {
	const digest = "@sha256:4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
	listed := Images{Registries: []string{"docker.io/library/", "ghcr.io/ks/", "registry.example.org:5000/"}}
	pinned := Images{Pinned: true}
	workload := func(kind, image string) string {
		return strings.Replace(strings.ReplaceAll(web(restricted("")), "image: i", `image: "`+image+`"`), "Deployment", kind, 1)
	}
	cron := "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec: {jobTemplate: {spec: {template: {spec: " + strings.ReplaceAll(restricted(""), "image: i", `image: "evil.example/x:1"`) + "}}}}}"
	for _, tc := range []struct {
		reason  string
		images  Images
		objects string
		// want are words of the one finding; none where there is to be none.
		want []string
	}{
		{"a platform that says nothing allows any image", Images{}, workload("Deployment", "evil.example/x:1"), nil},
		{"one of a registry that is listed", listed, workload("Deployment", "ghcr.io/ks/web:1"), nil},
		{"one of another", listed, workload("Deployment", "evil.example/x:1"),
			[]string{"Deployment/web: spec.template.spec.containers[c].image", "evil.example/x:1", "it lists docker.io/library/, ghcr.io/ks/", "spec.workloads.registries"}},
		{"a name that begins like one that is listed", listed, workload("Deployment", "ghcr.io/ks-imposter/x:1"), []string{"ghcr.io/ks-imposter/x:1"}},
		{"a short name is docker.io's", listed, workload("Deployment", "nginx:1.27"), nil},
		{"of a person there", listed, workload("Deployment", "mallory/x"), []string{"docker.io/mallory/x"}},
		{"a registry at a port", listed, workload("Deployment", "registry.example.org:5000/x"), nil},
		{"one of the node's", listed, workload("Deployment", "localhost/x"), []string{"localhost/x comes from a registry"}},
		{"of an init container", listed, strings.Replace(web(restricted("initContainers: [{name: first, image: evil.example/x}],")), "image: i,", "image: nginx,", 1),
			[]string{"spec.template.spec.initContainers[first].image"}},
		{"of a StatefulSet", listed, workload("StatefulSet", "evil.example/x:1"), []string{"StatefulSet/web: spec.template.spec.containers[c].image"}},
		{"of a CronJob", listed, cron, []string{"CronJob/nightly: spec.jobTemplate.spec.template.spec.containers[c].image"}},
		{"a tag where digests are asked for", pinned, workload("Deployment", "ghcr.io/ks/web:1"),
			[]string{"Deployment/web: spec.template.spec.containers[c].image", "ghcr.io/ks/web:1", "spec.workloads.requireDigests", "image:tag@sha256:"}},
		{"a digest there", pinned, workload("Deployment", "ghcr.io/ks/web"+digest), nil},
		{"a tag beside it does not matter", pinned, workload("Deployment", "ghcr.io/ks/web:1"+digest), nil},
		{"an image that is missing is another rule's", Images{Registries: []string{"ghcr.io/"}, Pinned: true}, workload("Deployment", ""), nil},
		{"what makes no pods", Images{Registries: []string{"ghcr.io/"}, Pinned: true}, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", nil},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			given := terms()
			given.Images = tc.images
			var found []Finding
			for _, f := range Check(parse(t, tc.objects), given) {
				if f.Rule == RuleImages {
					found = append(found, f)
				}
			}
			if (len(found) == 1) != (tc.want != nil) || len(found) > 1 {
				t.Fatalf("%+v, want one finding: %t", found, tc.want != nil)
			}
			for _, word := range tc.want {
				if !strings.Contains(found[0].String(), word) {
					t.Errorf("it says %q, want %q in it", found[0], word)
				}
			}
			if len(found) > 0 && (found[0].Patch != nil || found[0].Warning) {
				t.Errorf("%+v: nobody but its publisher knows which image is meant, and none is let through", found[0])
			}
		})
	}
}
