// Package installation makes the AppInstallations that were decided on, and says whether
// one says already what it should. It is pure, and the one place that knows what of an
// AppInstallation follows from what.
package installation

import (
	"bytes"
	"encoding/json"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/catalogue"
	"github.com/allmenning/allmenning/internal/resolution"
	"github.com/allmenning/allmenning/internal/tenancy"
)

// Rest is what an AppInstallation rests on beside its municipality.
type Rest struct {
	Apps catalogue.Apps
	// Installed finds what a municipality, such as a host, has at a place; nil where it has nothing.
	Installed func(municipality string, place resolution.Place) *v1alpha1.AppInstallation
}

// For is the AppInstallation of a verdict, at the version that the verdict names, with those of the
// municipality's parameters that this version of the app takes.
func For(rest Rest, m *v1alpha1.Municipality, environment *v1alpha1.Environment, v resolution.Verdict) *v1alpha1.AppInstallation {
	app := rest.Apps.Of(v.App)
	out := &v1alpha1.AppInstallation{
		ObjectMeta: metav1.ObjectMeta{
			Name: v.App, Namespace: v1alpha1.NamespaceFor(m.Name, v.Environment), Labels: labels(m.Name, v.Environment, v.App),
			Annotations: map[string]string{v1alpha1.AnnotationDecision: v.DecidedBy.Reason},
		},
		Spec: v1alpha1.AppInstallationSpec{
			App: v.App, Isolation: catalogue.Isolation(app), Version: v.Version, Digest: v.Digest, State: v1alpha1.InstallationPresent,
			Tenant: v1alpha1.Tenant{
				Municipality: m.Name, Number: m.Spec.Number, DisplayName: m.Spec.DisplayName,
				County: m.Labels[v1alpha1.LabelCounty], Environment: environment.Name,
				Stage: environment.Stage, Zone: tenancy.Zone(m, environment),
			},
			Parameters: app.TakenJSON(v.Version, v.Parameters), ParametersFrom: v.ParametersFrom,
			Doors: doorsOf(rest, m, environment.Name, v.App), DecidedBy: v1alpha1.Decider{Level: v.DecidedBy.Level, Name: v.DecidedBy.Name},
		},
	}
	if domains := tenancy.Domains(m); len(domains) > 0 {
		out.Spec.Tenant.Domain = domains[0]
	}
	return out
}

// StayHome leaves the objects of what is installed, which may be nil, in the namespace that they are in, whatever
// the catalogue says by now, and what it knows of doors that nobody asks for any longer.
func StayHome(want, live *v1alpha1.AppInstallation) {
	if live != nil {
		want.Spec.Isolation = live.Spec.Isolation
		want.Spec.Doors = carriedDoors(want.Spec.Doors, live.Spec.Doors)
	}
}

func labels(municipality, environment, app string) map[string]string {
	return map[string]string{
		v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelMunicipality: municipality,
		v1alpha1.LabelEnvironment: environment, v1alpha1.LabelApp: app,
	}
}

// Same says whether an AppInstallation already says what it should. Suspend is not the
// operator's to say, and labels of others are theirs.
func Same(want, live *v1alpha1.AppInstallation) bool {
	for key, value := range want.Labels {
		if live.Labels[key] != value {
			return false
		}
	}
	for _, key := range []string{v1alpha1.AnnotationDecision, v1alpha1.AnnotationFailure} {
		if live.Annotations[key] != want.Annotations[key] {
			return false
		}
	}
	a, b := want.Spec, live.Spec
	a.Suspend, b.Suspend = nil, nil
	return equalSpecs(a, b)
}

// Arrived says whether an AppInstallation has the parameters, and the facts of its municipality,
// that it should have. Its release, and who decided on it, may be others.
func Arrived(want, live *v1alpha1.AppInstallation) bool {
	return want.Spec.Tenant == live.Spec.Tenant && sameJSON(want.Spec.Parameters, live.Spec.Parameters) &&
		equality.Semantic.DeepEqual(want.Spec.ParametersFrom, live.Spec.ParametersFrom) &&
		equality.Semantic.DeepEqual(carriedDoors(want.Spec.Doors, live.Spec.Doors), inOrder(live.Spec.Doors))
}

// equalSpecs compares two specs, and parameters as what they mean: the API server writes JSON its own way.
func equalSpecs(a, b v1alpha1.AppInstallationSpec) bool {
	if !sameJSON(a.Parameters, b.Parameters) {
		return false
	}
	a.Parameters, b.Parameters = nil, nil
	a.Doors, b.Doors = inOrder(a.Doors), inOrder(b.Doors)
	return equality.Semantic.DeepEqual(a, b)
}

// sameJSON compares parameters as what they mean; mostly they are written alike.
func sameJSON(a, b *apiextensionsv1.JSON) bool {
	if a == nil || b == nil {
		return a == b
	}
	if bytes.Equal(a.Raw, b.Raw) {
		return true
	}
	var pa, pb any
	if json.Unmarshal(a.Raw, &pa) != nil || json.Unmarshal(b.Raw, &pb) != nil {
		return false
	}
	return equality.Semantic.DeepEqual(pa, pb)
}

// CarryMove takes over from what is installed how its last move went, and what was verified
// here last. It is for a write that moves nothing.
func CarryMove(want, live *v1alpha1.AppInstallation) {
	want.Spec.Move, want.Spec.LastVerified, want.Spec.LastVerifiedBy = live.Spec.Move, live.Spec.LastVerified, live.Spec.LastVerifiedBy
	if failure, failed := live.Annotations[v1alpha1.AnnotationFailure]; failed {
		want.Annotations[v1alpha1.AnnotationFailure] = failure
	}
}
