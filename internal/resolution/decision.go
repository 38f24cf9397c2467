package resolution

import (
	"encoding/json"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/allmenning/allmenning/api/v1alpha1"
	"github.com/allmenning/allmenning/internal/parameters"
)

// decision is what a municipality says to an app in one environment, after the
// override for the environment and after what has run out.
type decision struct {
	decision       v1alpha1.Decision
	network        string
	channel        string
	version        string
	reason         string
	hold           *v1alpha1.Hold
	parameters     *apiextensionsv1.JSON
	parametersFrom []v1alpha1.ParametersSource
	// until is when the next part of it runs out; zero where nothing will.
	until time.Time
}

// decisionFor reads the decision for a place at a point in time. It is zero where
// the municipality says nothing.
func decisionFor(m *v1alpha1.Municipality, place Place, now time.Time) decision {
	said := saidOf(m, place.App)
	if said == nil {
		return decision{}
	}
	d := decision{
		decision: said.Decision, network: said.Network, channel: said.Channel, version: said.Version,
		reason: said.Reason, hold: said.Hold, parameters: said.Parameters, parametersFrom: said.ParametersFrom,
	}
	deferredUntil := said.Until
	if here := saidHere(said, place.Environment); here != nil {
		if here.Decision != "" {
			d.decision, d.reason, deferredUntil = here.Decision, here.Reason, here.Until
		}
		if here.Hold != nil {
			d.hold = here.Hold
		}
		if len(here.ParametersFrom) > 0 {
			d.parametersFrom = here.ParametersFrom
		}
		d.parameters = merged(said.Parameters, here.Parameters)
	}
	if d.decision == v1alpha1.DecisionDefer && deferredUntil != nil {
		if now.Before(deferredUntil.Time) {
			d.until = deferredUntil.Time
		} else {
			d.decision = ""
		}
	}
	if d.hold != nil && d.hold.Until != nil {
		if now.Before(d.hold.Until.Time) {
			d.until = earliest(d.until, d.hold.Until.Time)
		} else {
			d.hold = nil
		}
	}
	return d
}

func saidOf(m *v1alpha1.Municipality, app string) *v1alpha1.AppDecision {
	for i := range m.Spec.Apps {
		if m.Spec.Apps[i].Name == app {
			return &m.Spec.Apps[i]
		}
	}
	return nil
}

func saidHere(said *v1alpha1.AppDecision, environment string) *v1alpha1.EnvironmentDecision {
	for i := range said.Environments {
		if said.Environments[i].Name == environment {
			return &said.Environments[i]
		}
	}
	return nil
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// declines says whether the app is declined. To decline what a network has made
// Mandatory takes a reason.
func (d decision) declines(followed *proposal) bool {
	return d.decision == v1alpha1.DecisionDecline && (d.reason != "" || !followed.mandatory())
}

// by is the municipality as the level that decided, with its reason.
func (d decision) by(m *v1alpha1.Municipality) v1alpha1.DecidedBy {
	reason := map[v1alpha1.Decision]string{
		v1alpha1.DecisionAdopt: "adopted", v1alpha1.DecisionDecline: "declined", v1alpha1.DecisionDefer: "deferred",
	}[d.decision]
	if d.decision == v1alpha1.DecisionDefer && !d.until.IsZero() {
		reason = fmt.Sprintf("deferred until %s", d.until.UTC().Format(time.RFC3339))
	}
	if d.reason != "" {
		reason += ": " + d.reason
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
