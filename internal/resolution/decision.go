package resolution

import (
	"encoding/json"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/utils/ptr"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// decision is what a municipality says to an app in one environment, after the
// override for the environment and after what has run out.
type decision struct {
	Said

	network        string
	channel        string
	version        string
	immediate      bool
	parameters     *apiextensionsv1.JSON
	parametersFrom []v1alpha1.ParametersSource
	// versionField and holdField are where the version and the hold stand in the spec.
	versionField string
	holdField    string
}

// decisionFor reads the decision for a place at a point in time. It is zero where
// the municipality says nothing.
func decisionFor(m *v1alpha1.Municipality, place Place, now time.Time) decision {
	said := m.Spec.Decision(place.App)
	if said == nil {
		return decision{}
	}

	field := fmt.Sprintf("spec.apps[%s]", place.App)
	d := decision{
		Said: SaidOf(said, place.Environment, now), parameters: said.Parameters, parametersFrom: said.ParametersFrom,
		versionField: field + ".version", holdField: field + ".hold.version", immediate: ptr.Deref(said.Immediate, false),
	}
	if said.Decision == v1alpha1.DecisionAdopt {
		d.network, d.channel, d.version = said.Network, said.Channel, said.Version
	}
	if d.OwnHold {
		d.holdField = fmt.Sprintf("%s.environments[%s].hold.version", field, place.Environment)
	}
	if here := d.Override; here != nil {
		d.parameters = merged(said.Parameters, here.Parameters)
		if len(here.ParametersFrom) > 0 {
			d.parametersFrom = here.ParametersFrom
		}
	}

	return d
}

func (d decision) adopts() bool { return d.Decision == v1alpha1.DecisionAdopt }

// asksFor says whether anybody asks for the app: an Optional one needs an Adopt.
func (d decision) asksFor(followed *proposal) bool {
	return d.adopts() || (followed != nil && !followed.optional())
}

// declines says whether the app is declined. To decline what a network has made
// Mandatory takes a reason.
func (d decision) declines(followed *proposal) bool {
	return d.Decision == v1alpha1.DecisionDecline && (d.Reason != "" || !followed.mandatory())
}

// by is the municipality as the level that decided, with its reason.
func (d decision) by(m *v1alpha1.Municipality) v1alpha1.DecidedBy {
	reason := map[v1alpha1.Decision]string{
		v1alpha1.DecisionAdopt: "adopted", v1alpha1.DecisionDecline: "declined", v1alpha1.DecisionDefer: "deferred",
	}[d.Decision]
	if until := d.deferredUntil(); !until.IsZero() {
		reason = fmt.Sprintf("deferred until %s", until.UTC().Format(time.RFC3339))
	}
	if d.Reason != "" {
		reason += ": " + d.Reason
	}
	return v1alpha1.DecidedBy{Level: v1alpha1.LevelMunicipality, Name: m.Name, Reason: reason}
}

// merged lays one set of parameters over another, key by key. Both have passed the
// API server, so they are JSON objects; a set that is not is left out.
func merged(base, override *apiextensionsv1.JSON) *apiextensionsv1.JSON {
	if base == nil || override == nil {
		if override != nil {
			return override
		}
		return base
	}
	raw, err := json.Marshal(parameters.Merge(objectOf(base), objectOf(override)))
	if err != nil {
		return base
	}
	return &apiextensionsv1.JSON{Raw: raw}
}

func objectOf(raw *apiextensionsv1.JSON) map[string]any {
	var object map[string]any
	if err := json.Unmarshal(raw.Raw, &object); err != nil {
		return nil
	}
	return object
}
