package installation

import (
	"cmp"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/resolution"
)

// PlaceOf is where an AppInstallation is, as its labels say; one from a file may lack them, and has the
// tenant in its spec. One that is in another namespace than that of its environment is nobody's.
func PlaceOf(i *v1alpha1.AppInstallation) (municipality string, place resolution.Place, ok bool) {
	municipality = cmp.Or(i.Labels[v1alpha1.LabelMunicipality], i.Spec.Tenant.Municipality)
	environment := cmp.Or(i.Labels[v1alpha1.LabelEnvironment], i.Spec.Tenant.Environment)
	placed := municipality != "" && i.Namespace == v1alpha1.NamespaceFor(municipality, environment)
	return municipality, resolution.Place{App: i.Name, Environment: environment}, placed
}
