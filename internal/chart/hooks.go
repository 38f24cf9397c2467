package chart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/contract"
)

const (
	hookAnnotation   = "helm.sh/hook"
	weightAnnotation = "helm.sh/hook-weight"
	deleteAnnotation = "helm.sh/hook-delete-policy"
	outputAnnotation = "helm.sh/hook-output-log-policy"
	policyAnnotation = "helm.sh/resource-policy"
	// versionAnnotation on the pods of a hook has each version run it again.
	versionAnnotation = "allmenning.dev/version"
)

// hooks makes phases of Helm's hooks.
type hooks struct {
	// sources are the templates by their files.
	sources map[string][]byte
	version string

	// weights of the Jobs of each phase.
	weights  map[string]map[int][]string
	adjusted []string
	found    []contract.Finding
}

// phases returns the objects that are installed: without tests, and with hooks as Jobs of a phase or as plain
// objects.
func (h *hooks) phases(objects []Object) []Object {
	h.weights = map[string]map[int][]string{}
	var kept []Object
	for _, o := range objects {
		if h.phase(o) {
			kept = append(kept, o)
		}
	}
	h.checkWeights(kept)
	return kept
}

// phase makes what Helm says of an object what the operator reads, and returns whether it is installed.
func (h *hooks) phase(o Object) bool {
	annotations := o.GetAnnotations()
	h.keep(o, annotations)
	hook, is := annotations[hookAnnotation]
	if !is {
		return true
	}
	weight, err := strconv.Atoi(strings.TrimSpace(annotations[weightAnnotation]))
	if err != nil && annotations[weightAnnotation] != "" {
		h.refuse(o, annotations[weightAnnotation], fmt.Sprintf("%s %q is no whole number", weightAnnotation, annotations[weightAnnotation]), "correct it")
	}
	for _, key := range []string{hookAnnotation, weightAnnotation, deleteAnnotation, outputAnnotation} {
		delete(annotations, key)
	}
	phase, installed := h.read(o, hook)
	if phase == "" || !installed {
		return installed
	}
	if !isJob(o) {
		h.plain(o, hook)
		withAnnotations(o, annotations)
		return true
	}
	annotations[v1alpha1.AnnotationPhase], annotations[v1alpha1.AnnotationRunOnce] = phase, "true"
	withAnnotations(o, annotations)
	h.eachVersion(o)
	if h.weights[phase] == nil {
		h.weights[phase] = map[int][]string{}
	}
	h.weights[phase][weight] = append(h.weights[phase][weight], contract.Name(o.Unstructured))
	return true
}

// read finds the phase that a hook means; empty where there is none.
func (h *hooks) read(o Object, hook string) (phase string, installed bool) {
	var phases []string
	var tests, returns bool
	for name := range strings.SplitSeq(hook, ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "pre-install", "pre-upgrade":
			phases = append(phases, v1alpha1.PhaseBefore)
		case "post-install", "post-upgrade":
			phases = append(phases, v1alpha1.PhaseAfter)
		case "test", "test-success", "test-failure":
			tests = true
		case "pre-rollback", "post-rollback":
			returns = true
		case "pre-delete", "post-delete":
			h.refuse(o, name, fmt.Sprintf("hook %s: nothing of an app runs when it is uninstalled", name), "take the hook out; what the app made elsewhere it has to clean up while it runs")
			return "", true
		case "crd-install":
			h.refuse(o, name, "hook crd-install: a CustomResourceDefinition belongs to the whole cluster", "take it out, and ask the platform operators to install it")
			return "", true
		default:
			h.refuse(o, name, fmt.Sprintf("hook %q is not one that Helm has", name), "correct it")
			return "", true
		}
	}
	return h.meant(o, hook, phases, tests, returns)
}

