package appinstallation

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/controllers/internal/health"
	"github.com/allmenning/allmenning/internal/podtemplate"
)

// phase is when an object is applied. A later phase begins when what the one before it runs has succeeded,
// or is ready.
type phase int

const (
	// ground is what workloads build on: accounts, configuration, volumes, services, and the app's own
	// kinds.
	ground phase = iota
	// support holds workloads that those Jobs need, such as the app's own database: they must be ready first.
	support
	// before holds Jobs that must succeed first, such as a migration.
	before
	// rest holds the workloads, and what leads requests to them.
	rest
	// after holds Jobs that run when all else is ready, such as a smoke test.
	after
)

func phaseOf(o *unstructured.Unstructured) phase {
	switch o.GetAnnotations()[v1alpha1.AnnotationPhase] {
	case v1alpha1.PhaseBefore:
		if o.GetKind() != "Job" {
			return support
		}
		return before
	case v1alpha1.PhaseAfter:
		return after
	}
	gvk := o.GroupVersionKind()
	switch gvk.Kind {
	case "HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress":
		return rest
	}
	if podtemplate.Spec(gvk) != nil {
		return rest
	}
	return ground
}

// hold keeps back what a phase before it must finish for. An app that was applied already is corrected at
// once: its phases are behind it. But where its parameters make other objects of it, these come in phases, too.
func (p *planned) hold(seen observed) {
	applied, known := isApplied(seen), inventory(seen.previous())
	until, waits := after, ""
	for at := ground; at < after && waits == ""; at++ {
		if at == ground {
			continue // configuration is there as soon as it is applied
		}
		if waits = p.unfinished(at); waits != "" {
			until = at
		}
	}
	for i := range p.objects {
		o := &p.objects[i]
		corrects := applied && o.sent == known[o.ref].Sent
		if o.phase > until && !corrects && (o.send || o.live == nil) {
			o.send, o.waits = false, waits
			p.held = true
		}
	}
}

// unfinished names an object of a phase that is not as it should be yet; empty where all are. Before the
// Jobs of a phase, all that comes earlier is applied in the same pass.
func (p *planned) unfinished(at phase) string {
	for _, o := range p.objects {
		if o.phase > at || (at <= before && o.phase != at) || o.done {
			continue
		}
		if o.live == nil || o.send || !p.isDone(o) || (o.phase == before && !isComplete(o.live)) {
			return o.String()
		}
	}
	return ""
}

// isDone says whether nothing has to wait for an object. A claim that no volume was found for may wait for the first
// pod that mounts it; where there is such a pod, that is what is waited for.
func (p *planned) isDone(o object) bool {
	state, _ := health.Of(o.live, p.rules)
	return state == health.Healthy || (state == health.Progressing && o.Kind == claimKind)
}

// isReady says whether all of the app is applied and healthy: what it no longer has may go.
func (p *planned) isReady() bool {
	for _, o := range p.objects {
		if o.done {
			continue
		}
		if o.send || o.live == nil || o.waits != "" || !p.isDone(o) {
			return false
		}
	}
	return true
}

// isComplete says whether a Job has succeeded.
func isComplete(o *unstructured.Unstructured) bool {
	state, _ := health.Of(o, nil)
	suspended, _, _ := unstructured.NestedBool(o.Object, "spec", "suspend")
	return o.GetKind() == "Job" && state == health.Healthy && !suspended
}

// waitsFor says what an object that is held back waits for.
func (o object) waitsFor() string { return fmt.Sprintf("%s: waits for %s", o.ref, o.waits) }
