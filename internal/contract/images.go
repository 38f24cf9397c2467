package contract

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// RuleImages is the rule on the images of pods: which there may be is the platform's to say, and may change while an app runs.
const RuleImages = "images"

// Images are those that pods may be of. The zero value allows any.
type Images struct {
	// Registries that they come from, as prefixes; any where it is empty.
	Registries []string
	// Pinned says that they are named by their digest.
	Pinned bool
}

// imagesRule: images come from where the platform says, and what runs is what was tried.
func imagesRule(w *whole, o *unstructured.Unstructured) []Finding {
	pod, field, _ := podOf(o)
	if pod == nil {
		return nil
	}
	var found []Finding
	for at, c := range containersAt(field, &pod.Spec) {
		found = append(found, w.terms.Images.judge(at+".image", c.Image)...)
	}
	return found
}

// judge says what is wrong with an image that a field names; one that is missing is another rule's matter.
func (i Images) judge(at, written string) []Finding {
	if strings.TrimSpace(written) == "" {
		return nil
	}
	var found []Finding
	image := fullName(written)
	if len(i.Registries) > 0 && !slices.ContainsFunc(i.Registries, func(prefix string) bool { return strings.HasPrefix(image, prefix) }) {
		found = append(found, one(at, fmt.Sprintf("%s comes from a registry that the Platform does not list (it lists %s)", image, strings.Join(i.Registries, ", ")),
			"push it to one of these and name it there, or have the platform list its registry in spec.workloads.registries")...)
	}
	if i.Pinned && !strings.Contains(image, "@sha256:") {
		found = append(found, one(at, fmt.Sprintf("%s is a name that may come to mean another image, and the Platform asks for digests here (spec.workloads.requireDigests)", image),
			"add the digest of the image that was tried, as in image:tag@sha256:...")...)
	}
	return found
}

// fullName is an image as container runtimes read it, and as config/policy/tenant-pods.yaml does: nginx is
// docker.io/library/nginx.
func fullName(image string) string {
	first, _, inFolder := strings.Cut(image, "/")
	switch {
	case !inFolder:
		return "docker.io/library/" + image
	case strings.ContainsAny(first, ".:") || first == "localhost":
		return image
	}
	return "docker.io/" + image
}