// meant is the phase that the parts of a hook come to; empty where there is none.
func (h *hooks) meant(o Object, hook string, phases []string, tests, returns bool) (phase string, installed bool) {
	slices.Sort(phases)
	phases = slices.Compact(phases)
	switch {
	case len(phases) == 2:
		h.refuse(o, hook, fmt.Sprintf("hook %q runs before the rest in one case, and after it in the other, and the operator does not tell an installation from an upgrade", hook),
			"write either pre-install,pre-upgrade or post-install,post-upgrade")
		return "", true
	case len(phases) == 1:
		if returns {
			h.note(o, "a return to an earlier version runs it as an upgrade does, and not otherwise")
		}
		h.ran(o, hook)
		return phases[0], true
	case tests && !returns:
		h.note(o, "left out: it is a test, which helm test runs")
		return "", false
	}
	h.refuse(o, "rollback", fmt.Sprintf("hook %q: a return installs the earlier version as an upgrade does, and has no hooks of its own", hook),
		"take the hook out, or write pre-upgrade or post-upgrade")
	return "", true
}

// ran says when a hook runs: for installations and upgrades, also where Helm runs it for one of the two.
func (h *hooks) ran(o Object, hook string) {
	if !isJob(o) {
		return
	}
	when := "when all else is ready"
	if strings.Contains(hook, "pre-") {
		when = "before workloads are changed"
	}
	h.note(o, fmt.Sprintf("hook %s runs %s, once for each version and each change of what it is given, at installation and at upgrades", strings.TrimSpace(hook), when))
}

// plain installs what a hook's Job needs as any other object: it comes before all Jobs, and stays.
func (h *hooks) plain(o Object, hook string) {
	switch o.GetKind() {
	case "ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "PersistentVolumeClaim", "Service":
		h.note(o, "installed with the rest and kept, not as a hook")
		return
	}
	h.refuse(o, hook, fmt.Sprintf("hook %q on a %s: only a Job runs before or after the rest, as it ends", hook, o.GetKind()), "make it a Job, or take the hook out")
}

// keep maps helm.sh/resource-policy.
func (h *hooks) keep(o Object, annotations map[string]string) {
	policy, is := annotations[policyAnnotation]
	if !is {
		return
	}
	delete(annotations, policyAnnotation)
	if strings.ToLower(strings.TrimSpace(policy)) == "keep" {
		annotations[v1alpha1.AnnotationPrune] = v1alpha1.PruneDisabled
		h.note(o, "kept when the app no longer has it, as "+policyAnnotation+" says")
	}
	withAnnotations(o, annotations)
}

// eachVersion has the pods of a Job name the version, so that the Job is another one for each.
func (h *hooks) eachVersion(o Object) {
	path := []string{"spec", "template", "metadata", "annotations"}
	annotations, _, err := unstructured.NestedStringMap(o.Object, path...)
	if err != nil {
		return // the API server says what is wrong with them
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[versionAnnotation] = h.version
	if err := unstructured.SetNestedStringMap(o.Object, annotations, path...); err != nil {
		h.refuse(o, "template", "spec.template is not that of a pod", "correct it")
	}
}

// checkWeights refuses Jobs of one phase that Helm would run one after the other: here they run at once.
func (h *hooks) checkWeights(objects []Object) {
	for _, phase := range []string{v1alpha1.PhaseBefore, v1alpha1.PhaseAfter} {
		if len(h.weights[phase]) < 2 {
			continue
		}
		for _, o := range objects {
			for weight, names := range h.weights[phase] {
				if slices.Contains(names, contract.Name(o.Unstructured)) {
					h.refuse(o, weightAnnotation, fmt.Sprintf("%s %d: the Jobs %s the rest have different weights, and all of them run at once", weightAnnotation, weight, phase),
						"make one Job of them, with init containers for what comes first, or give them one weight")
				}
			}
		}
	}
}

// refuse notes what is wrong with an object, at the line of its template that holds a word.
func (h *hooks) refuse(o Object, word, problem, fix string) {
	f := fault(o.File, lineOf(h.sources[o.File], word), problem, fix)
	f.Object = contract.Name(o.Unstructured)
	h.found = append(h.found, f)
}

func (h *hooks) note(o Object, what string) {
	h.adjusted = append(h.adjusted, contract.Name(o.Unstructured)+": "+what)
}

func isJob(o Object) bool {
	return o.GetKind() == "Job" && strings.HasPrefix(o.GetAPIVersion(), "batch/")
}

// withAnnotations sets annotations, or takes the field out where there are none.
func withAnnotations(o Object, annotations map[string]string) {
	if len(annotations) == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations")
		return
	}
	o.SetAnnotations(annotations)
}
