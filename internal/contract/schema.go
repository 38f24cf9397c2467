package contract

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/allmenning/allmenning/internal/builtin"
)

// schemaRule: objects of Kubernetes' own kinds are as it reads them.
func schemaRule(w *whole, o *unstructured.Unstructured) []Finding {
	return findings(w.faults[slices.Index(w.objects, o)], w.terms.Offline)
}

func findings(faults []builtin.Fault, unknown bool) []Finding {
	var found []Finding
	for _, fault := range faults {
		if !fault.Unknown || unknown {
			found = append(found, Finding{Field: fault.Field, Problem: fault.Problem, Fix: fault.Fix})
		}
	}
	return found
}

// Schema returns what is wrong with the fields of an object, with those that are not known here: it says in plain words what an
// API server refused.
func Schema(o *unstructured.Unstructured) []Finding {
	faults, _ := builtin.Check(o)
	found := findings(faults, true)
	for i := range found {
		found[i].Rule, found[i].Object = "schema", Name(o)
	}
	return found
}
