package contract

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// withoutOwners takes out of a pod the init containers that do no more, as root, than give files to the user of the
// others: with fsGroup, Kubernetes does so when it mounts the volumes. It returns the pod as it is then, and the patch;
// none where there are no such containers, or where it is not known for which group.
func withoutOwners(field string, pod *corev1.PodTemplateSpec) (*corev1.PodTemplateSpec, []Operation) {
	var patch []Operation
	changed := pod.DeepCopy()
	for i, c := range slices.Backward(pod.Spec.InitContainers) { // from behind, so that the places before stay
		if !asRoot(c.SecurityContext) || !onlyOwns(&c) {
			continue
		}
		patch = append(patch, Operation{Op: "remove", Path: fmt.Sprintf("%s.initContainers[%d]", field, i)})
		changed.Spec.InitContainers = slices.Delete(changed.Spec.InitContainers, i, i+1)
	}
	if len(patch) == 0 || (pod.Spec.SecurityContext != nil && pod.Spec.SecurityContext.FSGroup != nil) {
		return changed, patch
	}
	group := groupOf(pod)
	if group == 0 {
		return pod, nil
	}
	return changed, append(patch, Operation{Op: "add", Path: field + ".securityContext.fsGroup", Value: group})
}

func asRoot(security *corev1.SecurityContext) bool {
	return security != nil && ((security.RunAsUser != nil && *security.RunAsUser == 0) || (security.RunAsNonRoot != nil && !*security.RunAsNonRoot))
}

// statements are what separates the commands of a shell.
var statements = regexp.MustCompile(`&&|\|\||;|\n`)

// scriptOf is what a container runs, as the lines of a shell.
func scriptOf(c *corev1.Container) []string {
	words := slices.Concat(c.Command, c.Args)
	if at := slices.IndexFunc(words, func(word string) bool { return strings.HasPrefix(word, "-") && strings.HasSuffix(word, "c") }); at >= 0 && at+1 < len(words) {
		return statements.Split(words[at+1], -1)
	}
	return []string{strings.Join(words, " ")}
}

// onlyOwns says whether a container does no more than change who owns files, and who may write them.
func onlyOwns(c *corev1.Container) bool {
	owns := false
	for _, line := range scriptOf(c) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case strings.ContainsAny(line, "`|>$"):
			return false
		case words[0] == "chown" || words[0] == "chmod":
			owns = true
		case slices.Contains([]string{"echo", "set", "true", "ls", "id"}, words[0]):
		default:
			return false
		}
	}
	return owns
}

// owner is to whom a file is given, in numbers.
var owner = regexp.MustCompile(`\bchown\s+(?:-\S+\s+)*(\d+)(?::(\d+))?\s`)

// groupOf is the group that files are given to, or else that the containers run as; 0 where neither is known.
func groupOf(pod *corev1.PodTemplateSpec) int64 {
	for i := range pod.Spec.InitContainers {
		found := owner.FindStringSubmatch(strings.Join(scriptOf(&pod.Spec.InitContainers[i]), "\n"))
		if found == nil {
			continue
		}
		if found[2] == "" {
			found[2] = found[1]
		}
		if group, err := strconv.ParseInt(found[2], 10, 32); err == nil && group > 0 {
			return group
		}
	}
	for _, id := range runsAs(pod) {
		if id != nil && *id > 0 {
			return *id
		}
	}
	return 0
}

// runsAs are the groups and users that a pod names for its containers, the ones that count most first.
func runsAs(pod *corev1.PodTemplateSpec) []*int64 {
	var all []*int64
	for _, c := range pod.Spec.Containers {
		if c.SecurityContext != nil {
			all = append(all, c.SecurityContext.RunAsGroup, c.SecurityContext.RunAsUser)
		}
	}
	if security := pod.Spec.SecurityContext; security != nil {
		all = append(all, security.RunAsGroup, security.RunAsUser)
	}
	return all
}
