package resolution

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

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
	immediate      bool
	parameters     *apiextensionsv1.JSON
	parametersFrom []v1alpha1.ParametersSource
	// versionField and holdField are where the version and the hold stand in the spec.
	versionField string
	holdField    string
	// deferredUntil and heldUntil are when they run out; zero where they don't.
	deferredUntil time.Time
	heldUntil     time.Time
}

// decisionFor reads the decision for a place at a point in time. It is zero where
// the municipality says nothing.
func decisionFor(m *v1alpha1.Municipality, place Place, now time.Time) decision {
	said := m.Spec.Decision(place.App)
	if said == nil {
		return decision{}
	}
	field := fmt.Sprintf("spec.apps[%s]", place.App)
	d := decision{reason: said.Reason, parameters: said.Parameters, parametersFrom: said.ParametersFrom, versionField: field + ".version", immediate: ptr.Deref(said.Immediate, false)}
	if said.Decision == v1alpha1.DecisionAdopt {
		d.network, d.channel, d.version = said.Network, said.Channel, said.Version
	}
	d.says(said.Decision, said.Reason, said.Until, now)
	d.holds(said.Hold, field, now)
	here := said.In(place.Environment)
	if here == nil {
		return d
	}
	if here.Decision == "" {
		d.reason = cmp.Or(here.Reason, d.reason)
	}
	d.says(here.Decision, cmp.Or(here.Reason, d.reason), here.Until, now)
	d.holds(here.Hold, fmt.Sprintf("%s.environments[%s]", field, place.Environment), now)
	d.parameters = merged(said.Parameters, here.Parameters)
	if len(here.ParametersFrom) > 0 {
		d.parametersFrom = here.ParametersFrom
	}
	return d
}

// says takes a decision over, unless it is none or a deferral that has run out: then
// what was said before it holds.
func (d *decision) says(said v1alpha1.Decision, reason string, until *metav1.Time, now time.Time) {
	if said == "" || (said == v1alpha1.DecisionDefer && until != nil && !now.Before(until.Time)) {
		return
	}
	d.decision, d.reason, d.deferredUntil = said, reason, time.Time{}
	if said == v1alpha1.DecisionDefer && until != nil {
		d.deferredUntil = until.Time
	}
}

// holds takes a hold over, unless it is none or has run out.
func (d *decision) holds(hold *v1alpha1.Hold, field string, now time.Time) {
	if hold == nil || (hold.Until != nil && !now.Before(hold.Until.Time)) {
		return
	}
	d.hold, d.holdField, d.heldUntil = hold, field+".hold.version", time.Time{}
	if hold.Until != nil {
		d.heldUntil = hold.Until.Time
	}
}

// earliest of two times, of which each may be zero for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// until is when the next part of the decision runs out; zero where nothing will.
func (d decision) until() time.Time { return earliest(d.deferredUntil, d.heldUntil) }

func (d decision) adopts() bool { return d.decision == v1alpha1.DecisionAdopt }

// asksFor says whether anybody asks for the app: an Optional one needs an Adopt.
func (d decision) asksFor(followed *proposal) bool {
	return d.adopts() || (followed != nil && !followed.optional())
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
	if !d.deferredUntil.IsZero() {
		reason = fmt.Sprintf("deferred until %s", d.deferredUntil.UTC().Format(time.RFC3339))
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
