package reference

import (
	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/calendar"
	"github.com/allmenning/allmenning/internal/resolution"
)

// Municipality finds what a person must fix in the windows, freezes and decisions of a municipality, given
// what is wrong in its calendar and the verdicts on its apps. Its number is another matter: see NumberTaken.
func Municipality(m *v1alpha1.Municipality, misread []calendar.Fault, verdicts []resolution.Verdict, k Known) []string {
	var faults []string
	for i, f := range misread {
		fault := "spec." + f.String()
		if i == len(misread)-1 {
			fault += "; no new version comes here until this is fixed"
		}
		faults = append(faults, fault)
	}
	if k.NoApps {
		return faults
	}
	if k.NoNetworks {
		m = m.DeepCopy()
		for i := range m.Spec.Apps {
			m.Spec.Apps[i].Network = ""
		}
	}
	return append(faults, decisions(m, verdicts, k)...)
}
